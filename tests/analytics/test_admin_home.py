"""The home page: figures with their comparison, the chart with its table, live journeys, and what needs attention."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import RequestFactory
from django.urls import reverse

from analytics import attention, cards, tallies
from channels.models import Account, InboundMessage, Message
from compliance import gate, stops
from compliance.models import HousePolicy
from compliance.optouts import reviewing
from config.models import Fault
from contacts.models import EventBatch, RejectedEvent
from journeys.models import Journey, Version
from tests import staff, texting
from tests.builders import NOW, account, consent, contact, event, message, source, template, user
from tests.journeys import driving
from tests.pages import queries

pytestmark = pytest.mark.django_db

HOME = reverse("admin:index")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def texts() -> Account:
    """A sender of texts, in a house that answers STOP."""
    bye = template("bye", channel="sms", content={"body": "Bye"}, message_class="transactional")
    HousePolicy.objects.create(brand=bye.brand, opt_out_confirmation=bye)
    return account("sms", name="Texts")


@pytest.fixture
def version() -> Version:
    return driving.live(driving.step("exit", "out"))


@pytest.fixture
def chief():
    """Who may see everything."""
    return user("chief", is_superuser=True)


def request(person):
    found = RequestFactory().get("/")
    found.user = person
    return found


def titles(person, now=NOW) -> list[str]:
    return [item.title for item in attention.items(person, now)]


class TestHeadlines:
    def shown(self, person) -> dict[str, cards.Headline]:
        return {one.title: one for one in cards.headlines(request(person), NOW)["headlines"]}

    def test_thirty_days_beside_the_thirty_before(self, version, chief) -> None:
        tallies.add({(version.pk, "out", "sent"): 1500, (version.pk, "out", "blocked:cap"): 30}, NOW - DAY)
        tallies.add({(version.pk, "out", "sent"): 1000, (version.pk, "out", "blocked:cap"): 40}, NOW - 40 * DAY)
        tallies.add({(version.pk, "out", "sent"): 9999}, NOW - 70 * DAY)
        found = self.shown(chief)
        assert (found["Messages sent"].value, found["Messages sent"].change) == ("1,500", "+50 % on the 30 days before")
        assert (found["Blocked"].change, found["Blocked"].tone) == ("−25 % on the 30 days before", "better")

    def test_fewer_conversions_are_worse(self, version, chief) -> None:
        key = (version.pk, "", "converted")
        tallies.add({key: 1}, NOW - DAY, {key: Decimal("5")})
        tallies.add({key: 2}, NOW - 40 * DAY, {key: Decimal("20")})
        found = self.shown(chief)
        assert (found["Conversions"].tone, found["Revenue"].tone) == ("worse", "worse")
        assert (found["Revenue"].value, found["Revenue"].change) == ("5.00", "−75 % on the 30 days before")

    def test_without_a_past_there_is_no_comparison(self, version, chief) -> None:
        tallies.add({(version.pk, "out", "sent"): 1}, NOW - DAY)
        found = self.shown(chief)
        assert found["Messages sent"].change == "nothing to compare with"
        assert found["Opened"].change == "none yet"


class TestChart:
    def test_its_data_and_its_table_say_the_same(self, version, chief) -> None:
        tallies.add({(version.pk, "out", "sent"): 3}, NOW - 2 * DAY)
        found = cards.volume(request(chief), NOW)
        data = json.loads(found["chart"])
        sent = next(line for line in data["datasets"] if line["label"] == "Sent")
        assert len(data["labels"]) == len(sent["data"]) == 30
        assert sent["data"][-3] == 3
        assert data["labels"][-1] == "24 Nov"
        day, counts = found["rows"][2]
        assert (day, counts[0]) == ((NOW - 2 * DAY).date(), 3)

    def test_without_messages_it_says_what_will_be_here(self, chief, client) -> None:
        client.force_login(chief)
        html = client.get(HOME).content.decode()
        assert "No messages in the last 30 days." in html
        assert "<canvas" not in html


class TestAttention:
    def test_nothing_needs_it(self, chief) -> None:
        assert titles(chief) == []

    def test_a_stop(self, chief) -> None:
        stops.set("channel", "sms", "Garbled", None, NOW - 3 * HOUR)
        [item] = attention.items(chief, NOW)
        assert (item.title, item.detail, item.tone) == ("Stopped: the channel sms", "Garbled (since 3 hours)", "danger")
        assert item.url == reverse("admin:compliance_stop_changelist")

    def test_events_that_wait_too_long(self, chief) -> None:
        event(contact("ada"), at=NOW)
        assert titles(chief, NOW + timedelta(minutes=4)) == []
        [item] = attention.items(chief, NOW + timedelta(minutes=9))
        assert item.title == "Events wait for the journeys"
        assert "9 minutes" in item.detail

    def test_l14_messages_that_nobody_judges(self, chief, texts) -> None:
        one = message(contact("u1", phone="+447700900001"), template("late", channel="sms", content={"body": "x"}))
        assert titles(chief, NOW + HOUR / 15) == []
        assert titles(chief, NOW + HOUR / 10) == ["Messages wait for the gate"]
        one.delete()
        assert titles(chief, NOW + HOUR / 10) == []

    def test_f18_consents_that_are_due(self, chief) -> None:
        person = contact("u1", email="kim@example.test", country="KR")
        consent(person, now=NOW - 731 * DAY)
        assert "1 consent to be reconfirmed" in titles(chief)

    def test_a_pump_that_fails(self, chief) -> None:
        Fault.objects.create(pump="journeys.react", failures=3, rests_until=NOW, error="Traceback\nValueError: boom")
        [item] = attention.items(chief, NOW)
        assert (item.title, item.detail) == ("Work fails: journeys.react", "3 times in a row: ValueError: boom")

    def test_messages_that_were_maybe_sent(self, chief, texts) -> None:
        ada = contact("ada", phone="+447700900123")
        consent(ada, "sms")
        message(ada, template("offer", channel="sms", content={"body": "Hi"}))
        gate.release(NOW)
        EventBatch.objects.update(handled_at=NOW)
        Message.objects.update(state="unknown")
        [item] = attention.items(chief, NOW)
        assert item.title == "1 message maybe sent"
        assert item.url == reverse("admin:channels_message_changelist") + "?state=unknown"

    def test_a_sender_in_trouble(self, chief, texts) -> None:
        ada = contact("ada", phone="+447700900123")
        consent(ada, "sms")
        message(ada, template("offer", channel="sms", content={"body": "Hi"}))
        gate.release(NOW)
        EventBatch.objects.update(handled_at=NOW)
        Message.objects.update(state="pending", attempts=2, error="401 Unauthorized", due_at=NOW + HOUR)
        [item] = attention.items(chief, NOW)
        assert item.title == "Sender in trouble: Texts"
        assert "401 Unauthorized" in item.detail
        assert item.url == reverse("admin:channels_account_change", args=(Account.objects.get().pk,))

    def test_opt_outs_that_take_long(self, chief, texts) -> None:
        ada = contact("ada", phone=texting.ADA, country="US")
        texting.text("wrong number")
        EventBatch.objects.update(handled_at=NOW)
        assert titles(chief) == []
        [item] = attention.items(chief, NOW + 2 * HOUR)
        assert (item.title, item.url) == ("1 possible opt-out waiting", reverse("admin:optout_queue"))
        assert item.detail == "The oldest has waited 2 hours. The law's last day is 09 December 2026."
        reviewing.decide(InboundMessage.objects.get(), chief, is_opt_out=True, now=NOW + 3 * HOUR)
        EventBatch.objects.update(handled_at=NOW)
        [item] = attention.items(chief, NOW + 4 * HOUR)
        assert item.title == "1 opt-out took more than an hour"
        assert "The oldest took 3 hours." in item.detail
        assert ada.consents.count() == 0

    def test_a_house_that_does_not_answer_stop(self, chief) -> None:
        account("sms")
        [item] = attention.items(chief, NOW)
        assert (item.title, item.tone) == ("Acme does not answer STOP", "notice")
        assert item.url == reverse("admin:compliance_housepolicy_changelist")

    def test_live_journeys_without_a_sender(self, chief, texts) -> None:
        template("offer", channel="sms", content={"body": "Hi"})
        driving.live(driving.step("send", template="offer"))
        assert titles(chief) == []
        Account.objects.update(enabled=False)
        assert titles(chief) == ["No sender for sms"]

    def test_batches_with_errors(self, chief) -> None:
        EventBatch.objects.create(created_at=NOW - DAY, size=1, handled_at=NOW, error="event 7: boom")
        assert titles(chief) == ["1 batch of events with errors"]
        EventBatch.objects.create(created_at=NOW, size=1, handled_at=NOW, error="event 8: boom")
        assert titles(chief) == ["2 batches of events with errors"]

    def test_people_set_aside_until_they_go_on(self, chief, version) -> None:
        tallies.add({(version.pk, "", "failed"): 2}, NOW)
        assert titles(chief) == ["2 people set aside in Welcome"]
        tallies.add({(version.pk, "", "failed"): -2}, NOW)
        assert titles(chief) == []

    def test_reviews_grow_more_pressing_with_age(self, chief) -> None:
        template("offer", state="submitted", now=NOW - HOUR)
        [item] = attention.items(chief, NOW)
        assert (item.title, item.tone) == ("1 review waiting", "notice")
        [item] = attention.items(chief, NOW + 2 * DAY)
        assert (item.tone, item.url) == ("warning", reverse("admin:review_queue"))

    def test_rejected_events_of_the_last_day(self, chief) -> None:
        shop = source()
        RejectedEvent.objects.create(source=shop, received_at=NOW - HOUR, reason="no userId", payload={})
        RejectedEvent.objects.create(source=shop, received_at=NOW - 2 * DAY, reason="old", payload={})
        assert titles(chief) == ["1 event rejected"]

    def test_the_worst_comes_first(self, chief, version) -> None:
        Journey.objects.update(state="paused")
        tallies.add({(version.pk, "", "failed"): 1}, NOW)
        stops.set("all", "", "x", None, NOW)
        assert titles(chief) == ["Stopped: everything", "1 person set aside in Welcome", "Welcome is paused"]

    def test_nobody_sees_what_he_may_not_open(self) -> None:
        stops.set("all", "", "x", None, NOW)
        Fault.objects.create(pump="journeys.react", failures=1, rests_until=NOW, error="boom")
        assert titles(staff.user("Marketer")) == ["Stopped: everything"]
        assert titles(staff.user("Operator")) == ["Stopped: everything", "Work fails: journeys.react"]
        assert titles(staff.user("")) == []

    def test_hostile_words_are_only_text(self, chief, client) -> None:
        stops.set("all", "", "<script>alert(1)</script>", None, NOW)
        client.force_login(chief)
        assert "<script>alert(1)" not in client.get(HOME).content.decode()


class TestPage:
    @pytest.mark.parametrize("role", ["", *staff.ROLES])
    def test_every_role_has_a_home(self, role, version) -> None:
        answer = staff.client(role).get(HOME)
        assert answer.status_code == 200
        html = answer.content.decode()
        assert "This cannot be shown right now" not in html
        assert ("Messages by day" in html) == bool(role)

    def test_live_journeys_are_listed_with_links(self, version, client, chief) -> None:
        tallies.add({(version.pk, "", "entered"): 1234}, NOW)
        client.force_login(chief)
        html = client.get(HOME).content.decode()
        assert reverse("admin:journeys_journey_change", args=(version.journey_id,)) in html
        assert "1,234" in html

    def test_it_costs_the_same_however_much_happened(self, version, client, chief) -> None:
        client.force_login(chief)
        tallies.add({(version.pk, "out", "sent"): 1}, NOW)
        few = queries(client, HOME)
        for number in range(6):
            other = driving.live(driving.step("exit"), key=f"j{number}")
            tallies.add({(other.pk, "", "entered"): 1, (other.pk, "", "failed"): 1}, NOW)
            stops.set("journey", f"j{number}", "x", None, NOW)
        assert queries(client, HOME) == few
