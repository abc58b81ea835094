"""Adapters: the only code that touches the world (files, clocks; later stores, brokers, banks).

Owns how bytes come in and go out. Never decides anything, never names a policy or a feature, and is
named by nobody but `app/wiring.py`.
"""
