"""What every part of the REST API shares: tokens with scopes, pages, and the way errors are told."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request

from config.models import ApiToken

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which imports this module, as its settings say


class TokenAuthentication(KnoxAuthentication):
    """`Authorization: Bearer wm_…`: a hashed, expiring token of a user, limited to its scopes."""


class TokenScheme(OpenApiAuthenticationExtension):
    """How the schema describes it."""

    target_class = "config.api.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token made in the admin under API tokens."}


class ScopedPermissions(DjangoModelPermissions):
    """The user needs the model's permission (view to read), and a token also the scope: `<scope>:read` or `:write`.

    The view names its `scope`; a view without one cannot be reached by a token.
    """

    perms_map: Mapping[str, list[str]] = {
        **DjangoModelPermissions.perms_map,
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "HEAD": ["%(app_label)s.view_%(model_name)s"],
        "POST": ["%(app_label)s.change_%(model_name)s"],
    }

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if isinstance(request.auth, ApiToken) and self._scope(request, view) not in request.auth.scopes:
            return False
        return bool(super().has_permission(request, view))

    def _scope(self, request: Request, view: "APIView") -> str:
        verb = "read" if request.method in ("GET", "HEAD", "OPTIONS") else "write"
        return f"{getattr(view, 'scope', '')}:{verb}"


class Pages(CursorPagination):
    """Newest first, by cursor: as fast on page 1,000 as on page 1. `page_size` up to 500."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: "APIView | None" = None) -> list[Any] | None:
        found: list[Any] | None = super().paginate_queryset(queryset, request, view)
        return found
