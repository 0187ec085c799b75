"""The kill switch: what is stopped now, stopping something, and letting it go on."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from channels.base import channels
from channels.models import Message
from compliance import stops
from compliance.models import Stop
from config import clock
from config.adminsite import ReadOnlyAdmin
from contacts.models import Brand

HELD_SHOWN = 1_000
PAST_SHOWN = 20


class StopForm(forms.Form):
    """What to stop, as one list; and why."""

    what = forms.ChoiceField(label="Stop", widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text="Everybody who wonders why nothing is sent reads it.",
    )
    sure = forms.BooleanField(
        required=True,
        label="I am sure: from now on nothing of this leaves",
        error_messages={"required": "Tick the box to confirm."},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["what"].choices = choices()  # type: ignore[attr-defined]


def choices() -> list[Any]:
    """Everything that can be stopped, by kind; journeys are those that have ever asked for a message."""
    brands = [(f"brand:{key}", name) for key, name in Brand.objects.values_list("key", "name")]
    kinds = [(f"channel:{key}", name) for key, name in channels.choices()]
    return [
        ("", "Choose…"),
        ("Everything", [("all:", "Every message of every brand")]),
        ("A brand", brands),
        ("A channel", kinds),
        ("A journey", [(f"journey:{key}", name) for key, name in journeys()]),
    ]


def journeys() -> list[tuple[str, str]]:
    """Keys and names of the journeys, which lie a floor above and are known here by the name of their model only."""
    from django.apps import apps

    return list(apps.get_model("journeys", "Journey").objects.exclude(state="archived").values_list("key", "name"))


@admin.register(Stop)
class StopAdmin(ReadOnlyAdmin):
    """One page instead of a list and forms: in an emergency nobody should have to search."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_stop = request.user.has_perm("compliance.add_stop")
        form = StopForm(request.POST if request.method == "POST" else None)
        if request.method == "POST":
            if not may_stop:
                raise PermissionDenied
            if form.is_valid() and self._set(request, form):
                return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "title": "Kill switch",
            "standing": [(stop, _held(stop)) for stop in _standing()],
            "past": Stop.objects.exclude(lifted_at=None)
            .select_related("set_by", "lifted_by")
            .order_by("-lifted_at")[:PAST_SHOWN],
            "form": form,
            "may_stop": may_stop,
            "may_lift": request.user.has_perm("compliance.change_stop"),
            "now": clock.now(),
        }
        return TemplateResponse(request, "admin/compliance/stop/page.html", context)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.lift))
        return [path("<int:pk>/lift/", view, name="compliance_stop_lift"), *super().get_urls()]

    def lift(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let it go on; what was held is judged again."""
        if not request.user.has_perm("compliance.change_stop"):
            raise PermissionDenied
        stop = get_object_or_404(Stop, pk=pk)
        try:
            held = stops.lift(stop.scope, stop.value, request.user, clock.now(), request.POST.get("reason", ""))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return HttpResponseRedirect(reverse("admin:compliance_stop_changelist"))
        messages.success(
            request, f"{label(stop)} goes on. {held:,} held message{'s' * (held != 1)} will be judged again."
        )
        return HttpResponseRedirect(reverse("admin:compliance_stop_changelist"))

    def _set(self, request: HttpRequest, form: StopForm) -> bool:
        scope, _, value = form.cleaned_data["what"].partition(":")
        try:
            stop = stops.set(scope, value, form.cleaned_data["reason"], request.user, clock.now())
        except ValidationError as error:
            form.add_error(None, error)
            return False
        messages.warning(request, f"{label(stop)} is stopped.")
        return True


def label(stop: Stop) -> str:
    """What is stopped, e.g. `The channel sms`."""
    return "Everything" if stop.scope == Stop.Scope.ALL else f"The {stop.scope} {stop.value}"


def _standing() -> list[Stop]:
    return list(Stop.objects.filter(lifted_at=None).select_related("set_by").order_by("-set_at"))


def _held(stop: Stop) -> str:
    """How many messages it holds, counted no further than needed to know that it is many."""
    held = Message.objects.filter(state=Message.State.PENDING, held_by=stops.name(stop.scope, stop.value))
    count = held[: HELD_SHOWN + 1].count()
    return f"more than {HELD_SHOWN:,}" if count > HELD_SHOWN else f"{count:,}"
