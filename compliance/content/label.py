"""Where advertising must call itself so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from channels.findings import Finding
from compliance.base import TEXTS
from compliance.findings import Content, ContentRule, content_rules


@dataclass(frozen=True, slots=True)
class Label:
    """What advertising to a country, or in its languages, begins with, and where that is written."""

    code: str
    """ISO 3166-1 alpha-2."""
    country: str
    languages: tuple[str, ...]
    labels: tuple[str, ...]
    source: str

    @property
    def asks(self) -> str:
        """What is asked for, and by which law."""
        return f"advertising to {self.country} begins with {' or '.join(self.labels)} ({self.source})."


LABELS = (
    Label("VN", "Vietnam", ("vi",), ("[QC]", "[AD]"), "Decree 91/2020/ND-CP, art. 15"),
    Label("KR", "Korea", ("ko",), ("(광고)",), "Network Act art. 50(4), Enforcement Decree annex 6"),
)
BEGINNING: Mapping[str, str] = {"email": "subject", **dict.fromkeys(TEXTS, "body")}
"""The field that a reader sees first."""


@content_rules.register
class LabelRule(ContentRule):
    """Asks advertising in Vietnamese and Korean for the label that it must begin with: [QC] or [AD], (광고).

    It goes by the version's language or region (`vi`, `en-VN`): give readers in these countries a version of their own.
    Other versions are refused at the door, for each person there.
    """

    key = "label"
    title = "Label of advertising"

    def problems(self, content: Content) -> Iterable[Finding]:
        if not content.is_marketing:
            return
        for label in missing(content.channel, content.fields):
            if content.speaks(label.code, *label.languages):
                yield Finding(BEGINNING[content.channel], label.asks, "missing_label")


def missing(channel: str, fields: Mapping[str, str]) -> list[Label]:
    """The labels that these words do not begin with; of channels for which no law asks for one, none."""
    name = BEGINNING.get(channel)
    begins = str(fields.get(name) or "").lstrip().upper() if name else ""
    return [label for label in LABELS if not begins.startswith(label.labels)] if name else []


def unlabelled(channel: str, fields: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The countries whose label is missing, as the gate's facts carry them: code, and what is asked for."""
    return tuple((label.code, label.asks) for label in missing(channel, fields))
