"""Rules 策略规则: from the text of a pack to checked, typed declarations.

Owns the expression language (`expression`, `render`), the reading of packs (`pack`, `source`) with
their lock and tests (`lock`, `policytests`), the action vocabulary (`actions`), and what a pack is
(`specs`). Never touches the disk (adapters read the folder), never evaluates a condition (the
engine does), never runs a test. Needs no port. Import from its modules; this package exports
nothing itself.
"""
