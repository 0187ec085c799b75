"""On a withdrawn wording's page: whom it concerns, and asking these people again."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from channels.models import MessageTemplate
from compliance import repermission
from compliance.models import Repermission, WithdrawnWording
from compliance.repermission import PERMISSION, Concerned
from config import clock

ROUNDS_SHOWN = 20
INTRO = (
    "Each person gets one message with a link, and once only. It passes the gate like every message: words that are approved "
    "as marketing leave only to people with another consent that stands, to the topic of the template. Who presses the button "
    "behind the link agrees to the new wording, with proof."
)


class AskForm(forms.Form):
    """Which consents, by which words, to which new wording."""

    consents = forms.ChoiceField(label="Whom to ask", widget=UnfoldAdminSelectWidget)
    template = forms.ModelChoiceField(
        MessageTemplate.objects.none(),
        label="Message",
        empty_label="Select value",
        widget=UnfoldAdminSelectWidget,
        help_text="An approved template that shows {{ event.confirm_url }}; its class is the one that legal approved.",
    )
    wording = forms.CharField(
        label="New wording",
        max_length=120,
        widget=UnfoldAdminTextInputWidget,
        help_text="Version of the text that people agree to now, e.g. checkout form v3. It goes into the ledger.",
    )
    sure = forms.BooleanField(
        label="I am sure: these people are asked from now on",
        widget=UnfoldBooleanWidget,
        error_messages={"required": "Tick the box to confirm."},
    )

    def __init__(self, *args: Any, concerned: list[Concerned], **options: Any) -> None:
        super().__init__(*args, **options)
        self.concerned = {f"{one.topic.pk}:{one.channel}": one for one in concerned}
        choice, template = cast("Any", self.fields["consents"]), cast("Any", self.fields["template"])
        choice.choices = [(key, _told(one)) for key, one in self.concerned.items()]
        brands = {one.topic.brand_id for one in concerned}
        approved = MessageTemplate.objects.filter(brand__in=brands, versions__state="approved").distinct()
        template.queryset = approved.select_related("brand").order_by("brand__name", "name")
        template.label_from_instance = lambda found: f"{found.brand}: {found.name} ({found.channel})"

    def chosen(self) -> Concerned:
        """Whom the form is about."""
        return self.concerned[self.cleaned_data["consents"]]


def urls() -> list[URLPattern]:
    """Address of the page."""
    return [path("<int:pk>/ask/", admin.site.admin_view(ask), name="compliance_withdrawnwording_ask")]


def shown(request: HttpRequest, object_id: str) -> dict[str, Any]:
    """What the wording's page tells below its form."""
    withdrawn = WithdrawnWording.objects.filter(pk=object_id).first()
    if withdrawn is None:
        return {}
    rounds = Repermission.objects.filter(withdrawn=withdrawn).select_related("topic", "template", "started_by")
    return {
        "concerned": repermission.concerned(withdrawn),
        "rounds": rounds[:ROUNDS_SHOWN],
        "may_ask": request.user.has_perm(PERMISSION),
    }


def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """The form, and the start. Raises PermissionDenied, Http404."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    withdrawn = get_object_or_404(WithdrawnWording, pk=pk)
    back = reverse("admin:compliance_withdrawnwording_change", args=[pk])
    form = AskForm(request.POST or None, concerned=repermission.concerned(withdrawn))
    if form.is_valid() and _started(request, withdrawn, form):
        return HttpResponseRedirect(back)
    context = {
        **admin.site.each_context(request),
        "title": f"Ask again: {withdrawn}",
        "opts": WithdrawnWording._meta,
        "original": withdrawn,
        "form": form,
        "intro": INTRO,
        "submit": "Ask them",
        "back": back,
    }
    return render(request, "admin/waymark/form.html", context)


def _started(request: HttpRequest, withdrawn: WithdrawnWording, form: AskForm) -> bool:
    """Whether it began; if not, the form tells why."""
    said, chosen = form.cleaned_data, form.chosen()
    try:
        repermission.start(
            withdrawn, chosen.topic, chosen.channel, template=said["template"], wording=said["wording"],
            user=cast("User", request.user), now=clock.now(),
        )  # fmt: skip
    except ValidationError as error:
        form.add_error(None, error)
        return False
    messages.success(request, f"Asking begins: {_told(chosen)}. The gate judges every message.")
    return True


def _told(one: Concerned) -> str:
    noun = "person" if one.people == 1 else "people"
    return f"{one.topic.brand}: {one.topic} by {one.channel} ({one.people:,} {noun})"
