"""What may be done with a journey: one verb each, asked for by a button, done by a POST, confirmed where it cannot be undone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from config import clock
from config.adminsite.why import WhyForm
from journeys import publishing
from journeys.models import Journey, Version

State = Journey.State


@dataclass(frozen=True)
class Verb:
    """A button. `question` is asked first, if there is one, and why, where `asks_why`; `done` is the sentence afterwards."""

    key: str
    title: str
    states: tuple[str, ...]
    call: Callable[[Journey, Any, datetime, str], Any]
    done: str
    question: str = ""
    permission: str = publishing.PERMISSION
    tone: str = ""
    asks_why: bool = True

    @property
    def address(self) -> str:
        """The name of its URL."""
        return f"admin:journeys_journey_{self.key}"


def _publish(journey: Journey, user: Any, now: datetime, reason: str) -> None:
    draft = journey.versions.filter(state=Version.State.DRAFT).order_by("-number").first()
    if draft is None:
        raise ValidationError("There is no draft to publish; make one first.")
    publishing.publish(draft, user, now, reason)


def _new_draft(journey: Journey, user: Any, now: datetime, reason: str) -> None:
    publishing.new_draft(journey, user)


VERBS = {
    verb.key: verb
    for verb in (
        Verb(
            "publish",
            "Publish the draft",
            (State.DRAFT, State.LIVE, State.PAUSED),
            _publish,
            "Published: from now on people enter the new version.",
            "From now on people enter this version, and it can never be changed again. Those who are in an earlier version "
            "go on in that one.",
            tone="primary",
            asks_why=False,
        ),
        Verb(
            "pause",
            "Pause",
            (State.LIVE,),
            publishing.pause,
            "Paused: everybody stays where they are, and nothing leaves.",
            "Everybody stays where they are, nobody enters, and no message of it leaves until it is resumed.",
        ),
        Verb(
            "resume",
            "Resume",
            (State.PAUSED,),
            publishing.resume,
            "Resumed: everybody goes on from where they are.",
            "Everybody goes on from where they are; what was held is judged again by every rule.",
            tone="primary",
        ),
        Verb(
            "draft",
            "New draft",
            (State.DRAFT, State.LIVE, State.PAUSED),
            _new_draft,
            "Here is the draft; change it as you like.",
            permission="journeys.change_version",
            asks_why=False,
        ),
        Verb(
            "retire",
            "Let nobody in any more",
            (State.LIVE, State.PAUSED),
            lambda journey, user, now, reason: publishing.retire(journey, user, reason),
            "Nobody enters any more; those who are inside go on to their end.",
            "Nobody enters any more. Those who are inside go on to their end. To let people in again, publish a new version.",
        ),
        Verb(
            "archive",
            "Archive",
            (State.DRAFT, State.LIVE, State.PAUSED),
            publishing.archive,
            "Archived: everybody has left, and nobody enters any more.",
            "Everybody who is inside leaves at once, their waiting messages are not sent, and the journey can never be used again.",
            tone="danger",
        ),
    )
}


def offered(request: HttpRequest, journey: Journey, *, drafted: bool, ready: bool, live: bool) -> list[Verb]:
    """The verbs that make sense now and that this user may use: there is a draft, it is ready, there is a live version."""
    needs = {"publish": ready, "draft": not drafted, "retire": live}
    return [
        verb
        for verb in VERBS.values()
        if journey.state in verb.states
        and needs.get(verb.key, True)
        and request.user.has_perm(verb.permission, journey)
    ]


def do(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Do it (POST), or ask first (GET). Raises PermissionDenied, Http404."""
    journey = get_object_or_404(Journey, pk=pk)
    verb = VERBS[key]
    if not request.user.has_perms(["journeys.view_journey", verb.permission], journey):
        raise PermissionDenied
    form = (WhyForm if verb.asks_why else forms.Form)(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _ask(request, journey, verb, form)
    try:
        verb.call(journey, request.user, clock.now(), form.cleaned_data.get("reason", ""))
    except ValidationError as error:
        for sentence in error.messages:
            messages.error(request, sentence)
    else:
        messages.success(request, verb.done)
    return HttpResponseRedirect(_after(journey, verb))


def _after(journey: Journey, verb: Verb) -> str:
    draft = journey.versions.filter(state=Version.State.DRAFT).order_by("-number").first()
    if verb.key == "draft" and draft:
        return reverse("admin:journeys_version_change", args=[draft.pk])
    return reverse("admin:journeys_journey_change", args=[journey.pk])


def _ask(request: HttpRequest, journey: Journey, verb: Verb, form: forms.Form) -> HttpResponse:
    context = {
        "title": f"{verb.title}: {journey}",
        "opts": Journey._meta,
        "original": journey,
        "intro": verb.question or f"Do you want to do this with {journey}?",
        "form": form,
        "submit": verb.title,
        "back": reverse("admin:journeys_journey_change", args=[journey.pk]),
    }
    shown = {**admin.site.each_context(request), **context}
    return render(request, "admin/waymark/form.html", shown, status=400 if form.errors else 200)
