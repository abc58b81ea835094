"""The console: pages for people, rendered on this side, live by server-sent events.

Owns what a browser is shown: HTML, its two catalogues of texts, styles, the one small script, and
the headers that keep a page to itself. So far it holds one plain page, the live view of the demo;
the investigators' console will grow here. Never decides, never reads a file of the bank, never
imports another edge; what it shows it takes from values of `app`.
"""
