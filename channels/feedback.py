"""What is heard about messages after they were handed over: from providers, and from the people who got them.

A word never lowers what is known (delivered after opened changes nothing), and each is one fact on the timeline.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.db.models import Q

from channels import facts
from channels.base import Update
from channels.facts import COLUMNS, About, fact
from channels.models import Message
from config import bulk
from contacts import consents, suppressions
from contacts.models import Address, Suppression
from contacts.suppressions import Suppress
from contacts.timeline import NewEvent

State, Delivery = Message.State, Message.Delivery
RANKS = {
    "delivered": Delivery.DELIVERED,
    "opened": Delivery.OPENED,
    "clicked": Delivery.CLICKED,
    "bounced": Delivery.BOUNCED,
    "complained": Delivery.COMPLAINED,
}
SILENT = "taken"
"""The provider has it, and says no more."""
WRONG_ADDRESS = frozenset({"invalid_number", "invalid_address", "recipient_refused", "token_invalid"})
OPTED_OUT = "opted_out"
UNSUBSCRIBED = "unsubscribed"


@dataclass(slots=True)
class _Heard:
    """A message, and what the updates make of it."""

    about: About
    state: str
    delivery: int
    provider_id: str
    topic_id: int
    address_id: int | None
    reason: str = ""
    confirmed: bool = False


def apply(updates: Sequence[Update], now: datetime, *, account_id: int | None = None) -> int:
    """Write what the updates say, in one transaction; how many were about a message of ours.

    `account_id` limits provider ids to the messages of one account: another account's provider cannot speak for them.
    """
    with transaction.atomic():
        heard = _load(updates, account_id)
        told: list[NewEvent | None] = []
        found = 0
        for update in sorted(updates, key=lambda update: update.occurred_at):
            one = heard.get(update.message_id) or heard.get(update.provider_id)
            if one is not None:
                found += 1
                told += _take(one, update, now)
        messages = list({one.about.id: one for one in heard.values()}.values())
        _write(messages, now)
        facts.record(told, now)
        _consequences(messages, updates, heard, now)
    return found


def learn_from_refusals(refused: Sequence[tuple[About, int | None, str]], now: datetime) -> None:
    """What a refusal (message, address, code) says about the address: it is wrong, or its owner has opted out."""
    wrong = [address for _, address, code in refused if address and code in WRONG_ADDRESS]
    _mark_invalid(wrong, "refused by the provider")
    out = [(about, address) for about, address, code in refused if address and code == OPTED_OUT]
    _suppress([(about, address, Suppression.Reason.OPT_OUT) for about, address in out], now)


def _load(updates: Sequence[Update], account_id: int | None) -> dict[int | str, _Heard]:
    """The messages by id and by provider id, locked in the order of ids."""
    ids = [update.message_id for update in updates if update.message_id]
    names = [update.provider_id for update in updates if update.provider_id and not update.message_id]
    wanted = Q(id__among=ids)
    if names:
        named = Q(provider_id__among=names)
        wanted |= named if account_id is None else named & Q(account_id=account_id)
    rows = Message.objects.filter(wanted).order_by("id").select_for_update(of=("self",), no_key=True)
    found: dict[int | str, _Heard] = {}
    for row in rows.values_list(*COLUMNS, "state", "delivery", "provider_id", "topic_id", "address_id"):
        one = _Heard(About(*row[: len(COLUMNS)]), *row[len(COLUMNS) :])
        found[one.about.id] = one
        if one.provider_id:
            found[one.provider_id] = one
    return found


def _take(one: _Heard, update: Update, now: datetime) -> list[NewEvent | None]:
    """Apply one update to the message in memory; the facts that it is."""
    told = []
    one.provider_id = one.provider_id or update.provider_id[:200]
    if update.status == "failed":
        return _take_failure(one, update)
    if one.state == State.UNKNOWN:
        one.state, one.confirmed = State.SENT.value, True
        told.append(fact("sent", one.about, now))
    if update.status == SILENT:
        return told
    one.delivery = max(one.delivery, RANKS.get(update.status, Delivery.NONE))
    again = _again(update)
    more = {"url": update.reason} if update.status == "clicked" else {"reason": update.reason} if update.reason else {}
    told.append(fact(update.status[:60], one.about, update.occurred_at, again=again, **more))
    return told


def _take_failure(one: _Heard, update: Update) -> list[NewEvent | None]:
    """A later word that it was delivered stands: out of order is not out of truth."""
    if one.delivery >= Delivery.DELIVERED or one.state not in (State.SENT, State.SENDING, State.UNKNOWN):
        return []
    one.state, one.reason = State.FAILED.value, update.reason[:60] or "failed"
    return [fact("failed", one.about, update.occurred_at, reason=one.reason)]


def _again(update: Update) -> str:
    """Clicks are one fact per link; everything else is one fact per message."""
    return sha256(update.reason.encode()).hexdigest()[:12] if update.status == "clicked" else ""


def _write(messages: Iterable[_Heard], now: datetime) -> None:
    plain, failed, confirmed = [], [], []
    for one in messages:
        row = {"id": one.about.id, "delivery": int(one.delivery), "provider_id": one.provider_id}
        if one.reason:
            failed.append({**row, "state": one.state, "reason": one.reason, "cleared_at": None, "due_at": None})
        elif one.confirmed:
            confirmed.append({**row, "state": one.state, "sent_at": now, "due_at": None, "reason": "", "error": ""})
        else:
            plain.append(row)
    for rows in (plain, failed, confirmed):
        bulk.update(Message, rows)


def _consequences(
    messages: Sequence[_Heard], updates: Sequence[Update], heard: dict[int | str, _Heard], now: datetime
) -> None:
    """A bounce means a wrong address, a complaint or an unsubscription means no."""
    said: dict[str, list[_Heard]] = defaultdict(list)
    for update in updates:
        one = heard.get(update.message_id) or heard.get(update.provider_id)
        if one is not None:
            said[update.status].append(one)
            if update.status == UNSUBSCRIBED:
                _withdraw(one, update.reason or "unsubscribed at the provider", now)
    bounced = said["bounced"]
    _mark_invalid([one.address_id for one in bounced if one.address_id], "hard bounce")
    reasons = [(one, Suppression.Reason.BOUNCE) for one in bounced]
    reasons += [(one, Suppression.Reason.COMPLAINT) for one in said["complained"]]
    _suppress([(one.about, one.address_id, reason) for one, reason in reasons if one.address_id], now)
    refused = [(one.about, one.address_id, one.reason) for one in messages if one.state == State.FAILED]
    learn_from_refusals(refused, now)


def _withdraw(one: _Heard, source: str, now: datetime) -> None:
    """The person wants no more of the message's topic on its channel. Behind a test there is nobody who could mean it."""
    about, proof = one.about, {"message": one.about.id}
    if about.contact_id is None:
        return
    consents.withdraw(about.contact_id, one.topic_id, about.channel, source=source[:120], now=now, proof=proof)


def _mark_invalid(address_ids: Sequence[int], reason: str) -> None:
    if address_ids:
        Address.objects.filter(id__among=list(address_ids)).update(
            validity=Address.Validity.INVALID, validity_reason=reason
        )


def _suppress(wanted: Sequence[tuple[About, int, str]], now: datetime) -> None:
    """A bounce holds for every brand and channel; a complaint or opt-out for the brand and channel it was about."""
    if not wanted:
        return
    rows = Address.objects.filter(id__among=[address for _, address, _ in wanted]).values_list("id", "digest", "kind")
    known = {pk: (digest, kind) for pk, digest, kind in rows}
    suppressions.add(
        [
            Suppress(
                *known[address],
                reason=str(reason),
                channel="" if reason == Suppression.Reason.BOUNCE else about.channel,
                brand_id=None if reason == Suppression.Reason.BOUNCE else about.brand_id,
                source=f"message {about.id}",
            )
            for about, address, reason in wanted
            if address in known
        ],
        now,
    )
