"""Templates that a provider approves as well, with its word on each."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from channels import provider_templates
from channels.admin.choosing import title
from channels.models import ProviderTemplate
from config import clock
from config.adminsite import ReadOnlyAdmin


@admin.register(ProviderTemplate)
class ProviderTemplateAdmin(ReadOnlyAdmin):
    """To be looked at; the provider decides. It can be asked at once instead of at the next turn."""

    when_empty = "The provider’s templates that WhatsApp messages name, with the status that it tells. They come by themselves with the first draft."
    list_display = ("name", "account", "goes_by", "status_shown", "category", "reason", "checked_at")
    list_filter = ("status", "category", "account")
    list_select_related = ("account",)
    search_fields = ("=name",)
    search_help_text = "The provider's name of the template, e.g. its content SID."
    actions = ("ask",)

    @admin.display(description="channel")
    def goes_by(self, found: ProviderTemplate) -> str:
        return title(found.account.channel)

    @admin.display(description="status", ordering="status")
    def status_shown(self, found: ProviderTemplate) -> str:
        return found.status or "not asked yet"

    def has_ask_permission(self, request: HttpRequest) -> bool:
        """Whether this user may ask the provider."""
        return request.user.has_perm("channels.change_providertemplate")

    @admin.action(description="Ask the provider now", permissions=["ask"])
    def ask(self, request: HttpRequest, chosen: QuerySet[ProviderTemplate]) -> None:
        """A list action: one question each."""
        now = clock.now()
        answered = sum(provider_templates.ask(found, now) for found in chosen.select_related("account"))
        if answered:
            messages.success(request, f"The provider answered about {answered} template{'s' * (answered != 1)}.")
        if answered < len(chosen):
            messages.warning(
                request,
                f"{len(chosen) - answered} could not be asked about. While DELIVERY=sandbox nobody is asked; "
                "otherwise the reason is in the list.",
            )
