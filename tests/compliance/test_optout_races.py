"""G17: STOP and the worker in the same second, on a database with several writers."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from channels import inbound
from channels.base import Inbound
from channels.models import Account, InboundMessage, Message, SandboxMessage
from compliance import gate
from compliance.models import HousePolicy
from config import clock
from contacts.models import Consent, Contact, Event, Suppression
from tests.builders import NOW, account, brand, consent, contact, message, template
from tests.racing import at_once
from tests.texting import OURS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture(autouse=True)
def sender() -> Account:
    bye = template("bye", channel="sms", content={"body": "Bye"}, message_class="transactional")
    HousePolicy.objects.create(brand=brand(), opt_out_confirmation=bye)
    return account("sms")


def people(count: int) -> list[Contact]:
    found = [contact(f"u{n}", phone=f"+44770090{n:04}") for n in range(count)]
    for person in found:
        consent(person, "sms", now=NOW - timedelta(days=1))
    return found


def says(sender: Account, phone: str, sid: str, body: str = "STOP") -> None:
    inbound.receive(sender, Inbound(sid, phone, body, OURS), NOW)


def test_g17_nothing_leaves_after_a_stop_was_committed(sender) -> None:
    """The texts come in somewhere in the middle of the workers' batches: each is wholly before a hand-over, or after."""
    offer = template("offer", channel="sms", content={"body": "Shoes"})
    everybody = people(80)
    for person in everybody:
        message(person, offer)
    committed: dict[int, datetime] = {}

    def stop() -> None:
        for person in everybody:
            says(sender, person.addresses.get().value, f"SM{person.pk}")
            committed[person.pk] = clock.now()

    at_once(stop, *[lambda: [gate.release(NOW, 10) for _ in range(20)]] * 2)
    while gate.release(NOW):
        pass
    sent = Message.objects.filter(template=offer, state="sent")
    blocked = Message.objects.filter(template=offer, state="blocked", reason="opted_out")
    assert all(one.started_at <= committed[one.contact_id] for one in sent)
    assert sent.count() + blocked.count() == 80
    assert SandboxMessage.objects.filter(text="Shoes").count() == sent.count()
    assert SandboxMessage.objects.filter(text="Bye").count() == 80


def test_g13_the_same_message_delivered_twice_at_once_is_one(sender) -> None:
    [person] = people(1)
    phone = person.addresses.get().value
    at_once(*[lambda: says(sender, phone, "SM1")] * 4)
    assert InboundMessage.objects.count() == 1
    assert Consent.objects.filter(state="withdrawn").count() == 1
    assert Message.objects.count() == 1


def test_g12_two_stops_at_once_are_one_opt_out_with_one_confirmation(sender) -> None:
    [person] = people(1)
    phone = person.addresses.get().value
    at_once(*[lambda n=n: says(sender, phone, f"SM{n}") for n in range(4)])
    assert InboundMessage.objects.filter(understood="stop").count() == 4
    assert Consent.objects.filter(state="withdrawn").count() == 1
    assert Counter(Suppression.objects.values_list("reason", flat=True)) == {"opt_out": 1, "provider": 1}
    assert Message.objects.count() == 1


def test_two_first_texts_of_a_stranger_at_once_are_one_person(sender) -> None:
    at_once(*[lambda n=n: says(sender, "+33612345678", f"SM{n}", "Hello") for n in range(4)])
    assert Contact.objects.count() == 1
    assert Event.objects.filter(name="message.received").count() == 4
