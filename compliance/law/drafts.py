"""Changing a draft of the law, row by row or a table at a time. What was ever active is refused, here and in the database."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from compliance.law import acts, hours, rule_sets, tables
from compliance.law.cells import weekday_text
from compliance.law.rules import HoursRow, Row
from compliance.law.tables import BadTable, Mistake
from compliance.models import RuleSet

HEADER = 1
"""Lines of a table's CSV before its first row."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A row of a set: its primary key, and its line in the table's CSV."""

    pk: int
    line: int
    row: Any


def placed(rule_set: RuleSet, table: str) -> list[Placed]:
    """The rows of a table in their order. Raises KeyError for an unknown table."""
    model = rule_sets.MODELS[table]
    pks = model._default_manager.filter(rule_set_id=rule_set.pk).order_by("position").values_list("pk", flat=True)
    rows: Sequence[Row] = getattr(rule_sets.content(rule_set), table)
    return [Placed(pk, line, row) for line, (pk, row) in enumerate(zip(pks, rows, strict=True), start=HEADER + 1)]


def said(table: str, row: Row) -> dict[str, str]:
    """The row as the cells of its CSV, by column."""
    _, columns = rule_sets.TABLES[table]
    return dict(next(csv.DictReader(io.StringIO(tables.write([row], columns)))))


def read(rule_set: RuleSet, table: str, cells: Mapping[str, str], pk: int | None = None) -> Row:
    """The row that these cells say, fit to stand in this set, instead of row `pk` if one is given. Raises BadTable."""
    reader, columns = rule_sets.TABLES[table]
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerow(cells)
    [row] = reader(out.getvalue())
    if isinstance(row, HoursRow):
        _refuse_overlap(row, [other for other in placed(rule_set, table) if other.pk != pk])
    return row  # type: ignore[no-any-return]


def put(
    rule_set: RuleSet, table: str, row: Row, pk: int | None = None, *, now: datetime, user: rule_sets.User | None = None
) -> None:
    """Write the row: in the place of row `pk`, or at the end. Raises ValidationError if the set is no draft."""
    model = rule_sets.MODELS[table]
    with transaction.atomic():
        _lock(rule_set)
        mine = model._default_manager.filter(rule_set_id=rule_set.pk)
        before = _said(rule_set, table, pk) if pk else None
        if pk is None:
            last = mine.aggregate(last=Max("position"))["last"] or 0
            mine.create(rule_set=rule_set, position=last + 1, **rule_sets.columns(row))
        elif not mine.filter(pk=pk).update(**rule_sets.columns(row)):
            raise ValidationError("Somebody has deleted this row in the meantime; add it again.")
        if told := acts.row(before, said(table, row)):
            acts.note(acts.CHANGED if before else acts.ADDED, rule_set, now, user, table=table, **told)


def remove(rule_set: RuleSet, table: str, pk: int, *, now: datetime, user: rule_sets.User | None = None) -> None:
    """Take the row out. Raises ValidationError if the set is no draft."""
    with transaction.atomic():
        _lock(rule_set)
        if before := _said(rule_set, table, pk):
            rule_sets.MODELS[table]._default_manager.filter(rule_set_id=rule_set.pk, pk=pk).delete()
            acts.note(acts.REMOVED, rule_set, now, user, table=table, **acts.row(before, None))


def replace(rule_set: RuleSet, table: str, text: str, *, now: datetime, user: rule_sets.User | None = None) -> int:
    """Put the rows of this CSV in the place of the table's; how many there are now.

    Raises BadTable, and ValidationError if the set is no draft.
    """
    reader, _ = rule_sets.TABLES[table]
    rows: Sequence[Row] = reader(text)
    model = rule_sets.MODELS[table]
    with transaction.atomic():
        _lock(rule_set)
        model._default_manager.filter(rule_set_id=rule_set.pk).delete()
        model._default_manager.bulk_create(
            model(rule_set=rule_set, position=position, **rule_sets.columns(row))
            for position, row in enumerate(rows, start=1)
        )
        # Not row by row: what all rows say is pinned by the checksum of the set as it stands after this.
        checksum = rule_sets.content(rule_set).checksum()
        acts.note(acts.LOADED, rule_set, now, user, table=table, rows=len(rows), checksum=checksum)
    return len(rows)


def discard(rule_set: RuleSet, *, now: datetime, user: rule_sets.User | None = None) -> None:
    """Throw the draft away; its number is free again if it is the last. Raises ValidationError if it is no draft."""
    with transaction.atomic():
        _lock(rule_set)
        acts.note(acts.DISCARDED, rule_set, now, user)
        rule_set.delete()


def _said(rule_set: RuleSet, table: str, pk: int) -> dict[str, str] | None:
    found = next((one for one in placed(rule_set, table) if one.pk == pk), None)
    return said(table, found.row) if found else None


def _lock(rule_set: RuleSet) -> None:
    if not RuleSet.objects.select_for_update().filter(pk=rule_set.pk, state=RuleSet.State.DRAFT).exists():
        raise ValidationError(f"Rule set {rule_set.number} is no draft; make a new draft from the active one.")


def _refuse_overlap(row: HoursRow, others: Sequence[Placed]) -> None:
    for other in others:
        if tables.overlap(row, other.row):
            of_other = f"{other.row.jurisdiction} {weekday_text(other.row.weekdays)} {hours.allowed(other.row)}"
            told = f"These hours overlap with line {other.line} ({of_other}); give each time of a weekday one row."
            raise BadTable([Mistake(HEADER + 1, "allowed_start_local", told)])
