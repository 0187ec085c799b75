"""The page "Notices": what the reader should know, until it is read."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from config import clock, notices
from config.models import Notice

SHOWN = 100


def urls() -> list[URLPattern]:
    """Addresses of the page and its button."""
    view = admin.site.admin_view
    return [
        path("notices/", view(page), name="notices"),
        path("notices/read/", view(require_POST(read)), name="notices_read"),
    ]


def page(request: HttpRequest) -> HttpResponse:
    """The reader's own, the newest first."""
    mine = Notice.objects.filter(user=request.user)  # type: ignore[misc]  # the admin knows who asks
    context = {
        **admin.site.each_context(request),
        "title": "Notices",
        "unread": list(notices.unread(request.user)[:SHOWN]),
        "earlier": list(mine.filter(read_at__isnull=False)[:20]),
        "now": clock.now(),
    }
    return render(request, "admin/waymark/notices.html", context)


def read(request: HttpRequest) -> HttpResponse:
    """All of them have been seen."""
    notices.read(request.user, clock.now())
    return HttpResponseRedirect(reverse("admin:notices"))
