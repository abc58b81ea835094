"""The journal on disk: segments of checked frames, snapshots, and the lock on a data folder.

Owns the bytes of `journal/`, `snapshots/` and `LOCK`: how frames are written so that nothing
acknowledged is lost, what a damaged tail means, and how a place is found again. Never looks into a
payload: what a frame says belongs to `app/service`.
"""
