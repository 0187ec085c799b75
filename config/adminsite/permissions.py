"""Permissions for single things, in the admin: what one may open, see in lists, choose and save."""

from typing import Any

from django.contrib.admin.filters import FieldListFilter, RelatedFieldListFilter
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db.models import Field, ForeignKey, Model, Q, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest

from config.permissions import somewhere, visible
from config.permissions.ground import BRAND, GROUND, label


class ObjectPermissions:
    """Asks for the thing where there is one, and otherwise whether there can be any. For admin classes and inlines; the
    thing of an inline is the one that its rows belong to."""

    opts: Any

    def permission(self, verb: str) -> str:
        """The model's permission to `view`, `add`, `change` or `delete`."""
        return f"{self.opts.app_label}.{get_permission_codename(verb, self.opts)}"

    def may(self, request: HttpRequest, verb: str, thing: Model | None = None) -> bool:
        """Whether this reader may do it: with this thing, or with any."""
        permission = self.permission(verb)
        return request.user.has_perm(permission, thing) if thing else somewhere(request.user, permission)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "view", obj) or self.may(request, "change", obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "add", obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "delete", obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows that this reader may see."""
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        if label(rows.model) not in GROUND or request.user.has_perm(self.permission("change")):
            return rows  # whether anybody may come here at all, the page asks
        return visible(rows, request.user, self.permission("view"))

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **options: Any) -> Any:
        """Only what this reader may use is offered."""
        field = super().formfield_for_foreignkey(db_field, request, **options)  # type: ignore[misc]
        if isinstance(field, ModelChoiceField) and field.queryset is not None:
            field.queryset = self._usable(request, field.queryset)
        return field

    def _usable(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """All for whoever may change this model everywhere; else what lies on their own ground: where they may change it,
        and beside the thing that they are changing."""
        ways, permissions = GROUND.get(label(rows.model)), [self.permission("add"), self.permission("change")]
        if not ways or any(request.user.has_perm(permission) for permission in permissions):
            return rows
        found = Q(pk__in=visible(rows.order_by(), request.user, permissions[1]).values("pk"))
        thing: Any = getattr(request, "_waymark_thing", None)
        way = ways.get(BRAND)
        if isinstance(way, str) and thing is not None and getattr(thing, "brand_id", None):
            found |= Q(**{way: thing.brand_id})
        return rows.filter(found)


class PagePermissions(ObjectPermissions):
    """The same, for whole pages."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "view") or self.may(request, "change")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        request._waymark_thing = obj  # type: ignore[attr-defined]  # Django tells fields nothing of the thing
        return super().get_form(request, obj, change=change, **options)  # type: ignore[misc]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Also asked of the thing as it will be: nobody may move it, or make it, where they have no right."""
        if not request.user.has_perm(self.permission("change" if change else "add"), obj):
            raise PermissionDenied
        super().save_model(request, obj, form, change)  # type: ignore[misc]


class VisibleRelated(RelatedFieldListFilter):
    """A list's filter by brand, template and the like names only those that the reader may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        rows = visible(field.remote_field.model._default_manager.all(), request.user, _view(field.remote_field.model))
        ordering = self.field_admin_ordering(field, request, model_admin)
        chosen = {"pk__in": rows.order_by().values("pk")}
        return field.get_choices(include_blank=False, ordering=ordering, limit_choices_to=chosen)


def _view(model: type[Model]) -> str:
    return f"{model._meta.app_label}.view_{model._meta.model_name}"


def _grounded(field: Field) -> bool:
    return isinstance(field, ForeignKey) and label(field.remote_field.model) in GROUND


FieldListFilter.register(_grounded, VisibleRelated, take_priority=True)
