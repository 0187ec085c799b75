"""What every resource of the REST API shares: times in UTC, parameters that are all known, and errors as sentences."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, Any

import django_filters
from django import forms
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.exceptions import ValidationError as Refused
from django.db.models import IntegerChoices, ProtectedError, QuerySet
from django.http.response import HttpResponseBase
from django.utils import timezone
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.drainage import set_override
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, NotFound, ParseError, PermissionDenied, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from config.history import LONGEST, because, given
from config.permissions import visible
from config.permissions.ground import GROUND, label

BIGGEST_ID = 2**63 - 1
REFUSAL = {"$ref": "#/components/schemas/Refusal"}
WHY = "Why; shown in the history beside your name."


class Conflict(APIException):
    """409: what is asked for does not fit the state that the thing is in."""

    status_code = status.HTTP_409_CONFLICT


class TooLarge(APIException):
    """413: a body beyond the limit of the site."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE


class Json(JSONParser):
    """JSON, however deep; DRF's own parser raises RecursionError (a server error) on a deep one."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("The body is nested too deeply.") from error


class Resource(GenericViewSet[Any]):
    """Rows of one model. `scope` is what a token must have; `needs` are the permissions of an action where they are not
    simply the model's, `sublists` the actions that list what belongs to one row, `harmless` those that change nothing though
    they are posted to (a token needs `<scope>:read`), `parameters` what an action reads from its address. Filters hold for lists, never for one row by its id."""

    scope = ""
    needs: Mapping[str, Sequence[str]] = {}
    sublists: Sequence[str] = ()
    harmless: Sequence[str] = ()
    parameters: Mapping[str, Sequence[str]] = {}
    filter_backends = [DjangoFilterBackend]
    filterset_class: type[django_filters.FilterSet] | None = None
    parser_classes = [Json]
    metadata_class = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Times are those of UTC, whatever zone the reader's browser has told the admin."""
        with timezone.override(UTC):
            return super().dispatch(request, *args, **kwargs)

    def check_permissions(self, request: Request) -> None:
        """A verb that is not offered is 405 to everybody, not 403 to some."""
        if self.action is None:
            self.http_method_not_allowed(request)
        super().check_permissions(request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what nobody would look at: a misspelt filter must not return everybody."""
        super().initial(request, *args, **kwargs)
        known = self._parameters()
        told = f"there are: {', '.join(known)}" if known else "there are none here"
        if unknown := sorted(request.query_params.keys() - set(known)):
            raise ValidationError({name: [f"This parameter is not known; {told}."] for name in unknown})

    def handle_exception(self, exc: Exception) -> Response:
        """A body over the site's limit is 413 in JSON, like every other refusal."""
        if isinstance(exc, RequestDataTooBig):
            exc = TooLarge(f"The body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024} KB.")
        return super().handle_exception(exc)

    def get_queryset(self) -> QuerySet[Any]:
        """The rows that the user may see; of what belongs to no brand, all."""
        found = super().get_queryset()
        if label(found.model) not in GROUND:
            return found
        opts = found.model._meta
        return visible(found, self.request.user, f"{opts.app_label}.view_{opts.model_name}")

    def get_object(self) -> Any:
        name = self.kwargs[self.lookup_field]
        if "\x00" in name:  # which PostgreSQL refuses to look for
            raise NotFound
        found = get_object_or_404(self.get_queryset(), **{self.lookup_field: name})
        self.check_object_permissions(self.request, found)
        return found

    def _parameters(self) -> list[str]:
        filters = list(self.filterset_class.base_filters) if self.filterset_class and self._lists else []
        paging = ["page_size", "cursor"] if self._lists and self.pagination_class else []
        return [*filters, *self.parameters.get(self.action or "", ()), *paging]

    @property
    def _lists(self) -> bool:
        """Whether this is a list: of this resource, or of what belongs to one row of it."""
        return self.action == "list" or self.action in self.sublists


class Body(serializers.Serializer[Any]):
    """What is sent: a field that is not known is refused, so that a misspelt one is not passed over in silence."""

    def to_internal_value(self, data: Any) -> Any:
        """Raises ValidationError with a sentence per field."""
        unknown = sorted(map(str, data.keys() - self.fields.keys())) if isinstance(data, Mapping) else []
        if unknown:
            sentence = f"This field is not known; there are: {', '.join(self.fields)}."
            raise ValidationError({name: [sentence] for name in unknown})
        return super().to_internal_value(data)


class Reasoned(Body):
    """With the reason for the change, as the admin's forms ask for it."""

    reason = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST,
        write_only=True,
        help_text=f"{WHY} May be left out.",
    )


def rewritten(thing: Any, said: dict[str, Any]) -> Any:
    """The thing with what was said of it, to be saved; its history keeps the reason."""
    because(thing, said.pop("reason", ""))
    for name, value in said.items():
        setattr(thing, name, value)
    return thing


class Removable(Resource):
    """Rows that can be taken away, with a reason in the address: what DELETE has in its body may be lost on the way."""

    parameters = {"destroy": ("reason",)}
    asks_why = False
    """Whether a row that decides what goes out is not taken away without one."""

    @extend_schema(
        parameters=[
            OpenApiParameter("reason", {"type": "string", "maxLength": LONGEST}, description=WHY),
        ],
        responses={204: None, 409: OpenApiResponse(REFUSAL, description="Something refers to it; `detail` says what.")},
    )
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        thing = self.get_object()
        form = Reasoned(data={"reason": request.query_params.get("reason", "")})
        if not form.is_valid():
            raise ValidationError(form.errors)
        reason = form.validated_data["reason"]
        because(thing, why(reason, "delete it") if self.asks_why else reason)
        try:
            self.remove(thing, reason)
        except ProtectedError as error:
            needed = ", ".join(sorted({str(row._meta.verbose_name) for row in error.protected_objects}))
            raise Conflict(f"{thing} is kept, since something refers to it: {needed}.") from error
        return Response(status=status.HTTP_204_NO_CONTENT)

    def remove(self, thing: Any, reason: str) -> None:
        """Take it away; the thing carries the reason to its history."""
        thing.delete()


def why(reason: str, verb: str) -> str:
    """The reason for what is not done without one. Raises ValidationError (400) with the field `reason`."""
    try:
        return given(reason, verb)
    except Refused as error:
        raise ValidationError(error.message_dict) from error


def read(form: type[Body], request: Request, **context: Any) -> dict[str, Any]:
    """What the request says, as this form understands it. Raises ValidationError."""
    body = form(data=request.data, partial=request.method == "PATCH", context={"request": request, **context})
    if not body.is_valid():
        raise ValidationError({name: list(_sentences(problems)) for name, problems in body.errors.items()})
    found: dict[str, Any] = body.validated_data
    return found


def _sentences(problems: Any) -> Iterator[str]:
    """The sentences about a field, however deep they are; those about its parts say which."""
    if isinstance(problems, Mapping):
        for name, inner in problems.items():
            yield from (f"{name}: {one}" if name != "non_field_errors" else one for one in _sentences(inner))
    elif isinstance(problems, list):
        for inner in problems:
            yield from _sentences(inner)
    else:
        yield str(problems)


@contextmanager
def fitting() -> Iterator[None]:
    """What a verb refuses because of the state that something is in, is 409 with all its sentences."""
    try:
        yield
    except Refused as error:
        raise Conflict(" ".join(error.messages)) from error


def allow(user: Any, permission: str, thing: Any) -> None:
    """Raises PermissionDenied unless the user has the permission for this thing, which may be about to be made."""
    if not user.has_perm(permission, thing):
        raise PermissionDenied(f"This needs the permission {permission}.")


class Word(serializers.ChoiceField):
    """A number of a fixed list, read as the word that stands for it."""

    def __init__(self, numbers: type[IntegerChoices], **options: Any) -> None:
        self.numbers = numbers
        options |= {"choices": [(one.name.lower(), one.label) for one in numbers], "read_only": True}
        super().__init__(**options)

    def to_representation(self, value: Any) -> str:
        return self.numbers(value).name.lower()


class InstantField(IsoDateTimeField):
    """An instant as in ISO 8601; without an offset it is UTC."""

    default_error_messages = {"invalid": "Write an instant as in ISO 8601, for example 2026-11-24T12:00:00Z."}

    def to_python(self, value: Any) -> datetime | None:
        try:
            found = super().to_python(value)
            return found.astimezone(UTC) if found else None
        except OverflowError as error:  # year 1 or 9999, moved over the edge by its offset
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error


class InstantFilter(django_filters.IsoDateTimeFilter):
    """Rows from an instant on (`gte`), or before it (`lt`)."""

    field_class = InstantField


class IdFilter(django_filters.NumberFilter):
    """Rows that belong to the one with this id."""

    field_class = forms.IntegerField

    def __init__(self, field_name: str, label: str) -> None:
        super().__init__(field_name=field_name, label=label, min_value=1, max_value=BIGGEST_ID)
        set_override(self, "field", {"type": "integer", "format": "int64", "minimum": 1, "description": label})


def since(name: str, label: str) -> InstantFilter:
    """A filter: the instant `name` is this one or later."""
    return InstantFilter(field_name=name, lookup_expr="gte", label=label)


def before(name: str, label: str) -> InstantFilter:
    """A filter: the instant `name` is earlier than this one, so that ranges that meet share no row."""
    return InstantFilter(field_name=name, lookup_expr="lt", label=label)


def told(**sentences: str) -> dict[str, dict[str, str]]:
    """What the schema says about the fields of a model, where the model itself does not."""
    return {name: {"help_text": sentence} for name, sentence in sentences.items()}
