"""Who looked at whose personal data: noted once per user, person and hour, in the admin and on the API."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from compliance.chain.kinds import EXPORTED, LISTED, VIEWED
from compliance.chain.notes import append
from compliance.models import AuditEntry, AuditNote
from config import clock, shown

HOUR = 3600


@dataclass(frozen=True, slots=True)
class View:
    """A page or address that shows personal data. `key` is the part of its URL that names the row; none: a list."""

    subject: str
    key: str = ""
    kind: str = VIEWED


PERSONAL = (
    "channels.chatmessage",
    "channels.inappmessage",
    "channels.inboundmessage",
    "channels.message",
    "channels.sandboxmessage",
    "channels.tester",
    "compliance.decision",
    "compliance.privacyrequest",
    "contacts.consent",
    "contacts.contact",
    "contacts.event",
    "contacts.rejectedevent",
    "contacts.suppression",
    "journeys.enrolment",
)
"""Models whose lists and pages in the admin show who somebody is, or what they were told."""

VIEWS: Mapping[str, View] = {
    **{
        f"admin:{model.replace('.', '_')}_{page}": view
        for model in PERSONAL
        for page, view in (("changelist", View(model, kind=LISTED)), ("change", View(model, "object_id")))
    },
    "admin:channels_message_copy": View("channels.message", "pk"),
    "admin:channels_sandboxmessage_frame": View("channels.sandboxmessage", "pk"),
    "admin:optout_queue": View("channels.inboundmessage", kind=LISTED),
    "contact-detail": View("contacts.contact", "pk"),
    "contact-events": View("contacts.contact", "pk"),
    "contact-consents": View("contacts.contact", "pk"),
    "contact-list": View("contacts.contact", kind=LISTED),
    "message-detail": View("channels.message", "pk"),
    "message-list": View("channels.message", kind=LISTED),
    "tester-detail": View("channels.tester", "pk"),
    "tester-list": View("channels.tester", kind=LISTED),
    "decision-detail": View("compliance.decision", "pk"),
    "decision-list": View("compliance.decision", kind=LISTED),
    "enrolment-detail": View("journeys.enrolment", "pk"),
    "enrolment-list": View("journeys.enrolment", kind=LISTED),
}
"""By the name of the URL. A page that belongs to one of these, as a tab of it does, needs no line of its own."""


class PersonalViews:
    """Middleware. What was refused or not found was not seen."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 200 and request.user.pk:
            for kind, subject in _shown(request):
                seen(kind, int(request.user.pk), subject, clock.now())
        return response


def _shown(request: HttpRequest) -> Iterator[tuple[str, tuple[str, str]]]:
    """What an answer shows: by its address, and by what its view has told."""
    match = request.resolver_match
    view = VIEWS.get(match.view_name) if match and request.method == "GET" else None
    if match and view:
        key = str(match.kwargs.get(view.key, "")) if view.key else ""
        yield view.kind, (view.subject, key[:64])
    for model, key in shown.told(request):
        yield VIEWED if key else LISTED, (model, key[:64])


def seen(kind: str, actor: int, subject: tuple[str, str], now: datetime) -> bool:
    """Note that this user saw this, unless that is noted for this hour; whether it was noted now."""
    key = f"audit:{kind}:{actor}:{subject[0]}:{subject[1]}:{now:%Y%m%d%H}"
    if not cache.add(key, 1, HOUR) or _noted(kind, actor, subject, now):
        return False
    append(kind, now=now, actor=actor, subject=subject)
    return True


def exported(actor: int | None, subject: tuple[str, str], now: datetime, *, rows: int, what: str) -> None:
    """Note that personal data left as a file: `rows` of them, `what` as a key, e.g. `evidence`. Every time."""
    append(EXPORTED, now=now, actor=actor, subject=subject, payload={"rows": rows, "what": what})


def _noted(kind: str, actor: int, subject: tuple[str, str], now: datetime) -> bool:
    """A cache is a process's own, or was emptied: the log itself is asked once an hour."""
    about = {
        "kind": kind,
        "actor": actor,
        "subject_type": subject[0],
        "subject_id": subject[1],
        "at__gte": now.replace(minute=0, second=0, microsecond=0),
    }
    return AuditNote.objects.filter(**about).exists() or AuditEntry.objects.filter(**about).exists()
