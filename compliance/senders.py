"""How much of its sender's limits is used, counted in the database, however many people a sender writes to.

Slots belong to the account, not to a person: so a gate that judges for an account with limits keeps the account's row until
its clearances are committed, and the next one counts them (decision 11).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F, Max, Q, QuerySet, Window
from django.db.models.functions import RowNumber

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
    known: set[int | None] = field(default_factory=set)
    """Those of the batch's people who count already."""
    sent_today: int = 0
    waiting: dict[int | None, int] = field(default_factory=dict)
    """People of this batch who wait for a slot, and their places in the queue."""

    def fact(self, contact_id: int | None) -> SenderFact:
        """The account as a message to this person finds it."""
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
        if contact_id not in self.known:
            self.known.add(contact_id)
            self.recipients += 1
            self.written.append(now)

    def queue(self, contact_id: int | None) -> None:
        """This person waits for a slot."""
        self.waiting.setdefault(contact_id, len(self.waiting))

    def _frees_at(self, contact_id: int | None) -> datetime | None:
        """Each person waits for a slot of their own, so that a crowd does not come back for the first one."""
        if not self.written or self.recipients < self.account.recipients_limit:
            return None
        place = self.waiting.get(contact_id, len(self.waiting))
        return self.written[min(place, len(self.written) - 1)] + ROLLING


def load(batch: Sequence[Claimed], accounts: Accounts, now: datetime, *, locked: bool) -> dict[tuple[int, str], Sender]:
    """The senders of this batch that are barred or have limits: four queries, and none if no sender has any."""
    wanted = {(one.brand_id, one.channel) for one in batch} & accounts.keys()
    found = {key: Sender(accounts[key]) for key in sorted(wanted) if _matters(accounts[key])}
    limited = {one.account.pk: one for one in found.values() if _limited(one.account)}
    if limited and locked:
        _lock(limited)
    _count_people(
        {pk: one for pk, one in limited.items() if one.account.recipients_limit}, {one.contact_id for one in batch}, now
    )
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


def _count_people(senders: Mapping[int, Sender], contact_ids: Collection[int | None], now: datetime) -> None:
    if not senders:
        return
    recent = Message.objects.filter(account__in=list(senders), cleared_at__gt=now - ROLLING).order_by()
    for account_id, contact_id in recent.filter(_of(contact_ids)).values_list("account_id", "contact_id").distinct():
        senders[account_id].known.add(contact_id)
    for account_id, used, at in _slots(recent, len(contact_ids)):
        senders[account_id].recipients = used
        senders[account_id].written.append(at)


def _of(contact_ids: Collection[int | None]) -> Q:
    """Messages to these. Tests, which have no person, count together as one."""
    people = Q(contact_id__among=[pk for pk in contact_ids if pk is not None])
    return people | Q(contact=None) if None in contact_ids else people


def _slots(recent: QuerySet[Message], most: int) -> Sequence[tuple[int, int, datetime]]:
    """Account, people in all, and when somebody was last written to; of each account the `most` slots that free soonest.

    Somebody counts until 24 hours after the last message to them. When a tier was lowered, more people count than it
    allows, and a slot is free only when the surplus is gone too.
    """
    mine, soon = F("account_id"), F("at").asc()
    people = (
        recent.values("account_id", "contact_id")
        .annotate(at=Max("cleared_at"), limit=Max("account__recipients_limit"))
        .annotate(
            place=Window(RowNumber(), partition_by=mine, order_by=soon), used=Window(Count("*"), partition_by=mine)
        )
    )
    surplus = F("used") - F("limit")
    soonest = people.filter(Q(place__lte=most) | Q(place__lte=surplus + most), place__gt=surplus)
    return list(soonest.order_by("account_id", "place").values_list("account_id", "used", "at"))


def _count_today(senders: Mapping[int, Sender], now: datetime) -> None:
    if not senders:
        return
    today = Message.objects.filter(account__in=list(senders), cleared_at__gte=midnight(now)).order_by()
    for account_id, sent in today.values("account_id").annotate(sent=Count("id")).values_list("account_id", "sent"):
        senders[account_id].sent_today = sent
