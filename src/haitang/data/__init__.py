"""数据中心, the data centre: what happened, and what is known about it.

Owns `events` (the catalogue and its codec), `lists`, `features` (every number a policy may read)
and `graph` (who is linked to whom as of an instant). Never concludes anything about an event. Reads
no clock, file, environment or socket: bytes and instants are handed in.
"""
