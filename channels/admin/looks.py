"""How words look where people read them: a mail, or a mock-up of the screen that a text, a push or a chat appears on."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from channels import attachments, files, segments
from channels.admin import frames
from channels.base import Channel

Look = tuple[str, str]
MAIL: tuple[Look, ...] = (("desktop", "Desktop"), ("phone", "Phone, 360 px"), ("dark", "Dark"), ("text", "Plain text"))
SCREEN: tuple[Look, ...] = (("light", "Light"), ("dark", "Dark"))
TEXT: tuple[Look, ...] = (("text", "Text"),)
MOCKS = {
    "sms": "admin/channels/frames/sms.html",
    "whatsapp": "admin/channels/frames/whatsapp.html",
    "push": "admin/channels/frames/push.html",
    "in_app": "admin/channels/frames/in_app.html",
    "chat": "admin/channels/frames/chat.html",
}
"""The screen of each channel that has one, by its key; its template gets the rendered fields by their names."""
COUNTED = frozenset({"sms"})
"""Channels that charge by the segment."""


def of(kind: Channel) -> tuple[Look, ...]:
    """What there is to choose from; the first is shown first."""
    if kind.is_html:
        return MAIL
    return SCREEN if kind.key in MOCKS else TEXT


def shown(
    kind: Channel, found: Mapping[str, Any], look: str, *, images: bool, sender: str, note: str = ""
) -> HttpResponse:
    """The rendered words in this look, as a page of a sandboxed frame; `note` is a sentence of ours about them."""
    carried = [f"{one['name']} ({files.said(one['size'])})" for one in found.get(attachments.FIELD) or ()]
    if kind.is_html and found.get("html") and look != "text":
        pictures = frames.ALL_IMAGES if images else frames.NO_IMAGES
        subject, dark = found.get("subject", ""), look == "dark"
        return frames.html(found["html"], images=pictures, dark=dark, subject=subject, carried=carried, note=note)
    text = kind.readable(found)
    context = {
        "content": found,
        "text": text,
        "subject": found.get("subject", ""),
        "sender": sender,
        "look": look,
        "carried": carried,
        "note": note,
    }
    if kind.key in COUNTED:
        context["count"] = count = segments.count(text)
        context["room"] = count.segments * count.per_segment
    context["lines"] = [one["label"] for one in found.get("quick_replies") or ()]
    context["values"] = _named(found.get("variables"))
    pictures = frames.ALL_IMAGES if images else frames.NO_IMAGES
    return frames.page(MOCKS.get(kind.key, "admin/channels/frames/text.html"), context, images=pictures)


def _named(variables: str | None) -> list[tuple[str, str]]:
    """What stands for `{{1}}`, `{{2}}` … of a provider's template; rendered words hold it as JSON."""
    return list(json.loads(variables).items()) if variables else []
