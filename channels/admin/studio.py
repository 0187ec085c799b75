"""What a draft's page asks while its author writes: what is wrong, what may be used, and what it costs."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from channels import attachments, blocks, liquid, previews, rendering, segments, variables
from channels.admin import declaring, looks, readers
from channels.base import Channel, channels
from channels.checks import draft_of
from channels.checks.segments import worst
from channels.findings import Problem, labels_of, placed
from channels.models import Message, TemplateVersion
from contacts.models import Contact, Event

CLIPPED = 102 * 1024
"""Bytes of HTML beyond which Gmail hides the rest of a mail, and with it the way out."""
LOOKED_AT = 20
"""How many of the newest contacts, events and messages tell which names there are."""
COLUMNS = ("id", "external_id", "email", "phone", "locale", "country", "region", "timezone")
_CODE = {"mjml": "mjml", "html": "html"}


class Checks:
    """What the floor above knows of words, saved or not: it fills this in."""

    problems: Callable[[TemplateVersion], Iterable[Problem]] = staticmethod(lambda version: ())


checks = Checks()


def answer(request: HttpRequest, version: TemplateVersion, now: datetime) -> dict[str, Any]:
    """What the page is told of the words in `version`, which need not be stored."""
    kind = channels[version.template.channel]
    labels = labels_of(kind.Content)
    return {
        "problems": [_told(labels, problem) for problem in checks.problems(version)],
        "variables": vocabulary(request, version),
        "undeclared": [{"name": one.name, "type": one.type} for one in declaring.undeclared(version)],
        "blocks": _blocks(version),
        "segments": _counted(worst(draft_of(version)) or segments.count("")) if kind.key in looks.COUNTED else None,
        "size": _size(request, version, now) if kind.is_html else None,
    }


def page(request: HttpRequest, version: TemplateVersion | None, kind: Channel) -> dict[str, Any]:
    """What the page's script has to know from the start; the words themselves are in the form."""
    found = {
        "fields": [
            {"name": name, "label": label, "mode": _CODE.get(name, "text")}
            for name, label in labels_of(kind.Content).items()
            if name != attachments.FIELD
        ],
        "tags": liquid.tag_names(),
        "filters": liquid.filter_names(),
        "counted": kind.key in looks.COUNTED,
    }
    if version:
        found["check"] = reverse("admin:channels_templateversion_check", args=(version.pk,))
        found["preview"] = reverse("admin:channels_templateversion_preview", args=(version.pk,))
        found["variables"] = vocabulary(request, version)
        found["blocks"] = _blocks(version)
    return found


def vocabulary(request: HttpRequest, version: TemplateVersion) -> list[dict[str, str]]:
    """The variables that words may use, as far as they are known: of people and events, the names that newest ones have."""
    contact, event = set(COLUMNS) | set(previews.SAMPLE), set[str]()
    if request.user.has_perm(readers.VIEW_CONTACTS):
        for attributes in Contact.objects.order_by("-id").values_list("attributes", flat=True)[:LOOKED_AT]:
            contact |= attributes.keys()
        events = Event.objects.exclude(name__startswith="message.").order_by("-id")
        for properties in events.values_list("properties", flat=True)[:LOOKED_AT]:
            event |= properties.keys()
    messages = Message.objects.filter(template=version.template_id).order_by("-id")
    for context in messages.values_list("context", flat=True)[:LOOKED_AT]:
        event |= context.keys()
    parts = {"brand": set(rendering.BRAND), "contact": contact, "event": event}
    dotted = [f"{root}.{name}" for root, names in parts.items() for name in sorted(names) if name.isidentifier()]
    declared = {one.name: one for one in variables.read(version.variables)}
    return [
        *({"name": name, "type": one.type, "sample": str(one.sample)} for name, one in sorted(declared.items())),
        *(
            {"name": name, "type": "text", "sample": _sample(name)}
            for name in [*dotted, *_plain()]
            if name not in declared
        ),
    ]


def _blocks(version: TemplateVersion) -> list[dict[str, str]]:
    """The blocks that the words may use, approved or not."""
    shelf = blocks.shelf(version.template.brand, version.locale, unapproved=True)
    return [{"key": key, "name": key} for key in sorted(shelf.pieces)]


def _plain() -> list[str]:
    return sorted(rendering.VARIABLES - {"contact", "event", "brand", "zone"})


def _sample(name: str) -> str:
    return str(previews.SAMPLE.get(name.removeprefix("contact."), "")) if name.startswith("contact.") else ""


def _told(labels: Mapping[str, str], problem: Problem) -> dict[str, Any]:
    """A finding with its place."""
    return {**asdict(placed(problem, labels)), "code": problem.code, "severity": problem.severity}


def _counted(count: segments.Count) -> dict[str, Any]:
    return {
        "encoding": count.encoding,
        "units": count.units,
        "segments": count.segments,
        "room": count.segments * count.per_segment,
        "per_segment": count.per_segment,
        "foreign": [_sign(sign) for sign in count.foreign],
    }


def _sign(sign: str) -> dict[str, str]:
    """A character that makes the text dearer, by its name, with what says the same for less."""
    name = unicodedata.name(sign, f"U+{ord(sign):04X}").lower()
    return {"sign": sign, "name": name, "swap": segments.LOOKALIKES.get(sign, "")}


def _size(request: HttpRequest, version: TemplateVersion, now: datetime) -> dict[str, int] | None:
    """Bytes of the HTML as the chosen person gets it; None if it cannot be written for them."""
    reader = readers.contact(request, request.POST.get("reader", ""))
    try:
        declared = variables.read(version.variables)
        found = previews.seen(
            version.template,
            version.content,
            reader,
            now,
            locale=version.locale,
            declared=declared,
            carried=attachments.Found(),
        )
    except (liquid.BadSource, liquid.Missing, liquid.Unrenderable):
        return None
    return {"bytes": len(found.content.get("html", "").encode()), "limit": CLIPPED}


def unsaved(version: TemplateVersion, given: QueryDict) -> TemplateVersion:
    """The version with the words of a form, as far as it has any; it is not to be saved."""
    fields = channels[version.template.channel].Content.base_fields
    words: dict[str, Any] = {name: given.get(f"content_{name}") for name in fields}
    if attachments.FIELD in fields and any(value is not None for value in words.values()):
        # Boxes of which none is ticked are not sent at all.
        words[attachments.FIELD] = given.getlist(f"content_{attachments.FIELD}")
    version.content = {**version.content, **{name: value for name, value in words.items() if value is not None}}
    version.variables = declaring.posted(given, version.variables)
    for name in ("locale", "message_class"):
        setattr(version, name, given.get(name, getattr(version, name)))
    return version
