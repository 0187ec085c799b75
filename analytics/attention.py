"""What somebody should look at now, worst first. Each check is one small query; nobody sees what he may not open."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db.models import Count, Max, Min, Q, Sum
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode

from analytics.models import Tally
from channels.models import Account, Message
from compliance.models import Review, Stop
from compliance.optouts import asking
from compliance.optouts import attention as optouts
from compliance.rules.consent import RECONFIRM
from config.models import Fault
from contacts.models import ConsentState, EventBatch, RejectedEvent
from journeys.models import Journey, Step, Version

DANGER, WARNING, NOTICE = 0, 1, 2
TONES = ("danger", "warning", "notice")
NEWEST_BATCHES = 20_000
LATE = timedelta(minutes=5)
REVIEW_DUE = timedelta(days=1)
MANY = 1_000


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to look at. `url` is empty where there is no page."""

    severity: int
    title: str
    detail: str
    url: str = ""

    @property
    def tone(self) -> str:
        """danger, warning or notice."""
        return TONES[self.severity]


Check = Callable[[datetime], Iterator[Item]]


def items(user: Any, now: datetime) -> list[Item]:
    """All that this user may see, worst first."""
    found = [item for permission, check in CHECKS if user.has_perm(permission) for item in check(now)]
    return sorted(found, key=lambda item: item.severity)


def _stops(now: datetime) -> Iterator[Item]:
    for stop in Stop.objects.filter(lifted_at=None).order_by("set_at"):
        about = f"the {stop.scope} {stop.value}" if stop.value else "everything"
        yield Item(
            DANGER, f"Stopped: {about}", f"{stop.reason} (since {_age(now - stop.set_at)})", _page("compliance_stop")
        )


def _late_events(now: datetime) -> Iterator[Item]:
    oldest = EventBatch.objects.filter(handled_at=None).order_by("id").first()
    if oldest and now - oldest.created_at > LATE:
        detail = f"The oldest has waited {_age(now - oldest.created_at)}. Does a worker run?"
        yield Item(DANGER, "Events wait for the journeys", detail, _address("admin:operations"))


def _late_messages(now: datetime) -> Iterator[Item]:
    """What is due and nobody judges: it is judged in full when somebody does, so that nothing goes out at night by that."""
    due = Message.objects.filter(state=Message.State.PENDING, due_at__lte=now - LATE).order_by("due_at")
    if oldest := due.values_list("due_at", flat=True).first():
        detail = f"The oldest has been due for {_age(now - oldest)}. Does a worker run?"
        yield Item(DANGER, "Messages wait for the gate", detail, _address("admin:operations"))


def _faults(now: datetime) -> Iterator[Item]:
    for fault in Fault.objects.order_by("pump"):
        last = fault.error.strip().splitlines()[-1:] or [""]
        detail = f"{_times(fault.failures)} in a row: {last[0][:200]}"
        yield Item(DANGER, f"Work fails: {fault.pump}", detail, _address("admin:operations"))


def _accounts(now: datetime) -> Iterator[Item]:
    """Senders that messages leave by in vain."""
    waiting = Message.objects.filter(state=Message.State.PENDING, attempts__gt=0, account__isnull=False)
    rows = waiting.values_list("account", "account__name").annotate(n=Count("id"), error=Max("error")).order_by("-n")
    for pk, name, n, error in rows:
        yield Item(
            DANGER,
            f"Sender in trouble: {name}",
            f"{_many(n)} tried again. {error[:200]}",
            _page("channels_account", pk),
        )


def _senders(now: datetime) -> Iterator[Item]:
    """Channels that live journeys send by, but that have no sender."""
    steps = Step.objects.filter(version__state=Version.State.LIVE, template__isnull=False)
    used = set(steps.order_by().values_list("template__brand", "template__channel", "template__brand__name"))
    senders = set(Account.objects.filter(enabled=True, is_default=True).values_list("brand", "channel"))
    for brand, channel, name in sorted(used):
        if (brand, channel) not in senders:
            detail = f"Live journeys of {name} send by it, and none of their messages can leave."
            yield Item(DANGER, f"No sender for {channel}", detail, _page("channels_account"))


def _unknown(now: datetime) -> Iterator[Item]:
    count = Message.objects.filter(state=Message.State.UNKNOWN)[: MANY + 1].count()
    if count:
        detail = "The provider did not say whether it took them. They are looked up; decide about those that stay."
        yield Item(WARNING, f"{_many(count)} maybe sent", detail, _page("channels_message", state="unknown"))


def _bad_batches(now: datetime) -> Iterator[Item]:
    newest = EventBatch.objects.aggregate(id=Max("id"))["id"] or 0
    bad = (
        EventBatch.objects.filter(id__gt=newest - NEWEST_BATCHES)
        .exclude(error="")
        .aggregate(n=Count("id"), last=Max("created_at"))
    )
    if bad["n"]:
        detail = f"Journeys could not react to some of them; the last was {_age(now - bad['last'])} ago."
        noun = "batch" if bad["n"] == 1 else "batches"
        yield Item(WARNING, f"{bad['n']:,} {noun} of events with errors", detail, _page("contacts_eventbatch"))


def _set_aside(now: datetime) -> Iterator[Item]:
    rows = Tally.objects.filter(step="", outcome="failed").values_list("version__journey", "version__journey__name")
    for pk, name, n in rows.annotate(n=Sum("count")).order_by("-n"):
        if n > 0:
            url = _page("journeys_enrolment", state="failed", journey__id__exact=pk)
            title = f"{n:,} {'person' if n == 1 else 'people'} set aside in {name}"
            yield Item(WARNING, title, "A step failed there; let them go on when it is mended.", url)


def _reviews(now: datetime) -> Iterator[Item]:
    waiting = Review.objects.filter(state=Review.State.OPEN)
    found = waiting.aggregate(n=Count("id"), oldest=Min("submitted_at"), late=Count("id", filter=Q(due_at__lte=now)))
    if found["n"]:
        age = now - found["oldest"]
        severity = WARNING if found["late"] or age > REVIEW_DUE else NOTICE
        title = f"{found['n']:,} review{'s' * (found['n'] > 1)} waiting"
        late = f" {found['late']:,} of them late." if found["late"] else ""
        yield Item(severity, title, f"The oldest has waited {_age(age)}.{late}", _address("admin:review_queue"))


def _reconfirm(now: datetime) -> Iterator[Item]:
    """People whose country asks that they are reminded of their consent every so often, and who were not."""
    for country, months in RECONFIRM.items():
        old = ConsentState.objects.filter(
            state="granted", contact__country=country, occurred_at__lte=now - relativedelta(months=months)
        )
        if count := old[: MANY + 1].count():
            detail = f"The law of {country} asks for it every {months} months. Messages go on meanwhile."
            yield Item(NOTICE, f"{_many(count, 'consent')} to be reconfirmed", detail, _page("contacts_consent"))


def _rejected(now: datetime) -> Iterator[Item]:
    count = RejectedEvent.objects.filter(received_at__gte=now - timedelta(days=1))[: MANY + 1].count()
    if count:
        detail = "In the last day. Each is kept with its reason, so that its sender can be mended."
        yield Item(NOTICE, f"{_many(count, 'event')} rejected", detail, _page("contacts_rejectedevent"))


def _paused(now: datetime) -> Iterator[Item]:
    for journey in Journey.objects.filter(state=Journey.State.PAUSED):
        yield Item(
            NOTICE, f"{journey.name} is paused", "People stay where they are.", _page("journeys_journey", journey.pk)
        )


def _opt_outs(now: datetime) -> Iterator[Item]:
    late = optouts.late(now)
    waiting, slow = [one for one in late if one.done_at is None], [one for one in late if one.done_at]
    if waiting:
        title = f"{_many(len(waiting), 'possible opt-out')} waiting"
        yield Item(DANGER, title, _oldest(waiting, now), _address("admin:optout_queue"))
    if slow:
        detail = f"In the last 30 days. {_oldest(slow, now)}"
        yield Item(
            WARNING, f"{_many(len(slow), 'opt-out')} took more than an hour", detail, _page("contacts_suppression")
        )


def _oldest(late: list[optouts.Late], now: datetime) -> str:
    first = late[0]
    law = f" The law's last day is {first.latest:%d %B %Y}." if first.latest else ""
    return f"The oldest {'took' if first.done_at else 'has waited'} {_age(first.took(now))}.{law}"


def _unconfirmed(now: datetime) -> Iterator[Item]:
    for brand in optouts.without_confirmation():
        detail = "Choose the text in the house's policy; US carriers expect one."
        yield Item(NOTICE, f"{brand} does not answer STOP", detail, _page("compliance_housepolicy"))


def _blocked(now: datetime) -> Iterator[Item]:
    """People who allow texts, but whose provider blocks their number, and whom no message of ours has asked for START."""
    waiting = asking.unasked()
    if waiting:
        people = len({one.contact_id for one in waiting})
        title = f"{people:,} {'person allows' if people == 1 else 'people allow'} texts that the provider blocks"
        detail = (
            "After STOP only a START from their own phone opens the number again. Ask them by another channel; with a "
            "template for it in the house's policy they are asked by themselves."
        )
        yield Item(NOTICE, title, detail, _page("contacts_suppression", reason__exact="provider"))


CHECKS: tuple[tuple[str, Check], ...] = (
    ("compliance.view_stop", _stops),
    ("config.view_operations", _late_events),
    ("config.view_operations", _late_messages),
    ("config.view_operations", _faults),
    ("channels.view_account", _accounts),
    ("channels.view_account", _senders),
    ("channels.view_message", _unknown),
    ("contacts.view_eventbatch", _bad_batches),
    ("journeys.view_enrolment", _set_aside),
    ("compliance.view_approval", _reviews),
    ("channels.review_inboundmessage", _opt_outs),
    ("compliance.view_housepolicy", _unconfirmed),
    ("contacts.view_suppression", _blocked),
    ("compliance.view_approval", _reconfirm),
    ("contacts.view_rejectedevent", _rejected),
    ("journeys.view_journey", _paused),
)


def _page(model: str, pk: int = 0, **query: Any) -> str:
    """The admin's list of a model (with a filter), or one object's page."""
    return _address(f"admin:{model}_change", pk) if pk else _address(f"admin:{model}_changelist", **query)


def _address(name: str, *args: Any, **query: Any) -> str:
    try:
        found = reverse(name, args=args)
    except NoReverseMatch:  # the thing has no page: the sentence still stands
        return ""
    return f"{found}?{urlencode(query)}" if query else found


def _many(count: int, noun: str = "message") -> str:
    number = f"more than {MANY:,}" if count > MANY else f"{count:,}"
    return f"{number} {noun}{'' if count == 1 else 's'}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _age(span: timedelta) -> str:
    """The largest unit that is at least one, e.g. 3 hours."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if (n := int(span.total_seconds() // length)) >= 1:
            return f"{n} {unit}{'s' * (n > 1)}"
    return "less than a minute"
