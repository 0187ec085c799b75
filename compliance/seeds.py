"""Test sends: a version's words, marked, to colleagues. Through the gate's own rules, as far as they speak of such a thing.

Stops, the suppression list and the sender hold for a test as for a message. Consent, hours, caps and approval protect people
who were not asked; a seed address is one of our own. Nothing waits: what would wait is refused, and may be asked for again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from channels import previews, sandbox, variables
from channels.base import Outgoing, Receipt, SendError, channels
from channels.liquid import BadSource, Missing, Unrenderable
from channels.models import Account, SeedList, TemplateVersion, TestSend
from compliance import chain, stops
from compliance.base import Facts, SenderFact, SuppressionFact, Verdict, rules
from compliance.judging import strictest
from compliance.senders import BARRED
from config.permissions import require
from contacts import addresses, suppressions
from contacts.models import Contact

SENT = "test.sent"
PERMISSION = "channels.send_test"
JUDGED = ("reachability", "sender", "stop", "suppression")
MARK = "[Test] "
MARKED = ("subject", "title", "body", "text")
"""Fields that may carry the mark; the first that the words have does."""
BATCH = 20

State = TestSend.State

chain.register(SENT, "Test asked for")


def lists(version: TemplateVersion) -> Any:
    """The seed lists that its tests may go to."""
    return SeedList.objects.filter(brand=version.template.brand_id, channel=version.template.channel)


def ask(version: TemplateVersion, seeds: SeedList | None, reader: Contact | None, user: Any, now: datetime) -> int:
    """Ask for a test to a seed list, or (None) to the user's own e-mail address; how many addresses that is.

    Raises PermissionDenied, and ValidationError where there is nobody to send it to.
    """
    require(user, PERMISSION, version, "send tests")
    kind = channels[version.template.channel].address_kind
    if seeds and not lists(version).filter(pk=seeds.pk).exists():
        raise ValidationError(f"{seeds} is a seed list of another brand or channel.")
    if seeds is None and (kind != "email" or not user.email):
        raise ValidationError("Choose a seed list: your account has no address for this channel.")
    wanted = seeds.addresses if seeds else [addresses.email(user.email)]
    with transaction.atomic():
        fields = {"version": version, "reader": reader, "asked_by": user, "asked_at": now}
        TestSend.objects.bulk_create(TestSend(recipient=one, **fields) for one in wanted)
        told = {"list": seeds.pk if seeds else None, "addresses": len(wanted), "state": version.state}
        chain.append(SENT, now=now, actor=user.pk, subject=version, payload=told)
    return len(wanted)


def next_due(now: datetime) -> datetime | None:
    """At once, if one waits."""
    return now if TestSend.objects.filter(state=State.WAITING).exists() else None


def run(now: datetime) -> int:
    """Judge and hand over a batch; how many. Each is marked before it leaves, so that a crash never sends it twice."""
    with transaction.atomic():
        waiting = TestSend.objects.filter(state=State.WAITING).order_by("pk")
        ids = list(waiting.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:BATCH])
        TestSend.objects.filter(pk__in=ids).update(state=State.SENDING)
    related = ("version__template__brand", "version__template__topic", "reader")
    for one in TestSend.objects.filter(pk__in=ids).select_related(*related).order_by("pk"):
        state, why = _sent(one, now)
        TestSend.objects.filter(pk=one.pk).update(state=state, why=why)
    return len(ids)


def _sent(one: TestSend, now: datetime) -> tuple[State, str]:
    """Judge one and hand it over; what became of it, and why."""
    template = one.version.template
    account = Account.objects.filter(
        brand=template.brand_id, channel=template.channel, enabled=True, is_default=True
    ).first()
    verdict = judge(one, account, now)
    if verdict.outcome != "allow" or account is None:
        return State.BLOCKED, verdict.why
    try:
        content = marked(_words(one, now))
    except (BadSource, Missing, Unrenderable, ValidationError) as error:
        return State.BLOCKED, str(error)
    # A number that no message has: whatever a provider tells of it later finds nothing.
    outgoing = Outgoing(-one.pk, f"test:{one.pk}", one.recipient, content, {}, _metadata(one, account))
    return _handed_over(account, outgoing, now)


def judge(one: TestSend, account: Account | None, now: datetime) -> Verdict:
    """What the gate's rules say of it, as far as they hold for tests."""
    template = one.version.template
    kind = channels[template.channel].address_kind or ""
    digest = addresses.digest(kind, one.recipient)
    matches = suppressions.matching([digest], now).get(digest, [])
    facts = Facts(
        message_id=-one.pk,
        contact_id=0,
        brand_id=template.brand_id,
        channel=template.channel,
        topic=template.topic.key,
        message_class=one.version.message_class,
        template_id=template.pk,
        address_id=0,
        has_account=account is not None,
        suppressions=[
            SuppressionFact(match.id, match.reason, match.created_at)
            for match in matches
            if match.covers(template.channel, template.brand_id)
        ],
        sender=SenderFact(registered=account is None or account.registration not in BARRED),
        stops=stops.concerning(stops.standing(), template.brand.key, template.channel, {}),
    )
    return strictest([rules[key].judge(facts, now) for key in JUDGED], None)


def marked(content: dict[str, str]) -> dict[str, str]:
    """The words with their mark. Raises ValidationError for words that have no place for it (a provider's own template)."""
    field = next((name for name in MARKED if content.get(name)), None)
    if field is None or content.get("content_sid"):
        raise ValidationError("These words cannot be marked as a test, so that they are not sent as one.")
    return {**content, field: MARK + content[field]}


def _words(one: TestSend, now: datetime) -> dict[str, str]:
    version = one.version
    declared: Sequence[Any] = variables.read(version.variables)
    return previews.words(version.template, version.content, one.reader, now, locale=version.locale, declared=declared)


def _metadata(one: TestSend, account: Account) -> dict[str, Any]:
    nobody = {"id": "", "external_id": "", "email": "", "attributes": {}}
    return {"account": account.key, "template": one.version.template.key, "contact": nobody}


def _handed_over(account: Account, outgoing: Outgoing, now: datetime) -> tuple[State, str]:
    try:
        [(_, outcome)] = list(sandbox.send(channels[account.channel], account.config, [outgoing], 1, now))
    except Exception as error:  # a channel must not raise; if it does, it may have left
        return State.SENDING, f"{type(error).__name__}: {error}"
    if isinstance(outcome, Receipt):
        return State.SENT, ""
    assert isinstance(outcome, SendError)
    return (State.SENDING if outcome.maybe_sent else State.FAILED), str(outcome)
