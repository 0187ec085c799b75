"""How careful a brand is beyond the law, and wordings of consent that no longer count."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern

from channels.models import MessageTemplate
from compliance.admin import asking, narrowing
from compliance.models import HousePolicy, QuietHours, WithdrawnWording
from config import clock
from config.adminsite import HistoryAdmin
from contacts.models import Brand, ConsentState

MOST_COUNTED = 10_000
ANSWERS = ("opt_out_confirmation", "opt_in_confirmation", "help_answer", "ask_to_text_start")


class HousePolicyForm(forms.ModelForm):
    """Templates with their brand's name, and only brands that have no policy yet."""

    class Meta:
        model = HousePolicy
        fields = "__all__"  # noqa: DJ007 (the admin's fieldsets name them)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "brand" in self.fields:
            self.fields["brand"].queryset = Brand.objects.filter(policy=None)  # type: ignore[attr-defined]
        for name in ANSWERS:
            if name in self.fields:
                field: Any = self.fields[name]
                field.queryset = MessageTemplate.objects.select_related("brand").order_by("brand__name", "name")
                field.label_from_instance = lambda template: f"{template.brand}: {template.name}"

    def clean_profile(self) -> str:
        """Refused where it would leave a brand's quiet hours without any hour anywhere."""
        profile = str(self.cleaned_data["profile"])
        for quiet in _hours_of(self.instance.brand_id or self.data.get("brand")):
            found = _conflict(quiet, profile)
            if found and found.everywhere:
                told = f"With these rules the quiet hours of this brand ({quiet}) leave no legal time anywhere; change those first."
                raise forms.ValidationError(told)
        return profile


@admin.register(HousePolicy)
class HousePolicyAdmin(HistoryAdmin):
    """One for each brand. It can only tighten what the law says."""

    form = HousePolicyForm
    weighty = (
        "profile",
        "unknown_place",
        "trust",
        "guard_minutes",
        "longest_hold_hours",
        "honour_consent_lift",
        "whatsapp_named_opt_in",
        "cross_channel_fallback",
        "opt_out_scope",
        *ANSWERS,
    )
    list_display = ("brand", "profile", "unknown_place", "guard", "hold", "opt_out_scope")
    list_filter = ("profile",)
    fieldsets = (
        (None, {"fields": ("brand",)}),
        (
            "The law",
            {
                "description": "A policy only tightens: where it is wider than the law, the law holds.",
                "fields": (
                    ("profile", "unknown_place"),
                    ("trust", "guard_minutes"),
                    "longest_hold_hours",
                    "honour_consent_lift",
                ),
            },
        ),
        ("Consent", {"fields": ("whatsapp_named_opt_in", "cross_channel_fallback")}),
        ("STOP, START and HELP", {"fields": ("opt_out_scope", *ANSWERS)}),
    )

    @admin.display(description="guard", ordering="guard_minutes")
    def guard(self, policy: HousePolicy) -> str:
        return f"{policy.guard_minutes} minutes" if policy.guard_minutes else "none"

    @admin.display(description="longest hold", ordering="longest_hold_hours")
    def hold(self, policy: HousePolicy) -> str:
        return f"{policy.longest_hold_hours} hours"

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("brand",) if obj else ()

    def save_model(self, request: HttpRequest, obj: HousePolicy, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        for quiet in _hours_of(obj.brand_id):
            if found := _conflict(quiet, obj.profile):
                messages.warning(request, f"{quiet}. {found.sentence(quiet.channel)}")


@admin.register(WithdrawnWording)
class WithdrawnWordingAdmin(HistoryAdmin):
    """Whoever agreed to it must be asked again. Deleting an entry makes the consents count again."""

    weighty = ("wording",)
    list_display = ("wording", "reason", "withdrawn_at")
    change_form_after_template = "admin/compliance/withdrawnwording/concerned.html"
    ordering = ("-withdrawn_at",)
    search_fields = ("wording",)
    fields = ("wording", "reason")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("wording",) if obj else ()

    def get_urls(self) -> list[URLPattern]:
        return [*asking.urls(), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With the people whom it concerns, and what was done to ask them again."""
        shown = asking.shown(request, object_id) if object_id.isdecimal() else {}
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: WithdrawnWording, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change:
            return
        rest_on_it = ConsentState.objects.filter(state="granted", wording=obj.wording).order_by()
        number = rest_on_it[: MOST_COUNTED + 1].count()
        if not number:
            messages.warning(request, f"No consent in the ledger rests on {obj.wording!r}; check how it is spelled.")
            return
        many = (
            f"More than {MOST_COUNTED:,} consents"
            if number > MOST_COUNTED
            else f"{number:,} consent{'s' * (number != 1)}"
        )
        messages.warning(request, f"{many} no longer count{'s' * (number == 1)}: the people must be asked again.")


def _hours_of(brand_id: Any) -> Any:
    known = str(brand_id or "").isdecimal()
    return QuietHours.objects.filter(brand_id=brand_id, enabled=True) if known else QuietHours.objects.none()


def _conflict(quiet: QuietHours, profile: str) -> narrowing.Conflict | None:
    day = clock.now().date()
    return narrowing.conflict(quiet.start, quiet.end, quiet.channel, quiet.classes, profile, day)
