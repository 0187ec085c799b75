"""Contract of rules: facts in, verdict out, no clock and no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any, Literal

from config.kinds import Kinds

Outcome = Literal["allow", "wait", "deny"]
SEVERITY: Mapping[str, int] = {"allow": 0, "wait": 1, "deny": 2}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says: allow, wait (until an instant, None = until a stop is lifted) or deny; always with a reason."""

    outcome: Outcome
    code: str = ""
    why: str = ""
    until: datetime | None = None
    rule: str = ""


def allow(why: str = "") -> Verdict:
    """Nothing against it."""
    return Verdict("allow", why=why)


def wait(until: datetime | None, code: str, why: str) -> Verdict:
    """Not now: judge again in full at `until`."""
    return Verdict("wait", code, why, until)


def deny(code: str, why: str) -> Verdict:
    """Never send this one."""
    return Verdict("deny", code, why)


@dataclass(frozen=True, slots=True)
class ConsentFact:
    """The ledger's newest word for the message's channel and topic."""

    id: int
    state: str
    basis: str
    occurred_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class SuppressionFact:
    """A live suppression that matches the address, channel and brand."""

    id: int
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SentFact:
    """An earlier message to this contact (or this address) that counts: cleared, and not given back."""

    id: int
    template_id: int
    channel: str
    message_class: str
    brand_id: int
    cleared_at: datetime
    occasion: str = ""
    """What it was sent for, as a hash; empty for messages that are too old for it to matter."""


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


@dataclass(frozen=True, slots=True)
class QuietFact:
    """A policy window in local wall-clock time; `start` after `end` wraps midnight."""

    start: Any
    end: Any
    classes: frozenset[str]


@dataclass(frozen=True, slots=True)
class CapFact:
    """At most `limit` in `window`."""

    name: str
    limit: int
    window: timedelta


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
    expires_at: datetime | None = None
    needs_address: bool = True
    address_id: int | None = None
    address_validity: str = ""
    has_account: bool = True
    zone: tzinfo | None = None
    zone_name: str = "UTC"
    zone_source: str = ""
    consent: ConsentFact | None = None
    suppressions: Sequence[SuppressionFact] = ()
    version: VersionFact | None = None
    quiet: Sequence[QuietFact] = ()
    caps: Sequence[CapFact] = ()
    sent: Sequence[SentFact] = ()
    stops: Sequence[str] = ()


class Rule:
    """One reason why a message may not leave; one file in `compliance/rules/`. The gate asks every rule, always."""

    key: str
    title: str

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        """The verdict. A rule that raises holds the message: the gate fails closed."""
        raise NotImplementedError


rules: Kinds[Rule] = Kinds("rule", "compliance.rules")
