"""Copies of what was sent go when their brand's policy says so, and nothing else goes with them."""

from datetime import timedelta

import pytest

from channels.models import Message, RenderedCopy
from compliance import gate, retention
from compliance.models import AuditNote, CopyRetention, Decision
from tests.builders import NOW, account, brand, consent, contact, message, template

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def offer():
    account("sms")
    return template("offer", channel="sms", content={"body": "Hello"})


def sent(offer, number: int, at=NOW) -> Message:
    person = contact(f"p{number}", phone=f"+44770090010{number}")
    consent(person, "sms")
    one = message(person, offer, now=at)
    gate.release(at)
    one.refresh_from_db()
    assert one.cleared_at == at
    return one


def policy(days: int = 30, message_class: str = "marketing", **fields) -> CopyRetention:
    return CopyRetention.objects.create(brand=brand(), message_class=message_class, days=days, **fields)


def test_what_is_older_goes_and_the_rest_stays(offer) -> None:
    old, new = sent(offer, 1), sent(offer, 2, NOW + 5 * DAY)
    policy()
    assert retention.run(NOW + 29 * DAY) == 1
    assert retention.run(NOW + 31 * DAY) == 2
    assert [copy.pk for copy in RenderedCopy.objects.all()] == [new.pk]
    assert Message.objects.filter(pk=old.pk).exists()
    assert Decision.objects.filter(message=old).exists()


def test_the_chain_says_how_many_and_up_to_when(offer) -> None:
    sent(offer, 1)
    mine = policy()
    retention.run(NOW + 31 * DAY)
    note = AuditNote.objects.get(kind="archive.cut")
    upto = (NOW + DAY).isoformat()
    assert note.payload == {"brand": "acme", "class": "marketing", "copies": 1, "upto": upto}
    assert (note.subject_type, note.subject_id) == ("compliance.copyretention", str(mine.pk))


def test_nothing_is_noted_where_nothing_went(offer) -> None:
    policy()
    assert retention.run(NOW) == 1
    assert not AuditNote.objects.filter(kind="archive.cut").exists()


@pytest.mark.parametrize("other", [{"days": 0}, {"message_class": "service"}])
def test_of_others_nothing_goes(offer, other) -> None:
    sent(offer, 1)
    policy(**other)
    retention.run(NOW + 1000 * DAY)
    assert RenderedCopy.objects.count() == 1


def test_of_another_brand_nothing_goes(offer) -> None:
    sent(offer, 1)
    CopyRetention.objects.create(brand=brand("other"), message_class="marketing", days=1)
    retention.run(NOW + 1000 * DAY)
    assert RenderedCopy.objects.count() == 1


def test_it_goes_in_batches_and_then_waits_for_tomorrow(offer, monkeypatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        sent(offer, number, NOW + number * timedelta(minutes=1))
    policy()
    later = NOW + 40 * DAY
    assert retention.next_due(later) == later
    assert [retention.run(later) for _ in range(4)] == [3, 3, 2, 0]
    assert not RenderedCopy.objects.exists()
    assert retention.next_due(later) == later + DAY


def test_all_of_one_instant_go_together(offer, monkeypatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        sent(offer, number)
    policy()
    assert retention.run(NOW + 40 * DAY) == 6


def test_a_shorter_time_reaches_what_the_longer_one_left(offer) -> None:
    sent(offer, 1)
    mine = policy(30)
    retention.run(NOW + 20 * DAY)
    CopyRetention.objects.filter(pk=mine.pk).update(days=10, due_at=None)
    retention.run(NOW + 20 * DAY)
    assert not RenderedCopy.objects.exists()
