"""How `user.has_perm(permission, thing)` is answered."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.db.models import Model

from config.permissions import grants, ground, rights


class ObjectPermissions(BaseBackend):
    """Everywhere through a role (Django's own backend knows), else by a grant on the thing, its template or journey, or
    its brand. It stands in for django-guardian's, which does not know that a version belongs to a template."""

    def has_perm(self, user_obj: Any, perm: str, obj: Model | None = None) -> bool:
        if obj is None or not user_obj.is_active:
            return False
        if user_obj.has_perm(perm):
            return True
        held: dict[str, set[int]] = {}
        for kind, codename in rights.grants_for(perm):
            held.setdefault(kind, set()).update(grants.of(user_obj).get((kind, codename), ()))
        return any(ground.under(obj, kind) in ids for kind, ids in sorted(held.items(), key=_nearness) if ids)


def _nearness(held: tuple[str, set[int]]) -> int:
    """The brand first: it is asked of columns that are there."""
    return ground.KINDS.index(held[0])
