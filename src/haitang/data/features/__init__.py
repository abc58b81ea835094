"""指标画像 — features: every number a policy may read.

Owns the declarations of keys and features, the plan they compile to, the state of every key, and
the kernels that fold events into it. It never knows what a policy concludes, and holds no second
implementation of a window.
"""
