"""Reviews: the queue, the card on a version's page with its buttons, and the record of every decision."""

import difflib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from channels import compiling
from channels.admin import versions
from channels.mail import plain
from channels.models import TemplateVersion
from compliance import reviews
from compliance.models import Approval
from config import clock
from config.adminsite import ReadOnlyAdmin
from config.cards import Card

State = TemplateVersion.State


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    """Who said yes or no to which words, and when."""

    list_display = ("version", "verdict", "approver", "author", "reason", "decided_at")
    list_filter = ("approved",)
    list_select_related = ("version__template", "approver", "author")
    search_fields = ("version__template__name", "version__template__key")
    fields = ("version", "approved", "approver", "author", "reason", "decided_at", "fingerprint")

    @admin.display(description="decision", ordering="approved")
    def verdict(self, approval: Approval) -> str:
        return "approved" if approval.approved else "refused"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        actions = [
            path(f"{name}/<int:pk>/", view(require_POST(_action(verb))), name=f"review_{name}")
            for name, verb in VERBS.items()
        ]
        return [path("queue/", view(self.queue), name="review_queue"), *actions, *super().get_urls()]

    def queue(self, request: HttpRequest) -> HttpResponse:
        """What waits for a decision, the oldest first."""
        if not request.user.has_perm("compliance.view_approval"):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Review queue",
            "waiting": waiting(),
            "may_decide": request.user.has_perm(reviews.DECIDE),
            "now": clock.now(),
        }
        return TemplateResponse(request, "admin/compliance/approval/queue.html", context)


def waiting() -> QuerySet[TemplateVersion]:
    """Submitted versions, the oldest first."""
    found = TemplateVersion.objects.filter(state=State.SUBMITTED)
    return found.select_related("template__brand", "author").order_by("submitted_at")


def _submit(version: TemplateVersion, request: HttpRequest, now: datetime) -> str:
    reviews.submit(version, request.user, now)
    return f"{version} waits for approval now. It does not change any more."


def _approve(version: TemplateVersion, request: HttpRequest, now: datetime) -> str:
    reviews.decide(version, request.user, approved=True, now=now, reason=request.POST.get("reason", ""))
    return f"{version} is approved, and in use from now on."


def _refuse(version: TemplateVersion, request: HttpRequest, now: datetime) -> str:
    reviews.decide(version, request.user, approved=False, now=now, reason=request.POST.get("reason", ""))
    return f"{version} is refused. Its author reads why on its page."


def _retire(version: TemplateVersion, request: HttpRequest, now: datetime) -> str:
    reviews.retire(version, request.user, now)
    return f"{version} is out of use. What had not left yet is judged again."


Verb = Callable[[TemplateVersion, HttpRequest, datetime], str]
VERBS: dict[str, Verb] = {"submit": _submit, "approve": _approve, "refuse": _refuse, "retire": _retire}


def _action(verb: Verb) -> Callable[..., HttpResponse]:
    """A view that does the verb, says what came of it, and goes back to the version's page."""

    def view(request: HttpRequest, pk: int) -> HttpResponse:
        version = get_object_or_404(TemplateVersion.objects.select_related("template"), pk=pk)
        try:
            messages.success(request, verb(version, request, clock.now()))
        except ValidationError as error:
            for sentence in error.messages:
                messages.error(request, sentence)
        return HttpResponseRedirect(reverse("admin:channels_templateversion_change", args=(pk,)))

    return view


def card(request: HttpRequest, version: TemplateVersion, now: datetime) -> dict[str, Any]:
    """Where the version stands, what may be done by this reader, and what changed since the one in use."""
    mine = version.author_id == request.user.pk
    may_decide = request.user.has_perm(reviews.DECIDE)
    draft, submitted = version.state == State.DRAFT, version.state == State.SUBMITTED
    found = reviews.problems(version) if draft or submitted else []
    return {
        "version": version,
        "now": now,
        "approvals": list(version.approvals.select_related("approver")),
        "problems": [problem for problem in found if problem.severity == "block"] if draft else [],
        "warnings": [problem for problem in found if problem.severity == "warn"],
        "may_submit": draft and request.user.has_perm(reviews.SUBMIT),
        "may_decide": submitted and may_decide and not mine,
        "own": submitted and mine,
        "may_retire": version.state == State.APPROVED and may_decide,
        "changes": _changes(version),
    }


def _changes(version: TemplateVersion) -> tuple[TemplateVersion, list[tuple[str, str]]] | None:
    """The version in use in the same language, and how the words differ from it; None if there is none."""
    others = TemplateVersion.objects.filter(template=version.template_id, locale=version.locale, state=State.APPROVED)
    live = others.exclude(pk=version.pk).select_related("template").first()
    return (live, differences(visible(compiling.said(live)), visible(compiling.said(version)))) if live else None


def visible(content: Mapping[str, Any]) -> str:
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


versions.cards.register(Card("review", "Review", "admin/compliance/approval/card.html", card, order=10))
