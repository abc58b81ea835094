"""处置中心, the response centre: what we do, and can prove.

Nothing is there yet. Four rooms will stand here: `controls` (干预管控: step-up, delay, hold and
block as overlapping records with basis, clock and release), `triage` (预警分诊: decisions to
alerts), `cases` (案件协查: investigation, evidence, outcomes) and `reports` (报送审计: audit trail,
regulatory files). They will read decisions, and tell the engine what came of them by events only.
"""
