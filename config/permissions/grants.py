"""Rights given on one thing, to a person or to a group: django-guardian's rows, read once per request."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model, QuerySet
from guardian.models import GroupObjectPermission, UserObjectPermission

from config import history
from config.history import because
from config.permissions.ground import KINDS

Grants = Mapping[tuple[str, str], frozenset[int]]
"""(kind, codename) → the ids of the things on which it is given."""
Grant = tuple[Any, str]
"""A person or a group, and the codename of a right."""
_KEPT = "_waymark_grants"
RIGHTS = "Rights: "
"""What the reasons of such changes begin with, in a history where nothing else has changed."""
LONGEST = history.LONGEST - len(RIGHTS)
"""Characters of a reason."""


def of(user: Any) -> Grants:
    """What was given to this user and their groups. Kept on the user object, as Django keeps permissions: a request
    has one of its own, so that what is taken back holds from the next request on."""
    kept: Grants | None = getattr(user, _KEPT, None)
    if kept is None:
        kept = _read(user) if user.is_authenticated and user.is_active else {}
        setattr(user, _KEPT, kept)
    return kept


def rows(user: Any) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """The rows of this user, and those of their groups."""
    mine = UserObjectPermission.objects.filter(user=user)
    return mine, GroupObjectPermission.objects.filter(group__in=user.groups.values("pk"))


def on(thing: Model) -> dict[Any, set[str]]:
    """Whoever has something on this thing, a person or a group, with the codenames; people come first."""
    found: dict[Any, set[str]] = defaultdict(set)
    for model, holder in ((UserObjectPermission, "user"), (GroupObjectPermission, "group")):
        given = model.objects.filter(**_place(thing)).select_related(holder, "permission").order_by(f"{holder}_id")
        for row in given:
            found[getattr(row, holder)].add(row.permission.codename)
    return dict(found)


def give(thing: Model, holder: Any, codename: str, reason: str = "") -> None:
    """Give a right to a person or a group; a second time nothing happens. Raises Permission.DoesNotExist."""
    place = _place(thing)
    permission = Permission.objects.get(content_type=place["content_type"], codename=codename)
    model, named = _rows_of(holder)
    if not model.objects.filter(permission=permission, **named, **place).exists():
        because(model(permission=permission, **named, **place), reason).save()


def take(thing: Model, holder: Any, codename: str, reason: str = "") -> None:
    """Take it back. One row at a time, so that each is noted in the audit chain."""
    model, named = _rows_of(holder)
    for row in model.objects.filter(permission__codename=codename, **named, **_place(thing)):
        because(row, reason).delete()


@transaction.atomic
def change(thing: Any, given: Collection[Grant], taken: Collection[Grant], user: Any, reason: str) -> None:
    """Give and take rights on a thing, whose history keeps why, as the act of `user`. Raises ValidationError without a
    reason."""
    why = history.given(reason, "change who may work on it", LONGEST)
    type(thing)._default_manager.select_for_update(of=("self",), no_key=True).get(pk=thing.pk)
    for holder, codename in given:
        give(thing, holder, codename, why)
    for holder, codename in taken:
        take(thing, holder, codename, why)
    type(thing).history.bulk_history_create([thing], update=True, default_user=user, default_change_reason=RIGHTS + why)


def forget(thing: Model) -> None:
    """Take back everything that was given on a thing that is gone: a new one with its number must not inherit it."""
    for model in (UserObjectPermission, GroupObjectPermission):
        for row in model.objects.filter(**_place(thing)):
            row.delete()


def _read(user: Any) -> Grants:
    columns = ("content_type__app_label", "content_type__model", "permission__codename", "object_pk")
    mine, ours = (found.order_by().values_list(*columns) for found in rows(user))
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    for app, model, codename, pk in mine.union(ours):
        if (kind := f"{app}.{model}") in KINDS:
            found[kind, codename].add(int(pk))
    return {place: frozenset(ids) for place, ids in found.items()}


def _place(thing: Model) -> dict[str, Any]:
    return {"content_type": ContentType.objects.get_for_model(thing), "object_pk": str(thing.pk)}


def _rows_of(holder: Any) -> tuple[Any, dict[str, Any]]:
    """The model of the rows that this holder's rights are kept in, and how they name them."""
    if isinstance(holder, Group):
        return GroupObjectPermission, {"group": holder}
    return UserObjectPermission, {"user": holder}
