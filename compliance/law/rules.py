"""Rows of law as plain values, and the snapshot of a rule set that judgements are made with."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, time
from typing import Any

ALL_CHANNELS = "all"
STANDARD = frozenset({"statute", "operator"})
STRICT = STANDARD | {"statute-device", "strict"}
KINDS_OF: dict[str, frozenset[str]] = {
    "standard": STANDARD,
    "strict": STRICT,
    "all": STRICT | {"vendor-default"},
    # As strict; and of somebody whose state is unknown, the rules of all states hold.
    "strictest": STRICT,
}
"""Profile → kinds of rows that hold in it."""

KINDS = tuple(sorted(KINDS_OF["all"]))
SPOKEN_AS = {"mms": "sms", "rcs": "sms"}
"""Channels that a law means too when it speaks of another one: texts are texts. What it says of them alone is theirs alone."""

LIFT_WORDS = ("no", "yes", "written", "separate-night-consent", "disputed")
"""What `lifted_by_consent` may say. `disputed` is never lifted: it is enforced until a court has settled it."""


def lifts(*, honour: bool = False, express: bool = False, written: bool = False, night: bool = False) -> frozenset[str]:
    """The words of `lifted_by_consent` that a person's consents lift.

    `honour` is the account's policy to make use of it. A separate consent to messages at night needs no policy: it was
    given for exactly these hours.
    """
    found = {"separate-night-consent"} if night else set()
    if honour and (express or written):
        found.add("yes")
    if honour and written:
        found.add("written")
    return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Where, for what and since when a rule holds."""

    jurisdiction: str
    channels: tuple[str, ...]
    category: str
    source: str
    effective_from: date | None = None
    effective_to: date | None = None
    note: str = ""

    def valid(self, day: date) -> bool:
        """Whether it holds on this calendar day; both ends are included."""
        return (not self.effective_from or self.effective_from <= day) and (
            not self.effective_to or day <= self.effective_to
        )

    def concerns(self, channel: str, message_class: str) -> bool:
        """Whether it is about this channel and message class."""
        return self.category == message_class and self.names(channel)

    def names(self, channel: str) -> bool:
        """Whether it holds for this channel: a row for `sms` holds for every text, one for `mms` or `rcs` for these alone."""
        return not {channel, SPOKEN_AS.get(channel, channel), ALL_CHANNELS}.isdisjoint(self.channels)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursRow(Row):
    """Allowed from `start` to `end` on `weekdays` (Monday is 0), where an end of 00:00 is midnight; without them, closed."""

    weekdays: tuple[int, ...]
    start: time | None
    end: time | None
    holidays_excluded: bool
    confidence: str
    kind: str
    lifted_by_consent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BanRow(Row):
    """Not this channel here; `code` is the reason that a decision gives."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CapRow(Row):
    """At most `limit` messages (or different channels) in a window: `24h`, `local-day` or `local-week`."""

    limit: int
    counts: str
    window: str
    same_subject: bool


@dataclass(frozen=True, slots=True)
class Tables:
    """All rows of a rule set, in their order."""

    hours: tuple[HoursRow, ...] = ()
    bans: tuple[BanRow, ...] = ()
    caps: tuple[CapRow, ...] = ()

    def checksum(self) -> str:
        """SHA-256 over the rows as canonical JSON; their order does not matter."""
        canonical = {
            name: sorted(json.dumps(_plain(row), sort_keys=True, default=str) for row in rows)
            for name, rows in (("hours", self.hours), ("bans", self.bans), ("caps", self.caps))
        }
        return hashlib.sha256(json.dumps(canonical, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """A rule set as it is judged with. Compared by identity, so that it is cheap as a key: keep one per version."""

    number: int
    as_of: date | None
    checksum: str
    tables: Tables


NO_RULES = Rules(0, None, "", Tables())
"""No law at all: only the account's own hours hold."""


def _plain(row: Row) -> dict[str, Any]:
    names = (name for cls in type(row).__mro__ for name in getattr(cls, "__slots__", ()))
    return {name: getattr(row, name) for name in names}
