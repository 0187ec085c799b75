"""Asking for test sends: a version's words, marked, to colleagues. What becomes of them is the gate's business, as of every message."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction

from channels import proofs
from channels.base import channels
from channels.models import Message, SeedList, TemplateVersion
from compliance import chain
from compliance.models import Decision
from config.permissions import require
from contacts import addresses
from contacts.models import Contact

SENT = "test.sent"
PERMISSION = "channels.send_test"
A_DAY, DAY = 200, timedelta(days=1)
"""Tests of one user, counted by address, in any 24 hours."""

GONE = {"token_invalid": "The app is gone from this device, so take its token off the seed list. The provider says: "}
"""What is told before the provider's own words where they name no remedy, by the reason of the failure."""

chain.register(SENT, "Test asked for")


def lists(version: TemplateVersion) -> Any:
    """The seed lists that its tests may go to."""
    return SeedList.objects.filter(brand=version.template.brand_id, channel=version.template.channel)


def ask(
    version: TemplateVersion, seeds: SeedList | None, reader: Contact | None, user: Any, now: datetime
) -> list[int]:
    """Ask for a test to a seed list, or (None) to the user's own e-mail address; the ids of the messages.

    Raises PermissionDenied, and ValidationError where there is nobody to send it to, or no place for the mark.
    """
    require(user, PERMISSION, version, "send tests")
    kind = channels[version.template.channel].address_kind
    if seeds and not lists(version).filter(pk=seeds.pk).exists():
        raise ValidationError(f"{seeds} is a seed list of another brand or channel.")
    if seeds is None and (kind != "email" or not user.email):
        raise ValidationError("Choose a seed list: your account has no address for this channel.")
    if version.content.get("content_sid"):
        raise ValidationError("A template of the provider's cannot be marked as a test, so that it is not sent as one.")
    wanted = seeds.addresses if seeds else [addresses.email(user.email)]
    with transaction.atomic():
        _within_limit(user, len(wanted), now)
        asked = proofs.request(version, wanted, reader, user.pk, now)
        told = {"list": seeds.pk if seeds else None, "addresses": len(wanted), "state": version.state}
        chain.append(SENT, now=now, actor=user.pk, subject=version, payload=told)
    return asked


def _within_limit(user: Any, more: int, now: datetime) -> None:
    """Tests are for looking, not for a mailing past the reviewers. Locks the user, so that two clicks are counted one by one."""
    get_user_model().objects.select_for_update(no_key=True).get(pk=user.pk)
    asked = Message.objects.filter(test__asked_by=user.pk, created_at__gt=now - DAY).count()
    if asked + more > A_DAY:
        raise ValidationError(f"You may send {A_DAY} tests in 24 hours, and have sent {asked}; these are {more} more.")


def why(tests: Sequence[Message]) -> dict[int, str]:
    """Why each did not leave (yet), or what its provider said, by message; one query."""
    judged = Decision.objects.filter(message__in=[one.pk for one in tests]).exclude(outcome="allow").order_by("pk")
    said = {decision.message_id: _deciding(decision) for decision in judged}
    unsent = (Message.State.PENDING, Message.State.BLOCKED)
    return {one.pk: said.get(one.pk, "") if one.state in unsent else _refusal(one) for one in tests}


def _refusal(test: Message) -> str:
    return GONE.get(test.reason, "") + test.error if test.error else ""


def _deciding(decision: Decision) -> str:
    verdicts = decision.trace()
    return next((verdict.why for verdict in verdicts if verdict.code == decision.reason), verdicts[0].why)
