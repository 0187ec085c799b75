"""The shape of a case and of its answer, for the API's schema and for docs/what-if.md; each field with an example."""

from typing import Any

from compliance.law.rules import KINDS_OF
from compliance.models import FrequencyCap
from compliance.models.matrix import LONGEST
from compliance.whatif.fields import MOST
from compliance.whatif.reading import BASES, CLASSES, LONGEST_GUARD
from contacts.models import Consent, Suppression

Schema = dict[str, Any]


def _of(kind: str, text: str, example: Any, **more: Any) -> Schema:
    return {"type": kind, "description": text, "example": example, **more}


def _text(text: str, example: str, **more: Any) -> Schema:
    return _of("string", text, example, **more)


def _word(text: str, example: str, *allowed: str) -> Schema:
    return _of("string", text, example, enum=sorted(allowed))


def _flag(text: str, example: bool) -> Schema:
    return _of("boolean", text, example)


def _number(text: str, example: int, most: int = MOST) -> Schema:
    return _of("integer", text, example, minimum=0, maximum=most)


def _instant(text: str, example: str) -> Schema:
    return _of("string", text, example, format="date-time")


def _texts(text: str, *example: str) -> Schema:
    return _of("array", text, list(example), items={"type": "string", "description": "One of them."})


def _object(text: str, *required: str, **properties: Schema) -> Schema:
    found: Schema = {"type": "object", "description": text, "properties": properties, "additionalProperties": False}
    return {**found, "required": list(required)} if required else found


def _objects(text: str, item: Schema) -> Schema:
    return {"type": "array", "description": text, "items": item}


CHANNEL = _text("sms, email, whatsapp, push, voice … Left out: that of the message.", "sms")
CLASS = _word("What a message is in the eyes of the law.", "marketing", *CLASSES)

CONSENT = _object(
    "One word of the person, as a line of the ledger. The newest by `at` counts; a withdrawal wins ties.",
    "at",
    at=_instant("When the person said so.", "2026-01-15T09:30:00Z"),
    channel=CHANNEL,
    topic=_text("What it is for. Left out: the message's topic.", "news"),
    state=_word("granted, pending (double opt-in not confirmed) or withdrawn.", "granted", *Consent.State.values),
    basis=_word("On what it rests.", "express_written", *BASES),
    proof=_flag("Whether it is known where, when and to which words the person agreed.", True),
    wording=_text("Version of the text that the person agreed to.", "checkout form v2"),
    wording_withdrawn=_flag("Whether that version no longer counts.", False),
    expires_at=_instant("Until when it holds.", "2027-01-15T09:30:00Z"),
    opt_out_offered=_flag("Whether a way out was offered when the address was collected (soft opt-in).", True),
    names_channel=_flag("Whether the person was asked for this channel by its name (WhatsApp).", True),
    night=_flag("Whether it is a separate consent to messages at night (Korea).", False),
)
SUPPRESSION = _object(
    "A line of the suppression list that matches the address.",
    reason=_word("Why.", "opt_out", *Suppression.Reason.values),
    channel=_text("Empty: every channel that uses such an address.", "sms"),
    at=_instant("Since when.", "2026-10-01T12:00:00Z"),
)
FACT = _object(
    "Something that happened to the person, for the suppression matrix.",
    "name",
    "occurred_at",
    name=_text("Name of the event.", "case.opened"),
    occurred_at=_instant("When it happened; what is later than `now` has not.", "2026-11-20T09:30:00Z"),
    properties=_of("object", "Its properties.", {"severity": "high"}, additionalProperties={}),
)
CONTACT = _object(
    "The person. Give what is known; every zone and jurisdiction that it allows is considered.",
    timezone=_text("IANA zone that the person has set.", "America/New_York"),
    timezone_source=_text("`person` unless it was only derived (then it is one candidate of several).", "person"),
    country=_text("ISO 3166-1 alpha-2.", "US"),
    region=_text("ISO 3166-2 without the country.", "NY"),
    postal_code=_text("US ZIP codes tell the state.", "10001"),
    phone=_text("E.164; the area code tells zones and states.", "+12125550123"),
    device_timezone=_text("Zone of the person's device: one candidate more.", "America/Denver"),
    ip_timezone=_text("Zone of the IP address: one candidate more.", "America/Chicago"),
    zones=_texts("Candidate zones as given, instead of those of the clues.", "America/Chicago", "America/New_York"),
    jurisdictions=_texts("Jurisdictions as given, instead of those of the clues.", "US", "US-FL"),
    consents=_objects(
        "Left out: a valid consent in writing for exactly this message. Empty: nothing was ever said.", CONSENT
    ),
    suppressions=_objects("Lines of the suppression list.", SUPPRESSION),
    opted_out_channels=_texts("Channels on which the person said no (for fallbacks).", "sms"),
    provider_blocked=_flag("Whether the provider itself still blocks the number.", False),
    address=_word("What is known of the address.", "valid", "valid", "invalid", "missing", "unknown"),
    last_inbound_at=_instant("When the person last wrote on this channel (WhatsApp's window).", "2026-11-22T10:00:00Z"),
    facts=_objects("What happened to the person, as far as the matrix asks.", FACT),
)
MESSAGE = _object(
    "What would be sent.",
    channel=_text("sms, email, whatsapp, push, voice …", "sms"),
    **{"class": CLASS},
    topic=_text("What it is about.", "news"),
    journey=_text("Key of the journey that asks for it (caps can be per journey).", "win-back"),
    approved=_flag("Whether its words are approved.", True),
    begins_with=_text(
        "Its first words (of a mail: its subject). Left out: with the label that a country asks of advertising.",
        "[QC] Sale",
    ),
    template_status=_text(
        "What WhatsApp says of the template: approved, pending, paused, rejected, disabled.", "approved"
    ),
    free_form=_flag("Whether it is no template (WhatsApp).", False),
    occasion=_text("What it is sent for; the same one within 24 hours is a duplicate.", "order A1"),
    requested_at=_instant("When it was asked for. Left out: now.", "2026-11-23T12:00:00Z"),
    expires_at=_instant("From then on it is pointless.", "2026-11-24T06:00:00Z"),
    fallback_from=_text("The channel that it stands in for.", "sms"),
)
HOURS = _object(
    "Hours of the house, by the person's clock: open from … to; `to` before `from` wraps midnight.",
    "from",
    "to",
    channel=CHANNEL,
    **{
        "from": _text("First open minute.", "08:00"),
        "to": _text("First closed minute.", "21:00"),
        "classes": _texts("Classes that it holds for. Left out: marketing.", "marketing"),
    },
)
CAP = _object(
    "A frequency cap of the house.",
    name=_text("What it is called.", "weekly"),
    limit=_number("How many.", 3),
    window=_text("Rolling, as a duration.", "7d"),
    calendar=_word("Instead of a rolling window.", "day", *FrequencyCap.Calendar.values),
    classes=_texts("Classes that count.", "marketing"),
    channels=_texts("Channels that count; none: all.", "sms"),
    topics=_texts("Topics that count; none: all.", "news"),
    journeys=_texts("Journeys that count; none: all.", "win-back"),
    action=_word("What happens when it is full.", "defer", *FrequencyCap.Action.values),
)
MATRIX_RULE = _object(
    "A rule of the suppression matrix: a fact, what it stops, and for how long. It names at least one thing that stops.",
    "event",
    name=_text("What it is called.", "Open case"),
    event=_text("The fact that stops messages.", "case.opened"),
    where=_of(
        "array",
        "Comparisons of its properties that must all hold; none: any such event.",
        [{"path": "severity", "op": "is", "value": "high"}],
        items={
            "type": "object",
            "description": "path, op, value, as in the triggers of journeys.",
            "additionalProperties": {},
        },
    ),
    journeys=_texts("Keys of journeys that stop; none: all.", "win-back"),
    topics=_texts("Topics that stop; none: all.", "news"),
    classes=_of(
        "array",
        "Classes that stop; none: all but transactional and one-time codes.",
        ["marketing"],
        items=CLASS,
    ),
    channels=_texts("Channels that stop; none: all.", "sms"),
    days=_number("For so many days after the newest such fact; 0: until it is lifted.", 30, LONGEST),
    lifted_by=_text("A later event that ends it.", "case.closed"),
)
POLICY = _object(
    "The house's own policy. It can only tighten the law.",
    default_zone=_text("Used when nothing is known of the person's.", "Europe/Paris"),
    unknown_place=_word("Where hours are law and the country is unknown.", "block", "block", "strictest"),
    trust=_word("Whether a zone set by the person is the only one.", "profile", "profile", "strict"),
    honour_consent_lift=_flag("Whether consent lifts hours where a statute says so.", False),
    guard_minutes=_number("Distance to the edges of every window.", 5, LONGEST_GUARD),
    longest_hold=_text("After it a message is pointless.", "72h"),
    cross_channel_fallback=_flag("Whether a promotion may change the channel after an opt-out.", False),
    whatsapp_named_opt_in=_flag("Whether only a consent that names WhatsApp counts there.", True),
    hours=_objects("Open hours.", HOURS),
    caps=_objects("Frequency caps.", CAP),
    matrix=_objects("The suppression matrix.", MATRIX_RULE),
)
SENT = _object(
    "An earlier message to the person.",
    "at",
    at=_instant("When it was sent.", "2026-11-20T15:00:00Z"),
    channel=CHANNEL,
    topic=_text("Left out: the message's topic.", "news"),
    journey=_text("Key of its journey.", "win-back"),
    occasion=_text("What it was sent for.", "order A1"),
    same_template=_flag("Whether it had the same template.", True),
    same_brand=_flag("Whether it was of the same brand.", True),
    **{"class": CLASS},
)
SENDER = _object(
    "The account that it would leave by.",
    registered=_flag("Whether carriers know the sender (10DLC, toll-free verification).", True),
    recipients_limit=_number("Different people in 24 hours (WhatsApp's tiers); 0: no limit.", 250),
    recipients=_of(
        "array",
        "When each of them was last written to.",
        ["2026-11-22T17:30:00Z"],
        items=_instant("An instant.", "2026-11-22T17:30:00Z"),
    ),
    knows_recipient=_flag("Whether the person is one of them.", False),
    daily_limit=_number("Messages a day by the carriers' calendar (Pacific time); 0: no limit.", 2000),
    sent_today=_number("How many of them are used.", 2000),
)
CASE = _object(
    "A hypothetical message to a hypothetical person at an instant. Whatever is left out is what a well-behaved message has.",
    "now",
    id=_text("Yours; it comes back with the answer.", "A01"),
    now=_instant("When it is judged.", "2026-11-23T13:00:00Z"),
    profile=_word("Which rules of the law hold.", "standard", *KINDS_OF),
    contact=CONTACT,
    message=MESSAGE,
    policy=POLICY,
    sent=_objects("Earlier messages to the person.", SENT),
    sender=SENDER,
    emergencies=_texts("Jurisdictions in which a declared emergency bars marketing.", "US-LA"),
    stops=_texts("Stops of the house that stand.", "all"),
)
_DECISION = _word("What the gate would decide.", "defer", "allow", "defer", "block")
_UNTIL = {**_instant("When it would be judged again.", "2026-11-23T13:00:00Z"), "nullable": True}
ANSWER = _object(
    "What the gate would say, with the verdict of every rule.",
    "decision", "until", "reason", "why", "rule", "verdicts", "zones", "zone_source", "local_times", "jurisdictions", "rule_set", "as_of",
    id=_text("That of the case, if it has one.", "A02"),
    decision=_DECISION,
    until=_UNTIL,
    reason=_text("The deciding reason as a code; empty when it may leave.", "legal_hours"),
    why=_text("The deciding reason as a sentence.", "It is Mon 07:59 in America/New_York; US allows 08:00-21:00 today."),
    rule=_text("The rule that decided.", "quiet_hours"),
    verdicts=_objects("What every rule said.", _object(
        "What one rule said.", "rule", "decision", "reason", "why", "until",
        rule=_text("Key of the rule.", "consent"), decision=_DECISION, reason=_text("The reason as a code.", ""),
        why=_text("The reason as a sentence.", "express_written consent of 2026-10-24 12:59 UTC."), until=_UNTIL,
    )),
    zones=_texts("All zones that may be the person's.", "America/New_York"),
    zone_source=_text("What they were found by.", "person"),
    local_times={"type": "object", "description": "What the clock reads in each of them.",
                 "additionalProperties": {"type": "string", "description": "Local time with its offset."}},
    jurisdictions=_texts("All jurisdictions whose law may hold.", "US", "US-NY"),
    rule_set={**_number("Number of the rule set.", 1), "nullable": True},
    as_of={**_text("The day as of which it is.", "2026-11-20", format="date"), "nullable": True},
)  # fmt: skip
