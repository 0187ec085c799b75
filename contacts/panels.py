"""The page of one person is made of cards; each floor registers its own in `AppConfig.ready()`.

    from contacts import panels

    panels.board.register(panels.Card("messages", "Messages", "admin/channels/panel.html", messages, "channels.view_message"))

`context(request, contact, now)` returns what the card's template needs. A wide card stands in the broad column.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.http import HttpRequest

from config.cards import Board, Card
from contacts import reach, suppressions, zones
from contacts.models import Address, ConsentState, Contact, Event, Membership

__all__ = ["Card", "board", "zone_of"]

board = Board()
PAGE = 40
FAMILIES = {
    "message": "Messages",
    "consent": "Consent",
    "journey": "Journeys",
    "segment": "Segments",
    "contact": "Staff",
}

ROW_IDS = frozenset({"version", "visit", "message"})
"""Which rows a fact of our own came from: for machines; they are in the whole properties, not in the line."""


class Place(NamedTuple):
    """An address, and the suppressions that keep messages from it."""

    address: Address
    suppressed: Sequence[suppressions.Match]


class Line(NamedTuple):
    """An event as the timeline shows it; `details` are its short properties."""

    event: Event
    family: str
    words: str
    details: str


def zone_of(contact: Contact) -> ZoneInfo | None:
    """The person's own zone; None if it is unknown."""
    return zones.zone(contact.timezone) if zones.known(contact.timezone) else None


def places(request: HttpRequest, contact: Contact, now: datetime) -> dict[str, Any]:
    """Where the person can be reached, newest first: of each kind, the first is the one in use."""
    addresses = list(contact.addresses.order_by("-created_at", "-pk"))
    found = suppressions.matching([address.digest for address in addresses], now)
    return {"places": [Place(address, found.get(address.digest, ())) for address in addresses]}


def consents(request: HttpRequest, contact: Contact, now: datetime) -> dict[str, Any]:
    """The newest word per topic and channel."""
    states = ConsentState.objects.filter(contact=contact).select_related("topic__brand", "consent")
    return {
        "contact": contact,
        "states": [
            (state, reach.titles.get(state.channel, state.channel), bool(state.expires_at and state.expires_at <= now))
            for state in states.order_by("topic__brand", "topic__name", "channel")
        ],
        "may_add": request.user.has_perm("contacts.override_consent"),
        "may_withdraw": request.user.has_perm("contacts.change_consentstate"),
    }


def segments(request: HttpRequest, contact: Contact, now: datetime) -> dict[str, Any]:
    """The segments that the person is in."""
    stays = Membership.objects.filter(contact=contact, left_at=None).select_related("segment").order_by("segment__name")
    return {"stays": stays}


def attributes(request: HttpRequest, contact: Contact, now: datetime) -> dict[str, Any]:
    """All attributes, by name."""
    return {"contact": contact, "attributes": sorted(contact.attributes.items())}


def timeline(request: HttpRequest, contact: Contact, now: datetime) -> dict[str, Any]:
    """A page of the timeline, newest first: `family` filters it, `before` (an event's id) is where the page begins."""
    family = request.GET.get("family", "")
    events = Event.objects.filter(_family(family), contact=contact).order_by("-occurred_at", "-pk")
    before = _event(contact, request.GET.get("before", ""))
    if before:
        events = events.filter(
            Q(occurred_at__lt=before.occurred_at) | Q(occurred_at=before.occurred_at, pk__lt=before.pk)
        )
    page = list(events[: PAGE + 1])
    return {
        "lines": [_line(event) for event in page[:PAGE]],
        "older": page[PAGE - 1].pk if len(page) > PAGE else None,
        "newest": before is None,
        "family": family,
        "families": [("", "All"), *FAMILIES.items(), ("event", "Other events")],
        "zone": zone_of(contact),
    }


def _family(name: str) -> Q:
    """What the family's events are called; `event` is whatever belongs to none."""
    if name in FAMILIES:
        return Q(name__startswith=f"{name}.")
    if name != "event":
        return Q()
    found = Q()
    for family in FAMILIES:
        found &= ~Q(name__startswith=f"{family}.")
    return found


def _event(contact: Contact, pk: str) -> Event | None:
    return Event.objects.filter(contact=contact, pk=int(pk)).first() if pk.isdecimal() and len(pk) < 19 else None


def _line(event: Event) -> Line:
    family = event.name.partition(".")[0]
    ours = family in FAMILIES
    words = event.name.replace(".", " ").capitalize() if ours else event.name
    shown = {name: value for name, value in event.properties.items() if not (ours and name in ROW_IDS)}
    short = [f"{name} {value}" for name, value in shown.items() if _is_short(value)]
    return Line(event, family if ours else "event", words, " · ".join(short[:5]))


def _is_short(value: Any) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and 0 < len(value) <= 80)


for _card in (
    Card("addresses", "Addresses", "admin/contacts/panels/addresses.html", places, "contacts.view_address", order=10),
    Card("consents", "Consent", "admin/contacts/panels/consents.html", consents, "contacts.view_consent", order=20),
    Card("segments", "Segments", "admin/contacts/panels/segments.html", segments, "contacts.view_segment", order=60),
    Card("attributes", "Attributes", "admin/contacts/panels/attributes.html", attributes, order=70),
    Card("timeline", "Timeline", "admin/contacts/panels/timeline.html", timeline, "contacts.view_event", wide=True),
):
    board.register(_card)
