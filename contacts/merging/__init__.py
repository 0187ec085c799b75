"""Identity resolution: two contacts that are one person are merged, and a merge can be undone.

Events, messages and enrolments move to the contact that is kept, so that nothing that reads them has to know about merges.
The consent ledger stays as it was written: what wins is a new line (decision 13).
"""

from contacts.merging.acting import merge, settle, unmerge
from contacts.merging.belongings import Belonging, Move, Record, register
from contacts.merging.settling import next_due, work

__all__ = ["Belonging", "Move", "Record", "merge", "next_due", "register", "settle", "unmerge", "work"]
