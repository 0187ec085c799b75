"""The seal of a template's version: a hash over its exact content and everything that what is sent depends on.

It is computed anew from the rows whenever it matters (at submission, at approval, at every judgement of the gate), so that
a change that went round all forms, a script's or one in SQL, breaks it like any other.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from channels.base import channels
from channels.models import Account, TemplateVersion

PARTS: Mapping[str, str] = {
    "content": "the words",
    "class": "the class of the message",
    "language": "the language",
    "topic": "the topic whose consent it needs",
    "brand": "the brand's name, postal address or website",
    "sender": "the sender",
    "domain": "the domain of links and images",
    "design": "the design",
    "segments": "a segment",
    "templates": "a template's channel or topic",
    "caps": "a frequency cap that names it",
    "owner": "the brand or the key",
}
"""What seals cover (those of words, then those of journeys), and how readers call it."""
_COLUMNS = (
    "id", "template_id", "locale", "message_class", "content", "template__channel", "template__topic_id",
    "template__brand_id", "template__brand__name", "template__brand__postal_address", "template__brand__website",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seal:
    """The hash of each part, hex."""

    parts: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over all parts: what an approval binds to and the gate compares."""
        return digest(sorted(self.parts.items()))

    def against(self, sealed: Mapping[str, str]) -> "Seal":
        """This seal as it is compared with a sealed one: while there is no sender nothing leaves, and nothing is broken."""
        return (
            self
            if "sender" in self.parts or "sender" not in sealed
            else Seal({**self.parts, "sender": sealed["sender"]})
        )

    def broken(self, sealed: Mapping[str, str]) -> list[str]:
        """The parts that are not what they were, as readers call them."""
        names = sorted(set(self.parts) | set(sealed), key=lambda name: (name not in PARTS, [*PARTS, name].index(name)))
        return [PARTS.get(name, name) for name in names if self.parts.get(name) != sealed.get(name)]


def of(version_ids: Iterable[int]) -> dict[int, Seal]:
    """The seals of these versions as they stand now; two queries, however many."""
    rows = list(TemplateVersion.objects.filter(id__in=list(version_ids)).order_by().values_list(*_COLUMNS))
    senders = _senders({(row[7], row[5]) for row in rows})
    return {row[0]: _seal(row, senders.get((row[7], row[5]))) for row in rows}


def one(version: TemplateVersion) -> Seal:
    """The seal of one version as it is stored."""
    return of([version.pk])[version.pk]


def identity(account: Account) -> dict[str, Any]:
    """What of an account recipients see, or decides where a message goes: its channel kind says which fields."""
    kind = channels.get(account.channel)
    return {name: account.config.get(name) or "" for name in (kind.identity if kind else ())}


def _seal(row: Any, sender: Mapping[str, Any] | None) -> Seal:
    _, template_id, locale, message_class, content, channel, topic_id, brand_id, *brand = row
    parts: dict[str, Any] = {
        "content": [template_id, channel, sorted(content.items())],
        "class": message_class,
        "language": locale,
        "topic": topic_id,
        "brand": [brand_id, *brand],
        "domain": urlsplit(settings.BASE_URL).hostname,
    }
    if sender is not None:
        parts["sender"] = sorted(sender.items())
    return Seal({name: digest(value) for name, value in parts.items()})


def _senders(wanted: set[tuple[int, str]]) -> dict[tuple[int, str], dict[str, Any]]:
    rows = Account.objects.filter(brand_id__in={brand for brand, _ in wanted}, enabled=True, is_default=True)
    return {(account.brand_id, account.channel): identity(account) for account in rows}


def digest(value: Any) -> str:
    """SHA-256 (hex) over canonical JSON: sorted keys, no spaces. Raises TypeError for what JSON cannot say."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, cls=DjangoJSONEncoder)
    return hashlib.sha256(canonical.encode()).hexdigest()
