"""A provider tells that a number has a new owner: the fact goes up, and the floor above decides what it means."""

from collections.abc import Sequence
from datetime import datetime
from logging import getLogger

from channels import signals
from channels.base import Reassignment, channels
from channels.models import Account
from contacts import owners

log = getLogger("waymark.webhooks")


def take(account: Account, told: Sequence[Reassignment], now: datetime) -> None:
    """Tell each by signal. One that names no address of the channel's kind is logged and left out; the others are taken."""
    kind = channels[account.channel].address_kind
    for one in told:
        try:
            digest = owners.digest(kind or "", one.address)
        except ValueError as error:
            log.warning("A reassignment told to the account %r makes no sense: %s", account.key, error)
            continue
        signals.address_reassigned.send(sender=Account, account=account, digest=digest, told=one, now=now)
