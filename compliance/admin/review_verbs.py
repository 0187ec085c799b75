"""What the buttons of a review do: one verb each, by POST, and back to the page that they were on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from compliance import reviews
from compliance.models import Review, ReviewComment, UrgentRelease
from compliance.reviews import comments, urgent
from config import clock

Verb = Callable[[Any, HttpRequest, datetime], str]
HOURS = (4, 24, 72)
"""How long an urgent release may last."""


def _submit(subject: Any, request: HttpRequest, now: datetime) -> str:
    reviews.submit(subject, request.user, now)
    return f"{subject} waits for approval now. It does not change any more."


def _decide(subject: Any, request: HttpRequest, now: datetime, **verdict: bool) -> None:
    given = {name: request.POST.get(name, "") for name in ("reason", "seen")}
    reviews.decide(subject, request.user, now=now, **verdict, **given)  # type: ignore[arg-type]


def _approve(subject: Any, request: HttpRequest, now: datetime) -> str:
    _decide(subject, request, now, approved=True)
    live = reviews.live(subject)
    if live and live.state == Review.State.APPROVED:
        return f"{subject} is approved, and in use from now on."
    return f"Your yes to {subject} is kept; others are asked as well."


def _changes(subject: Any, request: HttpRequest, now: datetime) -> str:
    _decide(subject, request, now, approved=False, changes=True)
    return f"Its author is asked to change {subject}, and reads why on its page."


def _refuse(subject: Any, request: HttpRequest, now: datetime) -> str:
    _decide(subject, request, now, approved=False)
    return f"{subject} is refused. Its author reads why on its page."


def _retire(subject: Any, request: HttpRequest, now: datetime) -> str:
    reviews.retire(subject, request.user, now, request.POST.get("reason", ""))
    return f"{subject} is out of use. What had not left yet is judged again."


def _withdraw(subject: Any, request: HttpRequest, now: datetime) -> str:
    reviews.withdraw(subject, request.user, now)
    return f"{subject} is taken back. Make a new draft from it to go on."


def _reopen(subject: Any, request: HttpRequest, now: datetime) -> str:
    reviews.review_again(subject, request.user, now, request.POST.get("reason", ""))
    return f"{subject} waits for its review again; until then it is not sent."


VERBS: dict[str, Verb] = {
    "submit": _submit,
    "approve": _approve,
    "changes": _changes,
    "refuse": _refuse,
    "retire": _retire,
    "withdraw": _withdraw,
    "reopen": _reopen,
}


def urls(view: Callable[..., Any]) -> list[URLPattern]:
    """Addresses of all buttons: `review_<verb>` takes the key of a kind and the id of its object."""
    about_subjects = [
        path(f"{name}/<slug:kind>/<int:pk>/", view(require_POST(_about_subject(verb))), name=f"review_{name}")
        for name, verb in VERBS.items()
    ]
    return [
        *about_subjects,
        path("<int:pk>/comment/", view(require_POST(_on(Review, _comment))), name="review_comment"),
        path("comment/<int:pk>/resolve/", view(require_POST(_on(ReviewComment, _resolve))), name="review_resolve"),
        path("comment/<int:pk>/reopen/", view(require_POST(_on(ReviewComment, _again))), name="review_comment_reopen"),
        path("<int:pk>/urgent/", view(require_POST(_on(Review, _ask))), name="review_urgent"),
        path("urgent/<int:pk>/confirm/", view(require_POST(_on(UrgentRelease, _confirm))), name="review_confirm"),
        path("urgent/<int:pk>/end/", view(require_POST(_on(UrgentRelease, _end))), name="review_end"),
    ]


def _about_subject(verb: Verb) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        found = reviews.reviewables.get(kind)
        if found is None:
            raise Http404
        subject = get_object_or_404(found.model._default_manager.all(), pk=pk)
        return _answer(request, lambda now: verb(subject, request, now), found.page(pk))

    return view


def _on(model: Any, verb: Verb) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(model, pk=pk)
        review = row if model is Review else row.review
        page = reviews.reviewables[review.kind].page(review.object_id)
        return _answer(request, lambda now: verb(row, request, now), page)

    return view


def _answer(request: HttpRequest, do: Callable[[datetime], str], page: str) -> HttpResponse:
    try:
        messages.success(request, do(clock.now()))
    except ValidationError as error:
        for sentence in error.messages:
            messages.error(request, sentence)
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(wanted if wanted and safe else page)


def _comment(review: Review, request: HttpRequest, now: datetime) -> str:
    comments.comment(review, request.user, request.POST.get("text", ""), now, request.POST.get("anchor", ""))
    return "Your comment is kept."


def _resolve(comment: ReviewComment, request: HttpRequest, now: datetime) -> str:
    comments.resolve(comment, request.user, now)
    return "Marked as dealt with."


def _again(comment: ReviewComment, request: HttpRequest, now: datetime) -> str:
    comments.reopen(comment, request.user)
    return "Open again."


def _ask(review: Review, request: HttpRequest, now: datetime) -> str:
    given = request.POST.get("hours", "")
    hours = int(given) if given.isdecimal() and len(given) < 5 else 0
    release = urgent.ask(review, request.user, request.POST.get("reason", ""), now + timedelta(hours=hours), now)
    return f"Asked for. A second person has to confirm it; then it holds until {_here(release.until)}."


def _confirm(release: UrgentRelease, request: HttpRequest, now: datetime) -> str:
    urgent.confirm(release, request.user, now)
    return f"{release.review} may be sent until {_here(release.until)}."


def _end(release: UrgentRelease, request: HttpRequest, now: datetime) -> str:
    urgent.end(release, request.user, now, request.POST.get("reason", ""))
    return "The urgent release has ended."


def _here(instant: datetime) -> str:
    """In the reader's zone, as on the page."""
    return date_format(timezone.localtime(instant), "j M Y, H:i")
