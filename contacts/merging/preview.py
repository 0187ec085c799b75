"""Two contacts side by side, with what would count for both: what a person sees before they merge them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contacts.merging import places, profiles, words
from contacts.models import Address, ConsentState, Contact

COLUMNS = {"locale": "Locale", "country": "Country", "region": "Region", "timezone": "Time zone"}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing about the two; `result` is what counts for both afterwards."""

    what: str
    kept: str
    other: str
    result: str


def lines(kept: Contact, other: Contact, now: datetime) -> list[Line]:
    """Profile, addresses and consents; nothing is changed."""
    return [*_profile(kept, other), *_addresses(kept, other), *_consents(kept, other, now)]


def _profile(kept: Contact, other: Contact) -> Iterator[Line]:
    mine, theirs = kept.external_id, other.external_id
    yield Line("External ID", mine, theirs, f"{mine or theirs}{f' (and {theirs})' if mine and theirs else ''}")
    columns = profiles.empty_columns(kept, other)
    for name, label in COLUMNS.items():
        if getattr(kept, name) or getattr(other, name):
            yield Line(label, getattr(kept, name), getattr(other, name), columns.get(name) or getattr(kept, name))
    for name in sorted(kept.attributes.keys() | other.attributes.keys()):
        mine, theirs = _said(kept, name), _said(other, name)
        yield Line(name, mine, theirs, mine or theirs)


def _said(contact: Contact, name: str) -> str:
    value: Any = contact.attributes.get(name)
    return "" if value is None else str(value)


def _addresses(kept: Contact, other: Contact) -> Iterator[Line]:
    shared = places.shared(kept.pk, other.pk)
    for kind, label in Address.Kind.choices:
        mine, theirs = _values(kept, kind), _values(other, kind)
        if mine or theirs:
            dates = {address.value: address.created_at for address in (*mine, *theirs) if address.pk not in shared}
            dates |= {a.value: max(a.created_at, dates[a.value]) for a in theirs if a.pk in shared}
            newest = max(dates, key=lambda value: dates[value])
            rest = [value for value in dates if value != newest]
            result = f"{newest} (in use)" + (f", {', '.join(rest)}" if rest else "")
            yield Line(str(label).capitalize(), _joined(mine), _joined(theirs), result)


def _values(contact: Contact, kind: str) -> list[Address]:
    return list(Address.objects.filter(contact=contact, kind=kind).order_by("-created_at", "-pk"))


def _joined(found: list[Address]) -> str:
    return ", ".join(address.value for address in found)


def _consents(kept: Contact, other: Contact, now: datetime) -> Iterator[Line]:
    for (channel, _), choice in words.choices(kept.pk, other.pk, now).items():
        said = choice.winner or choice.theirs
        topic = said.topic if said else ""
        yield Line(f"{topic} by {channel}", _word(choice.mine), _word(choice.theirs), _word(choice.winner))


def _word(said: ConsentState | None) -> str:
    if said is None:
        return "nothing said"
    return f"{said.get_state_display()}, {said.occurred_at:%Y-%m-%d %H:%M} UTC"
