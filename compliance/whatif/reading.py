"""From a case in JSON to facts: what is left out is what a well-behaved message would have."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from channels.models import MessageClass
from compliance.base import (
    CapFact,
    ConsentFact,
    Facts,
    HouseFact,
    QuietFact,
    SenderFact,
    SentFact,
    SuppressionFact,
    VersionFact,
)
from compliance.content import label
from compliance.law.rules import KINDS_OF, Rules
from compliance.models import FrequencyCap
from compliance.places import Clues, Place, locate
from compliance.rules.sender import ROLLING
from compliance.whatif import matrix
from compliance.whatif.fields import BadCase, Node
from contacts import consents, zones
from contacts.models import Consent, Suppression

CLASSES = tuple(MessageClass.values)
BASES = tuple(basis for basis in Consent.Basis.values if basis)
LONGEST_GUARD = 720
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""Stands in for an instant that is missing; the case is refused anyway."""
BRAND = 1
"""The one brand of a hypothetical case."""


class Case(NamedTuple):
    """A case that was read: its facts, and the instant at which it is judged."""

    id: str
    now: datetime
    facts: Facts


def read(value: Any, law: Rules) -> Case:
    """The facts of a case under this law. Raises BadCase with every mistake."""
    mistakes: list[str] = []
    top = Node(value, "", mistakes)
    now = top.instant("now")
    if now is None and not mistakes:
        top.wrong("now", "say when it is judged, e.g. 2026-11-23T13:00:00Z.")
    message, contact, policy = top.node("message"), top.node("contact"), top.node("policy")
    house = _house(policy, top)
    place = _place(contact, policy, house)
    facts = _message(message, place, house, law, now)
    facts = _person(facts, contact, now)
    facts = replace(
        facts,
        quiet=tuple(found for one in policy.nodes("hours") if (found := _quiet(one, facts))),
        caps=tuple(_cap(one) for one in policy.nodes("caps")),
        sent=tuple(_sent(one, facts, number) for number, one in enumerate(top.nodes("sent"))),
        sender=_sender(top.node("sender"), now or NEVER),
        emergencies=top.texts("emergencies"),
        stops=sorted(top.texts("stops")),
        matrix=matrix.read(policy, contact, now),
    )
    identifier = top.text("id")
    for node in (message, contact, policy, top):
        node.done()
    if mistakes or now is None:
        raise BadCase(mistakes)
    return Case(identifier, now, facts)


def _house(policy: Node, top: Node) -> HouseFact:
    return HouseFact(
        profile=top.choice("profile", "standard", tuple(KINDS_OF)),
        unknown_place=policy.choice("unknown_place", "strictest", ("block", "strictest")),
        trust=policy.choice("trust", "profile", ("profile", "strict")),
        honour_consent_lift=policy.flag("honour_consent_lift"),
        guard=timedelta(minutes=policy.number("guard_minutes", most=LONGEST_GUARD)),
        longest_hold=policy.duration("longest_hold", timedelta(hours=72)),
        cross_channel_fallback=policy.flag("cross_channel_fallback"),
        whatsapp_named_opt_in=policy.flag("whatsapp_named_opt_in", default=True),
    )


def _place(contact: Node, policy: Node, house: HouseFact) -> Place:
    clues = Clues(
        timezone=_zone(contact, "timezone"),
        timezone_source=contact.text("timezone_source", "person"),
        country=contact.text("country"),
        region=contact.text("region"),
        postal_code=contact.text("postal_code"),
        phone=contact.text("phone"),
        device_timezone=_zone(contact, "device_timezone"),
        ip_timezone=_zone(contact, "ip_timezone"),
    )
    found = locate(clues, _zone(policy, "default_zone") or "UTC", house.trust)
    if contact.has("zones"):
        # For cases that name the candidates themselves, whatever the clues would say.
        candidates = tuple(sorted(contact.texts("zones")))
        if unknown := [name for name in candidates if not zones.known(name)]:
            contact.wrong("zones", f"{', '.join(unknown)}: not known; write e.g. America/New_York.")
        else:
            found = replace(found, zones=candidates or found.zones, source="given")
    if contact.has("jurisdictions"):
        names = tuple(sorted(contact.texts("jurisdictions")))
        countries = tuple(dict.fromkeys(name[:2] for name in names))
        regions = tuple(name for name in names if "-" in name)
        found = replace(found, jurisdictions=names, countries=countries, regions=regions)
    return found


def _zone(node: Node, name: str) -> str:
    text = node.text(name)
    if text and not zones.known(text):
        node.wrong(name, f"{text!r} is not a time zone; write e.g. America/New_York.")
        return ""
    return text


def _message(node: Node, place: Place, house: HouseFact, law: Rules, now: datetime | None) -> Facts:
    message_class = node.choice("class", "marketing", CLASSES)
    approved, channel = node.flag("approved", default=True), node.text("channel", "sms")
    begins = {name: node.text("begins_with") for name in label.BEGINNING.values()}
    version = VersionFact(
        id=1,
        number=1,
        state="approved",
        message_class=message_class,
        fingerprint="same",
        approved_fingerprint="same" if approved else "",
        approver="assumption",
        provider_status=node.text("template_status"),
        free_form=node.flag("free_form"),
        unlabelled=label.unlabelled(channel, begins) if node.has("begins_with") else (),
    )
    journey = node.text("journey")
    return Facts(
        message_id=0,
        contact_id=0,
        brand_id=BRAND,
        channel=channel,
        topic=node.text("topic", "news"),
        message_class=message_class,
        template_id=1,
        occasion=node.text("occasion"),
        labels={"journey": journey} if journey else {},
        requested_at=node.instant("requested_at") or now,
        expires_at=node.instant("expires_at"),
        fallback_from=node.text("fallback_from"),
        zone=zones.zone(place.zones[0]),
        zone_name=place.zones[0],
        zone_source=place.source,
        place=place,
        law=law,
        house=house,
        version=version,
    )


def _person(facts: Facts, contact: Node, now: datetime | None) -> Facts:
    said = [_word(one, facts) for one in contact.nodes("consents")]
    if not contact.has("consents"):
        # Left out: a valid, confirmed consent in writing for exactly this message, given long ago.
        said = [_Word(facts.channel, facts.topic, "granted", _valid(now), False)]
    here = _newest(said, facts.channel)
    refused = {word.channel for word in said if _newest(said, word.channel).get(word.topic, word).state == "withdrawn"}
    suppressed = contact.nodes("suppressions")
    out = {one.text("channel") for one in suppressed if one.values.get("reason") == "opt_out"}
    validity = contact.choice("address", "valid", ("valid", "invalid", "missing", "unknown"))
    return replace(
        facts,
        consent=here[facts.topic].fact if facts.topic in here else None,
        other_topics=frozenset(t for t, word in here.items() if word.state == "granted" and t != facts.topic),
        night_consent=any(word.night and word.state == "granted" for word in here.values()),
        opted_out_channels=frozenset(refused | out | contact.texts("opted_out_channels")),
        provider_blocked=contact.flag("provider_blocked"),
        last_inbound_at=contact.instant("last_inbound_at"),
        address_id=None if validity == "missing" else 1,
        address_validity="" if validity == "missing" else validity,
        suppressions=[fact for one in suppressed if (fact := _suppression(one, facts, now))],
    )


class _Word(NamedTuple):
    """A line of the hypothetical ledger."""

    channel: str
    topic: str
    state: str
    fact: ConsentFact
    night: bool


def _valid(now: datetime | None) -> ConsentFact:
    given = (now or NEVER) - timedelta(days=30)
    return ConsentFact(0, "granted", "express_written", given, None)


def _word(node: Node, facts: Facts) -> _Word:
    state = node.choice("state", "granted", tuple(Consent.State.values))
    basis = node.choice("basis", "express_written", BASES)
    at = node.instant("at")
    if at is None:
        node.wrong("at", "say when the person said so.")
    proof: dict[str, Any] = {"opt_out_offered": True} if node.flag("opt_out_offered", default=True) else {"form": True}
    proven = node.flag("proof", default=True)
    fact = ConsentFact(
        id=0,
        state=state,
        basis=basis if state != "withdrawn" else "",
        occurred_at=at or facts.requested_at or NEVER,
        expires_at=node.instant("expires_at"),
        flaw=consents.flaw(state, basis, "given" if proven else "", proof if proven else {}),
        wording=node.text("wording"),
        wording_withdrawn=node.flag("wording_withdrawn"),
        names_channel=node.flag("names_channel", default=True),
    )
    found = _Word(node.text("channel", facts.channel), node.text("topic", facts.topic), state, fact, node.flag("night"))
    node.done()
    return found


def _newest(said: Sequence[_Word], channel: str) -> dict[str, _Word]:
    """The word that counts by topic: the newest by when it was said; a withdrawal wins ties (as in the ledger)."""
    found: dict[str, _Word] = {}
    for word in said:
        known = found.get(word.topic)
        if word.channel == channel and (known is None or _rank(word) >= _rank(known)):
            found[word.topic] = word
    return found


def _rank(word: _Word) -> tuple[datetime, bool]:
    return word.fact.occurred_at, word.state == "withdrawn"


def _suppression(node: Node, facts: Facts, now: datetime | None) -> SuppressionFact | None:
    """None for one of another channel."""
    reason = node.choice("reason", "manual", tuple(Suppression.Reason.values))
    channel, at = node.text("channel"), node.instant("at")
    node.done()
    if channel not in ("", facts.channel):
        return None
    return SuppressionFact(0, reason, at or now or NEVER)


def _quiet(node: Node, facts: Facts) -> QuietFact | None:
    """The house's open hours, as the case writes them; None for those of another channel."""
    channel, start, end = node.text("channel", facts.channel), node.clock("from"), node.clock("to")
    classes = node.texts("classes") or frozenset({"marketing"})
    node.done()
    if start is None or end is None or start == end:
        node.wrong("from", "write from and to, two different times of day, e.g. 08:00 and 21:00.")
        return None
    return QuietFact(end, start, classes) if channel == facts.channel else None


def _cap(node: Node) -> CapFact:
    calendar = node.choice("calendar", "", tuple(FrequencyCap.Calendar.values))
    found = CapFact(
        name=node.text("name", "cap"),
        limit=node.number("limit", 1) or 1,
        window=node.duration("window", timedelta(days=7)),
        calendar=calendar,
        classes=node.texts("classes") or frozenset({"marketing"}),
        channels=node.texts("channels"),
        topics=node.texts("topics"),
        journeys=node.texts("journeys"),
        action=node.choice("action", "defer", tuple(FrequencyCap.Action.values)),
    )
    node.done()
    return found


def _sent(node: Node, facts: Facts, number: int) -> SentFact:
    at = node.instant("at")
    if at is None:
        node.wrong("at", "say when it was sent.")
    found = SentFact(
        id=number + 1,
        template_id=1 if node.flag("same_template", default=bool(node.text("occasion"))) else 2,
        channel=node.text("channel", facts.channel),
        message_class=node.choice("class", "marketing", CLASSES),
        brand_id=BRAND if node.flag("same_brand", default=True) else BRAND + 1,
        cleared_at=at or NEVER,
        occasion=node.text("occasion"),
        topic=node.text("topic", facts.topic),
        journey=node.text("journey"),
    )
    node.done()
    return found


def _sender(node: Node, now: datetime) -> SenderFact:
    limit = node.number("recipients_limit")
    recent = sorted(at for at in node.instants("recipients") if at > now - ROLLING)
    found = SenderFact(
        registered=node.flag("registered", default=True),
        recipients_limit=limit,
        recipients=len(recent),
        frees_at=recent[-limit] + ROLLING if 0 < limit <= len(recent) else None,
        knows_recipient=node.flag("knows_recipient"),
        daily_limit=node.number("daily_limit"),
        sent_today=node.number("sent_today"),
    )
    node.done()
    return found
