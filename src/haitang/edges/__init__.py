"""Edges: where people and programs meet Haitang; thin.

Owns `cli`, the command line, `api`, the decision service over HTTP, and `console`, pages for people
(so far one, the live view of the demo). Never holds a rule of the domain: an edge reads input,
calls `app`, and words the answer.
"""
