"""事件接入, events: what a bank tells us, typed.

Owns the catalogue of event types and fields, the codec between bytes and events, mappings of other
people's files, batches of columns, order and once-only, and the tokens of personal values.
Never opens a file and never corrects a value: an event is understood as it stands, or refused with
the path to the fault. Adapters hand it bytes and Arrow tables; its one port, for the journal, is
`ports.EventLog`. Import from its modules: this package exports nothing itself.
"""
