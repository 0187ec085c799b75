"""Where advertising must call itself so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from channels.findings import Finding
from compliance.base import TEXTS
from compliance.findings import Content, ContentRule, content_rules


@dataclass(frozen=True, slots=True)
class Label:
    """What advertising to these languages and regions begins with, and where that is written."""

    country: str
    places: tuple[str, ...]
    labels: tuple[str, ...]
    source: str


LABELS = (
    Label("Vietnam", ("vi", "VN"), ("[QC]", "[AD]"), "Decree 91/2020/ND-CP, art. 15"),
    Label("Korea", ("ko", "KR"), ("(광고)",), "Network Act art. 50(4), Enforcement Decree annex 6"),
)
BEGINNING: Mapping[str, str] = {"email": "subject", **dict.fromkeys(TEXTS, "body")}
"""The field that a reader sees first."""


@content_rules.register
class LabelRule(ContentRule):
    """Asks advertising in Vietnamese and Korean for the label that it must begin with: [QC] or [AD], (광고).

    It goes by the version's language or region (`vi`, `en-VN`): give readers in these countries a version of their own.
    """

    key = "label"
    title = "Label of advertising"

    def problems(self, content: Content) -> Iterable[Finding]:
        name = BEGINNING.get(content.channel)
        if name is None or not content.is_marketing:
            return
        begins = content.fields.get(name, "").lstrip().upper()
        for label in LABELS:
            if content.speaks(*label.places) and not begins.startswith(label.labels):
                how = " or ".join(label.labels)
                yield Finding(
                    name, f"advertising to {label.country} begins with {how} ({label.source}).", "missing_label"
                )
