"""What would the gate say? Asked in words or as JSON, answered by the gate's own rules; nothing is stored."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from compliance.admin.what_if_form import FIELDS, PERSON, ExpertForm, WhatIfForm
from compliance.base import SEVERITY, rules
from compliance.models import RuleSet
from compliance.whatif import BadCase, answering, evaluate, people
from config import clock, shown
from contacts import zones

PERMISSION = "compliance.view_decision"
OUTCOMES = {"allow": "allow", "defer": "wait", "block": "deny"}
"""How an answer's decision is called in a verdict."""
WORDS = {"allow": "It may leave", "defer": "Deferred", "block": "Blocked"}
NO_RULES = "No rule set is active, so nothing can be judged; activate one first."


class Clocks(NamedTuple):
    """An instant on the clocks that may be the person's: `(zone, wall clock)`."""

    instant: datetime
    walls: list[tuple[str, datetime]]


class Step(NamedTuple):
    """What one rule said."""

    title: str
    outcome: str
    reason: str
    why: str
    until: Clocks | None


class Answer(NamedTuple):
    """The answer for reading; the steps begin with the strictest."""

    said: dict[str, Any]
    words: str
    outcome: str
    now: Clocks
    until: Clocks | None
    steps: list[Step]


def urls() -> list[URLPattern]:
    """Address of the page."""
    return [path("what-if/", admin.site.admin_view(page), name="what_if")]


def page(request: HttpRequest) -> HttpResponse:
    """The two forms, and below them the answer to what was asked."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    now = clock.now()
    expert = "case" in request.POST
    form = WhatIfForm(
        request.POST if request.method == "POST" and not expert else None,
        may_see_contacts=request.user.has_perm("contacts.view_contact"),
        initial={"channel": "sms", "message_class": "marketing", **_known(request)},
    )
    box = ExpertForm(request.POST if expert else None, initial={"case": _example(now)})
    answer = _of_json(box) if expert else _of_form(form, now)
    case = form.case(now) if not expert and answer and not form.cleaned_data.get("contact") else None
    if case:
        box = ExpertForm(initial={"case": json.dumps(case, indent=2, ensure_ascii=False)})
    contact = form.cleaned_data.get("contact") if form.is_bound and answer else None
    if contact:
        shown.tell(request, "contacts.contact", contact.pk)
    context = {
        **admin.site.each_context(request),
        "title": "What if?",
        "form": form,
        "person_fields": [
            form[name] for name in ("contact", *PERSON, "said", "said_at", "sent") if name in form.fields
        ],
        "message_fields": [form[name] for name in ("channel", "message_class", "topic", "instant")],
        "box": box,
        "expert": expert,
        "answer": answer,
        "contact": contact,
    }
    return TemplateResponse(request, "admin/compliance/what_if.html", context)


def _of_form(form: WhatIfForm, now: datetime) -> Answer | None:
    if not form.is_valid():
        return None
    data = form.cleaned_data
    contact, at = data.get("contact"), data["instant"] or now

    def of_contact() -> dict[str, Any]:
        topic = data["topic"]
        question = people.Question(topic.brand_id, topic.pk, data["channel"], data["message_class"])
        [facts] = people.facts(data["contact"].pk, [question], at)
        return answering.answer(facts, at)

    return _answered(form, of_contact if contact else lambda: evaluate(form.case(now)), at)


def _of_json(box: ExpertForm) -> Answer | None:
    if not box.is_valid():
        return None
    case = box.cleaned_data["case"]
    at = case.get("now") if isinstance(case, dict) else None
    return _answered(box, lambda: evaluate(case), at)


def _answered(form: Any, ask: Callable[[], dict[str, Any]], at: datetime | str | None) -> Answer | None:
    """The answer; what is wrong with the question stands in the form, at its field where it has one."""
    try:
        said = ask()
    except BadCase as error:
        for mistake in error.mistakes:
            field = FIELDS.get(mistake.partition(": ")[0], "")
            form.add_error(field if field in form.fields else None, mistake)
        return None
    except RuleSet.DoesNotExist:
        form.add_error(None, NO_RULES)
        return None
    return _readable(said, at if isinstance(at, datetime) else datetime.fromisoformat(str(at)))


def _readable(said: dict[str, Any], at: datetime) -> Answer:
    candidates = said["zones"]
    steps = [
        Step(
            rules[one["rule"]].title if one["rule"] in rules else one["rule"],
            OUTCOMES[one["decision"]],
            one["reason"],
            one["why"],
            _clocks(one["until"], candidates),
        )
        for one in said["verdicts"]
    ]
    steps.sort(key=lambda step: -SEVERITY[step.outcome])
    until, outcome = _clocks(said["until"], candidates), OUTCOMES[said["decision"]]
    return Answer(said, WORDS[said["decision"]], outcome, _on(at, candidates), until, steps)


def _clocks(instant: str | None, candidates: list[str]) -> Clocks | None:
    return _on(datetime.fromisoformat(instant), candidates) if instant else None


def _on(instant: datetime, candidates: list[str]) -> Clocks:
    return Clocks(instant, [(name, instant.astimezone(zones.zone(name))) for name in candidates])


def _known(request: HttpRequest) -> dict[str, str]:
    """Whom a link from a person's page asks about."""
    contact = request.GET.get("contact", "")
    return {"contact": contact} if contact.isdecimal() else {}


def _example(now: datetime) -> str:
    case = {
        "now": now.replace(microsecond=0).isoformat(),
        "contact": {"country": "US", "region": "FL"},
        "message": {"channel": "sms", "class": "marketing", "topic": "news"},
    }
    return json.dumps(case, indent=2)
