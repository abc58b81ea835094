"""ISO 20022: payment messages in XML, read as events.

Owns the bounded reading of XML and the mapping of `pacs.008` and `pain.001` to `TXN_REQUEST`.
Never opens a file or a connection, never resolves anything that a document points at, and never
puts a name or a personal number into an event unless a tokeniser is there to hide it.
`docs/reference/iso20022.md` says which element becomes which field.
"""
