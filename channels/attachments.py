"""The files that a version names: found by name while it is a draft, fixed at its submission, read once for a batch of mails."""

import hashlib
from base64 import encodebytes
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from channels import files
from channels.base import Outgoing, SendError
from channels.findings import Finding
from channels.models import AttachmentUse, StoredFile, TemplateVersion

FIELD = "attachments"
MOST = 10
"""Files of one mail."""
DOUBTFUL = 7_000_000
"""Bytes; on the wire they become 37 % more, and some providers refuse mails over 10 MB."""
COLUMNS = ("id", "name", "content_type", "size", "sha256")
Told = dict[str, Any]
"""A file as versions and copies name it: file (its id), name, content_type, size, sha256."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a version carries, and what is wrong with it."""

    told: list[Told] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Attachment:
    """A file on its way. It is encoded once, however many mails carry it."""

    name: str
    content_type: str
    data: bytes

    @cached_property
    def encoded(self) -> str:
        """Base64 in lines of 76 characters, without a line break at the end."""
        return encodebytes(self.data).decode().replace("\n", "\r\n").rstrip()


def of(version: TemplateVersion) -> Found:
    """What this version carries: of a draft what its names mean now, else what they meant at its submission."""
    if version.state == TemplateVersion.State.DRAFT:
        return named(version.template.brand_id, version.content.get(FIELD))
    uses = AttachmentUse.objects.filter(version=version).order_by("position")
    return Found([_told(*row) for row in uses.values_list(*(f"file__{name}" for name in COLUMNS))])


def named(brand_id: int, names: Any) -> Found:
    """The files of a brand that these names mean now; two queries, or none without names."""
    if not isinstance(names, list) or not names:
        return Found()
    wanted = list(map(str, names))
    rows = StoredFile.objects.filter(brand=brand_id, name__in=wanted)
    known = {row[1]: row for row in rows.filter(retired_at=None).values_list(*COLUMNS)}
    retired = set(rows.filter(retired_at__isnull=False).values_list("name", flat=True))
    found = Found()
    for name in wanted:
        if name in known:
            found.told.append(_told(*known[name]))
        elif name in retired:
            found.findings.append(_finding(f"{name} has been retired; take it out or name another file.", "retired"))
        else:
            found.findings.append(_finding(f"there is no file {name!r} in this brand; upload it first.", "missing"))
    found.findings.extend(_too_much(found.told))
    return found


def _told(pk: int, name: str, content_type: str, size: int, sha256: str) -> Told:
    return {"file": pk, "name": name, "content_type": content_type, "size": size, "sha256": sha256}


def _finding(sentence: str, code: str, severity: Any = "block") -> Finding:
    return Finding(FIELD, sentence, f"attachment_{code}", severity)


def _too_much(told: Sequence[Told]) -> Iterable[Finding]:
    total = sum(one["size"] for one in told)
    if len(told) > MOST:
        yield _finding(f"these are {len(told)} files; a mail carries {MOST} at most.", "too_many")
    if total > files.LARGEST:
        largest = max(told, key=lambda one: one["size"])
        yield _finding(
            f"together they have {total:,} bytes, {largest['name']} alone {largest['size']:,}; "
            f"a mail carries {files.LARGEST:,} at most.",
            "too_large",
        )
    elif total > DOUBTFUL:
        yield _finding(
            f"together they have {total:,} bytes, which is more than 10 MB on the wire: some providers refuse that. "
            "A link to the file reaches everybody.",
            "large",
            "warn",
        )


def fix(version: TemplateVersion, told: Sequence[Told]) -> None:
    """Note what a version carries from its submission on."""
    uses = [AttachmentUse(version=version, file_id=one["file"], position=number) for number, one in enumerate(told)]
    AttachmentUse.objects.bulk_create(uses, ignore_conflicts=True)


def seals(version_ids: Iterable[int]) -> dict[int, list[Any]]:
    """What a seal covers of them; one query, and no bytes: those are compared with their SHA-256 when they are loaded to leave."""
    uses = AttachmentUse.objects.filter(version__in=list(version_ids)).order_by("version", "position")
    columns = ("id", "brand_id", "name", "content_type", "size", "sha256")
    found: dict[int, list[Any]] = {}
    for version, *about in uses.values_list("version_id", *(f"file__{name}" for name in columns)):
        found.setdefault(version, []).append(about)
    return found


def loaded(batch: Sequence[Outgoing]) -> tuple[list[Outgoing], list[tuple[Outgoing, SendError]]]:
    """The mails with the bytes of their files, and those whose files are not what was approved. One query, or none."""
    ids = {one["file"] for message in batch for one in _carried(message)}
    if not ids:
        return list(batch), []
    rows = StoredFile.objects.filter(pk__in=ids).order_by("id").values_list("id", "name", "content_type", "data")
    known: dict[tuple[int, str], Attachment] = {}
    for pk, name, content_type, data in rows.iterator(chunk_size=1):
        raw = bytes(data)
        known[pk, hashlib.sha256(raw).hexdigest()] = Attachment(name, content_type, raw)
    whole: list[Outgoing] = []
    broken: list[tuple[Outgoing, SendError]] = []
    for message in batch:
        carried = [known.get((one["file"], one["sha256"])) for one in _carried(message)]
        lost = next((one["name"] for one, file in zip(_carried(message), carried, strict=True) if file is None), None)
        if lost is not None:
            why = f"The file {lost} is gone, or is not what was approved."
            broken.append((message, SendError("attachment_changed", why, permanent=True)))
        else:
            whole.append(replace(message, attachments=tuple(filter(None, carried))))
    return whole, broken


def _carried(message: Outgoing) -> Sequence[Mapping[str, Any]]:
    found: Any = message.content.get(FIELD) or ()
    return found if isinstance(found, list | tuple) else ()


def listed(told: Iterable[Mapping[str, Any]]) -> list[str]:
    """Each on a line, for reading and comparing: another file of the same name differs in its SHA-256."""
    return [f"{one['name']} ({files.said(one['size'])}, SHA-256 {one['sha256'][:12]}…)" for one in told]
