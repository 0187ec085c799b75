"""Workers, opt-outs and stops that meet at the door, on a database with several writers."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from channels.models import Account, Message, SandboxMessage
from compliance import gate, stops
from compliance.models import FrequencyCap
from config import clock
from contacts import addresses, consents, suppressions
from tests.builders import NOW, account, brand, consent, contact, message, template, topic
from tests.racing import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture(autouse=True)
def house():
    account("sms")
    return template("offer", channel="sms", content={"body": "Hello"})


def people(count: int):
    found = [contact(f"u{n}", phone=f"+44770090{n:04}") for n in range(count)]
    for person in found:
        consent(person, "sms", now=NOW - timedelta(days=1))
    return found


def test_two_workers_send_each_message_once(house) -> None:
    for person in people(300):
        message(person, house)
    at_once(*[lambda: [gate.release(NOW, 50) for _ in range(8)]] * 3)
    while gate.release(NOW):
        pass
    assert Message.objects.filter(state="sent").count() == SandboxMessage.objects.count() == 300
    assert set(Counter(SandboxMessage.objects.values_list("message_id", flat=True)).values()) == {1}


def test_l07_two_workers_and_one_slot_are_one_message(house) -> None:
    """Two messages of each person, one slot each: whoever comes second finds it taken."""
    FrequencyCap.objects.create(brand=brand(), name="Daily", limit=1, days=1)
    everybody = people(60)
    for number in range(2):
        for person in everybody:
            message(person, house, f"m{number}:{person.pk}", context={"n": number})
    at_once(*[lambda: [gate.release(NOW, 7) for _ in range(25)]] * 2)
    while Message.objects.filter(state="pending", due_at__lte=NOW).exists():
        gate.release(NOW)
    sent = Counter(Message.objects.filter(state="sent").values_list("contact_id", flat=True))
    assert set(sent.values()) == {1}
    assert len(sent) == 60
    assert Message.objects.filter(state="pending", reason="frequency_cap").count() == 60


@pytest.mark.parametrize(
    ("limits", "reason"), [({"recipients_limit": 25}, "sender_tier"), ({"daily_limit": 25}, "carrier_daily_cap")]
)
def test_k08_k14_workers_that_judge_different_people_share_the_slots_of_their_sender(house, limits, reason) -> None:
    """No person is judged by two of them; without the account's lock each would see the slots that the others take as free."""
    Account.objects.update(**limits)
    for person in people(90):
        message(person, house)
    at_once(*[lambda: [gate.release(NOW, 10) for _ in range(6)]] * 3)
    while Message.objects.filter(state="pending", due_at__lte=NOW).exists():
        gate.release(NOW)
    assert Message.objects.filter(state="sent").count() == SandboxMessage.objects.count() == 25
    assert Message.objects.filter(state="pending", reason=reason).count() == 65


def test_senders_with_limits_are_never_a_circle(house) -> None:
    """Batches that hold messages of both, in any order, with a limit per second besides: every worker comes to its end."""
    other = brand("other")
    theirs = template("theirs", channel="sms", topic=topic("others", brand=other), message_class="transactional",
                      content={"body": "Hi"})  # fmt: skip
    account("sms", brand=other, recipients_limit=1_000, per_second=1_000)
    Account.objects.filter(brand=brand()).update(daily_limit=1_000, per_second=1_000)
    for number, person in enumerate(people(90)):
        for about in (house, theirs) if number % 2 else (theirs, house):
            message(person, about, f"{about.key}:{number}")
    at_once(*[lambda: [gate.release(NOW, 20) for _ in range(9)]] * 3)
    while gate.release(NOW):
        pass
    assert Message.objects.filter(state="sent").count() == SandboxMessage.objects.count() == 180


@pytest.mark.parametrize("how", ["consent", "suppression"])
def test_nothing_leaves_after_a_no_was_committed(house, how: str) -> None:
    """The withdrawal happens somewhere in the middle of the workers' batches: what left later than its commit is zero."""
    everybody = people(120)
    for person in everybody:
        message(person, house)
    committed: dict[int, datetime] = {}

    def say_no() -> None:
        for person in everybody:
            if how == "consent":
                consents.withdraw(person.pk, topic().pk, "sms", source="test", now=NOW)
            else:
                digest = addresses.digest("phone", person.addresses.get().value)
                suppressions.add([suppressions.Suppress(digest, "phone", "opt_out", channel="sms")], NOW)
            committed[person.pk] = clock.now()

    at_once(say_no, *[lambda: [gate.release(NOW, 10) for _ in range(20)]] * 2)
    while gate.release(NOW):
        pass
    sent = Message.objects.filter(state="sent")
    assert all(one.started_at <= committed[one.contact_id] for one in sent)
    assert SandboxMessage.objects.count() == sent.count()
    assert sent.count() + Message.objects.filter(state="blocked").count() == 120


def test_a_no_that_waits_for_the_gate_recalls_what_it_cleared(house, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deterministic: cleared and committed, not yet begun; then the no is committed; then the worker begins."""
    [person] = people(1)
    one = message(person, house)
    deliver = gate.delivery.deliver

    def after_the_no(ids, now):
        at_once(lambda: consents.withdraw(person.pk, topic().pk, "sms", source="test", now=NOW))
        return deliver(ids, now)

    monkeypatch.setattr(gate.delivery, "deliver", after_the_no)
    gate.release(NOW)
    one.refresh_from_db()
    assert one.state == "pending"
    gate.release(NOW)
    one.refresh_from_db()
    assert (one.state, one.reason) == ("blocked", "opted_out")
    assert not SandboxMessage.objects.exists()


def test_a_person_who_is_busy_elsewhere_waits_for_the_next_batch(house) -> None:
    """The gate waits for nobody: it takes the others meanwhile."""
    first, second = people(2)
    message(first, house)
    message(second, house)

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM contacts_contact WHERE id = %s FOR NO KEY UPDATE", [first.pk])
        at_once(lambda: gate.release(NOW))
        assert list(Message.objects.filter(state="sent").values_list("contact_id", flat=True)) == [second.pk]
    gate.release(NOW)
    assert Message.objects.filter(state="sent").count() == 2


def test_stops_and_workers_lose_nothing(house) -> None:
    for person in people(100):
        message(person, house)

    def on_and_off() -> None:
        for _ in range(10):
            stops.set("all", "", "Test.", None, NOW)
            stops.lift("all", "", None, NOW, "A test.")

    at_once(on_and_off, *[lambda: [gate.release(NOW, 10) for _ in range(15)]] * 2)
    stops.lift("all", "", None, NOW, "A test.")
    while gate.release(NOW):
        pass
    assert SandboxMessage.objects.count() == Message.objects.filter(state="sent").count() == 100
