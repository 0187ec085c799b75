"""The audit chain: who did what, and that no ledger was changed behind the product's back.

Two ways in. An act of a person is noted in its own transaction (`append`); rows that come in masses (consents,
suppressions, decisions, approvals) are sealed in batches, one entry with a root over many rows. Notes and seals are
linked into one chain a moment after their commit, by one linker at a time: an act never waits for the chain.
"""

from compliance.chain.erasing import erased
from compliance.chain.kinds import register
from compliance.chain.linking import link
from compliance.chain.notes import append, because
from compliance.chain.pumping import next_due, run
from compliance.chain.sealing import seal
from compliance.chain.verifying import Finding, Report, verify
from compliance.chain.viewing import exported, seen

__all__ = [
    "Finding",
    "Report",
    "append",
    "because",
    "erased",
    "exported",
    "link",
    "next_due",
    "register",
    "run",
    "seal",
    "seen",
    "verify",
]
