"""Contract of checks: what is looked for in words whenever they are saved or submitted, apart from what the law asks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from channels.findings import Finding
from channels.variables import Variable
from config.kinds import Kinds

MOST = 20
"""Findings of one check; whoever has more mends those first."""
MARKUP = ("mjml", "html")
"""Fields that hold markup."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Words, and what they depend on. `written` are the author's fields, `sources` the same with their blocks in place,
    `compiled` what is rendered at the send; of the last two, only what parses as Liquid.

    `declared` is the version's JSON as it stands, `variables` what can be read of it. A price is one of a segment.
    """

    channel: str
    written: Mapping[str, Any]
    sources: Mapping[str, str] = field(default_factory=dict)
    compiled: Mapping[str, Any] = field(default_factory=dict)
    declared: Any = ()
    variables: tuple[Variable, ...] = ()
    brand: Mapping[str, str] = field(default_factory=dict)
    sender: Mapping[str, Any] = field(default_factory=dict)
    """The config of the account that it would leave by; empty where there is none."""
    locale: str = ""
    """The language of the words."""

    def markup(self) -> Iterable[tuple[str, str]]:
        """Name and source of the fields with HTML or MJML."""
        return [(name, self.sources[name]) for name in MARKUP if self.sources.get(name)]

    def plain(self) -> Iterable[tuple[str, str]]:
        """Name and source of all other fields."""
        return [(name, source) for name, source in self.sources.items() if name not in MARKUP]


class Check:
    """One thing that a careful colleague would see; one file in `channels/checks/`."""

    key: str
    title: str

    def problems(self, draft: Draft) -> Iterable[Finding]:
        """What there is to say, each with its field and, where there is one, its line."""
        raise NotImplementedError


checks: Kinds[Check] = Kinds("check", "channels.checks")
