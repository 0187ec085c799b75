"""Facts that go up from this floor."""

from django.dispatch import Signal

events_recorded = Signal()
"""Sent by `contacts.timeline.record`, inside its transaction; receivers only insert. `recorded`: [(event id, NewEvent)]; `now`."""

addresses_suppressed = Signal()
"""Sent by `contacts.suppressions.add`, inside its transaction. `digests`: the addresses' keyed hashes; `now`."""

suppressions_lifted = Signal()
"""Sent by `contacts.suppressions.lift`, inside its transaction. `ids`: the lifted rows, ascending; `now`."""

suppressions_exported = Signal()
"""Sent by `contacts.suppression_files.write` when the list was written out. `rows`: how many suppressions; `now`."""

contacts_merged = Signal()
"""Sent by `contacts.merging.merge`, inside its transaction. `merge`: the Merge; `now`."""

contacts_unmerged = Signal()
"""Sent by `contacts.merging.unmerge`, inside its transaction. `merge`: the Merge; `now`."""
