"""Users and roles, on Unfold's classes. Who is not a superuser makes none, and cannot touch one."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from config.adminsite import HistoryAdmin

admin.site.unregister((User, Group))


@admin.register(User)
class UserAdmin(DjangoUserAdmin, HistoryAdmin):  # type: ignore[misc]  # ours stand in for Django's defaults
    """People who log in; what they may do comes from their roles."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "email", "is_active", "last_login")
    list_filter = ("is_active", "is_superuser", "groups")
    autocomplete_fields = ("groups",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Who they are", {"fields": (("first_name", "last_name"), "email")}),
        ("What they may do", {"fields": ("groups", "is_active", "is_staff", "is_superuser")}),
        ("Dates", {"fields": (("last_login", "date_joined"),)}),
    )
    search_help_text = "User name, name or e-mail address"

    @admin.display(description="name", ordering="last_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name() or "–"

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        always = ("last_login", "date_joined")
        return always if request.user.is_superuser else (*always, "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(super().has_change_permission(request, obj)) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(super().has_delete_permission(request, obj)) and _may_touch(request, obj)


def _may_touch(request: HttpRequest, user: Any) -> bool:
    return bool(request.user.is_superuser or user is None or not user.is_superuser)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, HistoryAdmin):  # type: ignore[misc]  # as above
    """Roles. Those of the product are set anew with each `migrate`; for others, make a role of your own."""

    list_display = ("name",)
    search_help_text = "Name of the role"
