"""What people allow: every word goes into the ledger, the newest one counts, and each is a fact on the timeline."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, QuerySet, Value, When

from config import bulk
from contacts import timeline
from contacts.models import Consent, ConsentState, Contact, Topic
from contacts.storable import mapping, text

GRANTED, WITHDRAWN = Consent.State.GRANTED.value, Consent.State.WITHDRAWN.value
SOFT = Consent.Basis.SOFT.value
_STATE_KEY = ("contact_id", "channel", "topic_id")
_PROJECTED = ("consent_id", "state", "basis", "occurred_at", "expires_at", "wording", "flaw")
# At the same instant a withdrawal is stronger than whatever else was said.
_WEAKER = (
    "contacts_consentstate.state = 'withdrawn' AND excluded.state <> 'withdrawn' "
    "AND excluded.occurred_at = contacts_consentstate.occurred_at"
)


@dataclass(frozen=True, slots=True)
class Grant:
    """A person's word on one channel and topic: granted, pending or withdrawn.

    `key` is the key of its event on the timeline, for senders whose own event says it already; else one is made.
    """

    contact_id: int
    topic_id: int
    channel: str
    basis: str
    occurred_at: datetime
    source: str
    wording: str = ""
    proof: Mapping[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None
    state: str = GRANTED
    key: str = ""


def record(grants: Sequence[Grant], now: datetime) -> list[int]:
    """Write the ledger, its newest words and the timeline, in one transaction; the ledger lines' ids, in order.

    A word older than the stored one is kept in the ledger and changes nothing; a withdrawal wins over others of its instant.
    """
    if not grants:
        return []
    with transaction.atomic(savepoint=False):
        grants = _following(grants)
        made = sorted(bulk.insert(Consent, [_line(grant, now) for grant in grants], returning=("id",)))
        lines = [(pk, grant) for (pk,), grant in zip(made, grants, strict=True)]
        # Sorted: batches that touch the same people wait for each other, never in a circle.
        states = [_state(pk, said) for _, (pk, said) in sorted(_newest(lines).items())]
        bulk.upsert(ConsentState, states, unique=_STATE_KEY, update=_PROJECTED, newer="occurred_at", unless=_WEAKER)
        timeline.record(_facts(lines), now)
    return [pk for pk, _ in lines]


def _following(grants: Sequence[Grant]) -> Sequence[Grant]:
    """The grants, with withdrawals by people who were merged meanwhile in the name of the contact that is kept."""
    kept = _lock_leavers(sorted({said.contact_id for said in grants if said.state == WITHDRAWN}))
    if not kept:
        return grants
    _lock_leavers(sorted(set(kept.values())))
    return [
        replace(said, contact_id=kept.get(said.contact_id, said.contact_id)) if said.state == WITHDRAWN else said
        for said in grants
    ]


def _lock_leavers(leaving: Sequence[int]) -> dict[int, int]:
    """The gate holds a contact's row while it judges: its clearance comes wholly before a withdrawal, and is recalled, or after it.

    Returns those who were merged, with the contact that is kept.
    """
    if not leaving:
        return {}
    people = Contact.objects.filter(pk__among=list(leaving)).order_by("pk")
    rows = people.select_for_update(of=("self",), no_key=True).values_list("pk", "merged_into_id")
    return {pk: kept for pk, kept in rows if kept}


def grant(
    contact_id: int,
    topic_id: int,
    channel: str,
    *,
    basis: str,
    source: str,
    now: datetime,
    occurred_at: datetime | None = None,
    wording: str = "",
    proof: Mapping[str, Any] | None = None,
    expires_at: datetime | None = None,
) -> int:
    """One person allows one topic on one channel, `occurred_at` (default: now). Returns the ledger line's id."""
    said = Grant(contact_id, topic_id, channel, basis, occurred_at or now, source, wording, proof or {}, expires_at)
    return record([said], now)[0]


def withdraw(
    contact_id: int,
    topic_id: int,
    channel: str,
    *,
    source: str,
    now: datetime,
    occurred_at: datetime | None = None,
    proof: Mapping[str, Any] | None = None,
) -> int:
    """One person takes one topic on one channel back. Returns the ledger line's id."""
    said = Grant(contact_id, topic_id, channel, "", occurred_at or now, source, proof=proof or {}, state=WITHDRAWN)
    return record([said], now)[0]


def state_at(contact_id: int, channel: str, topic_id: int, at: datetime) -> Consent | None:
    """The ledger line that counted at this instant; None if nothing had been said. Its `expires_at` is the caller's to judge."""
    said = Consent.objects.filter(contact_id=contact_id, channel=channel, topic_id=topic_id, occurred_at__lte=at)
    weight = Case(When(state=WITHDRAWN, then=Value(1)), default=Value(0))
    return said.order_by("-occurred_at", weight.desc(), "-pk").first()


def of_person(contact_id: int) -> QuerySet[Consent]:
    """All lines of a person, also those under the contacts that were merged into theirs."""
    merged = Contact.objects.filter(merged_into=contact_id).order_by().values_list("pk", flat=True)
    return Consent.objects.filter(contact_id__in=[contact_id, *merged])


def _newest(lines: Iterable[tuple[int, Grant]]) -> dict[tuple[int, str, int], tuple[int, Grant]]:
    """The line that counts per contact, channel and topic."""
    newest: dict[tuple[int, str, int], tuple[int, Grant]] = {}
    for pk, said in lines:
        place = (said.contact_id, said.channel, said.topic_id)
        if place not in newest or _rank(pk, said) > _rank(*newest[place]):
            newest[place] = pk, said
    return newest


def _rank(pk: int, said: Grant) -> tuple[datetime, bool, int]:
    return said.occurred_at, said.state == WITHDRAWN, pk


def _line(said: Grant, now: datetime) -> dict[str, Any]:
    return {
        "contact_id": said.contact_id,
        "topic_id": said.topic_id,
        "channel": said.channel,
        "state": said.state,
        "basis": said.basis,
        "occurred_at": said.occurred_at,
        "recorded_at": now,
        "expires_at": said.expires_at,
        "source": text(said.source),
        "wording": text(said.wording),
        "proof": mapping(said.proof),
    }


def _state(pk: int, said: Grant) -> dict[str, Any]:
    return {
        "contact_id": said.contact_id,
        "channel": said.channel,
        "topic_id": said.topic_id,
        "consent_id": pk,
        "state": said.state,
        "basis": said.basis,
        "occurred_at": said.occurred_at,
        "expires_at": said.expires_at,
        "wording": text(said.wording),
        "flaw": flaw(said.state, said.basis, said.wording, said.proof),
    }


def flaw(state: str, basis: str, wording: str, proof: Mapping[str, Any]) -> str:
    """Why a word cannot be relied on; empty if it can.

    `no_proof`: neither the words that were agreed to nor where and how are known. `soft_optin_conditions`: a soft opt-in
    (PECR reg. 22(3)) needs a way out that was offered when the address was collected (proof `opt_out_offered`).
    """
    if state == WITHDRAWN:
        return ""
    if not wording and not proof:
        return "no_proof"
    return "soft_optin_conditions" if basis == SOFT and not proof.get("opt_out_offered") else ""


def _facts(lines: Sequence[tuple[int, Grant]]) -> list[timeline.NewEvent]:
    ids = {said.topic_id for _, said in lines}
    topics = {
        pk: (key, brand) for pk, key, brand in Topic.objects.filter(pk__in=ids).values_list("pk", "key", "brand_id")
    }
    return [_fact(pk, said, *topics[said.topic_id]) for pk, said in lines]


def _fact(pk: int, said: Grant, topic: str, brand_id: int) -> timeline.NewEvent:
    """A stable key: the ledger line's id, unless the sender's event says it."""
    properties = {"channel": said.channel, "topic": topic, "basis": said.basis, "source": said.source}
    name = f"consent.{said.state}"
    return timeline.NewEvent(said.contact_id, name, said.occurred_at, said.key or f"{name}:{pk}", properties, brand_id)
