"""Times are shown in the reader's zone: the browser tells it in a cookie (static/waymark/admin.js)."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

COOKIE = "waymark_timezone"
_KNOWN = frozenset(available_timezones())


class ReaderTimeZone:
    """Middleware: templates and forms speak in the reader's zone during the request; an unknown name is UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.COOKIES.get(COOKIE, "")
        with timezone.override(ZoneInfo(name) if name in _KNOWN else None):
            return self.get_response(request)
