"""Everything that the rules may know about a batch of messages, loaded in a constant number of queries."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from django.db.models import Case, F, JSONField, Q, Value, When

from channels.base import channels
from channels.models import Account, Message
from compliance import claims, conversations, people, proofs, sealed, senders, stops
from compliance.base import (
    TEXTS,
    CapFact,
    ConsentFact,
    Facts,
    HouseFact,
    JourneyFact,
    QuietFact,
    SenderFact,
    SentFact,
    SuppressionFact,
    VersionFact,
)
from compliance.claims import Claimed
from compliance.law import rule_sets
from compliance.law.rules import NO_RULES, Rules
from compliance.matrix import Happened, happened
from compliance.models import FrequencyCap, HousePolicy, QuietHours, WithdrawnWording
from compliance.people import Person
from compliance.places import Place, locate
from compliance.proofs import Proof
from compliance.rules.duplicate import WITHIN
from compliance.senders import Sender
from config import bulk
from contacts import locales, suppressions, zones
from contacts.models import Address, Brand, ConsentState, Topic

OPTED_OUT = frozenset({"opt_out", "no_marketing"})
PROVIDER = "provider"
NIGHT = "night"
"""The topic whose consent is one to messages at night (Korea asks for a separate one)."""
PHONE = Address.Kind.PHONE.value
LONGEST_STATUTE = timedelta(days=8)
"""A local week, whatever the zone."""
LONGEST_CALENDAR = {"day": timedelta(days=2), "week": timedelta(days=8), "month": timedelta(days=32)}
"""How far back a calendar window can begin, whatever the zone and the clock changes."""


@dataclass(frozen=True, slots=True)
class House:
    """A brand, as far as the rules care."""

    key: str
    zone_name: str
    quiet: Mapping[str, tuple[QuietFact, ...]]
    caps: tuple[CapFact, ...]
    policy: HouseFact
    locale: str = ""
    """The language of those whose own is unknown or not served."""


@dataclass(frozen=True, slots=True)
class Way:
    """An address that could be used: the newest of its kind."""

    id: int
    value: str
    digest: str
    validity: str


@dataclass(slots=True)
class Dossier:
    """The facts of a batch. `sent` and `senders` grow while it is judged: what was just cleared counts for the next message."""

    houses: dict[int, House] = field(default_factory=dict)
    topics: dict[int, str] = field(default_factory=dict)
    versions: dict[int, dict[str, VersionFact]] = field(default_factory=dict)
    journeys: dict[int, JourneyFact] = field(default_factory=dict)
    accounts: dict[tuple[int, str], Account] = field(default_factory=dict)
    senders: dict[tuple[int, str], Sender] = field(default_factory=dict)
    """The accounts with something to say about it, by brand and channel as above."""
    people: dict[int, Person] = field(default_factory=dict)
    tests: Mapping[int, Proof] = field(default_factory=dict)
    """By message; their addresses are nobody's."""
    law: Rules = NO_RULES
    ways: dict[tuple[int | None, str], Way] = field(default_factory=dict)
    consents: dict[tuple[int | None, str], dict[int, ConsentFact]] = field(default_factory=dict)
    """By person and channel, then by topic."""
    suppressed: dict[str, list[suppressions.Match]] = field(default_factory=dict)
    sent: dict[int, list[SentFact]] = field(default_factory=dict)
    stops: list[str] = field(default_factory=list)
    matrix: Happened = field(default_factory=dict)
    heard: dict[tuple[int, int, str], datetime] = field(default_factory=dict)

    def facts(self, one: Claimed) -> Facts:
        """What the rules may know about this message."""
        if one.contact_id is None:
            return proofs.facts(one, self.tests.get(one.id), self)
        house = self.houses[one.brand_id]
        person = self.people[one.contact_id]
        version = locales.choice(self.versions.get(one.template_id, {}), person.locale, house.locale)
        kind = channels[one.channel]
        way = self.ways.get((one.contact_id, kind.address_kind)) if kind.address_kind else None
        place = self.place(one.contact_id, house)
        zone_name = person.timezone if zones.known(person.timezone) else place.zones[0]
        suppressed = self.suppressions(way.digest, one) if way else ()
        sender = self.senders.get((one.brand_id, one.channel))
        return Facts(
            message_id=one.id,
            contact_id=one.contact_id,
            brand_id=one.brand_id,
            channel=one.channel,
            topic=self.topics.get(one.topic_id, ""),
            # What nobody has approved is judged as the strictest class.
            message_class=version.message_class if version else "marketing",
            template_id=one.template_id,
            occasion=occasion(one.context),
            labels=one.labels,
            requested_at=one.created_at,
            expires_at=one.expires_at,
            fallback_from=str(one.labels.get("fallback_from") or ""),
            needs_address=kind.address_kind is not None,
            address_id=way.id if way else None,
            address_validity=way.validity if way else "",
            has_account=(one.brand_id, one.channel) in self.accounts,
            zone=_zone(zone_name),
            zone_name=zone_name,
            zone_source=place.source,
            place=place,
            law=self.law,
            house=house.policy,
            **self._said(one),
            suppressions=suppressed,
            provider_blocked=any(match.reason == PROVIDER for match in suppressed),
            version=version,
            journey=self._journey(one),
            sender=sender.fact(one.contact_id) if sender else SenderFact(),
            last_inbound_at=self.heard.get((one.contact_id, one.brand_id, one.channel)),
            quiet=house.quiet.get(one.channel, ()),
            caps=house.caps,
            sent=self.sent.get(one.contact_id, ()),
            stops=stops.concerning(self.stops, house.key, one.channel, one.labels) if self.stops else (),
            matrix=self.matrix.get((one.brand_id, one.contact_id), ()),
        )

    def place(self, contact_id: int, house: House) -> Place:
        """Every zone and jurisdiction in which this person may be."""
        phone = self.ways.get((contact_id, PHONE))
        clues = self.people[contact_id].clues(phone.value if phone else "")
        return locate(clues, house.zone_name, house.policy.trust)

    def note(self, one: Claimed, facts: Facts, now: datetime) -> None:
        """This message was just cleared."""
        if sender := self.senders.get((one.brand_id, one.channel)):
            sender.take(one.contact_id, now)
        if one.contact_id is None:
            return
        fact = SentFact(one.id, one.template_id, one.channel, facts.message_class, one.brand_id, now, facts.occasion)
        self.sent.setdefault(one.contact_id, []).append(fact)

    def queue(self, one: Claimed) -> None:
        """This message waits for a slot of its sender: the next one waits for the slot after that."""
        self.senders[one.brand_id, one.channel].queue(one.contact_id)

    def _said(self, one: Claimed) -> dict[str, Any]:
        """What the person allows and refuses, as far as it touches this message."""
        here = self.consents.get((one.contact_id, one.channel), {})
        granted = {
            self.topics[topic] for topic, said in here.items() if said.state == "granted" and topic != one.topic_id
        }
        before = str(one.labels.get("fallback_from") or "")
        there = self.consents.get((one.contact_id, before), {}) if before else {}
        refused = any(said.state == "withdrawn" for said in there.values()) or self._stopped(one, before)
        return {
            "consent": here.get(one.topic_id),
            "other_topics": frozenset(granted),
            "night_consent": NIGHT in granted,
            "opted_out_channels": frozenset({before} if refused else ()),
        }

    def _journey(self, one: Claimed) -> JourneyFact | None:
        version = one.labels.get("version")
        return self.journeys.get(version) if isinstance(version, int) else None

    def suppressions(self, digest: str, one: Claimed) -> Sequence[SuppressionFact]:
        """What on the suppression list stands against this message to this address."""
        return [
            SuppressionFact(match.id, match.reason, match.created_at)
            for match in self.suppressed.get(digest, ())
            if _covers(match, one.channel, one.brand_id)
        ]

    def _stopped(self, one: Claimed, channel: str) -> bool:
        """Whether the person's address of another channel has opted out there."""
        kind = channels.get(channel)
        way = self.ways.get((one.contact_id, kind.address_kind)) if kind and kind.address_kind else None
        matches = self.suppressed.get(way.digest, ()) if way else ()
        return any(match.reason in OPTED_OUT and _covers(match, channel, one.brand_id) for match in matches)


def _covers(match: suppressions.Match, channel: str, brand_id: int) -> bool:
    """Texts of every kind are one: a suppression of one channel of them is one of all."""
    return any(match.covers(each, brand_id) for each in (TEXTS if channel in TEXTS else (channel,)))


def load(batch: Sequence[Claimed], now: datetime, *, locked: bool = False) -> Dossier:
    """The dossier of these messages: about a dozen queries, however many there are.

    `locked` keeps the senders that have limits to the caller's transaction; it comes first, since it may wait.
    """
    accounts = _accounts({one.brand_id for one in batch})
    limits = senders.load(batch, accounts, now, locked=locked)
    contact_ids = list(claims.people(batch))
    brand_ids = {one.brand_id for one in batch}
    houses = _houses(brand_ids)
    ways, tests = _ways(contact_ids), proofs.load(batch, now)
    digests = [way.digest for way in ways.values()] + [test.digest for test in tests.values()]
    law = rule_sets.active()
    accounts = _accounts(brand_ids)  # again: `senders.load` may have waited, and one may be turned off since
    back = max(_longest_cap(houses.values()), LONGEST_STATUTE if law.tables.caps else timedelta(0))
    return Dossier(
        houses=houses,
        law=law,
        topics=dict(Topic.objects.filter(brand_id__in=brand_ids).values_list("id", "key")),
        versions=conversations.as_providers_see(
            sealed.versions({one.template_id for one in batch}, now), batch, accounts
        ),
        journeys=sealed.journeys((one.labels for one in batch), now),
        accounts=accounts,
        senders=limits,
        people=people.load(contact_ids),
        ways=ways,
        consents=_consents(contact_ids, brand_ids),
        tests=tests,
        suppressed=suppressions.matching(digests, now),
        sent=_sent(contact_ids, {one.template_id for one in batch}, back, now),
        stops=stops.standing(),
        matrix=happened(contact_ids, brand_ids, now),
        heard=conversations.heard(batch, now),
    )


def occasion(context: Mapping[str, Any]) -> str:
    """A hash of what a message was asked for; empty when nothing is known of it, and then nothing is a duplicate."""
    if not context:
        return ""
    return hashlib.sha256(bulk.dumps(sorted(context.items())).encode()).hexdigest()[:16]


@lru_cache(maxsize=1024)
def _zone(name: str) -> tzinfo:
    return zones.zone(name) if zones.known(name) else UTC


def _houses(ids: Iterable[int]) -> dict[int, House]:
    wanted = list(ids)
    quiet: dict[int, dict[str, tuple[QuietFact, ...]]] = {}
    for policy in QuietHours.objects.filter(brand_id__in=wanted, enabled=True):
        fact = QuietFact(policy.start, policy.end, frozenset(policy.classes))
        mine = quiet.setdefault(policy.brand_id, {})
        mine[policy.channel] = (*mine.get(policy.channel, ()), fact)
    caps: dict[int, tuple[CapFact, ...]] = {}
    for cap in FrequencyCap.objects.filter(brand_id__in=wanted, enabled=True).order_by("id"):
        caps[cap.brand_id] = (*caps.get(cap.brand_id, ()), _cap(cap))
    policies = {policy.brand_id: _policy(policy) for policy in HousePolicy.objects.filter(brand_id__in=wanted)}
    rows = Brand.objects.filter(id__in=wanted).values_list("id", "key", "timezone", "default_locale")
    return {
        pk: House(key, zone, quiet.get(pk, {}), caps.get(pk, ()), policies.get(pk, HouseFact()), locale)
        for pk, key, zone, locale in rows
    }


def _cap(cap: FrequencyCap) -> CapFact:
    return CapFact(
        name=cap.name,
        limit=cap.limit,
        window=LONGEST_CALENDAR.get(cap.calendar) or timedelta(days=cap.days),
        calendar=cap.calendar,
        classes=frozenset(cap.classes),
        channels=frozenset(cap.channels),
        topics=frozenset(cap.topics),
        journeys=frozenset(cap.journeys),
        action=cap.action,
    )


def _policy(policy: HousePolicy) -> HouseFact:
    return HouseFact(
        profile=policy.profile,
        unknown_place=policy.unknown_place,
        trust=policy.trust,
        honour_consent_lift=policy.honour_consent_lift,
        guard=timedelta(minutes=policy.guard_minutes),
        longest_hold=timedelta(hours=policy.longest_hold_hours),
        cross_channel_fallback=policy.cross_channel_fallback,
        whatsapp_named_opt_in=policy.whatsapp_named_opt_in,
    )


def _accounts(brand_ids: Iterable[int]) -> dict[tuple[int, str], Account]:
    enabled = Account.objects.filter(brand_id__in=list(brand_ids), enabled=True, is_default=True).defer("config")
    return {(account.brand_id, account.channel): account for account in enabled}


def _ways(contact_ids: Sequence[int]) -> dict[tuple[int | None, str], Way]:
    """The newest address of each kind: a phone number also tells where somebody may be. Of devices the newest that works."""
    rows = Address.objects.filter(contact_id__among=contact_ids).order_by("created_at", "id")
    columns = ("contact_id", "kind", "id", "value", "digest", "validity")
    found: dict[tuple[int | None, str], Way] = {}
    for contact_id, kind, *values in rows.values_list(*columns):
        way = Way(*values)
        if kind != Address.Kind.PUSH or way.validity != "invalid" or (contact_id, kind) not in found:
            found[contact_id, kind] = way
    return found


def _consents(
    contact_ids: Sequence[int], brand_ids: Iterable[int]
) -> dict[tuple[int | None, str], dict[int, ConsentFact]]:
    """All that these people said to these brands: a refusal elsewhere, or of another topic, is part of the answer."""
    revoked = set(WithdrawnWording.objects.values_list("wording", flat=True))
    rows = ConsentState.objects.filter(contact_id__among=contact_ids, topic__brand_id__in=list(brand_ids))
    columns = (
        "contact_id",
        "channel",
        "topic_id",
        "consent_id",
        "state",
        "basis",
        "occurred_at",
        "expires_at",
        "flaw",
        "wording",
    )
    found: dict[tuple[int | None, str], dict[int, ConsentFact]] = {}
    for contact_id, channel, topic_id, *values in rows.order_by().values_list(*columns):
        fact = ConsentFact(*values)
        if fact.wording in revoked:
            fact = replace(fact, wording_withdrawn=True)
        found.setdefault((contact_id, channel), {})[topic_id] = fact
    return found


def _longest_cap(houses: Iterable[House]) -> timedelta:
    return max((cap.window for house in houses for cap in house.caps), default=timedelta(0))


def _sent(
    contact_ids: Sequence[int], template_ids: Iterable[int], longest: timedelta, now: datetime
) -> dict[int, list[SentFact]]:
    """Earlier messages that count: as far back as the longest cap, and what was said of the same templates of late."""
    of_late = Q(cleared_at__gt=now - WITHIN, template_id__in=list(template_ids))
    counts = of_late if longest <= timedelta(0) else of_late | Q(cleared_at__gt=now - longest)
    # The words' context is only read where it can matter.
    said = Case(When(of_late, then=F("context")), default=Value(None, JSONField()), output_field=JSONField())
    rows = Message.objects.filter(counts, contact_id__among=contact_ids).annotate(said=said).order_by()
    columns = (
        "contact_id", "id", "template_id", "channel", "message_class", "brand_id", "cleared_at", "said", "topic__key", "labels",
    )  # fmt: skip
    found: dict[int, list[SentFact]] = {}
    for contact_id, *values, context, topic, labels in rows.values_list(*columns):
        pk, template_id, channel, message_class, brand_id, cleared_at = values
        what_for, journey = occasion(context or {}), str(labels.get("journey") or "")
        fact = SentFact(pk, template_id, channel, message_class, brand_id, cleared_at, what_for, topic, journey)
        found.setdefault(contact_id, []).append(fact)
    return found
