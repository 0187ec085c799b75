"""How much of its sender's limits is used, counted in the database, however many people a sender writes to.

Slots belong to the account, not to a person: so a gate that judges for an account with limits keeps the account's row until
its clearances are committed, and the next one counts them (decision 11).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import BigIntegerField, Case, Count, F, Func, Max, Q, QuerySet, RowRange, When, Window
from django.db.models.functions import Greatest

from channels.models import Account, Message
from compliance.base import SenderFact
from compliance.claims import Claimed
from compliance.rules.sender import ROLLING, midnight

BARRED = frozenset({Account.Registration.PENDING, Account.Registration.REJECTED})
Accounts = Mapping[tuple[int, str], Account]


@dataclass(slots=True)
class Sender:
    """An account while a batch is judged."""

    account: Account
    recipients: int = 0
    written: list[datetime] = field(default_factory=list)
    """When people were last written to, the slots that free soonest first; no more of them than the batch can ask for."""
    known: set[int] = field(default_factory=set)
    """Those of the batch's people who count already."""
    sent_today: int = 0
    waiting: dict[int, int] = field(default_factory=dict)
    """People of this batch who wait for a slot, and their places in the queue; below zero are tests."""

    def fact(self, contact_id: int | None) -> SenderFact:
        """The account as a message to this person finds it; a test (None) is to somebody new, as the provider counts."""
        return SenderFact(
            registered=self.account.registration not in BARRED,
            recipients_limit=self.account.recipients_limit,
            recipients=self.recipients,
            frees_at=self._frees_at(contact_id),
            knows_recipient=contact_id in self.known,
            daily_limit=self.account.daily_limit,
            sent_today=self.sent_today,
        )

    def take(self, contact_id: int | None, now: datetime) -> None:
        """A message to this person was just cleared."""
        self.sent_today += 1
        if contact_id in self.known:
            return
        if contact_id is not None:
            self.known.add(contact_id)
        self.recipients += 1
        self.written.append(now)

    def queue(self, contact_id: int | None) -> None:
        """This person waits for a slot."""
        place = len(self.waiting)
        self.waiting.setdefault(-1 - place if contact_id is None else contact_id, place)

    def _frees_at(self, contact_id: int | None) -> datetime | None:
        """Each person waits for a slot of their own, so that a crowd does not come back for the first one."""
        if not self.written or self.recipients < self.account.recipients_limit:
            return None
        place = len(self.waiting)
        if contact_id is not None:
            place = self.waiting.get(contact_id, place)
        return self.written[min(place, len(self.written) - 1)] + ROLLING


def load(batch: Sequence[Claimed], accounts: Accounts, now: datetime, *, locked: bool) -> dict[tuple[int, str], Sender]:
    """The senders of this batch that are barred or have limits: four queries, and none if no sender has any."""
    wanted = {(one.brand_id, one.channel) for one in batch} & accounts.keys()
    found = {key: Sender(accounts[key]) for key in sorted(wanted) if _matters(accounts[key])}
    limited = {one.account.pk: one for one in found.values() if _limited(one.account)}
    if limited and locked:
        _lock(limited)
    tiered = {pk: one for pk, one in limited.items() if one.account.recipients_limit}
    _count_people(tiered, [one.contact_id for one in batch], now)
    _count_today({pk: one for pk, one in limited.items() if one.account.daily_limit}, now)
    return found


def _matters(account: Account) -> bool:
    return _limited(account) or account.registration in BARRED


def _limited(account: Account) -> bool:
    return bool(account.recipients_limit or account.daily_limit)


def _lock(ids: Collection[int]) -> None:
    """Wait for the gate that judges for one of these now. In the order of ids, and whoever has them waits for nobody's people."""
    rows = Account.objects.filter(id__in=list(ids)).order_by("id")
    list(rows.select_for_update(of=("self",), no_key=True).values_list("id"))


def _count_people(senders: Mapping[int, Sender], contact_ids: Sequence[int | None], now: datetime) -> None:
    if not senders:
        return
    people, tests = {pk for pk in contact_ids if pk is not None}, sum(pk is None for pk in contact_ids)
    recent = Message.objects.filter(account__in=list(senders), cleared_at__gt=now - ROLLING).order_by()
    again = recent.filter(contact_id__among=list(people))
    for account_id, contact_id in again.values_list("account_id", "contact_id").distinct():
        senders[account_id].known.add(contact_id)
    for account_id, used, at in _slots(recent, len(people) + tests):
        senders[account_id].recipients = used
        senders[account_id].written.append(at)


class _Total(Func):
    """A sum over groups; Django's own refuses to sum what was counted."""

    function = "SUM"
    window_compatible = True
    output_field = BigIntegerField()


def _slots(recent: QuerySet[Message], most: int) -> Iterator[tuple[int, int, datetime]]:
    """Account, people in all, and when somebody was last written to; of each account the `most` slots that free soonest.

    Somebody counts until 24 hours after the last message to them. When a tier was lowered, more people count than it
    allows, and a slot is free only when the surplus is gone too. Each test is a person of its own; those of one instant
    are one row with their number, since an index without ids answers this alone.
    """
    mine, soon = F("account_id"), F("at").asc()
    alone = Case(When(contact=None, then=F("cleared_at")))
    together = Greatest(Count("cleared_at", filter=Q(contact=None)), 1)
    up_to_here = Window(_Total(F("number")), partition_by=mine, order_by=soon, frame=RowRange(end=0))
    people = (
        recent.values("account_id", "contact_id", alone=alone)
        .annotate(at=Max("cleared_at"), limit=Max("account__recipients_limit"), number=together)
        .annotate(last=up_to_here, used=Window(_Total(F("number")), partition_by=mine))
    )
    surplus, free = F("used") - F("limit"), F("number") + most
    soonest = people.filter(Q(last__lt=free) | Q(last__lt=surplus + free), last__gt=surplus)
    rows = soonest.order_by("account_id", "last").values_list("account_id", "used", "limit", "number", "last", "at")
    for account_id, *numbers, at in rows:
        used, limit, number, last = map(int, numbers)
        gone = max(used - limit, 0)
        for _ in range(max(last - number, gone), min(last, gone + most)):
            yield account_id, used, at


def _count_today(senders: Mapping[int, Sender], now: datetime) -> None:
    if not senders:
        return
    today = Message.objects.filter(account__in=list(senders), cleared_at__gte=midnight(now)).order_by()
    for account_id, sent in today.values("account_id").annotate(sent=Count("id")).values_list("account_id", "sent"):
        senders[account_id].sent_today = sent
