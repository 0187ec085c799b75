"""Asking for many things at once: whether a user may do something anywhere, and which rows they may see."""

from typing import Any, TypeVar

from django.db.models import BigIntegerField, Model, Q, QuerySet
from django.db.models.functions import Cast

from config.permissions import grants, ground, rights
from config.permissions.ground import GROUND, label

Row = TypeVar("Row", bound=Model)


def somewhere(user: Any, permission: str) -> bool:
    """Whether the user has the permission everywhere, or for at least one thing (which may be gone by now)."""
    if user.has_perm(permission):
        return True
    given = grants.of(user)
    return any(given.get(place) for place in rights.grants_for(permission))


def visible(rows: QuerySet[Row], user: Any, permission: str) -> QuerySet[Row]:
    """Those of the rows for which the user has the permission, however many there are: in the same one query."""
    ways = GROUND.get(label(rows.model))
    if ways is None:  # belongs to nobody, so that no grant could narrow it
        return rows if user.has_perm(permission) else rows.none()
    if user.has_perm(permission):
        return rows
    wanted = [
        (kind, codename) for kind, codename in rights.grants_for(permission) if grants.of(user).get((kind, codename))
    ]
    if not wanted:
        return rows.none()
    found = Q()
    for kind in sorted({kind for kind, _ in wanted} & ways.keys()):
        for ids in _ids(user, kind, [codename for where, codename in wanted if where == kind]):
            found |= ground.leading(ways[kind], ids)
    return rows.filter(found) if found else rows.none()


def within(user: Any, other: Any) -> bool:
    """Whether `other` may do whatever `user` may: everywhere by roles, and on each thing by what is given on it."""
    everywhere, given = other.get_all_permissions(), grants.of(other)
    return user.get_all_permissions() <= everywhere and all(
        ids <= given.get(place, frozenset()) or rights.stands_for(*place) <= everywhere
        for place, ids in grants.of(user).items()
    )


def _ids(user: Any, kind: str, codenames: list[str]) -> list[QuerySet[Any]]:
    """The things of a kind on which the user, or a group of theirs, has one of these."""
    app, _, model = kind.partition(".")
    chosen = {
        "permission__content_type__app_label": app,
        "permission__content_type__model": model,
        "permission__codename__in": sorted(codenames),
    }
    return [
        found.filter(**chosen).annotate(number=Cast("object_pk", BigIntegerField())).values("number")
        for found in grants.rows(user)
    ]
