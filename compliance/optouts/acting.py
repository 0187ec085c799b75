"""Opting an address out and in again, at once and wholly: suppression, consents, waiting messages, in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from channels import facts, outbox
from channels.models import Message, MessageTemplate
from compliance.base import TEXTS
from compliance.models import HousePolicy
from compliance.models.governance import ESSENTIAL
from compliance.optouts.intent import MARKETING
from config import bulk
from contacts import consents, owners, suppressions, timeline
from contacts.consents import GRANTED, WITHDRAWN, Grant
from contacts.models import Address, Consent, ConsentState, Suppression, Topic
from contacts.suppressions import Suppress

Reason, Scope, State = Suppression.Reason, HousePolicy.OptOutScope, Message.State
ENDED_BY_START = (Reason.OPT_OUT, Reason.NO_MARKETING, Reason.REVIEW, Reason.PROVIDER, Reason.ERASED)
MARK = "opt_out"
"""In the proof of withdrawals that are part of an opt-out: START gives back these, not what was refused on other occasions."""
IN_FLIGHT = timedelta(hours=1)
"""So long after handing over a message may still be on its way."""
WRITTEN, EXPRESS = Consent.Basis.WRITTEN.value, Consent.Basis.EXPRESS.value


@dataclass(frozen=True, slots=True)
class Sender:
    """One address and one brand on one channel: whom an opt-out or opt-in is from, and to whom it was said.

    `digest` is empty on a channel without addresses (chat): there an opt-out is the person's no to every topic that the brand
    writes about on it, since there is no address to suppress.
    `said_at` is when the person said so, `source` how we know, `proof` what shows it.
    """

    digest: str
    address_kind: str
    channel: str
    brand_id: int
    said_at: datetime
    source: str
    contact_ids: Sequence[int] = ()
    proof: dict[str, Any] = field(default_factory=dict)

    def channels(self) -> tuple[str, ...]:
        """The channels that one word speaks of: texts of every kind are one."""
        return tuple(sorted(TEXTS)) if self.channel in TEXTS else (self.channel,)


def stop(sender: Sender, now: datetime, *, limit: str = "", by_provider: bool = False) -> bool:
    """Opt this address out, at once; False if it was opted out already, and then nothing changes.

    What it puts an end to is the house's setting, or only marketing where the person said so (`limit`). Messages that
    wait are blocked in the same transaction, except those that the person needs: the gate decides about them.
    """
    with transaction.atomic():
        owners.lock(list(sender.contact_ids))
        scope = MARKETING if limit == MARKETING else scope_of(sender.brand_id)
        topics = _last_topic(sender) if scope == Scope.TOPIC else None
        if scope == Scope.TOPIC and topics is None:
            scope = Scope.CHANNEL
        waiting = _blockable(sender, scope, topics)
        flying = _in_flight(sender, now)
        fresh = suppressions.add(_suppressions(sender, scope, by_provider), now)
        fresh += _withdraw(sender, scope, topics, now)
        outbox.block(waiting, "opted_out", now)
        if fresh:
            _tell(sender, "contact.opted_out", now, scope=scope)
            facts.record([facts.fact("in_flight_at_revocation", about, now) for about in flying], now)
    return bool(fresh)


def start(sender: Sender, now: datetime) -> bool:
    """The person opts in again, by a word to this sender; False if nothing stood against it, and then nothing changes.

    What the opt-out took is given back, with this word as proof. Of somebody who was erased nothing is known any more: the
    consent is to the topics that the brand writes about on this channel.
    """
    with transaction.atomic():
        owners.lock(list(sender.contact_ids))
        standing = ending(sender, ENDED_BY_START, now)
        grants = _grants(sender, bool(standing))
        if not standing and not grants:
            return False
        suppressions.lift(standing, f"{sender.source} of {sender.said_at:%Y-%m-%d %H:%M} UTC", now)
        consents.record(grants, now)
        _tell(sender, "contact.opted_in", now)
    return True


def hold(sender: Sender, now: datetime) -> None:
    """Pause marketing to this address until a person has decided what its message means."""
    suppressions.add([_suppress(sender, Reason.REVIEW)], now)


def release(sender: Sender, because: str, now: datetime) -> None:
    """The doubt is settled: what waited for it is judged again at once."""
    with transaction.atomic():
        suppressions.lift(ending(sender, (Reason.REVIEW,), now), because, now)
        waiting = Message.objects.filter(
            contact_id__in=sender.contact_ids, state=State.PENDING, reason="opt_out_review"
        )
        waiting.update(due_at=now)


def opted_out(sender: Sender, now: datetime) -> bool:
    """Whether an opt-out of this address stands for this channel and brand."""
    standing = ending(sender, (Reason.OPT_OUT, Reason.NO_MARKETING, Reason.PROVIDER), now)
    return bool(standing) or _states(sender).filter(state=WITHDRAWN).exists()


def scope_of(brand_id: int) -> str:
    """What STOP puts an end to in this house."""
    found = HousePolicy.objects.filter(brand_id=brand_id).values_list("opt_out_scope", flat=True).first()
    return found or Scope.CHANNEL.value


def ending(sender: Sender, reasons: Iterable[str], now: datetime) -> list[int]:
    """The ids of live suppressions of this address for these reasons, as far as they are about this sender."""
    if not sender.digest:
        return []
    wanted = set(map(str, reasons))
    return [
        match.id
        for match in suppressions.matching([sender.digest], now).get(sender.digest, ())
        if match.reason in wanted and any(match.covers(channel, sender.brand_id) for channel in sender.channels())
    ]


def _suppress(sender: Sender, reason: str, channel: str | None = None) -> Suppress:
    where = sender.channel if channel is None else channel
    return Suppress(sender.digest, sender.address_kind, str(reason), where, sender.brand_id, sender.source)


def _suppressions(sender: Sender, scope: str, by_provider: bool) -> list[Suppress]:
    found = [_suppress(sender, Reason.PROVIDER)] if by_provider else []
    if scope == MARKETING:
        found.append(_suppress(sender, Reason.NO_MARKETING))
    elif scope == Scope.CHANNEL:
        found.append(_suppress(sender, Reason.OPT_OUT))
    elif scope == Scope.ALL:
        found.append(_suppress(sender, Reason.OPT_OUT, ""))
        mine = Address.objects.filter(contact_id__in=sender.contact_ids).exclude(digest=sender.digest)
        found += [
            Suppress(digest, kind, str(Reason.OPT_OUT), "", sender.brand_id, sender.source)
            for digest, kind in mine.order_by("id").values_list("digest", "kind")
        ]
    return [one for one in found if one.digest]


def _states(sender: Sender, scope: str = Scope.CHANNEL) -> Any:
    """What the people with this address said to this brand: on this channel, or on all."""
    said = ConsentState.objects.filter(contact_id__in=sender.contact_ids, topic__brand_id=sender.brand_id)
    said = said if scope == Scope.ALL else said.filter(channel__in=sender.channels())
    return said.order_by("contact_id", "channel", "topic_id")


def _withdraw(sender: Sender, scope: str, topic_id: int | None, now: datetime) -> int:
    """Take back what they allowed; how many words that are. One topic is refused also if nothing was said about it."""
    if scope == MARKETING and sender.digest:
        return 0
    allowed = _states(sender, scope).exclude(state=WITHDRAWN)
    wanted = set(allowed.values_list("contact_id", "topic_id", "channel"))
    if topic_id is not None:
        said = set(_states(sender).filter(state=WITHDRAWN).values_list("contact_id", "topic_id", "channel"))
        named = {(contact_id, topic_id, sender.channel) for contact_id in sender.contact_ids}
        wanted = {one for one in wanted if one[1] == topic_id} | (named - said)
    elif not sender.digest:
        said = set(_states(sender).values_list("contact_id", "topic_id", "channel"))
        wanted |= {(pk, topic, sender.channel) for pk in sender.contact_ids for topic in _programme(sender)} - said
    proof = {**sender.proof, MARK: sender.channel}
    grants = [
        Grant(contact_id, topic, channel, "", sender.said_at, sender.source[:120], proof=proof, state=WITHDRAWN)
        for contact_id, topic, channel in sorted(wanted)
    ]
    consents.record(grants, now)
    return len(grants)


def _last_topic(sender: Sender) -> int | None:
    """The topic of what this brand sent last to these people on this channel."""
    sent = Message.objects.filter(
        contact_id__in=sender.contact_ids, brand_id=sender.brand_id, channel=sender.channel, cleared_at__isnull=False
    )
    refusable = sent.exclude(message_class__in=ESSENTIAL)
    return refusable.order_by("-cleared_at", "-id").values_list("topic_id", flat=True).first()


def _blockable(sender: Sender, scope: str, topic_id: int | None) -> list[facts.About]:
    """Messages that wait and that the opt-out forbids, locked. Essential ones are left to the gate."""
    about = Q(contact_id__in=sender.contact_ids, brand_id=sender.brand_id)
    if scope != Scope.ALL:
        about &= Q(channel__in=sender.channels())
    if topic_id is not None:
        about &= Q(topic_id=topic_id)
    spared = Q(template__in=_needed(scope))
    found = Message.objects.filter(outbox.NOT_BEGUN, about).exclude(spared).order_by("id")
    rows = found.select_for_update(of=("self",), no_key=True).values_list(*facts.COLUMNS)
    return [facts.About(*row) for row in rows]


def _needed(scope: str) -> Any:
    """Templates with an approved version that the opt-out does not stop."""
    classes = (*ESSENTIAL, "service") if scope == MARKETING else ESSENTIAL
    approved = MessageTemplate.objects.filter(versions__state="approved", versions__message_class__in=classes)
    return approved.order_by().values("pk")


def _in_flight(sender: Sender, now: datetime) -> list[facts.About]:
    """Messages that the provider has, and has not delivered yet: they cannot be called back."""
    gone = Q(state=State.SENT, sent_at__gt=now - IN_FLIGHT) | Q(
        state__in=(State.SENDING, State.UNKNOWN), started_at__isnull=False
    )
    flying = Message.objects.filter(
        gone,
        contact_id__in=sender.contact_ids,
        brand_id=sender.brand_id,
        channel__in=sender.channels(),
        delivery=Message.Delivery.NONE,
    )
    return [facts.About(*row) for row in flying.order_by("id").values_list(*facts.COLUMNS)]


def _taken(sender: Sender) -> list[tuple[int, int, str]]:
    """What an opt-out took from these people (contact, topic, channel); all that they have refused if no opt-out did."""
    refused = _states(sender).filter(state=WITHDRAWN)
    marked = refused.filter(**{f"consent__proof__{MARK}__isnull": False})
    columns = ("contact_id", "topic_id", "channel")
    return list(marked.values_list(*columns) or refused.values_list(*columns))


def _grants(sender: Sender, was_stopped: bool) -> list[Grant]:
    """What is given back: what was taken; of whom nothing is known, what the brand writes about on this channel."""
    wanted = {(contact, topic, channel): _basis(contact, topic, channel) for contact, topic, channel in _taken(sender)}
    known = set(_states(sender).values_list("contact_id", flat=True))
    strangers = [pk for pk in sender.contact_ids if pk not in known] if was_stopped else []
    for contact in strangers:
        wanted |= {(contact, topic, sender.channel): EXPRESS for topic in _programme(sender)}
    return [
        Grant(contact, topic, channel, basis, sender.said_at, sender.source[:120], proof=sender.proof, state=GRANTED)
        for (contact, topic, channel), basis in sorted(wanted.items())
    ]


def _basis(contact_id: int, topic_id: int, channel: str) -> str:
    """In writing, if it was so before: a word alone does not make a consent stronger than it was."""
    lines = Consent.objects.filter(contact_id=contact_id, topic_id=topic_id, channel=channel, state=GRANTED)
    before = lines.order_by("-occurred_at", "-id").values_list("basis", flat=True).first()
    return WRITTEN if before == WRITTEN else EXPRESS


def _programme(sender: Sender) -> list[int]:
    written = MessageTemplate.objects.filter(brand_id=sender.brand_id, channel=sender.channel).values("topic_id")
    return list(Topic.objects.filter(pk__in=written).order_by("pk").values_list("pk", flat=True))


def _tell(sender: Sender, name: str, now: datetime, **more: Any) -> None:
    """One fact on the timeline of each person with the address."""
    properties = {"channel": sender.channel, "source": sender.source, **more, **sender.proof}
    mark = bulk.dumps([sender.digest, sender.channel, sender.brand_id, now.isoformat()])
    timeline.record(
        [
            timeline.NewEvent(pk, name, sender.said_at, f"{name}:{pk}:{mark}"[:240], properties, sender.brand_id)
            for pk in sender.contact_ids
        ],
        now,
    )
