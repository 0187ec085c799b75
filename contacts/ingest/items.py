"""One item of a batch as a value: what happened, to whom, and what it says about them."""

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from contacts import traits
from contacts.ingest import names
from contacts.ingest.body import too_deep
from contacts.ingest.refusals import BadItem
from contacts.storable import text

NO_SKEW = timedelta(0)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_ID = 200
Payload = Mapping[str, Any]


class Item(NamedTuple):
    """A well-formed item. `key` makes it idempotent; `proof` is what a consent that it carries could be proved with."""

    key: str
    message_id: str
    name: str
    occurred_at: datetime
    user_id: str
    anonymous_id: str
    properties: dict[str, Any]
    traits: dict[str, Any]
    context: Payload
    payload: Payload


class Envelope(NamedTuple):
    """What a request says for all of its items: when it was sent and received, by which source, in which context."""

    source_id: int
    received_at: datetime
    skew: timedelta = NO_SKEW
    context: Payload = {}


def envelope(source_id: int, request: Payload, now: datetime) -> Envelope:
    """The envelope of a request body. A `sentAt` that is no instant is ignored: it only corrects the sender's clock."""
    context = request.get("context")
    return Envelope(source_id, now, _skew(request.get("sentAt"), now), context if isinstance(context, dict) else {})


def parse(payload: Any, kind: str, envelope: Envelope) -> Item:
    """The item in `payload`; `kind` is the call when the address names it, else empty. Raises BadItem."""
    if type(payload) is not dict:
        raise BadItem("An item must be a JSON object.")
    if too_deep(payload):
        raise BadItem("The item is nested too deeply; send flatter properties.")
    said = kind or payload.get("type")
    call = CALLS.get(said) if isinstance(said, str) else None
    if call is None:
        raise BadItem(f"type {_shown(said)} is not known; write one of: {', '.join(CALLS)}.")
    user_id, anonymous_id = _identifier(payload, "userId"), _identifier(payload, "anonymousId")
    if not user_id and not anonymous_id:
        raise BadItem("Neither userId nor anonymousId is given; one of them must say who it is about.")
    context = _object(payload, "context") or envelope.context
    name, properties = call(payload)
    message_id = _identifier(payload, "messageId") or _content_hash(payload, envelope.received_at)
    return Item(
        key=f"{envelope.source_id}:{message_id}",
        message_id=message_id,
        name=name,
        occurred_at=_occurred_at(payload, envelope),
        user_id=user_id,
        anonymous_id=anonymous_id,
        properties=properties,
        traits=_traits(payload, context, name),
        context=context,
        payload=payload,
    )


def _track(payload: Payload) -> tuple[str, dict[str, Any]]:
    event = payload.get("event")
    if not isinstance(event, str) or not (name := names.normalised(event)):
        raise BadItem(f"event must name what happened, e.g. Order Completed; it is {_shown(event)}.")
    if len(name) > names.LONGEST:
        raise BadItem(f"event is longer than {names.LONGEST} characters.")
    if names.reserved(name):
        raise BadItem(f"event {name} belongs to a family that only Waymark itself records; give it another name.")
    return name, _object(payload, "properties")


def _identify(payload: Payload) -> tuple[str, dict[str, Any]]:
    return "contact.identified", _object(payload, "traits")


def _viewed(noun: str, payload: Payload) -> tuple[str, dict[str, Any]]:
    said = {key: payload[key] for key in ("name", "category") if isinstance(payload.get(key), str)}
    return f"{noun}.viewed", {**said, **_object(payload, "properties")}


def _group(payload: Payload) -> tuple[str, dict[str, Any]]:
    group_id = _identifier(payload, "groupId")
    if not group_id:
        raise BadItem("groupId is missing; it must name the group that the person joined.")
    return "group.joined", {"group_id": group_id, "traits": _object(payload, "traits")}


def _alias(payload: Payload) -> tuple[str, dict[str, Any]]:
    previous_id = _identifier(payload, "previousId")
    if not previous_id or not _identifier(payload, "userId"):
        raise BadItem("An alias needs previousId (who the person was) and userId (who it turned out to be).")
    return ALIASED, {"previous_id": previous_id}


ALIASED = "contact.aliased"
OF_THE_DEVICE = {"locale": "locale", "timezone": traits.DEVICE_ZONE, "ip_timezone": traits.IP_ZONE}
"""Names in an item's context → traits. Whoever knows where an IP address is says so; we look up none."""
CALLS: Mapping[str, Callable[[Payload], tuple[str, dict[str, Any]]]] = {
    "identify": _identify,
    "track": _track,
    "page": functools.partial(_viewed, "page"),
    "screen": functools.partial(_viewed, "screen"),
    "group": _group,
    "alias": _alias,
}


def _identifier(payload: Payload, field: str) -> str:
    value = payload.get(field)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadItem(f"{field} must be a text or a number; it is {_shown(value)}.")
    identifier = text(str(value)).strip()
    if len(identifier) > LONGEST_ID:
        raise BadItem(f"{field} is longer than {LONGEST_ID} characters.")
    return identifier


def _object(payload: Payload, field: str) -> dict[str, Any]:
    value = payload.get(field)
    if value is None:
        return {}
    if type(value) is not dict:
        raise BadItem(f"{field} must be a JSON object; it is {_shown(value)}.")
    return value


def _traits(payload: Payload, context: Payload, name: str) -> dict[str, Any]:
    """What the item says about the person. On identify also what the context knows of the device: its language is a last
    resort, its zone and that of its IP address are candidates beside what the person has set. Its token, on which it can be
    reached, comes with every call.
    """
    known = context.get("traits")
    told: dict[str, Any] = known if type(known) is dict else {}
    if token := _device_token(context):
        told = {"device_token": token, **told}
    if name != "contact.identified":
        return told
    device = {trait: context[key] for key, trait in OF_THE_DEVICE.items() if isinstance(context.get(key), str)}
    return {**device, **told, **_object(payload, "traits")}


def _device_token(context: Payload) -> str:
    device = context.get("device")
    token = device.get("token") if type(device) is dict else None
    return token if isinstance(token, str) else ""


def _occurred_at(payload: Payload, envelope: Envelope) -> datetime:
    said = payload.get("timestamp") or payload.get("originalTimestamp")
    if said is None:
        return envelope.received_at
    skew = _skew(payload["sentAt"], envelope.received_at) if "sentAt" in payload else envelope.skew
    try:
        instant = instant_of(said)
        if instant < EARLIEST:
            raise ValueError
        return min(instant + skew, envelope.received_at)
    except (ValueError, OverflowError):
        raise BadItem(f"timestamp {_shown(said)} is no instant; write for example 2026-11-24T09:30:00Z.") from None


def _skew(sent_at: Any, received_at: datetime) -> timedelta:
    """How far the sender's clock is behind ours, if sending took no time."""
    try:
        return received_at - instant_of(sent_at)
    except (ValueError, OverflowError):
        return NO_SKEW


def instant_of(said: Any) -> datetime:
    """An ISO 8601 instant; without an offset it is UTC. Raises ValueError, OverflowError."""
    if not isinstance(said, str):
        raise ValueError("not a text")
    instant = datetime.fromisoformat(said)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _content_hash(payload: Payload, received_at: datetime) -> str:
    """Stands in for a missing messageId. Without a timestamp the minute joins in: a retry is still recognised, while
    the same thing said again later is news."""
    minute = "" if payload.get("timestamp") else received_at.isoformat(timespec="minutes")
    content = {key: value for key, value in payload.items() if key not in ("sentAt", "writeKey")}
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=True) + minute
    return "sha256-" + hashlib.sha256(canonical.encode()).hexdigest()


def _shown(value: Any) -> str:
    shown = repr(value)
    return "missing" if value is None else shown if len(shown) <= 60 else shown[:57] + "…"
