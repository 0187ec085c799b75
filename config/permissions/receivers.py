"""Grants go with the thing that they were given on."""

from typing import Any

from django.db.models import Model
from django.db.models.signals import post_delete

from config.permissions import grants
from config.permissions.ground import KINDS


def connect() -> None:
    """Called once, when all apps are ready."""
    for kind in KINDS:
        post_delete.connect(_gone, sender=kind, dispatch_uid=f"grants {kind}")


def _gone(instance: Model, **_: Any) -> None:
    grants.forget(instance)
