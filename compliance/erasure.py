"""Erasure (art. 17 GDPR): everything of a person goes, and what the law lets us keep is kept without the person.

What stays is the suppression of the addresses, by their keyed hashes, so that a re-import is not written to; and an
ErasureRecord with what was allowed and taken back, to defend legal claims (art. 17(3)(e)). Which tables hold something of
a person is not listed here: it follows from the foreign keys, so that a new table of any floor is emptied too.

A person who comes back is a new contact. A consent that they give themselves after the erasure, with proof, opens their
address again (`welcome_back`), and so does START; an import, or a word of our own staff, does not.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from channels import outbox
from channels.base import channels
from channels.models import InboundMessage, Message, SandboxMessage, SeedList, TestSend
from compliance import chain
from compliance.chain.rows import LEDGERS
from compliance.models import ErasureRecord, PrivacyRequest
from config import ledger
from contacts import consents, suppressions
from contacts.consents import GRANTED
from contacts.models import Address, AnonymousId, Consent, Contact, FormerId, RejectedEvent, Suppression
from contacts.suppressions import Suppress

User = AbstractBaseUser | AnonymousUser
PERMISSION = "contacts.delete_contact"
KIND = PrivacyRequest.Kind
ERASED = Suppression.Reason.ERASED.value
MOST = 500
"""People in one transaction."""
_Found = defaultdict[type[models.Model], set[Any]]

chain.register("person.erased", "Person erased")


def erase(
    contact_ids: Iterable[int], user: User, reason: str, now: datetime, *, request: PrivacyRequest | None = None
) -> list[ErasureRecord]:
    """Erase these people, wholly and in one transaction; the proof of each.

    Raises PermissionDenied without `contacts.delete_contact`, and ValidationError without a reason, for more than 500, and
    while a message to one of them is being handed over: the provider's answer would come too late to be written down.
    """
    _require(user, reason)
    wanted = sorted(set(contact_ids))
    if len(wanted) > MOST:
        raise ValidationError(f"At most {MOST} people at once.")
    with ledger.unlocked():
        # The full lock: whoever writes something about them right now ends first, and whoever comes later finds nobody.
        people = list(Contact.objects.select_for_update(of=("self",)).filter(pk__among=wanted).order_by("pk"))
        if gone := [person for person in people if person.merged_into_id]:
            raise ValidationError(
                f"Contact {gone[0].pk} was merged into contact {gone[0].merged_into_id}; erase that one, and both go."
            )
        if _being_sent(wanted):
            raise ValidationError("A message to this person is being handed over right now; try again in a minute.")
        return [_erase(person, user, reason, now, request) for person in people]


def welcome_back(contact_ids: Sequence[int], now: datetime) -> int:
    """Open erased addresses whose owners have allowed something themselves since, with proof; how many were."""
    theirs = Address.objects.filter(contact_id__among=list(contact_ids)).order_by()
    standing = Suppression.objects.filter(reason=ERASED, lifted_at=None, digest__in=theirs.values("digest"))
    lifted = 0
    for one in standing.order_by("pk"):
        yes = next((said for said in _said_since(one, contact_ids) if is_own_word(said)), None)
        if yes:
            because = f"consent {yes.pk}, given by the person on {yes.occurred_at:%Y-%m-%d %H:%M} UTC ({yes.source})"
            lifted += suppressions.lift([one.pk], because, now)
    return lifted


def is_own_word(said: Consent) -> bool:
    """Whether the proof shows that the person said so: from a device, a form, or a message of theirs; no file, no colleague."""
    proof = said.proof if isinstance(said.proof, dict) else {}
    source = str(proof.get("merged_from", {}).get("source", said.source))
    if proof.get("file") or proof.get("by") or source.lower().startswith("import"):
        return False
    return any(proof.get(name) for name in ("ip", "url", "form", "inbound", "body"))


def _require(user: User, reason: str) -> None:
    if not user.has_perm(PERMISSION):  # type: ignore[union-attr]
        raise PermissionDenied("You need the permission to erase people.")
    if not reason.strip():
        raise ValidationError({"reason": "Say why, for example: request of 3 November, art. 17(1)(b)."})


def _being_sent(contact_ids: Sequence[int]) -> bool:
    """Whether something is at a provider at this moment. Locks what is cleared, so that nobody begins to hand it over."""
    addresses = Address.objects.filter(contact_id__among=list(contact_ids)).order_by()
    theirs = Q(contact_id__among=list(contact_ids))
    tests = Q(contact=None) & (
        Q(test__reader__among=list(contact_ids))
        | Q(test__inbox__among=list(contact_ids))
        | Q(test__recipient__in=addresses.values("value"))
    )
    leaving = Message.objects.filter(theirs | tests, state=Message.State.SENDING).order_by("pk")
    return any(leaving.select_for_update(of=("self",)).values_list("started_at", flat=True))


def _erase(person: Contact, user: Any, reason: str, now: datetime, request: PrivacyRequest | None) -> ErasureRecord:
    """One person: what is kept is written down first, then all goes."""
    addresses = list(Address.objects.filter(contact=person).order_by("pk").values_list("kind", "digest", "value"))
    values = [value for _, _, value in addresses]
    record = ErasureRecord(
        contact_number=person.pk,
        request=request or _requests(person, values).filter(kind=KIND.ERASURE, done_at=None).first(),
        erased_at=now,
        erased_by=user,
        reason=reason[:300],
        addresses=[{"kind": kind, "digest": digest} for kind, digest, _ in addresses],
        consents=_kept(person, addresses),
        blocked=_waiting(person),
    )
    wanted = [Suppress(digest, kind, ERASED, source="erasure") for kind, digest, _ in addresses]
    suppressions.add(wanted, now)
    found = _belongings(Contact, {person.pk}, defaultdict(set))
    _add_loose(found, person, values)
    _forget_seeds(person, values)
    _answer_requests(person, values, user, now)
    _forget_log(found)
    record.counts = _delete(found, user, now)
    record.save(force_insert=True)
    payload = {"contact": person.pk, "rows": sum(record.counts.values())}
    chain.append("person.erased", now=now, actor=user.pk, subject=record, payload=payload)
    return record


def _kept(person: Contact, addresses: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """What was allowed and taken back, and the words that were agreed to; without IP addresses and the like."""
    digests = defaultdict[str, list[str]](list)
    for kind, digest, _ in addresses:
        digests[kind].append(digest)
    lines = consents.of_person(person.pk).select_related("topic__brand").order_by("occurred_at", "pk")
    return [
        {
            "addresses": digests.get(channels[said.channel].address_kind or "", []) if said.channel in channels else [],
            "brand": said.topic.brand.key,
            "topic": said.topic.key,
            "channel": said.channel,
            "state": said.state,
            "basis": said.basis,
            "occurred_at": said.occurred_at.isoformat(),
            "wording": said.wording,
            "source": said.source,
        }
        for said in lines
    ]


def _waiting(person: Contact) -> list[dict[str, Any]]:
    """Messages that nobody has begun to hand over: they never leave."""
    waiting = Message.objects.filter(outbox.NOT_BEGUN, contact=person).order_by("pk")
    rows = waiting.select_for_update(of=("self",)).values_list("pk", "template__key", "channel")
    return [{"message": pk, "template": key, "channel": way, "reason": "erased"} for pk, key, way in rows]


def _belongings(model: type[models.Model], ids: set[Any], found: _Found) -> _Found:
    """All rows that hang on these, by model. Foreign keys are checked at the end of the transaction, so any order will do."""
    fresh = ids - found[model]
    found[model] |= fresh
    for child, column in _children(model, loose=False) if fresh else ():
        hanging = child.filter(**{f"{column}__among": list(fresh)})
        _belongings(child.model, set(hanging.values_list("pk", flat=True)), found)
    return found


def _children(model: type[models.Model], *, loose: bool) -> Iterator[tuple[models.QuerySet[Any], str]]:
    """The tables that point at this one; the `loose` ones can do without it (SET_NULL)."""
    for relation in model._meta.related_objects:
        if not relation.many_to_many and (relation.on_delete is models.SET_NULL) is loose:
            yield relation.related_model._base_manager.all(), relation.field.name


def _add_loose(found: _Found, person: Contact, values: Sequence[str]) -> None:
    """What speaks of the person without being tied to the contact: test mail, messages from strangers, refused events."""
    to_them = Q(recipient__among=list(values)) | Q(recipient__among=_names(person), message__channel__in=_fetched())
    _belongings(Message, found[TestSend] | _ids(TestSend.objects.filter(to_them)), found)
    sent = Q(message_id__among=list(found[Message]))
    found[SandboxMessage] |= _ids(SandboxMessage.objects.filter(sent | Q(recipient__among=list(values))))
    found[InboundMessage] |= _ids(InboundMessage.objects.filter(contact=None, sender__among=list(values)))
    naming = Q(pk__in=())
    for clue in (*values, *(f'"{name}"' for name in _names(person))):
        naming |= Q(words__icontains=clue)
    refused = RejectedEvent.objects.annotate(words=Cast("payload", TextField())).filter(naming)
    found[RejectedEvent] |= _ids(refused)


def _forget_seeds(person: Contact, values: Sequence[str]) -> None:
    """An address or user ID of theirs on a seed list goes too, from the lists as they are and as they were."""
    names = _names(person)
    for rows in (SeedList.objects.all(), SeedList.history.all()):
        for one in rows.iterator():
            theirs = names if one.channel in _fetched() else values
            left = [address for address in one.addresses if address not in theirs]
            if len(left) < len(one.addresses):
                rows.filter(pk=one.pk).update(addresses=left)


def _fetched() -> list[str]:
    """The channels whose tests go to user IDs."""
    return [kind.key for kind in channels if kind.fetched]


def _names(person: Contact) -> list[str]:
    """The IDs that other systems know the person by."""
    visitors = AnonymousId.objects.filter(contact=person).values_list("value", flat=True)
    former = FormerId.objects.filter(contact=person).values_list("value", flat=True)
    return [name for name in (person.external_id, *visitors, *former) if name]


def _ids(rows: models.QuerySet[Any]) -> set[Any]:
    return set(rows.values_list("pk", flat=True))


def _requests(person: Contact, values: Sequence[str]) -> models.QuerySet[PrivacyRequest]:
    return PrivacyRequest.objects.filter(Q(contact=person) | Q(address__among=list(values)))


def _answer_requests(person: Contact, values: Sequence[str], user: Any, now: datetime) -> None:
    """Requests stay, with their dates and who answered them; who asked and what was written goes."""
    mine = _requests(person, values)
    mine.filter(kind=KIND.ERASURE, done_at=None).update(done_at=now, done_by=user)
    mine.update(contact=None, address="", note="", extended_because="")


def _forget_log(found: _Found) -> None:
    """The admin's log keeps who did something when, but names its object and what was changed."""
    kinds = ContentType.objects.get_for_models(*found)
    for model, ids in found.items():
        log = LogEntry.objects.filter(content_type=kinds[model], object_id__among=[str(pk) for pk in ids])
        log.update(object_repr="erased", change_message="")


def _delete(found: _Found, user: Any, now: datetime) -> dict[str, int]:
    """Delete it all; what the audit chain has sealed leaves its hashes there. How many rows of each table went."""
    counts = {}
    for model, ids in found.items():
        table, gone = model._meta.db_table, list(ids)
        if gone and table in LEDGERS:
            chain.erased(table, gone, now=now, actor=user.pk)
        if gone:
            for child, column in _children(model, loose=True):
                child.filter(**{f"{column}__among": gone}).update(**{column: None})
            rows: Any = model._base_manager.filter(pk__among=gone)
            counts[table] = rows._raw_delete(rows.db)
    return counts


def _said_since(one: Suppression, contact_ids: Sequence[int]) -> Iterator[Consent]:
    """What people with this address have allowed since it was erased, on channels that use such an address."""
    owners_now = Address.objects.filter(digest=one.digest, contact_id__among=list(contact_ids)).values("contact_id")
    yeses = Consent.objects.filter(contact_id__in=owners_now, state=GRANTED, occurred_at__gt=one.created_at)
    for said in yeses.order_by("occurred_at", "pk"):
        if said.channel in channels and channels[said.channel].address_kind == one.address_kind:
            yield said
