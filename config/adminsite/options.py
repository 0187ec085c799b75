"""The base classes: Unfold's, made for tables with millions of rows."""

from typing import Any

from django.db import models
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.admin import StackedInline as UnfoldStackedInline
from unfold.admin import TabularInline as UnfoldTabularInline
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminTextareaWidget

from config.adminsite.fields import ReadableJSONField
from config.adminsite.paginator import MOST, CappedPaginator
from config.adminsite.permissions import ObjectPermissions, PagePermissions


class Page(ChangeList):
    """A page of a list. What is not counted to the end is not told as a count in the header; the foot says "more than"."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if self.result_count > MOST or not (self.query or self.has_active_filters):
            self.full_result_count = self.result_count


class ModelAdmin(PagePermissions, UnfoldModelAdmin):
    """Lists that stay fast: never counted to the end, foreign keys in one query, no deletion in bulk.

    Name the foreign keys that a list shows in `list_select_related`, and every foreign key to contacts in
    `autocomplete_fields`; no `date_hierarchy` on large tables.
    """

    when_empty = ""
    """What a list without rows says of what would be in it, e.g. who makes it and what for."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_select_related: bool | tuple[str, ...] = True
    list_filter_submit = False
    compressed_fields = True
    warn_unsaved_form = True
    formfield_overrides = {
        models.JSONField: {"form_class": ReadableJSONField, "widget": UnfoldAdminTextareaWidget},
        models.URLField: {"assume_scheme": "https"},
    }

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[Page]:
        return Page

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without Django's bulk deletion: it collects everything that hangs on every row."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


class ReadOnlyAdmin(ModelAdmin):
    """For ledgers and what only the machinery writes: to be looked at."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class TabularInline(ObjectPermissions, UnfoldTabularInline):
    """Rows of a belonging model, edited with it."""

    extra = 0

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **options: Any) -> Any:
        """In a table only the column has a caption, which screen readers do not tell in each cell."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None:
            getattr(field.widget, "widget", field.widget).attrs.setdefault("aria-label", str(field.label))
        return field


class StackedInline(ObjectPermissions, UnfoldStackedInline):
    """Belonging models, edited with theirs, one below the other."""

    extra = 0


class ReadOnlyInline(TabularInline):
    """Rows of a belonging model, to be looked at."""

    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
