"""The only door out. Whatever asked for a message, it is judged here by every rule, each time, and the reasons are kept.

`release` claims due messages with their contacts, judges them in memory, writes decisions and new states in one
transaction, and after its commit hands the cleared ones over.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from channels import delivery, facts, outbox, reconciling, throughput
from channels.facts import About
from channels.models import Account, Message
from compliance import claims, dossier, judging
from compliance.base import Facts
from compliance.claims import Claimed
from compliance.dossier import Dossier
from compliance.judging import Judgement
from compliance.models import Decision
from compliance.rules.sender import TIER
from config import bulk
from contacts.timeline import NewEvent

State = Message.State
BATCH = 1000
CROWD, SPREAD = 200, timedelta(minutes=5)
"""From so many in a batch that wait for the same instant on, they are spread over so long."""
User = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True, slots=True)
class Judged:
    """A message, what was known, and what was decided."""

    message: Claimed
    facts: Facts
    judgement: Judgement


def release(now: datetime, limit: int = BATCH) -> int:
    """Judge the messages that are due, at most `limit`, and hand over what may leave; 0 only when none was due."""
    with transaction.atomic():
        batch, due = claims.claim(now, limit)
        cleared = _decide(batch, now) if batch else []
    if cleared:
        delivery.deliver(cleared, now)
    return due


def explain(message: Message) -> list[Decision]:
    """Every judgement of this message, oldest first: why it did, or did not, leave."""
    return list(message.decisions.order_by("id"))


def _decide(batch: Sequence[Claimed], now: datetime) -> list[int]:
    """Judge and write; the ids of the messages that are cleared."""
    known = dossier.load(batch, now, locked=True)
    judged = [_judged(one, known, now) for one in batch]
    judged = _within_limits(judged, known, now)
    decisions = _write_decisions(judged, now)
    by_outcome: dict[str, list[tuple[Judged, int]]] = {"allow": [], "wait": [], "deny": []}
    for one, decision in zip(judged, decisions, strict=True):
        by_outcome[one.judgement.outcome].append((one, decision))
    _clear(by_outcome["allow"], known, now)
    _defer(by_outcome["wait"])
    _block(by_outcome["deny"], now)
    return [one.message.id for one, _ in by_outcome["allow"]]


def _judged(one: Claimed, known: Dossier, now: datetime) -> Judged:
    found = known.facts(one)
    judgement = judging.judge(found, now)
    if judgement.outcome == "allow":
        known.note(one, found, now)
    elif judgement.decisive.code == TIER:
        known.queue(one)
    return Judged(one, found, judgement)


def _within_limits(judged: list[Judged], known: Dossier, now: datetime) -> list[Judged]:
    """Leave the rest of an account's messages undecided when its limit per second is reached; they come again."""
    limited = {account.pk: account for account in known.accounts.values() if account.per_second}
    if not limited:
        return judged
    mine: dict[int, list[Judged]] = {}
    for one in judged:
        account = known.accounts.get((one.message.brand_id, one.message.channel))
        if account and account.pk in limited and one.judgement.outcome == "allow":
            mine.setdefault(account.pk, []).append(one)
    held: set[int] = set()
    for pk in sorted(mine):
        held |= _held_back(limited[pk], mine[pk], now)
    return [one for one in judged if one.message.id not in held]


def _held_back(account: Account, wanted: Sequence[Judged], now: datetime) -> set[int]:
    slots = throughput.reserve(account, len(wanted), now)
    late = [(one, slot) for one, slot in zip(wanted, slots, strict=True) if slot > now]
    rows = [{"id": one.message.id, "due_at": slot} for one, slot in late]
    bulk.update(Message, rows)
    return {one.message.id for one, _ in late}


def _write_decisions(judged: Sequence[Judged], now: datetime) -> list[int]:
    """One row a judgement, in order; their ids."""
    rows = [
        {
            "message_id": one.message.id,
            "decided_at": now,
            "outcome": one.judgement.outcome,
            "reason": one.judgement.decisive.code,
            "until": one.judgement.decisive.until if one.judgement.outcome == "wait" else None,
            "verdicts": one.judgement.rows(),
            "evidence": _evidence(one.facts, now),
        }
        for one in judged
    ]
    made = dict(bulk.insert(Decision, rows, returning=("message_id", "id")))
    return [made[one.message.id] for one in judged]


def _evidence(known: Facts, now: datetime) -> dict[str, Any]:
    """What the judgement stands on, beyond the verdicts' own words."""
    found: dict[str, Any] = {"zone": known.zone_name, "zone_source": known.zone_source or "unknown"}
    if known.zone:
        found["local_time"] = now.astimezone(known.zone).isoformat(timespec="seconds")
    if known.place and (len(known.place.zones) > 1 or known.place.jurisdictions):
        found |= {"zones": list(known.place.zones), "jurisdictions": list(known.place.jurisdictions)}
    if known.law and known.law.number:
        found["rule_set"] = known.law.number
    if known.consent:
        found["consent"] = known.consent.id
    if known.version:
        found |= {"version": known.version.id, "fingerprint": known.version.fingerprint}
    if known.address_id:
        found["address"] = known.address_id
    return found


def _clear(allowed: Sequence[tuple[Judged, int]], known: Dossier, now: datetime) -> None:
    lease = now + delivery.CLEARED_LEASE
    rows = []
    for one, decision in allowed:
        message, version = one.message, one.facts.version
        assert version is not None  # the rule approved_content refused it otherwise
        rows.append(
            {
                "id": message.id,
                "state": State.SENDING.value,
                "clearance": decision,
                "version_id": version.id,
                "message_class": version.message_class,
                "account_id": known.accounts[message.brand_id, message.channel].pk,
                "address_id": one.facts.address_id,
                "cleared_at": now,
                "lease_until": lease,
                "due_at": None,
                "held_by": "",
                "reason": "",
            }
        )
    bulk.update(Message, rows)


def _defer(waiting: Sequence[tuple[Judged, int]]) -> None:
    """Back in front of the door, with a time; or, for a stop, until it is lifted."""
    crowds = Counter(one.judgement.decisive.until for one, _ in waiting)
    rows = [
        {
            "id": one.message.id,
            "due_at": _spread(one, crowds[one.judgement.decisive.until]),
            "held_by": one.facts.stops[0] if one.judgement.decisive.until is None else "",
            "reason": one.judgement.decisive.code,
        }
        for one, _ in waiting
    ]
    bulk.update(Message, rows)


def _spread(one: Judged, crowd: int) -> datetime | None:
    """When thousands wait for 08:00, they come one after the other: later by a hash of the person, never earlier.

    One person's messages stay together, so that the one with the highest priority is still judged first.
    """
    until = one.judgement.decisive.until
    if until is None or crowd < CROWD or one.judgement.decisive.code not in judging.HOURS:
        return until
    late = until + timedelta(seconds=crc32(str(one.message.contact_id).encode()) % int(SPREAD.total_seconds()))
    return until if one.facts.expires_at and late >= one.facts.expires_at else late


def _block(refused: Sequence[tuple[Judged, int]], now: datetime) -> None:
    rows = [
        {
            "id": one.message.id,
            "state": State.BLOCKED.value,
            "reason": one.judgement.decisive.code,
            "due_at": None,
            "held_by": "",
            "message_class": one.facts.message_class,
        }
        for one, _ in refused
    ]
    bulk.update(Message, rows)
    facts.record([_told(one, now) for one, _ in refused], now)


def _told(one: Judged, now: datetime) -> NewEvent | None:
    """The fact of a refusal. Journeys hear from it whether they are over for the person."""
    decisive = one.judgement.decisive
    ends: dict[str, Any] = {"ends_journey": True} if decisive.ends_journey else {}
    return facts.fact("blocked", About(*one.message[:7]), now, reason=decisive.code, **ends)


def send_again(message: Message, user: User, now: datetime) -> None:
    """Let an unknown message pass the door once more, at the risk that the person gets it twice.

    Raises PermissionDenied, and ValidationError unless it is unknown.
    """
    _require(user)
    if not reconciling.decide_again(_about(message), now):
        raise ValidationError("Only a message of which nobody knows whether it was sent can be sent again.")


def give_up(message: Message, user: User, now: datetime) -> None:
    """Take an unknown message for not sent, and send it no more. Raises as `send_again`."""
    _require(user)
    if not reconciling.decide_failed(_about(message), now):
        raise ValidationError("Only a message of which nobody knows whether it was sent can be marked as failed.")


def withdraw(messages: Sequence[Message], user: User, now: datetime) -> int:
    """Take messages back that nobody has begun to hand over; how many. Raises PermissionDenied."""
    _require(user)
    return outbox.cancel([message.key for message in messages], "withdrawn_by_hand", now)


def _about(message: Message) -> About:
    return About(*Message.objects.values_list(*facts.COLUMNS).get(pk=message.pk))


def _require(user: User) -> None:
    if not user.has_perm("channels.change_message"):  # type: ignore[union-attr]
        raise PermissionDenied("You need the permission to change messages.")
