"""The decision service without its transport: one writer over one journal.

Owns the node (admission, order, modes, commit, answers), recovery, followers and publishing. It
never parses HTTP and holds no rule of the domain; `docs/internals/service.md` is its contract.
Import from its modules: this package exports nothing itself.
"""
