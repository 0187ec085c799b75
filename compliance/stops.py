"""Hands on the door: while a stop stands, nothing of its scope leaves; afterwards it is judged again, in full."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from channels import outbox
from channels.models import Message
from compliance import chain
from compliance.models import Stop
from config.history import given

Scope = Stop.Scope
User = AbstractBaseUser | AnonymousUser
LONGEST = 300
"""Characters of a reason."""


def set(scope: str, value: str, reason: str, user: User | None, now: datetime) -> Stop:
    """Stop everything of this scope (`value`: the key of the brand, channel or journey). One that stands stays as it is.

    Holds at once: what was cleared but not yet begun to be handed over goes back to the door. Raises ValidationError, also
    without a reason.
    """
    why = given(reason, "stop it", LONGEST)
    if scope not in Scope.values or bool(value) != (scope != Scope.ALL):
        raise ValidationError(
            f"A stop of {scope!r} cannot have the value {value!r}; name the brand, channel or journey."
        )
    with transaction.atomic():
        stop, _ = Stop.objects.get_or_create(
            scope=scope,
            value=value,
            lifted_at=None,
            defaults={"reason": why, "set_by_id": user.pk if user else None, "set_at": now},
        )
        outbox.recall(_of(scope, value), now)
    return stop


def lift(scope: str, value: str, user: User | None, now: datetime, reason: str) -> int:
    """Take the stop away; how many messages it held. They are due at once, and judged again by every rule.

    Raises ValidationError without a reason.
    """
    why = given(reason, "let it go on", LONGEST)
    with transaction.atomic():
        by = user.pk if user else None
        standing = Stop.objects.filter(scope=scope, value=value, lifted_at=None)
        if standing.update(lifted_at=now, lifted_by_id=by, lifted_because=why):
            about = {"scope": str(scope), "value": value, **chain.because(why)}
            chain.append("stop.lifted", now=now, actor=by, subject=("compliance.stop", ""), payload=about)
        held = Message.objects.filter(state=Message.State.PENDING, held_by=name(scope, value))
        return held.update(held_by="", due_at=now)


def standing() -> list[str]:
    """The names of all stops that stand now, e.g. `all`, `channel:sms`."""
    return [name(scope, value) for scope, value in Stop.objects.filter(lifted_at=None).values_list("scope", "value")]


def name(scope: str, value: str) -> str:
    """How a stop is called on the messages that it holds."""
    return f"{scope}:{value}" if value else scope


def concerning(standing: list[str], brand: str, channel: str, labels: Mapping[str, Any]) -> list[str]:
    """Those of the standing stops that hold a message of this brand, channel and origin."""
    mine = {Scope.ALL.value, f"brand:{brand}", f"channel:{channel}", f"journey:{labels.get('journey', '')}"}
    return [stop for stop in standing if stop in mine]


def _of(scope: str, value: str) -> Q:
    return {
        Scope.ALL.value: Q(),
        Scope.BRAND.value: Q(brand__key=value),
        Scope.CHANNEL.value: Q(channel=value),
        Scope.JOURNEY.value: Q(labels__journey=value),
    }[scope]
