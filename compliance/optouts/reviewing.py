"""What a person decides: whether an unclear message is an opt-out, and opt-outs that came by phone or letter."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet

from channels.base import channels
from channels.models import InboundMessage
from compliance.optouts import acting, hearing
from compliance.optouts.acting import Sender
from contacts import owners

User = AbstractBaseUser | AnonymousUser
DECIDE = "channels.review_inboundmessage"
Understood = InboundMessage.Understood


def waiting() -> QuerySet[InboundMessage]:
    """Messages that may be opt-outs and that nobody has decided about, the oldest first."""
    found = InboundMessage.objects.filter(understood=Understood.AMBIGUOUS, reviewed_at=None)
    return found.select_related("account__brand", "contact").order_by("received_at", "id")


@transaction.atomic
def decide(message: InboundMessage, user: User, *, is_opt_out: bool, now: datetime) -> None:
    """Say what an unclear message meant: the opt-out is recorded as of when it was written, or marketing goes on.

    Raises PermissionDenied without the permission to decide, ValidationError for a message that nobody has to decide about.
    """
    if not user.has_perm(DECIDE):  # type: ignore[union-attr]
        raise PermissionDenied("You need the permission to decide whether a message is an opt-out.")
    stored = InboundMessage.objects.select_for_update(of=("self",), no_key=True).select_related("account__brand")
    found = stored.get(pk=message.pk)
    if found.understood != Understood.AMBIGUOUS or found.reviewed_at:
        raise ValidationError("Somebody has decided about this message already.")
    found.understood = Understood.STOP if is_opt_out else Understood.NONE
    found.reviewed_at, found.reviewed_by_id = now, int(user.pk or 0)
    found.save(update_fields=["understood", "reviewed_at", "reviewed_by"])
    _carry_out(found, is_opt_out, now)
    message.refresh_from_db()


def _carry_out(message: InboundMessage, is_opt_out: bool, now: datetime) -> None:
    digest = _digest(message)
    people = owners.of(digest) if digest else _known(message)
    if not people:
        return
    sender = hearing.sender_of(message, people, digest)
    if is_opt_out:
        acting.stop(sender, now)
    others = waiting().filter(account__brand=message.account.brand_id, sender=message.sender, channel=message.channel)
    if not others.exists():
        acting.release(sender, f"decided about inbound message {message.pk}", now)


def _known(message: InboundMessage) -> list[int]:
    """Who wrote it on a channel without addresses, which knows them by a token of ours."""
    tells = channels[message.channel].address_kind is None
    return [message.contact_id] if tells and message.contact_id is not None else []


def _digest(message: InboundMessage) -> str:
    kind = channels[message.channel].address_kind
    try:
        return owners.digest(kind, message.sender) if kind else ""
    except ValueError:
        return ""


def by_hand(
    address: str, channel: str, brand_id: int, *, user: User, reason: str, said_at: datetime, now: datetime
) -> bool:
    """An opt-out by phone, letter or in the shop, `said_at` then; False if the address was opted out already.

    Raises PermissionDenied without the permission, ValidationError with a sentence for an address that is none, a channel
    without addresses, or a day to come.
    """
    if not user.has_perm(DECIDE):  # type: ignore[union-attr]
        raise PermissionDenied("You need the permission to record opt-outs.")
    kind = channels[channel].address_kind if channel in channels else None
    if kind is None:
        raise ValidationError({"channel": f"{channel!r} has no addresses that could opt out."})
    if said_at > now:
        raise ValidationError({"said_at": "This lies in the future; an opt-out is recorded after it was said."})
    try:
        digest = owners.digest(kind, address)
    except ValueError as error:
        raise ValidationError({"address": str(error)}) from None
    source = f"by hand ({user.get_username()}): {reason}"
    people = owners.of(digest)
    return acting.stop(Sender(digest, kind, channel, brand_id, said_at, source, people, {"reason": reason}), now)
