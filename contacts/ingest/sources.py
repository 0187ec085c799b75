"""Who may send: sources by their write key, remembered for a few seconds."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models.signals import post_delete, post_save

from contacts.ingest import names
from contacts.ingest.refusals import Refused
from contacts.models import Source, Topic

REMEMBERED = timedelta(seconds=5)
"""So long may a source that was disabled on another machine go on sending."""


class GrantRule(NamedTuple):
    """A line of `Source.consent_grants`: this event carries this consent."""

    topic_id: int
    channel: str
    basis: str
    wording: str


class Sender(NamedTuple):
    """A source as the hot path sees it. `topics` are those of its brand, `grants` its consent rules by event name."""

    id: int
    brand_id: int
    name: str
    topics: Mapping[str, int]
    grants: Mapping[str, tuple[GrantRule, ...]]


_remembered: dict[str, tuple[datetime, Sender]] = {}


def sender(write_key: str, now: datetime) -> Sender:
    """The enabled source with this write key. Raises Refused (401)."""
    known = _remembered.get(write_key)
    if known and abs(now - known[0]) < REMEMBERED:
        return known[1]
    source = Source.objects.filter(write_key=write_key, enabled=True).first() if write_key else None
    if source is None:
        _remembered.pop(write_key, None)
        sentence = "The write key is missing, unknown or disabled; send it as the Basic user name or as writeKey."
        raise Refused(401, "invalid_write_key", sentence)
    found = _sender(source)
    _remembered[write_key] = now, found
    return found


def count_request(source_id: int, per_minute: int, now: datetime) -> None:
    """Count one request of this source. Raises Refused (429) beyond `per_minute`; 0 means no limit."""
    if not per_minute:
        return
    key = f"ingest:{source_id}:{now:%Y%m%d%H%M}"
    cache.add(key, 0, timeout=90)
    try:
        count = cache.incr(key)
    except ValueError:  # it ran out between the two lines
        return
    if count > per_minute:
        sentence = f"More than {per_minute} requests in this minute; send larger batches, or later."
        raise Refused(429, "rate_limited", sentence, retry_after=60 - now.second)


def _sender(source: Source) -> Sender:
    topics = dict(Topic.objects.filter(brand_id=source.brand_id).values_list("key", "id"))
    grants: dict[str, tuple[GrantRule, ...]] = {}
    for line in source.consent_grants:
        rule = _grant_rule(line, topics)
        if rule:
            name = names.normalised(str(line.get("event", "")))
            grants[name] = (*grants.get(name, ()), rule)
    return Sender(source.pk, source.brand_id, source.name, topics, grants)


def _grant_rule(line: Any, topics: Mapping[str, int]) -> GrantRule | None:
    """A line that names no topic of the brand, or no channel, grants nothing."""
    if not isinstance(line, dict) or line.get("topic") not in topics or not line.get("channel"):
        return None
    return GrantRule(
        topics[line["topic"]],
        str(line["channel"]),
        str(line.get("basis") or "express"),
        str(line.get("wording") or ""),
    )


def _forget(**_: Any) -> None:
    _remembered.clear()


for _model in (Source, Topic):
    post_save.connect(_forget, sender=_model, dispatch_uid=f"ingest-forget-{_model.__name__}")
    post_delete.connect(_forget, sender=_model, dispatch_uid=f"ingest-forget-{_model.__name__}-deleted")
