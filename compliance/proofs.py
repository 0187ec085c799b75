"""What the gate knows of test sends: the sender, the address and the stops. The rest protects people, of whom there are none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Max, Q

from channels import proofs
from channels.base import channels
from channels.models import InboundMessage, TemplateVersion, TestSend
from compliance import stops
from compliance.base import Facts, SenderFact, VersionFact
from compliance.claims import Claimed
from compliance.rules.conversation import WINDOW
from contacts import addresses

if TYPE_CHECKING:
    from compliance.dossier import Dossier


State = TemplateVersion.State


@dataclass(frozen=True, slots=True)
class Proof:
    """A test, and its address as the suppression list knows it."""

    test: TestSend
    digest: str
    last_inbound_at: datetime | None


def load(batch: Sequence[Claimed], now: datetime) -> Mapping[int, Proof]:
    """The tests of this batch, by message: two queries, and none if it has no test."""
    mine = {one.id: one for one in batch if one.contact_id is None}
    if not mine:
        return {}
    tests = proofs.of(mine)
    heard = _heard(mine, tests, now)
    return {
        pk: Proof(test, _digest(mine[pk], test.recipient), heard.get(_conversation(mine[pk], test)))
        for pk, test in tests.items()
    }


def facts(one: Claimed, proof: Proof | None, known: "Dossier") -> Facts:
    """What the rules may know about this test. One of which nobody knows where it should go has no address."""
    house = known.houses[one.brand_id]
    if proof is None:
        return Facts(one.id, 0, one.brand_id, one.channel, "", "marketing", one.template_id, is_test=True)
    version = proof.test.version
    sender = known.senders.get((one.brand_id, one.channel))
    kind = channels[one.channel]
    return Facts(
        message_id=one.id,
        contact_id=0,
        is_test=True,
        brand_id=one.brand_id,
        channel=one.channel,
        topic=known.topics.get(one.topic_id, ""),
        # As of every message: what nobody has approved is judged as the strictest class.
        message_class=version.message_class if version.state == State.APPROVED else "marketing",
        template_id=one.template_id,
        labels=one.labels,
        requested_at=one.created_at,
        expires_at=one.expires_at,
        needs_address=kind.fetched and proofs.is_lost(proof.test),
        has_account=(one.brand_id, one.channel) in known.accounts,
        zone_name=house.zone_name,
        law=known.law,
        house=house.policy,
        suppressions=known.suppressions(proof.digest, one),
        version=VersionFact(
            id=version.pk,
            number=version.number,
            state=version.state,
            message_class=version.message_class,
            fingerprint="",
            approved_fingerprint="",
            free_form=kind.approves_templates and not kind.provider_template(version.content),
        ),
        sender=sender.fact(None) if sender else SenderFact(),
        last_inbound_at=proof.last_inbound_at,
        stops=stops.concerning(known.stops, house.key, one.channel, {}) if known.stops else (),
    )


def _digest(one: Claimed, recipient: str) -> str:
    return addresses.digest(channels[one.channel].address_kind or "", recipient)


def _conversation(one: Claimed, test: TestSend) -> tuple[int, str, str]:
    return one.brand_id, one.channel, test.recipient


def _heard(
    mine: Mapping[int, Claimed], tests: Mapping[int, TestSend], now: datetime
) -> dict[tuple[int, str, str], datetime]:
    """When these addresses last wrote to a brand, on channels whose providers ask for that."""
    wanted = Q(pk__in=())
    for pk, test in tests.items():
        if channels[mine[pk].channel].approves_templates:
            wanted |= Q(account__brand=mine[pk].brand_id, channel=mine[pk].channel, sender=test.recipient)
    rows = InboundMessage.objects.filter(wanted, received_at__gt=now - WINDOW).order_by()
    found = rows.values_list("account__brand_id", "channel", "sender").annotate(Max("received_at"))
    return {(brand_id, channel, sender): last for brand_id, channel, sender, last in found}
