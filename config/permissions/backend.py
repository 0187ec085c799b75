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
        given, stands_on = grants.of(user_obj), ground.of(obj)
        return any(stands_on.get(kind) in given.get((kind, codename), ()) for kind, codename in rights.grants_for(perm))
