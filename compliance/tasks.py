"""Pumps of this floor: its due work, and how a batch of it is done."""

from compliance import claims, gate
from config.pumps import Pump, register

register(Pump("compliance.release", claims.next_due, lambda now: gate.release(now), order=40))
