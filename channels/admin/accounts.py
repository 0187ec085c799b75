"""Senders: how a brand reaches people on a channel."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from channels.admin.choosing import ChannelFilter, ChannelFirst, chosen, summary, title
from channels.admin.kind_forms import KindModelForm, form_class, names, said
from channels.base import channels
from channels.models import Account
from config.adminsite import HistoryAdmin


class AccountForm(KindModelForm):
    """Refuses a second default of the same brand and channel with a sentence."""

    channel = ""

    def clean(self) -> dict[str, Any]:
        self.instance.channel = self.instance.channel or self.channel
        data = super().clean()
        if data.get("is_default") and data.get("enabled") and (other := self._default_beside(data)):
            sentence = f"“{other}” is the default of {other.brand} for {title(other.channel)} already. Take its tick away first."
            self.add_error("is_default", sentence)
        return data

    def _default_beside(self, data: dict[str, Any]) -> Account | None:
        brand = data["brand"].pk if data.get("brand") else self.instance.brand_id
        others = Account.objects.filter(brand=brand, channel=self.instance.channel, is_default=True, enabled=True)
        return others.exclude(pk=self.instance.pk).select_related("brand").first()


@admin.register(Account)
class AccountAdmin(ChannelFirst, HistoryAdmin):
    """The form is the channel kind's own; secrets go in and never come out again."""

    weighty = ("enabled", "is_default", "registration", "per_second", "daily_limit", "recipients_limit")
    list_display = ("name", "brand", "sends_by", "limits", "registration", "enabled", "is_default")
    list_filter = (ChannelFilter, "brand", "registration", "enabled")
    search_fields = ("name", "key")
    prepopulated_fields = {"key": ("name",)}
    change_form_before_template = "admin/channels/account/before.html"

    @admin.display(description="channel", ordering="channel")
    def sends_by(self, account: Account) -> str:
        return title(account.channel)

    @admin.display(description="limits", ordering="per_second")
    def limits(self, account: Account) -> str:
        found = [(account.per_second, "a second"), (account.daily_limit, "a day")]
        found.append((account.recipients_limit, "people in 24 hours"))
        return ", ".join(f"{number:,} {what}" for number, what in found if number) or "none"

    @admin.display(description="callback address")
    def callback(self, account: Account) -> str:
        """Where the provider reports what became of messages; to be copied into its settings."""
        path = channels[account.channel].callback(account.config, account.key) if account.channel in channels else ""
        if not path:
            return "There is nothing to enter at the provider."
        return format_html(
            '<input class="wm-copy" readonly value="{}" aria-label="Callback address">', settings.BASE_URL + path
        )

    @admin.display(description="settings")
    def settings_shown(self, account: Account) -> str:
        kind = channels[account.channel]
        rows = said(kind.Config, account.config, kind.secrets)
        return format_html('<dl class="wm-facts">{}</dl>', format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows))

    def get_form(self, request: HttpRequest, obj: Account | None = None, change: bool = False, **options: Any) -> Any:
        channel = chosen(request, obj)
        if channel in channels:
            kind = channels[channel]
            made = form_class(kind.Config, "config", AccountForm, kind.secrets)
            made.channel = channel  # type: ignore[attr-defined]
            options["form"] = made
        return super().get_form(request, obj, change=change, **options)

    def get_fieldsets(self, request: HttpRequest, obj: Account | None = None) -> Any:
        channel = chosen(request, obj)
        fieldsets: list[Any] = [
            (None, {"fields": ["brand", "name", "key", "enabled", "is_default"]}),
            (
                "Registration and limits",
                {"fields": ["registration", ("per_second", "daily_limit"), "recipients_limit"]},
            ),
        ]
        if channel in channels:
            fields = names(channels[channel].Config, "config") if self._edits(request, obj) else ["settings_shown"]
            fieldsets.append((channels[channel].title, {"fields": fields}))
        if obj:
            fieldsets.append(("Callbacks", {"fields": ["callback"]}))
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Account | None = None) -> list[str]:
        return ["callback", "settings_shown", *(["brand", "key"] if obj else [])]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Account | None = None) -> Any:
        return {} if obj else self.prepopulated_fields

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        account = self.get_object(request, object_id) if object_id else None
        kind = next((kind for kind in channels if kind.key == chosen(request, account)), None)
        context = {"kind": kind, "kind_words": summary(kind) if kind else "", **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def _edits(self, request: HttpRequest, obj: Account | None) -> bool:
        return self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
