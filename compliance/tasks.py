"""Pumps of this floor: its due work, and how a batch of it is done."""
