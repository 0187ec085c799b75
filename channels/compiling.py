"""Words made ready at submission, so that at the send only Liquid is left to do: blocks put in, MJML made HTML, plain text made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from channels import attachments, blocks
from channels.attachments import Found
from channels.base import Channel, channels
from channels.blocks import Shelf
from channels.findings import Finding
from channels.models import TemplateVersion

NOTHING = Found()
_FORMATS = {"html": "html", "mjml": "mjml"}
"""Of fields by name; any other is plain text."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """`sources` are the author's fields with their blocks in place, `fields` what is rendered at the send."""

    fields: Mapping[str, Any]
    sources: Mapping[str, str]
    findings: list[Finding] = field(default_factory=list)
    block_versions: frozenset[int] = frozenset()
    broken: frozenset[str] = frozenset()
    """Fields that cannot be read, as Liquid or as markup."""


def compile(version: TemplateVersion) -> Compiled:
    """The version's words with the approved blocks and the files of its brand. Five queries at most."""
    template = version.template
    kind = channels.get(template.channel)
    if kind is None:
        return Compiled(version.content, {})
    shelf = blocks.shelf(template.brand, version.locale) if _asks(version.content) else Shelf()
    carried = attachments.of(version) if kind.attaches else Found()
    return made(kind, version.content, shelf, carried)


def made(kind: Channel, content: Mapping[str, Any], shelf: Shelf, carried: Found = NOTHING) -> Compiled:
    """These fields of this channel, compiled, with the files that they carry. What cannot be read is told and left out of `fields`."""
    findings: list[Finding] = []
    versions: set[int] = set()
    fields: dict[str, Any] = {}
    sources: dict[str, str] = {}
    broken: set[str] = set()
    for name, value in content.items():
        if not isinstance(value, str):
            fields[name] = value
            continue
        found = blocks.filled(name, value, _FORMATS.get(name, "text"), shelf)
        findings, versions = findings + found.findings, versions | found.versions
        sources[name] = found.source
        if sentence := blocks.unreadable(found.source, _FORMATS.get(name, "text")):
            findings.append(Finding(name, sentence, "wording"))
            broken.add(name)
        else:
            fields[name] = found.source
    fields, wrong = kind.compile(fields)
    fields = {name: value for name, value in fields.items() if not (kind.attaches and name == attachments.FIELD)}
    if carried.told:
        fields[attachments.FIELD] = carried.told
    return Compiled(fields, sources, findings + wrong + carried.findings, frozenset(versions), frozenset(broken))


def said(version: TemplateVersion) -> Mapping[str, Any]:
    """What the version says: as compiled at its submission; for a draft, as it would be compiled now."""
    if version.state == TemplateVersion.State.DRAFT:
        return compile(version).fields
    # Submitted before words were compiled: they are rendered as they were written.
    found: Mapping[str, Any] = version.compiled or version.content
    return found


def _asks(content: Mapping[str, Any]) -> bool:
    return any(isinstance(value, str) and "blocks." in value for value in content.values())
