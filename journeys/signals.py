"""Facts that go up from this floor."""

from django.dispatch import Signal

journeys_counted = Signal()
"""Sent once per batch, inside its transaction; receivers only insert.

`counts`: {(version id, step key, outcome): n} with outcomes `entered` and `exit:<exit>` for steps, and `entered`,
`finished`, `left`, `failed`, `converted` for the journey as a whole (step key ""). `values`: money for `converted`. `now`.
"""
