"""API tokens: made, shown once, and revoked."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminIntegerFieldWidget

from config import clock
from config.adminsite import ModelAdmin
from config.adminsite.why import WhyForm
from config.models import SCOPES, ApiToken
from config.permissions import within

LONGEST = 3650
SHOWN = ("name", "user", "what", "created", "expiry", "revoked_at", "revoked_because")


class TokenForm(forms.ModelForm):
    """A new token. `maker` is who makes it: nobody hands out more than they hold."""

    maker: Any
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What it may do; give no more than the other system needs.",
    )
    days = forms.IntegerField(
        label="Valid for days",
        initial=365,
        min_value=1,
        max_value=LONGEST,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="After that it stops working.",
    )

    class Meta:
        model = ApiToken
        fields = ("name", "user", "scopes", "days")

    def clean_user(self) -> Any:
        user = self.cleaned_data["user"]
        if not self.maker.is_superuser and not within(user, self.maker):
            raise forms.ValidationError(
                f"{user} may do things that you may not; only {user} or a superuser can make this token."
            )
        return user


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    """Keys of other systems. Only their hashes are kept: a lost one is revoked, and a new one made."""

    form = TokenForm
    autocomplete_fields = ("user",)
    list_display = ("name", "user", "what", "created", "expiry", "valid")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    search_help_text = "Name of the token or user"
    fields = ("name", "user", "scopes", "days")
    actions_detail = ("revoke",)

    @admin.display(description="scopes")
    def what(self, token: ApiToken) -> str:
        return ", ".join(token.scopes) or "none"

    @admin.display(boolean=True)
    def valid(self, token: ApiToken) -> bool:
        return token.revoked_at is None and (token.expiry is None or token.expiry > clock.now())

    @action(description="Revoke", url_path="revoke", permissions=["revoke"], icon="key_off")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why (GET), or (POST) let nobody in with it any more. Raises PermissionDenied, Http404."""
        token = self.get_object(request, object_id)
        if token is None:
            raise Http404
        form = WhyForm(request.POST if request.method == "POST" else None)
        back = reverse("admin:config_apitoken_change", args=[token.pk])
        if form.is_valid():
            token.revoke(form.cleaned_data["reason"], clock.now())
            self.log_change(request, token, "Revoked.")
            messages.success(request, f"{token} is revoked: it lets nobody in any more.")
            return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Revoke {token}",
            "opts": self.opts,
            "original": token,
            "intro": "Whatever uses it is refused from now on. A revoked token is never valid again.",
            "form": form,
            "submit": "Revoke",
            "back": back,
        }
        return render(request, "admin/waymark/form.html", context, status=400 if form.errors else 200)

    def has_revoke_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whether this reader may revoke tokens."""
        return bool(request.user.has_perm("config.delete_apitoken"))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # it stays, to be seen that it was there

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        form = super().get_form(request, obj, change, **options)
        return type("TokenForm", (form,), {"maker": request.user})

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return SHOWN if obj else ("name", "user", "scopes", "days")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return SHOWN if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"user": request.user.pk, **super().get_changeform_initial_data(request)}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """With one button: after it the token is shown."""
        buttons = {"show_save_and_continue": False, "show_save_and_add_another": False}
        response: HttpResponse = super().add_view(request, form_url, {**buttons, **(extra_context or {})})
        return response

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        data = form.cleaned_data
        made, request.new_token = ApiToken.objects.create(  # type: ignore[attr-defined]
            user=data["user"], name=data["name"], scopes=data["scopes"], expiry=timedelta(days=data["days"])
        )
        obj.pk = made.pk

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        """The one time that the token is shown: in the answer itself, kept by nobody."""
        context = {
            **self.admin_site.each_context(request),
            "title": f"Token {obj.name}",
            "opts": self.opts,
            "token": request.new_token,  # type: ignore[attr-defined]
            "back": reverse("admin:config_apitoken_changelist"),
        }
        return never_cache(render)(request, "admin/config/apitoken/created.html", context)
