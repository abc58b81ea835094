"""Edges: where people and programs meet Haitang; thin.

Owns `cli`, the command line. An HTTP service (`api`) and the investigators' console (`console`)
will stand here later; nothing of them is there yet. Never holds a rule of the domain: an edge reads
input, calls `app`, and words the answer.
"""
