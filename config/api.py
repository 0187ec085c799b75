"""What the REST API stands on: tokens with scopes, and pages by cursor. config.resources builds the views on it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.crypto import hash_token
from rest_framework.exceptions import AuthenticationFailed, NotAcceptable, NotFound, ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request

from config import clock
from config.models import ApiToken
from config.permissions import somewhere

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which imports this module, as its settings say

READING = ("GET", "HEAD", "OPTIONS")


class TokenAuthentication(KnoxAuthentication):
    """`Authorization: Bearer wm_…`: a hashed, expiring token of a user, limited to its scopes."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, ApiToken]:
        """The user and the token, found by its hash in one query; an expired or revoked one is kept, so that the admin can show it.

        Raises AuthenticationFailed with a sentence. What it tells about a token only its holder learns.
        """
        found = ApiToken.objects.select_related("user").filter(pk=hash_token(token.decode(errors="replace"))).first()
        if found is None:
            raise AuthenticationFailed("This token is not known here: it is misspelt, or its user is gone.")
        if found.revoked_at:
            raise AuthenticationFailed(f"This token was revoked on {found.revoked_at:%Y-%m-%d}; make a new one.")
        if found.expiry and found.expiry <= clock.now():
            raise AuthenticationFailed(f"This token expired on {found.expiry:%Y-%m-%d}; make a new one.")
        if not found.user.is_active:
            raise AuthenticationFailed("The user of this token is disabled.")
        return found.user, found


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes it."""

    target_class = "config.api.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token made in the admin under API tokens."}


class JsonAnyway(DefaultContentNegotiation):
    """Who accepts nothing that we have gets JSON, which RFC 9110 (12.5.1) allows, instead of a refusal."""

    def select_renderer(self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None) -> Any:
        try:
            return super().select_renderer(request, renderers, format_suffix)
        except NotAcceptable:
            first = next(iter(renderers))
            return first, first.media_type


class ScopedPermissions(DjangoModelPermissions):
    """The user needs the view's permissions (somewhere, and then for the row), and a token also the scope: `<scope>:read`
    or `:write`.

    A view names its `scope`; one without cannot be reached by a token. What an action `needs` the view names too;
    without a word of it, reading needs the model's view permission and everything else its change permission.
    """

    perms_map: dict[str, list[str]] = {
        **DjangoModelPermissions.perms_map,
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "HEAD": ["%(app_label)s.view_%(model_name)s"],
        "POST": ["%(app_label)s.change_%(model_name)s"],
    }

    def has_permission(self, request: Request, view: "APIView") -> bool:
        self.message = self._token_lacks(request, view) or self._user_lacks(request, view)
        return self.message is None

    def _token_lacks(self, request: Request, view: "APIView") -> str | None:
        """What the token's scopes do not reach, as a sentence."""
        if not isinstance(request.auth, ApiToken):
            return None
        name = getattr(view, "scope", "")
        harmless = getattr(view, "action", None) in getattr(view, "harmless", ())
        scope = f"{name}:{'read' if harmless or request.method in READING else 'write'}"
        if not name:
            return "This address cannot be reached with a token."
        return None if scope in request.auth.scopes else f"This token does not have the scope {scope}."

    def _user_lacks(self, request: Request, view: "APIView") -> str | None:
        """The permissions that the user does not have, as a sentence."""
        if not (request.user and request.user.is_authenticated):
            return "Send a token, or log in."
        return _lacking([one for one in self._needed(request, view) if not somewhere(request.user, one)])

    def has_object_permission(self, request: Request, view: "APIView", obj: Any) -> bool:
        """For this one row; a row that the user may not even see was not found."""
        needed = self._needed(request, view)
        self.message = _lacking([one for one in needed if not request.user.has_perm(one, obj)])
        return self.message is None

    def _needed(self, request: Request, view: "APIView") -> Sequence[str]:
        needed: Sequence[str] | None = getattr(view, "needs", {}).get(getattr(view, "action", None))
        if needed is None:
            return self.get_required_permissions(request.method or "", self._queryset(view).model)
        return needed


def _lacking(missing: Sequence[str]) -> str | None:
    return f"This needs the permission {' and '.join(missing)}." if missing else None


class Pages(CursorPagination):
    """Newest first, by cursor: as fast on page 1,000 as on page 1, and what comes in meanwhile moves nothing."""

    ordering: str | tuple[str, ...] = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    page_size_query_description = "How many on a page, 1 to 500."
    cursor_query_description = "Where the page begins: taken from the `next` or `previous` of another page."
    max_page_size = 500

    def get_page_size(self, request: Request) -> int:
        """What the caller asks for. Raises ValidationError rather than give another number of rows."""
        asked = request.query_params.get("page_size", str(self.page_size))
        if not (asked.isascii() and asked.isdigit() and len(asked) < 4 and 1 <= int(asked) <= self.max_page_size):
            raise ValidationError({"page_size": [f"{asked!r:.40} is not a number from 1 to {self.max_page_size}."]})
        return int(asked)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Raises ValidationError for a cursor that was not made here."""
        try:
            found = super().decode_cursor(request)
            if found and found.position is not None:
                self.check(str(found.position))
        except (NotFound, ValueError) as error:
            sentence = "This is no cursor; follow the `next` and `previous` of a page as they are."
            raise ValidationError({"cursor": [sentence]}) from error
        return found

    def check(self, position: str) -> None:
        """Raises ValueError unless a row of this ordering can be at this position."""
        if not 0 <= int(position) < 2**63:
            raise ValueError(position)

    def get_schema_operation_parameters(self, view: "APIView") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in found:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] |= {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return found

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = super().get_paginated_response_schema(schema)
        texts = {
            "next": "Address of the next page, null on the last.",
            "previous": "Address of the page before, null on the first.",
            "results": "The rows.",
        }
        for name, text in texts.items():
            found["properties"][name]["description"] = text
        found["required"] = list(texts)
        return found


class Timeline(Pages):
    """Pages of what happened, the latest first; the order is that of `occurred_at`."""

    ordering = ("-occurred_at", "-id")

    def check(self, position: str) -> None:
        if datetime.fromisoformat(position).tzinfo is None:
            raise ValueError(position)
