"""Contract of rules: facts in, verdict out, no clock and no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Literal

from config.kinds import Kinds

if TYPE_CHECKING:
    from compliance.law.rules import Rules
    from compliance.places import Place

Outcome = Literal["allow", "wait", "deny"]
TEXTS = frozenset({"sms", "mms", "rcs"})
"""Channels that are one to the law and to people: who opts out of one has opted out of all."""
SEVERITY: Mapping[str, int] = {"allow": 0, "wait": 1, "deny": 2}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says: allow, wait (until an instant, None = until a stop is lifted) or deny; always with a reason."""

    outcome: Outcome
    code: str = ""
    why: str = ""
    until: datetime | None = None
    rule: str = ""
    ends_journey: bool = False
    """Of a refusal: whether the journey that asked for the message is over for this person too."""


def allow(why: str = "", code: str = "") -> Verdict:
    """Nothing against it; `code` where somebody has something to do all the same."""
    return Verdict("allow", code, why)


def wait(until: datetime | None, code: str, why: str) -> Verdict:
    """Not now: judge again in full at `until`."""
    return Verdict("wait", code, why, until)


def deny(code: str, why: str, *, ends_journey: bool = False) -> Verdict:
    """Never send this one."""
    return Verdict("deny", code, why, ends_journey=ends_journey)


@dataclass(frozen=True, slots=True)
class ConsentFact:
    """The ledger's newest word for the message's channel and topic. `flaw` is why it cannot be relied on, if so."""

    id: int
    state: str
    basis: str
    occurred_at: datetime
    expires_at: datetime | None
    flaw: str = ""
    wording: str = ""
    wording_withdrawn: bool = False
    names_channel: bool = True
    """Whether the person was asked for this channel by its name (WhatsApp is no "text")."""


@dataclass(frozen=True, slots=True)
class SuppressionFact:
    """A live suppression that matches the address, channel and brand."""

    id: int
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SentFact:
    """An earlier message to this contact that counts: cleared, and not given back."""

    id: int
    template_id: int
    channel: str
    message_class: str
    brand_id: int
    cleared_at: datetime
    occasion: str = ""
    """What it was sent for, as a hash; empty for messages that are too old for it to matter."""
    topic: str = ""
    journey: str = ""


@dataclass(frozen=True, slots=True)
class VersionFact:
    """The content that would be sent, and its seal."""

    id: int
    number: int
    state: str
    message_class: str
    fingerprint: str
    approved_fingerprint: str
    """Empty when nobody approved it."""
    approver: str = ""
    broken: tuple[str, ...] = ()
    """What is not as it was approved, in words."""
    valid_until: datetime | None = None
    """The approval holds until then; None: until something changes."""
    urgent: bool = False
    """Released before its review was complete, by two people."""
    provider_status: str = ""
    """What the provider says of it, for channels whose providers approve templates too (WhatsApp)."""
    free_form: bool = False
    """Not a template of the provider's: allowed within the channel's conversation window only."""
    unlabelled: tuple[tuple[str, str], ...] = ()
    """Countries in which advertising begins with a label that these words lack, and what their law asks for."""


@dataclass(frozen=True, slots=True)
class JourneyFact:
    """The version of a journey that asked for a message, and its seal."""

    id: int
    approved: bool = False
    broken: tuple[str, ...] = ()
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class QuietFact:
    """A policy window in local wall-clock time; `start` after `end` wraps midnight. Quiet within it."""

    start: time
    end: time
    classes: frozenset[str]


@dataclass(frozen=True, slots=True)
class CapFact:
    """At most `limit` messages in a rolling `window`, or (`calendar`: day, week, month) by the person's calendar.

    Empty `channels`, `topics`, `journeys`: all of them. `action`: defer to the instant that frees a slot, skip
    the message, or end the journey that asked for it.
    """

    name: str
    limit: int
    window: timedelta
    calendar: str = ""
    classes: frozenset[str] = frozenset({"marketing"})
    channels: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    journeys: frozenset[str] = frozenset()
    action: str = "defer"


@dataclass(frozen=True, slots=True)
class MatrixFact:
    """A rule of the suppression matrix whose fact has happened to this person; `happened_at` is the newest time.

    It stops what fits all that it names; empty `journeys`, `topics`, `channels`: all of them, empty `classes`: all that is
    not essential. It ends `lasts` after the fact (None: never), or with a later `lifted_by`.
    """

    name: str
    event: str
    happened_at: datetime
    lifted_at: datetime | None = None
    """When `lifted_by` has last happened."""
    lifted_by: str = ""
    lasts: timedelta | None = None
    journeys: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SenderFact:
    """The account that it would leave by, as its provider and carriers see it."""

    registered: bool = True
    recipients_limit: int = 0
    """Different people in 24 hours (WhatsApp's tiers); 0: no limit."""
    recipients: int = 0
    """How many different people of the last 24 hours there are."""
    frees_at: datetime | None = None
    """When one of them stops counting; None while there is room."""
    knows_recipient: bool = False
    """Whether this person is one of them."""
    daily_limit: int = 0
    """Messages a day by the carrier's calendar (Pacific time); 0: no limit."""
    sent_today: int = 0


@dataclass(frozen=True, slots=True)
class HouseFact:
    """The brand's own policy, which can only tighten what the law says."""

    profile: str = "standard"
    unknown_place: str = "strictest"
    """What to do where hours are law and the country is unknown: the `strictest` of all, or `block`."""
    trust: str = "profile"
    """Whether the zone that a person has set is the only one (`profile`) or one of several (`strict`)."""
    honour_consent_lift: bool = False
    guard: timedelta = timedelta(0)
    longest_hold: timedelta = timedelta(hours=72)
    cross_channel_fallback: bool = False
    whatsapp_named_opt_in: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a rule may know about one message and its contact."""

    message_id: int
    contact_id: int
    brand_id: int
    channel: str
    topic: str
    message_class: str
    template_id: int
    occasion: str = ""
    labels: Mapping[str, Any] = field(default_factory=dict)
    requested_at: datetime | None = None
    expires_at: datetime | None = None
    fallback_from: str = ""
    """The channel whose message did not get through, and that this one stands in for."""
    is_test: bool = False
    """A version's words, whatever its state, to an address of our own; `contact_id` is 0."""
    needs_address: bool = True
    address_id: int | None = None
    address_validity: str = ""
    has_account: bool = True
    zone: tzinfo | None = None
    zone_name: str = "UTC"
    zone_source: str = ""
    place: "Place | None" = None
    law: "Rules | None" = None
    emergencies: frozenset[str] = frozenset()
    """Jurisdictions in which a declared emergency bars marketing, beyond the rule set's own."""
    house: HouseFact = HouseFact()
    consent: ConsentFact | None = None
    other_topics: frozenset[str] = frozenset()
    """Other topics that the person allows on this channel."""
    opted_out_channels: frozenset[str] = frozenset()
    """Channels on which the person said no to this brand."""
    night_consent: bool = False
    """A consent of its own to messages at night."""
    provider_blocked: bool = False
    """The provider still refuses the number, whatever we were told since (Twilio's own opt-out list)."""
    last_inbound_at: datetime | None = None
    """When the person last wrote to us on this channel."""
    suppressions: Sequence[SuppressionFact] = ()
    version: VersionFact | None = None
    journey: JourneyFact | None = None
    """None: no journey asked for it."""
    sender: SenderFact = SenderFact()
    quiet: Sequence[QuietFact] = ()
    caps: Sequence[CapFact] = ()
    sent: Sequence[SentFact] = ()
    stops: Sequence[str] = ()
    matrix: Sequence[MatrixFact] = ()

    @property
    def countries(self) -> frozenset[str]:
        """The countries whose law may hold."""
        return frozenset(name[:2] for name in self.place.jurisdictions) if self.place else frozenset()

    @property
    def essential(self) -> bool:
        """Whether the person needs it and cannot refuse it: an order confirmation, a one-time code."""
        return self.message_class in ("transactional", "otp")

    @property
    def is_answer(self) -> bool:
        """Whether it confirms what the person has just written to us (STOP, HELP): that may be done at any hour."""
        return self.essential and "answers" in self.labels


class Rule:
    """One reason why a message may not leave; one file in `compliance/rules/`. The gate asks every rule, always."""

    key: str
    title: str
    spares_tests: bool = False
    """Whether test sends are free of it: it protects people, and they go to addresses of our own."""

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        """The verdict. A rule that raises holds the message: the gate fails closed."""
        raise NotImplementedError


rules: Kinds[Rule] = Kinds("rule", "compliance.rules")
