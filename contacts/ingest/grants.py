"""The consent that an item carries: because it says so, or because its source was set up that way."""

from typing import Any

from contacts import consents
from contacts.consents import Grant
from contacts.ingest import names
from contacts.ingest.items import Item
from contacts.ingest.refusals import BadItem
from contacts.ingest.sources import Sender
from contacts.models import Consent

BASES = tuple(basis for basis in Consent.Basis.values if basis)
CHANNEL_LENGTH = 20
WORDING_LENGTH = 120


def check(item: Item, sender: Sender) -> None:
    """Raises BadItem if a `consent.granted` or `consent.withdrawn` does not say for what."""
    if item.name not in (names.GRANTED, names.WITHDRAWN):
        return
    said = item.properties
    channel, topic = said.get("channel"), said.get("topic")
    if not isinstance(channel, str) or not 0 < len(channel) <= CHANNEL_LENGTH:
        raise BadItem(f"{item.name} needs the property channel, e.g. email or sms; it is {channel!r:.60}.")
    if not isinstance(topic, str) or topic not in sender.topics:
        known = ", ".join(sorted(sender.topics)) or "none"
        raise BadItem(f"{item.name} needs the property topic; the topics of this brand are: {known}.")
    if item.name == names.GRANTED and said.get("basis", "express") not in BASES:
        raise BadItem(f"basis {said['basis']!r:.60} is not known; write one of: {', '.join(BASES)}.")
    if len(str(said.get("wording") or "")) > WORDING_LENGTH:
        raise BadItem(
            f"wording is longer than {WORDING_LENGTH} characters; send the version of the text, not the text."
        )


def of(item: Item, contact_id: int, sender: Sender, ip: str, user_agent: str) -> list[Grant]:
    """The lines for the consent ledger; most items carry none."""
    if item.name in (names.GRANTED, names.WITHDRAWN):
        return [_said(item, contact_id, sender, ip, user_agent)]
    rules = sender.grants.get(item.name, ())
    return [
        Grant(
            contact_id=contact_id,
            topic_id=rule.topic_id,
            channel=rule.channel,
            basis=rule.basis,
            occurred_at=item.occurred_at,
            source=_source(sender),
            wording=rule.wording[:WORDING_LENGTH],
            proof=_proof(item, sender, ip, user_agent),
        )
        for rule in rules
    ]


def _said(item: Item, contact_id: int, sender: Sender, ip: str, user_agent: str) -> Grant:
    withdrawn = item.name == names.WITHDRAWN
    return Grant(
        contact_id=contact_id,
        topic_id=sender.topics[item.properties["topic"]],
        channel=item.properties["channel"],
        basis="" if withdrawn else item.properties.get("basis", "express"),
        occurred_at=item.occurred_at,
        source=_source(sender),
        wording=str(item.properties.get("wording") or ""),
        proof=_proof(item, sender, ip, user_agent),
        state=consents.WITHDRAWN if withdrawn else consents.GRANTED,
        key=item.key,
    )


def _source(sender: Sender) -> str:
    return f"ingest: {sender.name}"[:120]


def _proof(item: Item, sender: Sender, ip: str, user_agent: str) -> dict[str, Any]:
    """Where and with what the person said so: the device's own address if the sender tells it, else the sender's."""
    return {
        "ip": str(item.context.get("ip") or ip),
        "user_agent": str(item.context.get("userAgent") or user_agent),
        "source": sender.id,
        "event": item.name,
        "message_id": item.message_id,
    }
