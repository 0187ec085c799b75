"""Adding something that belongs to a channel: the channel is chosen first, since its form depends on it."""

import inspect
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from channels.base import Channel, channels
from config.adminsite import ModelAdmin


class ChannelFirst(ModelAdmin):
    """For admin classes whose objects have a `channel`: without one in the query, the add page lets one choose."""

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.GET.get("channel") in channels or not self.has_add_permission(request):
            return super().add_view(request, form_url, extra_context)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Add {self.opts.verbose_name}: which channel?",
            "kinds": [(kind, summary(kind)) for kind in sorted(channels, key=lambda kind: kind.title)],
        }
        return TemplateResponse(request, "admin/channels/choose.html", context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.channel = request.GET["channel"]
        super().save_model(request, obj, form, change)


def chosen(request: HttpRequest, obj: Any) -> str:
    """The channel of this object, or of the one being added."""
    return str(obj.channel) if obj is not None and obj.channel else request.GET.get("channel", "")


class ChannelFilter(admin.SimpleListFilter):
    """By channel, with the names that people know."""

    title = "channel"
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return channels.choices()

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(channel=self.value()) if self.value() else queryset


def title(channel: str) -> str:
    """The channel's name, or its key when its kind is gone."""
    return channels[channel].title if channel in channels else channel


def summary(kind: Channel) -> str:
    """The first paragraph of the kind's documentation, on one line."""
    return " ".join(inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].split())
