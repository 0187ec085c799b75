"""Pumps of this floor: its due work, and how a batch of it is done."""

from compliance import chain, claims, gate, repermission, retention, reviews
from config.pumps import Pump, register

register(Pump("compliance.ask_again", repermission.next_due, lambda now: repermission.run(now), order=38))
register(Pump("compliance.release", claims.next_due, lambda now: gate.release(now), order=40))
register(Pump("compliance.reviews", reviews.next_due, lambda now: reviews.expire(now), order=80))
register(Pump("compliance.retention", retention.next_due, lambda now: retention.run(now), order=85))
register(Pump("compliance.seal", chain.next_due, lambda now: chain.run(now), order=90))
