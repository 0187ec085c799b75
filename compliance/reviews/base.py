"""Contract of what can be reviewed: a kind tells what its objects say and depend on, and moves them when it is decided.

One class in one file: of this floor in `compliance/reviewables/`, of a higher one wherever it registers itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, Q
from django.urls import reverse

from channels.findings import Finding
from channels.sealing import Seal
from config.kinds import Kinds


@dataclass(frozen=True, slots=True)
class About:
    """What policies look at. `author_id`: None where only the submitter is known; `authors`: all who wrote in it; `audience`: how many people may get it, None where nobody can say. `words`: all that is said."""

    title: str
    brand_id: int
    author_id: int | None
    authors: frozenset[int] = frozenset()
    channels: frozenset[str] = frozenset()
    message_classes: frozenset[str] = frozenset()
    markets: frozenset[str] = frozenset()
    audience: int | None = None
    words: str = ""


class Reviewable:
    """A kind of thing that people review before it may be used."""

    key: str
    title: str
    model: type[Model]
    submit: str
    """The permission to hand it in."""
    urgent = False
    """Whether it may leave before its review is complete, if two people say so."""

    def locked(self, pk: int) -> Any:
        """The object as it stands now, its row locked: two reviewers at once wait for each other here."""
        return self.model._default_manager.select_for_update(of=("self",), no_key=True).get(pk=pk)

    def about(self, subject: Any) -> About:
        """What policies look at."""
        raise NotImplementedError

    def seals(self, ids: Iterable[int]) -> Mapping[int, Seal]:
        """The seals of these objects as they stand now, in a constant number of queries."""
        raise NotImplementedError

    def problems(self, subject: Any) -> list[Finding]:
        """Everything that stands against it, or that deserves a second look; what blocks comes first."""
        raise NotImplementedError

    def labels(self, subject: Any) -> Mapping[str, str]:
        """What people call the fields that findings name."""
        return {}

    def is_draft(self, subject: Any) -> bool:
        """Whether its author may still change it."""
        raise NotImplementedError

    def page(self, pk: int) -> str:
        """The path of the object's page in the admin."""
        return reverse(f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}_change", args=(pk,))

    def watchers(self, pk: int) -> list[Any]:
        """Users who are told that it waits, beside those whom the steps ask."""
        return []

    def messages(self, pk: int) -> Q:
        """The messages that leave because of it."""
        raise NotImplementedError

    def idle(self, ids: Iterable[int]) -> set[int]:
        """Those of these that are out of use for good, so that nobody need be asked about them again."""
        return set()

    def standing(self, subject: Any) -> str:
        """How readers call the state that it is in."""
        return str(subject.get_state_display())

    def newer(self, subject: Any) -> Any | None:
        """One that was handed in after it, to take the same place."""
        return None

    def submitted(self, subject: Any, now: datetime, *, again: bool) -> None:
        """It waits for reviewers from now on (`again`: it was approved before) and never changes."""
        raise NotImplementedError

    def renewed(self, subject: Any, now: datetime) -> Any:
        """What is reviewed instead, where the object itself can no longer say what it would say now."""
        return subject

    def in_review(self, subject: Any) -> None:
        """The first reviewers have agreed; others are still asked."""

    def approved(self, subject: Any, now: datetime) -> list[Any]:
        """It may be used from now on; those whose place it takes, already out of use."""
        raise NotImplementedError

    def refused(self, subject: Any, *, changes: bool) -> None:
        """It is turned down; with `changes`, its author is asked for another version."""
        raise NotImplementedError

    def retired(self, subject: Any, now: datetime) -> None:
        """It may be used no more, at once: nothing that is queued leaves."""
        raise NotImplementedError

    def withdrawn(self, subject: Any) -> None:
        """Its author took it back before anybody decided."""
        raise NotImplementedError


def moved(version: Any, state: str, **columns: Any) -> None:
    """Bring a version into this state. Only what changes is written: the database refuses a submitted version's words even
    when they are written unchanged."""
    version.state = state
    for name, value in columns.items():
        setattr(version, name, value)
    version.save(update_fields=["state", *columns])


reviewables: Kinds[Reviewable] = Kinds("thing to review", "compliance.reviewables")


def kind_of(subject: Model) -> Reviewable:
    """The kind of this object. Raises LookupError for what is never reviewed."""
    for kind in reviewables:
        if isinstance(subject, kind.model):
            return kind
    raise LookupError(f"{type(subject).__name__} is nothing that is reviewed.")
