"""The replay: real purchases through the public endpoint, in virtual time, on the production code."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from rich.console import Console

from channels.models import Message, RenderedCopy, SandboxMessage
from compliance.models import Decision
from config import clock
from contacts.models import Contact, Event, RejectedEvent
from demo import performance, plan, purchases, world
from journeys.models import Enrolment, Journey

SAMPLE = Path(purchases.__file__).parent / "cdnow_sample.txt"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TICK = timedelta(hours=12)
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def stretch(**days):
    """The last two weeks of the purchases; other days by `first` and `last`."""
    found = purchases.read(SAMPLE)
    return plan.plan(found, NOW, **(days or {"first": found[-1].day - timedelta(days=13)}))


def perform(planned, tick=TICK):
    """Replay it; the report, and what was printed."""
    out = StringIO()
    return performance.perform(planned, tick, None, Console(file=out, width=140)), out.getvalue()


@pytest.fixture
def played(roles):
    """The last two weeks, replayed."""
    planned = stretch()
    return planned, *perform(planned)


@pytest.fixture
def roles(transactional_db):
    """The groups that `migrate` makes; a flush between tests takes them away."""
    from compliance import roles

    roles.sync()


def test_every_order_is_confirmed_or_says_why_not(played):
    planned, report, _ = played
    orders = sum(moment.call.get("event") == "Order Completed" for moment in planned.moments)
    assert orders > 40
    assert Event.objects.filter(name="order.completed").count() == orders
    assert Enrolment.objects.filter(journey__key="post-purchase").count() == orders
    confirmations = Message.objects.filter(template__key="order-confirmation")
    assert confirmations.count() == orders
    assert not confirmations.exclude(state__in=["sent", "blocked"]).exists()
    assert confirmations.filter(state="sent").count() > 0.9 * orders
    assert not Message.objects.filter(state="blocked", reason="").exists()
    assert report.events == Event.objects.count()


def test_what_was_sent_is_in_the_sandbox_word_for_word(played):
    sent = Message.objects.filter(state="sent", channel="email")
    assert set(SandboxMessage.objects.values_list("message_id", flat=True)) == set(sent.values_list("id", flat=True))
    assert SandboxMessage.objects.count() == sent.count()
    for mail in SandboxMessage.objects.select_related("message__address", "message__contact")[:20]:
        copy = RenderedCopy.objects.get(message=mail.message_id).content
        assert mail.subject == copy["subject"]
        assert mail.text.split() == copy["text"].split()
        assert mail.recipient == mail.message.address.value
        assert mail.received_at == mail.message.sent_at
        assert mail.message.contact.attributes["first_name"] in mail.text


def test_the_virtual_clock_is_the_only_one(played):
    planned, *_ = played
    for rows, field in (
        (Message.objects.all(), "created_at"),
        (Decision.objects.all(), "decided_at"),
        (Enrolment.objects.all(), "entered_at"),
        (SandboxMessage.objects.all(), "received_at"),
        (Event.objects.all(), "received_at"),
    ):
        instants = rows.values_list(field, flat=True)
        assert instants
        assert planned.start <= min(instants) <= max(instants) <= planned.end, field
    tips = Message.objects.filter(template__key="usage-tip").select_related("contact")
    assert tips
    for tip in tips:
        entered = Enrolment.objects.get(visits__id=tip.labels["visit"]).entered_at
        assert timedelta(days=3) <= tip.created_at - entered < timedelta(days=3) + 2 * TICK


def test_a_second_time_changes_nothing(played):
    planned, *_ = played
    before = counts()
    report, _ = perform(planned)
    assert counts() == before
    assert report.events == before["event"]


def test_an_interrupted_replay_is_made_whole_by_the_next_one(roles):
    planned = stretch()
    half = planned.start + (planned.end - planned.start) / 2
    early = [moment for moment in planned.moments if moment.at <= half]
    assert 0 < len(early) < len(planned.moments)
    perform(replace(planned, moments=early, end=half))
    perform(planned)
    orders = sum(moment.call.get("event") == "Order Completed" for moment in planned.moments)
    assert Event.objects.filter(name="order.completed").count() == orders
    assert Message.objects.filter(template__key="order-confirmation").count() == orders
    mails = SandboxMessage.objects.values_list("message_id", flat=True)
    assert len(mails) == len(set(mails)) == Message.objects.filter(state="sent", channel="email").count()


def counts():
    """Rows by what they are."""
    models = (Contact, Event, Enrolment, Message, SandboxMessage, Decision, RejectedEvent, Journey)
    return Counter({model._meta.model_name: model.objects.count() for model in models})


def test_the_report_adds_up(played):
    planned, report, printed = played
    assert sum(row[-1] for row in report.messages) == Message.objects.count()
    line = next(line for line in report.journeys if line.name == "Post-purchase")
    assert line.entered == line.inside + line.finished + line.left + line.failed
    assert line.failed == 0
    assert re.search(rf"Events: {len(planned.moments):,} sent, {Event.objects.count():,} on the timelines", printed)
    assert re.search(r"Seconds: [\d.]+; events/s: [\d,]+; steps of the clock: \d+", printed)
    assert "no_consent" in printed


def test_bad_profiles_stop_only_themselves(roles):
    """Some people's forms were filled in badly; their orders count all the same."""
    planned = stretch(first=datetime(1997, 3, 1).date(), last=datetime(1997, 3, 3).date())
    garbled = [
        moment.call["userId"]
        for moment in planned.moments
        if moment.call.get("traits", {}).get("timezone") == "Mars/Olympus Mons"
    ]
    assert garbled
    perform(planned)
    assert RejectedEvent.objects.count() or Contact.objects.filter(external_id__in=garbled, timezone="").count()
    for user_id in garbled:
        assert Event.objects.filter(contact__external_id=user_id, name="order.completed").exists()


def test_the_world_is_made_once(roles):
    with clock.at(NOW):
        first = world.load(NOW)
        before = counts()
        assert world.load(NOW) == first
    assert counts() == before
    assert set(Journey.objects.values_list("key", "state")) == {("post-purchase", "live"), ("win-back", "live")}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.txt"], "nowhere.txt"),
        ([str(SAMPLE), "--from", "yesterday"], "is not a day; write for example 1997-03-31"),
        ([str(SAMPLE), "--from", "1990-01-01", "--to", "1990-12-31"], "no purchases from 1990-01-01"),
        ([str(SAMPLE), "--speed", "fast"], "is no speed; write max"),
        ([str(SAMPLE), "--speed", "-3"], "is no speed; write max"),
        ([str(SAMPLE), "--tick", "0m"], "longer than no time"),
        ([str(SAMPLE), "--tick", "soon"], "soon"),
        ([str(SAMPLE), "--shift", "--no-shift"], "not allowed with"),
    ],
)
def test_a_bad_command_line_is_told_and_nothing_is_made(arguments, words):
    with pytest.raises(CommandError, match=re.escape(words)):
        call_command("replay", *arguments)
    assert not Contact.objects.exists()


def test_the_command_replays_a_stretch(roles):
    out = StringIO()
    call_command("replay", str(SAMPLE), "--from", "1998-06-28", "--to", "1998-06-29", "--tick", "6h", stdout=out)
    assert "Enrolments" in out.getvalue()
    assert Event.objects.filter(name="order.completed").exists()
