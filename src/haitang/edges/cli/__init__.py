"""The command line: reads arguments, calls `app`, prints. No judgement of its own lives here.

Owns the exit codes, the two catalogues of texts and how things look in a terminal. Needs nothing
but `app`.
"""
