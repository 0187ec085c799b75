"""A message that somebody wrote: what it means, and what is done about it, in the transaction in which it came in."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from channels import inbound
from channels.base import channels
from channels.models import InboundMessage
from compliance.optouts import acting, answers
from compliance.optouts.acting import Sender
from compliance.optouts.intent import Conversation, Intent, tapped, understand
from compliance.optouts.words import squeezed
from compliance.phones import whereabouts
from contacts.models import Contact

Understood = InboundMessage.Understood
QUESTION_HOLDS = timedelta(days=3)
"""So long an answer to a question of ours is expected."""
TOLL_FREE = ("+1800", "+1833", "+1844", "+1855", "+1866", "+1877", "+1888")


def take(
    message: InboundMessage, contact_ids: Sequence[int], digest: str, told: Mapping[str, Any], now: datetime
) -> Intent:
    """Understand the message, act on it, and write down what it was understood as.

    `told` is what its channel knows of it: a quick reply that was tapped says what its value says, whatever its label is.
    """
    sender = sender_of(message, contact_ids, digest)
    if "choice" in told:
        intent = tapped(str(told["choice"]), elsewhere=_question(message, now) not in (None, told.get("answers")))
    else:
        intent = understand(message.body, _around(message, sender, now))
    if contact_ids:
        _act(message, sender, intent, now)
    InboundMessage.objects.filter(pk=message.pk).update(understood=intent.kind, why=intent.why[:200])
    return intent


def sender_of(message: InboundMessage, contact_ids: Sequence[int], digest: str) -> Sender:
    """Who says so: the address that the message came from, to the account's brand."""
    return Sender(
        digest=digest,
        address_kind=channels[message.channel].address_kind or "",
        channel=message.channel,
        brand_id=message.account.brand_id,
        said_at=message.received_at,
        source=f"message to {message.account.key}",
        contact_ids=contact_ids,
        proof={"inbound": message.pk, "provider_id": message.provider_id, "text": message.body[:300]},
    )


def _around(message: InboundMessage, sender: Sender, now: datetime) -> Conversation:
    return Conversation(
        question_pending=_question(message, now) is not None,
        toll_free=(message.recipient or _number(message)).startswith(TOLL_FREE),
        regions=_regions(message, sender),
        opted_out=bool(sender.contact_ids) and acting.opted_out(sender, now),
        provider_says=message.opt_out_type,
    )


def _question(message: InboundMessage, now: datetime) -> int | None:
    return inbound.asked(message.contact_id, message.channel, now - QUESTION_HOLDS)


def _number(message: InboundMessage) -> str:
    return str(message.account.config.get("from_number") or "")


def _regions(message: InboundMessage, sender: Sender) -> frozenset[str]:
    """Countries in which the writer may be: as stored, as the language says, and by the number."""
    rows = Contact.objects.filter(pk__in=sender.contact_ids).values_list("country", "locale")
    found = {place for country, locale in rows for place in (country, locale.partition("-")[2].upper())}
    return frozenset({*found, whereabouts(message.sender).country} - {""})


def _act(message: InboundMessage, sender: Sender, intent: Intent, now: datetime) -> None:
    if intent.kind == "stop":
        acting.stop(sender, now, limit=intent.scope, by_provider=_provider_acted(message))
        answers.send("opt_out_confirmation", message, sender, now)
    elif intent.kind == "start" and acting.start(sender, now):
        answers.send("opt_in_confirmation", message, sender, now)
    elif intent.kind == "help":
        answers.send("help_answer", message, sender, now)
    elif intent.kind == "ambiguous" and sender.digest:
        acting.hold(sender, now)


def _provider_acted(message: InboundMessage) -> bool:
    """Whether the provider refuses the number from now on, whatever we do."""
    its_own = {squeezed(word) for word in channels[message.channel].provider_stops_on}
    return message.opt_out_type == "STOP" or squeezed(message.body) in its_own
