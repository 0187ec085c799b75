"""Copies of what was sent go when their brand's policy says so, and nothing else goes with them."""

from datetime import timedelta
from importlib import import_module
from types import MappingProxyType
from typing import Any

import pytest
from django.apps import apps
from django.urls import reverse

from channels import chat, inbox
from channels.inbox import Reader
from channels.models import ChatMessage, InAppMessage, Message, RenderedCopy
from compliance import gate, retention
from compliance.models import AuditNote, CopyRetention, Decision
from config import clock
from contacts.models import Contact
from tests import staff
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


class TestWordsThatPeopleFetch:
    """In-app and chat messages hold the same words as their copies."""

    WORDS = MappingProxyType(
        {"in_app": {"title": "Hi", "body": "Shoes"}, "chat": {"body": "Hi", "quick_replies": "Yes"}}
    )

    @pytest.fixture(autouse=True)
    def live(self, settings) -> None:
        settings.DELIVERY = "live"

    def put(self, channel: str, at=NOW, **config) -> Any:
        account(channel, config=config)
        person = Contact.objects.filter(external_id="ada").first() or contact("ada", country="GB")
        if at == NOW:
            consent(person, channel, now=NOW - DAY)
        about = template(f"{channel}-{at:%d}", channel=channel, content=self.WORDS[channel])
        one = message(person, about, now=at)
        with clock.at(at):
            gate.release(at)
        return (InAppMessage if channel == "in_app" else ChatMessage).objects.get(pk=one.pk)

    @pytest.mark.parametrize("channel", ["in_app", "chat"])
    def test_they_go_with_the_copy_and_what_was_done_stays(self, channel) -> None:
        old, new = self.put(channel), self.put(channel, NOW + 5 * DAY)
        reader = Reader(old.contact_id, old.brand_id)
        (inbox.mark if channel == "in_app" else chat.mark_read)(
            reader, old.pk, *(["read"] if channel == "in_app" else []), NOW + DAY
        )
        policy()
        later = NOW + 31 * DAY
        assert retention.run(later) == 2
        old.refresh_from_db()
        new.refresh_from_db()
        assert (old.content, old.read_at, old.expires_at) == ({}, NOW + DAY, later)
        assert (bool(new.content), new.expires_at) == (True, None)
        shown = inbox.shown(reader, later) if channel == "in_app" else chat.shown(reader, later)
        assert [one.pk for one in shown] == [new.pk]
        assert AuditNote.objects.get(kind="archive.cut").payload["stored"] == 1
        page = reverse(f"admin:channels_{channel.replace('_', '')}message_change", args=[old.pk])
        assert "Its words are gone" in staff.client("Analyst").get(page).content.decode()

    def test_what_was_over_before_stays_over_since_then(self) -> None:
        old = self.put("chat", show_for="7d")
        policy()
        retention.run(NOW + 31 * DAY)
        old.refresh_from_db()
        assert (old.content, old.expires_at) == ({}, NOW + 7 * DAY)

    def test_a_quick_reply_of_it_cannot_be_tapped_any_more(self) -> None:
        old = self.put("chat")
        policy()
        retention.run(NOW + 31 * DAY)
        said = chat.Said("1", answers=old.pk, choice="Yes")
        with pytest.raises(chat.Refused, match="no such message"):
            chat.say(Reader(old.contact_id, old.brand_id), said, NOW + 31 * DAY)

    def test_words_whose_copies_went_before_go_too(self) -> None:
        old = self.put("in_app")
        RenderedCopy.objects.all().delete()
        policy()
        assert retention.run(NOW + 31 * DAY) == 1
        old.refresh_from_db()
        assert old.content == {}
        payload = AuditNote.objects.get(kind="archive.cut").payload
        assert (payload["copies"], payload["stored"]) == (0, 1)

    def test_so_do_those_of_policies_that_an_earlier_version_carried_out(self) -> None:
        """That version cut copies only, and took note of how far it had come; its migration lets it look once more."""
        old = self.put("in_app")
        RenderedCopy.objects.all().delete()
        policy(done_until=NOW + DAY, due_at=NOW + 40 * DAY)
        later = NOW + 31 * DAY
        assert retention.run(later) == 0
        import_module("compliance.migrations.0016_words_in_inboxes").look_again(apps, None)
        assert retention.run(later) == 1
        old.refresh_from_db()
        assert old.content == {}

    def test_of_other_classes_and_brands_nothing_goes(self) -> None:
        old = self.put("in_app")
        policy(message_class="service")
        CopyRetention.objects.create(brand=brand("other"), message_class="marketing", days=1)
        for _ in range(3):
            retention.run(NOW + 31 * DAY)
        old.refresh_from_db()
        assert old.content["title"] == "Hi"
