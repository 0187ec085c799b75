"""Who may do what with which thing: everywhere through a role, or only within some brands, templates and journeys.

user.has_perm("channels.change_templateversion", version)   # of this one: asked of the backend, like any permission
somewhere(user, "channels.change_templateversion")          # of at least one: may the page be opened at all?
visible(rows, user, "channels.view_templateversion")        # of which: a list in one query
within(user, other)                                         # may `other` do all that the user may?
require(user, PERMISSION, version, "submit versions")       # in a verb: PermissionDenied with a sentence
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model

from config.permissions.asking import somewhere, visible, within

__all__ = ["require", "somewhere", "visible", "within"]


def require(user: Any, permission: str, thing: Model | None, verb: str) -> None:
    """Raises PermissionDenied with a sentence, unless the user has the permission for this thing; None: for everything."""
    if not user.has_perm(permission, thing):
        raise PermissionDenied(f"You need the permission to {verb}.")
