"""The author's day: what a pack covers, what its policies do on a stream, and how they go live.

Nothing here decides: everything is read from packs, or counted over what the one engine decided.
"""
