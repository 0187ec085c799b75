"""What the shop would have sent: each customer's profile, consents and orders, as calls of Segment's API."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from demo.people import Person, person
from demo.purchases import Purchase

OPEN, CLOSED = time(8), time(22)
"""Between these hours, on the buyer's own clock, the demo's people buy; the data has days only."""
READER = timedelta(days=1, hours=2)
"""So long after an order those who have had enough take their consent back."""


class Moment(NamedTuple):
    """One call, and when it is made."""

    at: datetime
    call: dict[str, Any]


def moments(purchases: Iterable[Purchase]) -> list[Moment]:
    """Every call for these purchases (sorted by day), in order of time; the same ones always make the same calls."""
    known: set[int] = set()
    found: list[Moment] = []
    for purchase in purchases:
        found += _of(purchase, person(purchase.customer), purchase.customer not in known)
        known.add(purchase.customer)
    return sorted(found, key=lambda moment: (moment.at, moment.call["messageId"]))


def _of(purchase: Purchase, buyer: Person, new: bool) -> Iterator[Moment]:
    at = instant(purchase.day, buyer, purchase.number)
    if new:
        yield Moment(at - timedelta(minutes=2), _call(buyer, "profile", type="identify", traits=_traits(buyer)))
        for channel, basis in _allowed(buyer):
            properties = {"channel": channel, "topic": "news", "basis": basis, "wording": "checkout form v2"}
            yield Moment(at - timedelta(minutes=1), _track(buyer, f"allows-{channel}", "consent.granted", properties))
    yield Moment(at, _track(buyer, f"order-{purchase.number}", "Order Completed", _order(purchase, buyer)))
    if purchase.number == buyer.leaves_after:
        properties = {"channel": "email", "topic": "news", "wording": "account page"}
        yield Moment(at + READER, _track(buyer, "leaves-email", "consent.withdrawn", properties))


def instant(day: date, buyer: Person, salt: int) -> datetime:
    """A moment of this day, both in UTC and on the buyer's clock, within opening hours."""
    zone = ZoneInfo(buyer.area.timezone)
    midnight = datetime.combine(day, time(0), UTC)
    first = max(datetime.combine(day, OPEN, zone).astimezone(UTC), midnight + timedelta(minutes=3))
    last = min(datetime.combine(day, CLOSED, zone).astimezone(UTC), midnight + timedelta(days=1, seconds=-1))
    digest = hashlib.sha256(f"{buyer.customer}:{salt}:{day.toordinal() % 7}".encode()).digest()
    seconds = (last - first).total_seconds() * int.from_bytes(digest[:4]) / 2**32
    return first + timedelta(seconds=int(seconds))


def _allowed(buyer: Person) -> Iterator[tuple[str, str]]:
    if buyer.allows_email:
        yield "email", "express"
    if buyer.allows_sms:
        yield "sms", "express_written"


def _traits(buyer: Person) -> dict[str, Any]:
    phone, timezone = buyer.phone, buyer.area.timezone
    if buyer.garbled:
        phone, timezone = "call me maybe", "Mars/Olympus Mons"
    return {
        "firstName": buyer.first_name,
        "lastName": buyer.last_name,
        "email": buyer.email,
        **({"phone": phone} if phone else {}),
        "locale": buyer.locale,
        "timezone": timezone,
        "address": {"country": buyer.area.country, "state": buyer.area.region},
    }


def _order(purchase: Purchase, buyer: Person) -> dict[str, Any]:
    price = round(float(purchase.amount) / max(purchase.items, 1), 2)
    return {
        "order_id": f"{buyer.user_id}-{purchase.number}",
        "revenue": float(purchase.amount),
        "currency": "USD",
        "items": purchase.items,
        "products": [{"name": "Compact disc", "quantity": purchase.items, "price": price}],
    }


def _track(buyer: Person, message: str, event: str, properties: dict[str, Any]) -> dict[str, Any]:
    return _call(buyer, message, type="track", event=event, properties=properties)


def _call(buyer: Person, message: str, **fields: Any) -> dict[str, Any]:
    return {"userId": buyer.user_id, "messageId": f"{buyer.user_id}-{message}", **fields}
