"""Erasing somebody about whom something is being written at the same moment: neither is half done."""

import pytest
from django.db import IntegrityError, connection

from compliance import erasure
from contacts import timeline
from contacts.models import Contact, Event
from contacts.timeline import NewEvent
from tests.builders import NOW, contact, user
from tests.racing import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("turn", range(5))
def test_an_event_comes_before_the_erasure_and_goes_or_after_it_and_finds_nobody(turn):
    person = contact("ada", email="ada@example.test")
    lawyer = user("lawyer", "contacts.delete_contact")
    pk = person.pk

    def happen():
        try:
            return len(timeline.record([NewEvent(pk, "visit", NOW, f"visit:{turn}")], NOW))
        except IntegrityError:
            return 0

    at_once(happen, lambda: erasure.erase([pk], lawyer, "request 1", NOW))
    assert not Contact.objects.filter(pk=pk).exists()
    assert not Event.objects.filter(contact=pk).exists()


def test_the_erasure_waits_for_what_is_being_written():
    person = contact("ada", email="ada@example.test")
    lawyer = user("lawyer", "contacts.delete_contact")
    events = [NewEvent(person.pk, "visit", NOW, f"visit:{number}") for number in range(500)]
    _, [record] = at_once(
        lambda: _ignoring_refusal(events), lambda: erasure.erase([person.pk], lawyer, "request 1", NOW)
    )
    assert record.contact_number == person.pk
    assert not Event.objects.exists()
    connection.check_constraints()


def _ignoring_refusal(events):
    try:
        timeline.record(events, NOW)
    except IntegrityError:
        return False
    return True
