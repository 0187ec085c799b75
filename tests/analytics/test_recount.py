"""`manage.py recount`: figures made anew from the rows agree with those that were kept as things happened."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from analytics import reports
from analytics.models import Tally
from channels import feedback
from channels.base import Update
from channels.models import Message
from compliance import gate
from journeys import engine
from journeys.models import Enrolment, Version
from tests.builders import NOW, account, consent, contact, template
from tests.journeys import driving

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def figures() -> dict:
    """Every sum by version, step, outcome and hour; what came to nothing is left out."""
    rows = Tally.objects.values_list("version", "step", "outcome", "hour").annotate(n=Sum("count"), money=Sum("value"))
    return {row[:4]: row[4:] for row in rows.order_by() if row[4] or row[5]}


@pytest.fixture
def lived() -> Version:
    """A journey that people went through: sent, blocked, clicked, converted, left, set aside and let go on."""
    account("sms")
    template("offer", channel="sms", content={"body": "Hi"})
    version = driving.live(
        driving.step("send", "offer", template="offer"),
        driving.step("wait", "pause", for_="2d"),
        driving.step("exit", "out"),
        exit_when=[{"event": "order.returned"}],
        goal={"event": "order.completed", "within": "7d", "value": "revenue"},
    )
    people = [contact(f"p{n}", phone=f"+44770090{n:04}") for n in range(100, 106)]
    for person in people[:4]:
        consent(person, "sms", now=NOW - DAY)
    for person in people:
        driving.happens(person)
    gate.release(NOW)
    driving.run(NOW)
    driving.happens(people[0], "order.completed", NOW + HOUR, revenue="19.90")
    driving.happens(people[1], "order.returned", NOW + 2 * HOUR)
    ids = list(Message.objects.filter(state="sent").order_by("pk").values_list("pk", flat=True))
    assert len(ids) == 4
    feedback.apply([Update("", "delivered", NOW + 3 * HOUR, message_id=pk) for pk in ids], NOW + 3 * HOUR)
    feedback.apply(
        [Update("", "clicked", NOW + 4 * HOUR, reason="https://a.example", message_id=ids[0])], NOW + 4 * HOUR
    )
    driving.run(NOW + 5 * HOUR)
    driving.run(NOW + 3 * DAY)
    return version


def test_the_figures_of_a_real_run_are_what_happened(lived) -> None:
    found = reports.funnel(lived)
    assert (found.entered, found.inside, found.converted, found.revenue) == (6, 0, 1, Decimal("19.90"))
    assert (found.whole.of("finished"), found.whole.of("left")) == (5, 1)
    offer = found.steps[0]
    assert (offer.entered, offer.sent, offer.reasons) == (6, 4, {"no_consent": 2})
    assert (offer.of("delivered"), offer.of("clicked")) == (4, 1)


def test_made_anew_they_agree_to_the_hour(lived) -> None:
    kept = figures()
    assert kept
    out = StringIO()
    call_command("recount", stdout=out)
    assert figures() == kept
    assert f"{lived}: {len(kept)} figures" in out.getvalue()


def test_lost_and_doubled_figures_are_mended(lived) -> None:
    kept = figures()
    rows = list(Tally.objects.values("version_id", "step", "outcome", "hour", "count", "value")[:3])
    Tally.objects.bulk_create(Tally(**row) for row in rows)
    Tally.objects.filter(outcome="sent").delete()
    assert figures() != kept
    call_command("recount", lived.journey.key, stdout=StringIO())
    assert figures() == kept


def test_one_who_was_set_aside_and_tried_again_counts_once(lived) -> None:
    one = Enrolment.objects.filter(state="finished").first()
    person = contact("late", phone="+447700900999")
    consent(person, "sms", now=NOW)
    driving.happens(person, at=NOW + 4 * DAY)
    late = Enrolment.objects.get(contact=person)
    Enrolment.objects.filter(pk=late.pk).update(
        state="failed", due_at=None, awaits=[], ended_at=NOW + 4 * DAY, error="boom"
    )
    from analytics import tallies

    tallies.add({(lived.pk, "", "failed"): 1}, NOW + 4 * DAY)
    assert reports.funnel(lived).whole.of("failed") == 1
    assert engine.retry([late.pk, one.pk], NOW + 4 * DAY) == 1
    assert reports.funnel(lived).whole.of("failed") == 0
    kept = figures()
    call_command("recount", stdout=StringIO())
    assert figures() == kept


def test_other_journeys_are_left_alone(lived) -> None:
    other = driving.live(driving.step("exit"), key="other")
    Tally.objects.create(version=other, step="", outcome="entered", hour=NOW, count=5)
    call_command("recount", lived.journey.key, stdout=StringIO())
    assert reports.funnel(other).entered == 5
    call_command("recount", "other", stdout=StringIO())
    assert reports.funnel(other).entered == 0


def test_an_unknown_journey_is_named() -> None:
    with pytest.raises(CommandError, match="There is no journey 'nope'"):
        call_command("recount", "nope")
