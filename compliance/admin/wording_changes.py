"""How the words of a version differ from those in use: as people read them, word by word."""

import difflib
import re
from typing import Any

from channels.mail import plain
from channels.models import TemplateVersion

Changes = tuple[TemplateVersion, list[tuple[str, str]]]


def of(version: Any) -> Changes | None:
    """The version in use in the same language, and how the words differ from it; None if there is none."""
    if not isinstance(version, TemplateVersion):
        return None
    state = TemplateVersion.State.APPROVED
    others = TemplateVersion.objects.filter(template=version.template_id, locale=version.locale, state=state)
    live = others.exclude(pk=version.pk).select_related("template").first()
    return (live, differences(visible(live.content), visible(version.content))) if live else None


def visible(content: dict[str, Any]) -> str:
    """The words that people see, as plain text: subject, and the HTML or the text."""
    body = plain.from_html(content["html"]) if content.get("html") else content.get("text") or content.get("body") or ""
    return "\n\n".join(filter(None, (content.get("subject", ""), body)))


def differences(before: str, after: str) -> list[tuple[str, str]]:
    """`(same | ins | del, text)` in order, word by word."""
    old, new = (re.findall(r"\S+|\s+", text) for text in (before, after))
    found: list[tuple[str, str]] = []
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(("same", "".join(old[i1:i2])))
            continue
        found += [(word, text) for word, text in (("del", "".join(old[i1:i2])), ("ins", "".join(new[j1:j2]))) if text]
    return found
