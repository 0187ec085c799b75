"""Who is where, and how they came there; with a way out, and a way on for those who were set aside."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.decorators import display

from channels.models import Message
from config import clock
from config.adminsite import ReadOnlyAdmin
from config.adminsite.why import WhyForm
from config.permissions import somewhere, visible
from contacts import panels
from journeys import engine, removing
from journeys.models import Enrolment, Journey, Step, Version

State = Enrolment.State
TONES = {
    State.ACTIVE: "info",
    State.WAITING: "info",
    State.FINISHED: "success",
    State.LEFT: "default",
    State.FAILED: "danger",
}


class TakeOutForm(WhyForm):
    """Why, and on the list also whom: what was chosen there comes with the question and goes with the answer."""

    action = forms.CharField(widget=forms.HiddenInput, required=False)
    select_across = forms.CharField(widget=forms.HiddenInput, required=False)
    _selected_action = forms.CharField(widget=forms.MultipleHiddenInput, required=False)


class StateFilter(admin.SimpleListFilter):
    """By state; `in it now` is both states of those who are."""

    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("live", "in it now"), *State.choices, ("converted", "reached the goal")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        if value == "live":
            return queryset.filter(state__in=Enrolment.LIVE)
        if value == "converted":
            return queryset.filter(converted_at__isnull=False)
        return queryset.filter(state=value) if value in State.values else queryset


class JourneyFilter(admin.SimpleListFilter):
    """By journey. Its versions are named to the database, which has an index of them."""

    title, parameter_name = "journey", "journey"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        shown = visible(Journey.objects.order_by("name"), request.user, "journeys.view_journey")
        return list(shown.values_list("key", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        versions = Version.objects.filter(journey__key=self.value()).values_list("pk", flat=True)
        return queryset.filter(version__in=list(versions))


class VersionFilter(admin.SimpleListFilter):
    """By version, once the journey is chosen, or when a link says which."""

    title, parameter_name = "version", "version"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = Version.objects.exclude(state=Version.State.DRAFT).select_related("journey").order_by("-number")
        if key := request.GET.get("journey"):
            return [(str(version.pk), f"v{version.number}") for version in found.filter(journey__key=key)]
        return [(str(version.pk), str(version)) for version in found.filter(pk=_number(request.GET.get("version")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        version = _number(self.value())
        return queryset.filter(version=version) if version else queryset


class StepFilter(admin.SimpleListFilter):
    """By step, once the journey or the version is chosen."""

    title, parameter_name = "step", "step"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        keys = dict.fromkeys(_steps(request).order_by("-version__number", "position").values_list("key", flat=True))
        return [(key, key) for key in keys]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        steps = _steps(request).filter(key=self.value()).values_list("pk", flat=True)
        return queryset.filter(step__in=list(steps))


def _number(text: str | None) -> int:
    """An id as it stands in an address; 0 for what is none."""
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0


def _steps(request: HttpRequest) -> QuerySet[Step]:
    """The steps of the version, else of the journey, that the list is filtered by; else none."""
    version, journey = _number(request.GET.get("version")), request.GET.get("journey", "")
    if version:
        return Step.objects.filter(version=version)
    return Step.objects.filter(version__journey__key=journey) if journey else Step.objects.none()


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin):
    """Everybody who is or was in a journey. The engine alone writes these rows; people may be taken out or tried again."""

    list_display = ("person", "journey_shown", "state_shown", "step", "due_at", "entered_at", "ended")
    list_display_links = ("person",)
    list_filter = (StateFilter, JourneyFilter, VersionFilter, StepFilter)
    list_select_related = ("contact", "journey", "version", "step")
    search_fields = ("instance_key",)
    search_help_text = "A contact's ID or an enrolment's number"
    change_form_template = "admin/journeys/enrolment/page.html"
    actions = ("take_out", "retry")

    @admin.display(description="person")
    def person(self, enrolment: Enrolment) -> str:
        return str(enrolment.contact)

    @admin.display(description="journey")
    def journey_shown(self, enrolment: Enrolment) -> str:
        return f"{enrolment.journey} v{enrolment.version.number}"

    @display(description="state", label=TONES)
    def state_shown(self, enrolment: Enrolment) -> tuple[str, str]:
        return enrolment.state, enrolment.get_state_display()

    @admin.display(description="ended because")
    def ended(self, enrolment: Enrolment) -> str:
        return enrolment.end_reason or (enrolment.error[:80] if enrolment.state == State.FAILED else "–")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By exact values with an index each."""
        term = search_term.strip()
        if not term:
            return queryset, False
        by_contact = queryset.filter(contact__external_id=term)
        if term.isdecimal() and len(term) < 19:
            return queryset.filter(pk=int(term)) | by_contact, False
        return by_contact, False

    def has_act_permission(self, request: HttpRequest, obj: Enrolment | None = None) -> bool:
        """Whether the user may move people by hand: this one, or any."""
        return bool(
            request.user.has_perm(removing.PERMISSION, obj) if obj else somewhere(request.user, removing.PERMISSION)
        )

    @admin.action(description="Take out of the journey", permissions=["act"])
    def take_out(self, request: HttpRequest, queryset: QuerySet[Enrolment]) -> HttpResponse | None:
        """Those chosen leave at once; a page asks why first."""
        form = TakeOutForm(request.POST) if "reason" in request.POST else TakeOutForm(initial=_chosen(request))
        ids = _in_their_hands(request, queryset)
        if not form.is_valid():
            return self._ask(request, form, len(ids))
        left = removing.take_out(ids, form.cleaned_data["reason"], clock.now())
        messages.success(request, f"Taken out: {left} of {len(ids)}; the others were not in it any more.")
        return None

    @admin.action(description="Try again", permissions=["act"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Enrolment]) -> None:
        """Those set aside go on where they are."""
        ids = _in_their_hands(request, queryset)
        tried = engine.retry(ids, clock.now())
        messages.success(
            request, f"Tried again: {tried} of {len(ids)}; the others were not set aside, or are in it again."
        )

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        enrolment = self.get_object(request, object_id or "")
        context: dict[str, Any] = {}
        if enrolment and self.has_view_permission(request, enrolment):
            context = _page(enrolment, self.has_act_permission(request, enrolment))
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Enrolment | None:
        related = ("contact", "journey", "version", "step")
        rows = self.get_queryset(request).select_related(*related)
        found: Enrolment | None = rows.filter(pk=_number(object_id)).first()
        return found

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/leave/", view(self.leave_view), name="journeys_enrolment_leave"),
            path("<int:pk>/retry/", view(require_POST(self.retry_view)), name="journeys_enrolment_retry"),
            *super().get_urls(),
        ]

    def leave_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask why, or (POST with a reason) take this one out. Raises PermissionDenied, Http404."""
        return self._one(request, pk, self.take_out)

    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Try this one again. Raises PermissionDenied, Http404."""
        return self._one(request, pk, self.retry)

    def _one(self, request: HttpRequest, pk: int, act: Any) -> HttpResponse:
        enrolment = Enrolment.objects.select_related("journey").filter(pk=pk).first()
        if not (self.has_view_permission(request, enrolment) and self.has_act_permission(request, enrolment)):
            raise PermissionDenied
        if enrolment is None:
            raise Http404
        asked: HttpResponse | None = act(request, Enrolment.objects.filter(pk=enrolment.pk))
        return asked or HttpResponseRedirect(reverse("admin:journeys_enrolment_change", args=[pk]))

    def _ask(self, request: HttpRequest, form: TakeOutForm, people: int) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Take out of the journey",
            "opts": self.opts,
            "intro": f"{people} {'person leaves' if people == 1 else 'people leave'} at once; messages of theirs that wait are not sent.",
            "form": form,
            "submit": "Take out",
            "back": reverse("admin:journeys_enrolment_changelist"),
        }
        return render(request, "admin/waymark/form.html", context, status=400 if form.errors else 200)


def _chosen(request: HttpRequest) -> dict[str, Any]:
    """What was ticked on the list; nothing on the page of one."""
    sent = request.POST
    return {
        "action": "take_out" if "action" in sent else "",
        "select_across": sent.get("select_across", ""),
        "_selected_action": sent.getlist("_selected_action"),
    }


def _in_their_hands(request: HttpRequest, chosen: QuerySet[Enrolment]) -> list[int]:
    """Those of the chosen ones that this user may move."""
    return list(visible(chosen, request.user, removing.PERMISSION).values_list("pk", flat=True))


def _page(enrolment: Enrolment, may_act: bool) -> dict[str, Any]:
    """What the page shows: every stay, with the message that was asked for there."""
    visits = list(enrolment.visits.select_related("step"))
    asked = Message.objects.filter(key__among=[f"visit:{visit.pk}" for visit in visits]).select_related("template")
    messages_by_key = {message.key: message for message in asked}
    return {
        "enrolment": enrolment,
        "tone": {"success": "good", "danger": "bad"}.get(TONES[State(enrolment.state)], ""),
        "stays": [(visit, messages_by_key.get(f"visit:{visit.pk}")) for visit in visits],
        "zone": panels.zone_of(enrolment.contact),
        "awaited": sorted({name for one in enrolment.awaits for name in one["names"]}),
        "live": enrolment.state in Enrolment.LIVE,
        "may_act": may_act,
    }
