"""Pumps of this floor: its due work, and how a batch of it is done."""

from config.pumps import Pump, register
from contacts import segments

register(Pump("contacts.refresh", segments.next_due, segments.work, order=10))
