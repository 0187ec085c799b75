"""What about opt-outs somebody should look at now: small questions, for the home page of the admin."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from channels.models import Account, InboundMessage
from compliance.models import HousePolicy
from compliance.optouts import deadlines, reviewing
from compliance.phones import whereabouts
from contacts.models import Address, Contact, Event

SOON = timedelta(hours=1)
"""How long an opt-out may take in this house: the law's days are for others."""
LOOK_BACK = timedelta(days=30)
MOST = 200


@dataclass(frozen=True, slots=True)
class Late:
    """An opt-out that took too long, or a message that may be one and still waits for a decision."""

    contact_id: int | None
    channel: str
    said_at: datetime
    done_at: datetime | None
    """None: still open."""
    latest: date | None
    """The last day that the law gives, where it gives one."""

    def took(self, now: datetime) -> timedelta:
        """From the person's word to the deed, or until now."""
        return (self.done_at or now) - self.said_at


def late(now: datetime) -> list[Late]:
    """Opt-outs of the last 30 days that took more than an hour, and unclear messages that have waited so long; oldest first."""
    return sorted([*_open(now), *_done(now)], key=lambda one: one.said_at)


def without_confirmation() -> list[str]:
    """Names of brands that send texts, but have no answer to STOP."""
    answered = HousePolicy.objects.filter(opt_out_confirmation__isnull=False).values("brand_id")
    senders = Account.objects.filter(channel="sms", enabled=True).exclude(brand_id__in=answered)
    return list(senders.order_by("brand__name").values_list("brand__name", flat=True).distinct())


def _open(now: datetime) -> list[Late]:
    waiting = reviewing.waiting().filter(received_at__lt=now - SOON)[:MOST]
    return [_late(one.contact_id, one.channel, one.received_at, None, _country(one)) for one in waiting]


def _country(message: InboundMessage) -> str:
    stored = message.contact.country if message.contact else ""
    return stored or whereabouts(message.sender).country


def _done(now: datetime) -> list[Late]:
    told = Event.objects.filter(name="contact.opted_out", received_at__gt=now - LOOK_BACK).order_by("-received_at")
    rows = told.values_list("contact_id", "properties__channel", "occurred_at", "received_at")[:MOST]
    slow = [row for row in rows if row[3] - row[2] > SOON]
    countries = _countries({contact_id for contact_id, *_ in slow})
    return [_late(pk, channel, said, done, countries.get(pk, "")) for pk, channel, said, done in slow]


def _countries(contact_ids: set[int]) -> dict[int, str]:
    """Where they live, or where their number is from."""
    phones_of = Address.objects.filter(contact_id__in=contact_ids, kind=Address.Kind.PHONE).order_by("created_at", "id")
    found = {pk: whereabouts(value).country for pk, value in phones_of.values_list("contact_id", "value")}
    stored = Contact.objects.filter(pk__in=contact_ids).exclude(country="")
    return found | dict(stored.values_list("pk", "country"))


def _late(contact_id: int | None, channel: str, said_at: datetime, done_at: datetime | None, country: str) -> Late:
    return Late(contact_id, channel, said_at, done_at, deadlines.latest(said_at, country, UTC))
