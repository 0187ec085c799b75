"""Two versions side by side: as people read them, word by word, and source by source."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.text import capfirst

from channels import attachments, differences
from channels.admin import looks, readers
from channels.base import channels
from channels.models import TemplateVersion
from config.cards import Card


def changes(request: HttpRequest, new: TemplateVersion, old: TemplateVersion | None) -> dict[str, Any]:
    """What the comparison shows; without an older version everything is new."""
    before = old.content if old else {}
    kind = channels[new.template.channel]
    return {
        "old": old,
        "new": new,
        "words": differences.words(differences.visible(before), differences.visible(new.content)),
        "fields": [(_label(kind, field.name), field.pieces) for field in differences.sources(before, new.content)],
        "lists": [*differences.lists(before, new.content), *_carried(old, new)],
        "about": _about(old, new) if old else [],
        "kind": kind,
        "looks": looks.of(kind),
        **readers.choice(request),
    }


def card(request: HttpRequest, version: TemplateVersion, now: datetime) -> dict[str, Any]:
    """The version against the one in use in its language (of one that is out of use: against the one in use now)."""
    live = others(version).filter(state=TemplateVersion.State.APPROVED, locale=version.locale).first()
    return {"others": others(version).exists(), **changes(request, version, live)}


def others(version: TemplateVersion) -> QuerySet[TemplateVersion]:
    """The template's other versions, the newest first."""
    found = TemplateVersion.objects.filter(template=version.template_id).exclude(pk=version.pk)
    return found.select_related("template__brand", "author").order_by("-number")


def page(request: HttpRequest, version: TemplateVersion, context: dict[str, Any]) -> HttpResponse:
    """The comparison on a page of its own, with `?against=<id>`; empty: with nothing."""
    given = request.GET.get("against", "")
    if given and not given.isdecimal():
        raise PermissionDenied("The version to compare with is named by its number.")
    old = get_object_or_404(others(version), pk=given) if given else None
    shown = {"title": f"What changed: {version}", "choice": others(version), **changes(request, version, old)}
    return TemplateResponse(request, "admin/channels/diff/page.html", {**context, **shown})


def _carried(old: TemplateVersion | None, new: TemplateVersion) -> list[differences.Listed]:
    """The files that came in or went out; other bytes under the same name are another file."""
    before, after = (attachments.listed(attachments.of(one).told) if one else [] for one in (old, new))
    found = differences.listed("Attachments", before, after)
    return [found] if found.added or found.removed else []


def _about(old: TemplateVersion, new: TemplateVersion) -> list[tuple[str, str, str]]:
    """What else differs: its name, before, after."""
    pairs = [
        ("Language", old.locale or "everyone else", new.locale or "everyone else"),
        ("Class", old.get_message_class_display(), new.get_message_class_display()),
    ]
    return [pair for pair in pairs if pair[1] != pair[2]]


def _label(kind: Any, name: str) -> str:
    field = kind.Content.base_fields.get(name)
    return str((field and field.label) or capfirst(name.replace("_", " ")))


CARD = Card("changes", "What changed", "admin/channels/diff/card.html", card, order=20, wide=True)
