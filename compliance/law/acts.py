"""What the audit chain is told of a draft of the law: every row that came, changed or went, and by whom."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from compliance import chain
from compliance.chain import kinds
from compliance.models import RuleSet

FREE = ("source", "note")
"""Columns in which a lawyer may write anything: that they changed is told, and not what they say."""
DRAFTED, DISCARDED, LOADED = "rules.drafted", "rules.discarded", "rules.table_loaded"
ADDED, CHANGED, REMOVED = "rules.row_added", "rules.row_changed", "rules.row_removed"
Cells = Mapping[str, str]

for _kind, _title in {
    DRAFTED: "Rule set drafted",
    DISCARDED: "Draft of a rule set discarded",
    LOADED: "Table loaded into a draft of a rule set",
    ADDED: "Row added to a draft of a rule set",
    CHANGED: "Row of a draft of a rule set changed",
    REMOVED: "Row of a draft of a rule set deleted",
}.items():
    kinds.register(_kind, _title)


def note(kind: str, rule_set: RuleSet, now: datetime, user: Any, **told: Any) -> None:
    """An act on this set by `user` (None: the command line without a name), in the caller's transaction."""
    payload = {"number": rule_set.number, **told}
    chain.append(kind, now=now, actor=user.pk if user else None, subject=rule_set, payload=payload)


def row(before: Cells | None, after: Cells | None) -> dict[str, Any]:
    """What an entry says of a row: all that it says, or what is different. Empty if nothing is."""
    if before is None or after is None:
        said = before or after or {}
        return {"row": {name: cell for name, cell in said.items() if cell and name not in FREE}}
    names = [name for name in before if before[name] != after[name]]
    if not names:
        return {}
    changed = {name: [before[name], after[name]] for name in names if name not in FREE}
    return {"jurisdiction": after["jurisdiction"], "changed": changed, "touched": [n for n in names if n in FREE]}
