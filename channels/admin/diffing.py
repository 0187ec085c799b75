"""Two versions side by side: as people read them, word by word, and source by source."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from channels import attachments, differences, variables
from channels.admin import looks, readers
from channels.admin.declaring import text
from channels.base import channels
from channels.findings import label, labels_of
from channels.models import TemplateVersion
from config.cards import Card


def changes(request: HttpRequest, new: TemplateVersion, old: TemplateVersion | None) -> dict[str, Any]:
    """What the comparison shows; without an older version everything is new."""
    before = old.content if old else {}
    kind = channels[new.template.channel]
    labels = labels_of(kind.Content)
    return {
        "old": old,
        "new": new,
        "words": differences.words(differences.visible(before), differences.visible(new.content)),
        "fields": [
            *((label(labels, field.name), field.pieces) for field in differences.sources(before, new.content)),
            *(("Declared variables", field.pieces) for field in _declared(old, new)),
        ],
        "lists": [*differences.lists(before, new.content), *_carried(old, new)],
        "about": _about(old, new) if old else [],
        "kind": kind,
        "looks": looks.of(kind),
        **readers.choice(request),
    }


def card(request: HttpRequest, version: TemplateVersion, now: datetime) -> dict[str, Any]:
    """The version against the one in use in its language (of one that is out of use: against the one in use now)."""
    return {"others": others(version).exists(), **changes(request, version, in_use(version))}


def in_use(version: TemplateVersion) -> TemplateVersion | None:
    """Another version that people get in its language."""
    return others(version).filter(state=TemplateVersion.State.APPROVED, locale=version.locale).first()


def others(version: TemplateVersion) -> QuerySet[TemplateVersion]:
    """The template's other versions, the newest first."""
    found = TemplateVersion.objects.filter(template=version.template_id).exclude(pk=version.pk)
    return found.select_related("template__brand", "author").order_by("-number")


def page(request: HttpRequest, version: TemplateVersion, context: dict[str, Any]) -> HttpResponse:
    """The comparison on a page of its own, with `?against=<id>`; empty: with nothing, and without it: with what is in use."""
    given = request.GET.get("against", "")
    if given and not given.isdecimal():
        raise PermissionDenied("The version to compare with is named by its number.")
    chosen = get_object_or_404(others(version), pk=given) if given else None
    old = chosen if "against" in request.GET else in_use(version)
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


def _declared(old: TemplateVersion | None, new: TemplateVersion) -> list[differences.Field]:
    """How the declarations differ: a changed fall-back is a changed message."""
    before, after = ({"declared": _lines(one.variables)} if one else {} for one in (old, new))
    return differences.sources(before, after)


def _lines(declared: Any) -> str:
    """A line for each variable, with what was written of it."""
    rows = []
    for one in variables.read(declared):
        parts = [one.type]
        parts += [f"{part} {text(value)}" for part, value in (("fall-back", one.fallback), ("sample", one.sample)) if text(value)]  # fmt: skip
        rows.append(f"{one.name}: {', '.join(parts)}")
    return "\n".join(rows)


CARD = Card("changes", "What changed", "admin/channels/diff/card.html", card, order=20, wide=True)
