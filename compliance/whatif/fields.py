"""Values as JSON writes them, read strictly: every mistake is told with the path to it, and what to write instead."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar

from config import durations
from contacts import comparisons

T = TypeVar("T")
MOST = 1_000_000
YEARS = range(1970, 2200)
"""Zone rules mean nothing much beyond."""


class BadCase(ValueError):
    """A case that cannot be read; `mistakes` are sentences that begin with the path."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__(" ".join(mistakes))
        self.mistakes = mistakes


class Node:
    """An object of the case. Reading a value notes it as known; `done` tells about all others and all mistakes."""

    def __init__(self, value: Any, path: str, mistakes: list[str]) -> None:
        self.path, self.mistakes = path, mistakes
        self.known: set[str] = set()
        if not isinstance(value, Mapping):
            mistakes.append(f"{path or 'case'}: write an object.")
            value = {}
        self.values: Mapping[str, Any] = value

    def text(self, name: str, default: str = "") -> str:
        """A text."""
        return self._read(name, default, lambda value: isinstance(value, str), "a text")

    def flag(self, name: str, default: bool = False) -> bool:
        """true or false."""
        return self._read(name, default, lambda value: isinstance(value, bool), "true or false")

    def number(self, name: str, default: int = 0, most: int = MOST) -> int:
        """A whole number from 0 to `most`."""
        fits = lambda value: isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most  # noqa: E731
        return self._read(name, default, fits, f"a whole number from 0 to {most:,}")

    def choice(self, name: str, default: str, allowed: Collection[str]) -> str:
        """One of these words."""
        return self._read(name, default, lambda value: value in allowed, f"one of: {', '.join(sorted(allowed))}")

    def instant(self, name: str) -> datetime | None:
        """An ISO 8601 instant with its offset, e.g. 2026-11-23T13:00:00Z."""
        found: datetime | None = self._made(name, _instant, "an instant with its offset, e.g. 2026-11-23T13:00:00Z")
        return found

    def duration(self, name: str, default: timedelta) -> timedelta:
        """A duration, e.g. 72h."""
        return self._made(name, durations.parse, "a duration, e.g. 72h or 7d") if name in self.values else default

    def clock(self, name: str) -> time | None:
        """A time of day, e.g. 08:00; 24:00 is midnight."""
        found: time | None = self._made(name, _clock, "a time of day, e.g. 08:00")
        return found

    def texts(self, name: str) -> frozenset[str]:
        """A list of texts."""
        fits = lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value)  # noqa: E731
        return frozenset(self._read(name, [], fits, "a list of texts"))

    def words(self, name: str, allowed: Collection[str]) -> frozenset[str]:
        """A list of some of these words."""
        if unknown := sorted(self.texts(name).difference(allowed)):
            self.wrong(name, f"{', '.join(unknown)}: not known; write some of: {', '.join(sorted(allowed))}.")
        return self.texts(name)

    def mapping(self, name: str) -> Mapping[str, Any]:
        """An object with names of the case's own."""
        return self._read(name, {}, lambda value: isinstance(value, Mapping), "an object")

    def comparisons(self, name: str) -> list[Any]:
        """Comparisons of an event's properties; none if there is a mistake in them."""
        said: list[Any] = self._read(name, [], lambda value: isinstance(value, list), "a list of comparisons")
        problems = comparisons.check(said)
        for sentence in problems:
            self.wrong(name, sentence)
        return [] if problems else said

    def instants(self, name: str) -> tuple[datetime, ...]:
        """A list of instants."""
        found = self._made(name, lambda value: tuple(_instant(item) for item in _list(value)), "a list of instants")
        return found or ()

    def node(self, name: str) -> "Node":
        """An object inside; an empty one if there is none."""
        self.known.add(name)
        value = self.values.get(name)
        return Node({} if value is None else value, self._at(name), self.mistakes)

    def nodes(self, name: str) -> list["Node"]:
        """A list of objects."""
        self.known.add(name)
        value = self.values.get(name)
        if value is not None and not isinstance(value, list):
            self.wrong(name, "write a list of objects.")
            return []
        return [Node(item, f"{self._at(name)}[{index}]", self.mistakes) for index, item in enumerate(value or [])]

    def has(self, name: str) -> bool:
        """Whether anything stands there."""
        return self.values.get(name) is not None

    def wrong(self, name: str, sentence: str) -> None:
        """Note a mistake."""
        self.mistakes.append(f"{self._at(name)}: {sentence}")

    def done(self) -> None:
        """Tell about names that nobody asked for: a misspelt word must not silently mean nothing."""
        for name in sorted(map(str, set(self.values) - self.known)):
            self.wrong(name, f"not known here; there are: {', '.join(sorted(self.known))}.")

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def _read(self, name: str, default: T, fits: Callable[[Any], bool], words: str) -> T:
        self.known.add(name)
        value = self.values.get(name)
        if value is None:
            return default
        if not fits(value):
            self.wrong(name, f"{value!r:.60} does not fit; write {words}.")
            return default
        return value  # type: ignore[no-any-return]

    def _made(self, name: str, make: Callable[[Any], Any], words: str) -> Any:
        self.known.add(name)
        value = self.values.get(name)
        if value is None:
            return None
        try:
            return make(value)
        except (ValueError, TypeError, OverflowError):
            self.wrong(name, f"{value!r:.60} does not fit; write {words}.")
            return None


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _instant(value: Any) -> datetime:
    if not isinstance(value, str):
        raise TypeError
    found = datetime.fromisoformat(value)
    if found.tzinfo is None or found.year not in YEARS:
        raise ValueError
    return found.astimezone(UTC)


def _clock(value: Any) -> time:
    if value == "24:00":
        return time(0)
    if not isinstance(value, str) or len(value) not in (5, 8):
        raise ValueError
    return time.fromisoformat(value)
