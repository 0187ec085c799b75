"""The seal of a template's version: a hash over its exact content and everything that what is sent depends on.

It is computed anew from the rows whenever it matters (at submission, at approval, at every judgement of the gate), so that
a change that went round all forms, a script's or one in SQL, breaks it like any other.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from channels import attachments
from channels.base import channels
from channels.models import Account, BlockUse, BlockVersion, TemplateVersion

PARTS: Mapping[str, str] = {
    "content": "the words",
    "blocks": "a content block",
    "attachments": "an attached file",
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
    "id", "template_id", "locale", "message_class", "content", "compiled", "variables", "template__channel",
    "template__topic_id", "template__brand_id", "template__brand__name", "template__brand__postal_address", "template__brand__website", "template__brand__default_locale",
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
    """The seals of these versions as they stand now; six queries at most, however many."""
    rows = [
        _Row(*row) for row in TemplateVersion.objects.filter(id__in=list(version_ids)).order_by().values_list(*_COLUMNS)
    ]
    senders = _senders({(row.brand_id, row.channel) for row in rows})
    blocks = _blocks([row.id for row in rows])
    carried = attachments.seals([row.id for row in rows])
    return {
        row.id: _seal(row, senders.get((row.brand_id, row.channel)), blocks.get(row.id, []), carried.get(row.id))
        for row in rows
    }


def one(version: TemplateVersion) -> Seal:
    """The seal of one version as it is stored."""
    return of([version.pk])[version.pk]


def identity(account: Account) -> dict[str, Any]:
    """What of an account recipients see, or decides where a message goes: its channel kind says which fields."""
    kind = channels.get(account.channel)
    return {name: account.config.get(name) or "" for name in (kind.identity if kind else ())}


def block_seals(version_ids: Iterable[int]) -> dict[int, Seal]:
    """The same for versions of content blocks; one query. Blocks within blocks are sealed with the templates that use them."""
    columns = ("id", "source", "variants", "locale", "block__key", "block__format", "block__brand_id")
    rows = BlockVersion.objects.filter(id__in=list(version_ids)).order_by().values_list(*columns)
    return {
        pk: Seal({"content": digest([source, variants, key, format_, brand]), "language": digest(locale)})
        for pk, source, variants, locale, key, format_, brand in rows
    }


def _seal(row: "_Row", sender: Mapping[str, Any] | None, blocks: Sequence[Any], carried: Sequence[Any] | None) -> Seal:
    parts: dict[str, Any] = {
        "content": [row.template_id, row.channel, row.content, row.compiled, row.variables],
        "blocks": blocks,
        "class": row.message_class,
        "language": row.locale,
        "topic": row.topic_id,
        "brand": [row.brand_id, *row.brand],
        "domain": urlsplit(settings.BASE_URL).hostname,
    }
    if sender is not None:
        parts["sender"] = sorted(sender.items())
    if carried:
        parts["attachments"] = carried
    return Seal({name: digest(value) for name, value in parts.items()})


class _Row:
    """A version with what it depends on."""

    def __init__(self, *values: Any) -> None:
        self.id, self.template_id, self.locale, self.message_class, self.content, self.compiled, *rest = values
        self.variables, self.channel, self.topic_id, self.brand_id, *self.brand = rest


def _blocks(version_ids: Sequence[int]) -> dict[int, list[Any]]:
    """Of each version the blocks that are in it, with all that is approved of them now: another footer is another message."""
    uses = BlockUse.objects.filter(version__in=version_ids).order_by("block_version__block")
    wanted: dict[int, set[int]] = {}
    for version, block in uses.values_list("version_id", "block_version__block_id"):
        wanted.setdefault(version, set()).add(block)
    if not wanted:
        return {}
    known: dict[int, list[Any]] = {}
    approved = BlockVersion.objects.filter(block__in=set().union(*wanted.values()), state=BlockVersion.State.APPROVED)
    for block, *words in approved.order_by("id").values_list("block_id", "id", "locale", "source", "variants"):
        known.setdefault(block, []).append(words)
    return {version: [[block, known.get(block, [])] for block in sorted(blocks)] for version, blocks in wanted.items()}


def _senders(wanted: set[tuple[int, str]]) -> dict[tuple[int, str], dict[str, Any]]:
    rows = Account.objects.filter(brand_id__in={brand for brand, _ in wanted}, enabled=True, is_default=True)
    return {(account.brand_id, account.channel): identity(account) for account in rows}


def digest(value: Any) -> str:
    """SHA-256 (hex) over canonical JSON: sorted keys, no spaces. Raises TypeError for what JSON cannot say."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, cls=DjangoJSONEncoder)
    return hashlib.sha256(canonical.encode()).hexdigest()
