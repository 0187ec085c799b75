"""Pumps of this floor: its due work, and how a batch of it is done."""

from config.pumps import Pump, register
from contacts import merging, segments

register(Pump("contacts.refresh", segments.next_due, segments.work, order=10))
register(Pump("contacts.settle_merges", merging.next_due, merging.work, order=15))
