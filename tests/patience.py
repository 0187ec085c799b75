"""How long a test waits for what must come. Never a goal: machines differ, and speed is judged in `bench`."""

PATIENCE = 120.0
"""Seconds. Whatever has not come by then hangs."""
