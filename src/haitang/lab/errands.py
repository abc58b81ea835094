"""Errands: stub."""
from haitang.lab.acts import join
def errands(rng, bank, details):
    return join([])
