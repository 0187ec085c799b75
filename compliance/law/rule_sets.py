"""Versions of the law: load, copy, activate, read. What was ever active never changes; a change is a new number."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Max

from compliance import chain
from compliance.law import acts, cells, tables
from compliance.law.rules import BanRow, CapRow, HoursRow, Row, Rules, Tables
from compliance.models import Ban, LawRow, RuleSet, StatutoryCap
from config.history import given

User = AbstractBaseUser | AnonymousUser
State = RuleSet.State
R = TypeVar("R", bound=Row)
DATA = Path(__file__).parents[1] / "data"
MODELS: dict[str, type[models.Model]] = {"hours": LawRow, "bans": Ban, "caps": StatutoryCap}
SHIPPED = (
    "The rules that came with the product: hours by country and state, bans and statutory caps, each with its source."
)


class Tampered(RuntimeError):
    """The rows of an activated rule set are not those that were activated: nothing may be judged by them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that only one of two sets has: `+` the newer, `-` the older."""

    sign: str
    table: str
    row: Row


def shipped() -> Tables:
    """The rows that come with the product, from `compliance/data`."""
    return _shipped()


def draft(content: Tables, now: datetime, *, user: User | None = None, note: str = "") -> RuleSet:
    """A new draft with these rows, under the next number."""
    with transaction.atomic():
        made = _draft(content, now, user, note)
        acts.note(acts.DRAFTED, made, now, _person(user), checksum=content.checksum())
    return made


def _draft(content: Tables, now: datetime, user: User | None, note: str) -> RuleSet:
    with transaction.atomic():
        number = (RuleSet.objects.aggregate(last=Max("number"))["last"] or 0) + 1
        made = RuleSet.objects.create(number=number, note=note[:300], created_at=now, created_by=_person(user))
        for name, model in MODELS.items():
            rows: Iterable[Row] = getattr(content, name)
            model._default_manager.bulk_create(
                model(rule_set=made, position=position, **columns(row)) for position, row in enumerate(rows, start=1)
            )
    return made


def copy_of_active(now: datetime, *, user: User | None = None, note: str = "") -> RuleSet:
    """A draft with the rows of the active set, to be edited. Raises RuleSet.DoesNotExist when none is active."""
    source = RuleSet.objects.get(state=State.ACTIVE)
    return draft(content(source), now, user=user, note=note or f"Copied from rule set {source.number}.")


def activate(rule_set: RuleSet, user: User, now: datetime, reason: str = "") -> None:
    """Seal a draft and judge by it from now on; the set that was active retires. A reason becomes the note of the set, which
    says otherwise where it came from.

    Raises PermissionDenied without `compliance.change_rules`, ValidationError for what is no draft or has no hours.
    """
    if not user.has_perm("compliance.change_rules"):  # type: ignore[union-attr]
        raise PermissionDenied("You need the permission to change the legal rules.")
    with transaction.atomic():
        if reason:
            RuleSet.objects.filter(pk=rule_set.pk, state=State.DRAFT).update(note=given(reason, "activate it", 300))
        _activate(rule_set, _person(user), now)


def switch_on(row: BanRow, user: User, now: datetime) -> RuleSet:
    """Bar a channel somewhere at once (an emergency): a new set with this ban, active. Raises as `activate`."""
    return _with_bans(lambda bans: (*bans, row), f"{row.code} in {row.jurisdiction} switched on.", user, now)


def switch_off(jurisdiction: str, code: str, user: User, now: datetime) -> RuleSet:
    """Lift the bans of this code there: a new set without them, active. Raises as `activate`, and when there are none."""

    def without(bans: tuple[BanRow, ...]) -> tuple[BanRow, ...]:
        left = tuple(row for row in bans if (row.jurisdiction, row.code) != (jurisdiction, code))
        if left == bans:
            raise ValidationError(f"There is no {code} in {jurisdiction} to switch off.")
        return left

    return _with_bans(without, f"{code} in {jurisdiction} switched off.", user, now)


def active() -> Rules:
    """The rules to judge by now: one small query, the rows are kept in memory by their checksum.

    Raises RuleSet.DoesNotExist when none is active, and Tampered.
    """
    pk, number, activated_at, checksum = RuleSet.objects.values_list("id", "number", "activated_at", "checksum").get(
        state=State.ACTIVE
    )
    return _snapshot(pk, number, activated_at, checksum)


def of_number(number: int) -> Rules:
    """The rules of a set by its number, as a decision names it. Raises RuleSet.DoesNotExist and Tampered."""
    found = RuleSet.objects.get(number=number)
    if found.state == State.DRAFT:
        rows = content(found)
        return Rules(found.number, None, rows.checksum(), rows)
    return _snapshot(found.pk, found.number, found.activated_at, found.checksum)


def content(rule_set: RuleSet) -> Tables:
    """The rows of a set."""
    return _content(rule_set.pk)


def differences(older: Tables, newer: Tables) -> list[Difference]:
    """What the newer one has that the older has not, and the other way round."""
    found = []
    for name in MODELS:
        before, after = getattr(older, name), getattr(newer, name)
        found += [Difference("-", name, row) for row in before if row not in after]
        found += [Difference("+", name, row) for row in after if row not in before]
    return found


def ship(now: datetime) -> RuleSet | None:
    """Load what comes with the product as rule set 1, active, unless there is any rule set. Idempotent."""
    if RuleSet.objects.exists():
        return None
    with transaction.atomic():
        made = _draft(shipped(), now, None, SHIPPED)
        _activate(made, None, now)
    return made


def _with_bans(change: Any, note: str, user: User, now: datetime) -> RuleSet:
    with transaction.atomic():
        source = RuleSet.objects.select_for_update().get(state=State.ACTIVE)
        old = content(source)
        made = _draft(Tables(old.hours, change(old.bans), old.caps), now, user, note)
        activate(made, user, now)
    return made


def _activate(rule_set: RuleSet, user: Any, now: datetime) -> None:
    with transaction.atomic():
        # The lock on the active set makes two activations wait for one another; the unique key would only fail one.
        list(RuleSet.objects.select_for_update().filter(state=State.ACTIVE))
        rows = content(rule_set)
        if not rows.hours:
            raise ValidationError("A rule set without hours would allow everything; load some first.")
        _checked(rows)
        RuleSet.objects.filter(state=State.ACTIVE).update(state=State.RETIRED)
        sealed = {"activated_at": now, "activated_by": user, "checksum": rows.checksum(), "state": State.ACTIVE}
        if not RuleSet.objects.filter(pk=rule_set.pk, state=State.DRAFT).update(**sealed):
            raise ValidationError(f"Rule set {rule_set.number} is no draft; only a draft can be activated.")
        why = RuleSet.objects.values_list("note", flat=True).get(pk=rule_set.pk)
        told = {"number": rule_set.number, "checksum": sealed["checksum"], **chain.because(why)}
        chain.append("rules.activated", now=now, actor=user.pk if user else None, subject=rule_set, payload=told)
    rule_set.refresh_from_db()


def _checked(rows: Tables) -> None:
    """What was edited row by row must read back like a loaded table. Raises ValidationError with every mistake."""
    found: list[str] = []
    for name, (read, headings) in TABLES.items():
        if getattr(rows, name):
            try:
                read(tables.write(getattr(rows, name), headings))
            except tables.BadTable as error:
                found += [f"{name}: {mistake}" for mistake in error.mistakes]
    if found:
        raise ValidationError(found)


TABLES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "hours": (tables.read_hours, tables.HOURS),
    "bans": (tables.read_bans, tables.BANS),
    "caps": (tables.read_caps, tables.CAPS),
}
"""Table → its reader and its columns."""


@functools.cache
def _shipped() -> Tables:
    hours, bans, caps = (
        (DATA / name).read_text(encoding="utf-8") for name in ("quiet_hours.csv", "bans.csv", "statutory_caps.csv")
    )
    return Tables(tables.read_hours(hours), tables.read_bans(bans), tables.read_caps(caps))


@functools.lru_cache(maxsize=64)
def _snapshot(pk: int, number: int, activated_at: datetime, checksum: str) -> Rules:
    rows = _content(pk)
    if rows.checksum() != checksum:
        raise Tampered(f"The rows of rule set {number} are not those that were activated.")
    return Rules(number, activated_at.date(), checksum, rows)


def _content(pk: int) -> Tables:
    return Tables(_values(HoursRow, LawRow, pk), _values(BanRow, Ban, pk), _values(CapRow, StatutoryCap, pk))


def _values(kind: type[R], model: type[models.Model], pk: int) -> tuple[R, ...]:
    names = [each.name for each in fields(kind)]
    rows = model._default_manager.filter(rule_set_id=pk).order_by("position").values(*names)
    return tuple(kind(**_taken(row)) for row in rows)


def _taken(row: dict[str, Any]) -> dict[str, Any]:
    taken = {**row, "channels": tuple(row["channels"].split())}
    return taken | ({"weekdays": cells.weekdays(row["weekdays"])} if "weekdays" in row else {})


def columns(row: Row) -> dict[str, Any]:
    """The row as its model keeps it."""
    found = {each.name: getattr(row, each.name) for each in fields(row)}
    found["channels"] = " ".join(row.channels)
    if isinstance(row, HoursRow):
        found["weekdays"] = cells.weekday_text(row.weekdays)
    return found


def _person(user: User | None) -> Any:
    return user if user is not None and user.is_authenticated else None
