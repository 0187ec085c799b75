"""What is known about a message or a person, as plain values."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from channels import archive
from channels.base import channels
from channels.models import Message, TemplateVersion
from compliance import gate
from compliance.base import rules
from compliance.evidence import sources
from compliance.models import Approval, Decision
from contacts import addresses, consents
from contacts.models import Address, Consent, Contact, Event, Suppression

Plain = dict[str, Any]
RELATED = (
    "contact", "brand", "template", "topic", "version__author", "account", "address", "test__asked_by", "in_app", "chat",
)  # fmt: skip
BATCH = 200


def of_message(message: Message, now: datetime) -> Plain:
    """All that shows why this message left, or did not, and what was said in it; `now` is when it was gathered."""
    decisions = gate.explain(message)
    then = decisions[-1].decided_at if decisions else now
    return {
        "kind": "message",
        "gathered_at": now,
        "message": message_line(message),
        "contact": _contact(message.contact) if message.contact else None,
        "as_sent": _copy(message),
        "fetched": _fetched(message),
        "version": _version(message.version) if message.version else None,
        "approvals": [_approval(one) for one in _approvals(message.version)],
        "decisions": [decision_line(one) for one in decisions],
        "rule_sets": sources.of(decisions, message.channel, message.message_class or "marketing"),
        "consents": [consent_line(one) for one in _said(message, then)],
        "consents_until": then,
        "suppressions": [suppression_line(one) for one in _suppressions(_digests(message))],
        "provider": [_heard(event) for event in _told(message)],
    }


def of_person(contact: Contact, now: datetime) -> Iterator[Plain]:
    """The person first, then every message that was ever asked for, oldest first."""
    mine = consents.of_person(contact.pk).select_related("topic__brand").order_by("occurred_at", "id")
    digests = list(contact.addresses.order_by("id").values_list("digest", flat=True))
    yield {
        "kind": "person",
        "gathered_at": now,
        "contact": _contact(contact),
        "addresses": [_address(one) for one in contact.addresses.order_by("id")],
        "consents": [consent_line(one) for one in mine],
        "suppressions": [suppression_line(one) for one in _suppressions(digests)],
        "messages": Message.objects.filter(contact=contact).count(),
    }
    theirs = Message.objects.filter(contact=contact).select_related(*RELATED).order_by("id")
    for message in theirs.iterator(chunk_size=BATCH):
        yield of_message(message, now)


def consent_line(one: Consent) -> Plain:
    """A line of the ledger with its proof."""
    return {
        "line": one.pk,
        "brand": one.topic.brand.key,
        "topic": one.topic.key,
        "channel": one.channel,
        "state": one.state,
        "basis": one.basis,
        "occurred_at": one.occurred_at,
        "recorded_at": one.recorded_at,
        "expires_at": one.expires_at,
        "source": one.source,
        "wording": one.wording,
        "proof": one.proof,
    }


def suppression_line(one: Suppression) -> Plain:
    """A line of the suppression list."""
    return {
        "line": one.pk,
        "reason": one.reason,
        "address_kind": one.address_kind,
        "channel": one.channel or "every channel",
        "brand": one.brand.key if one.brand else "every brand",
        "source": one.source,
        "created_at": one.created_at,
        "lifted_at": one.lifted_at,
        "lifted_because": one.lifted_because,
    }


def message_line(message: Message) -> Plain:
    """What was asked for, and what became of it."""
    test = getattr(message, "test", None)
    return {
        "number": message.pk,
        "key": message.key,
        "channel": message.channel,
        "class": message.message_class,
        "brand": message.brand.key,
        "topic": message.topic.key,
        "template": message.template.key,
        "asked_by": message.labels,
        "asked_at": message.created_at,
        "expires_at": message.expires_at,
        "state": message.state,
        "reason": message.reason,
        "error": message.error,
        "cleared_at": message.cleared_at,
        "sent_at": message.sent_at,
        "sender": message.account.name if message.account else "",
        "provider_id": message.provider_id,
        "address": message.address.value if message.address else test.recipient if test else "",
        "test_asked_by": test.asked_by.get_username() if test else None,
        "heard_back": message.get_delivery_display(),
    }


def _contact(contact: Contact) -> Plain:
    return {"number": contact.pk, "external_id": contact.external_id, "name": contact.name}


def _address(one: Address) -> Plain:
    return {"kind": one.kind, "value": one.value, "validity": one.validity, "since": one.created_at}


def _copy(message: Message) -> Any:
    """Word for word what left; None when nothing did."""
    return archive.shown(message.pk)


def _fetched(message: Message) -> Plain | None:
    """What the person's app or chat widget was given, and what they did with it; None on other channels."""
    one: Any = getattr(message, "in_app", None) or getattr(message, "chat", None)
    if one is None:
        return None
    acts = ("created_at", "expires_at", "read_at", "clicked_at", "dismissed_at", "answered_at")
    return {"content": one.content, **{name: getattr(one, name) for name in acts if hasattr(one, name)}}


def _version(version: TemplateVersion) -> Plain:
    return {
        "number": version.number,
        "locale": version.locale,
        "class": version.message_class,
        "state": version.state,
        "author": version.author.get_username(),
        "submitted_at": version.submitted_at,
        "content": version.content,
        "variables": version.variables,
        "compiled": version.compiled,
        "fingerprint": version.fingerprint,
    }


def _approvals(version: TemplateVersion | None) -> Iterable[Approval]:
    found = Approval.objects.filter(version=version) if version else Approval.objects.none()
    return found.select_related("author", "approver").order_by("decided_at", "id")


def _approval(one: Approval) -> Plain:
    return {
        "approved": one.approved,
        "approver": one.approver.get_username(),
        "author": one.author.get_username(),
        "decided_at": one.decided_at,
        "reason": one.reason,
        "fingerprint": one.fingerprint,
    }


def decision_line(one: Decision) -> Plain:
    """A judgement with every verdict, the strictest first."""
    return {
        "number": one.pk,
        "decided_at": one.decided_at,
        "outcome": one.outcome,
        "reason": one.reason,
        "until": one.until,
        "evidence": one.evidence,
        "verdicts": [
            {
                "rule": found.rule,
                "title": rules[found.rule].title if found.rule in rules else found.rule,
                "outcome": found.outcome,
                "code": found.code,
                "why": found.why,
                "until": found.until,
            }
            for found in one.trace()
        ],
    }


def _said(message: Message, then: datetime) -> Iterable[Consent]:
    """What was known about this channel and topic when it was judged last."""
    if message.contact_id is None:
        return ()
    known = consents.of_person(message.contact_id).filter(channel=message.channel, topic=message.topic_id)
    return known.filter(recorded_at__lte=then).select_related("topic__brand").order_by("occurred_at", "id")


def _digests(message: Message) -> list[str]:
    """The address that it went to; before that, every one that it could go to."""
    if message.address:
        return [message.address.digest]
    kind = channels[message.channel].address_kind if message.channel in channels else None
    if test := getattr(message, "test", None):
        return [addresses.digest(kind or "", test.recipient)]
    return list(Address.objects.filter(contact=message.contact_id, kind=kind or "").values_list("digest", flat=True))


def _suppressions(digests: list[str]) -> QuerySet[Suppression]:
    return Suppression.objects.filter(digest__among=digests).select_related("brand").order_by("id")


def _told(message: Message) -> Iterable[Event]:
    told = Event.objects.filter(contact=message.contact_id, name__startswith="message.", properties__message=message.pk)
    return told.order_by("occurred_at", "id")


def _heard(event: Event) -> Plain:
    return {
        "what": event.name.removeprefix("message."),
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
        "reason": event.properties.get("reason", ""),
        "url": event.properties.get("url", ""),
    }
