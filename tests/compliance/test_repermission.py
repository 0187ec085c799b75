"""A wording is withdrawn: blocked, asked again through the gate, and back by the person's own yes. F13 and F17 meet here."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels.models import Message, RenderedCopy
from compliance import chain, gate, repermission
from compliance.models import AuditEntry, AuditNote, Repermission, WithdrawnWording
from config import bulk, clock, pumps
from contacts import consents
from contacts.models import Consent, ConsentState, Contact, Event, Suppression
from tests import staff
from tests.builders import NOW, account, brand, consent, contact, message, template, topic, user
from tests.pages import queries, who

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
OLD, NEW = "form v1", "form v2"
LINK = "May we write to you? {{ event.confirm_url }}"


@pytest.fixture
def lena():
    return user("lena", "compliance.ask_again")


@pytest.fixture
def ada() -> Contact:
    """She allowed news by text, in words that legal then withdrew."""
    account("sms")
    found = contact("ada", email="ada@example.test", phone="+447700900123")
    consent(found, "sms", wording=OLD, now=NOW - DAY)
    return found


@pytest.fixture
def withdrawn() -> WithdrawnWording:
    return WithdrawnWording.objects.create(wording=OLD, reason="Too vague")


def letter(message_class: str = "service", key: str = "ask", text: str = LINK, **more):
    return template(key, channel="sms", content={"body": text}, message_class=message_class, **more)


def start(withdrawn, lena, letter, *, about=None, channel: str = "sms", wording: str = NEW, now=NOW) -> Repermission:
    return repermission.start(
        withdrawn, about or topic(), channel, template=letter, wording=wording, user=lena, now=now
    )


def work(now=NOW) -> None:
    """What the worker does, until nothing is left."""
    with clock.at(now):
        pumps.drain(now)


def offer(person: Contact, now=NOW) -> tuple[str, str]:
    """What becomes of a marketing text to this person."""
    about = template(f"offer-{Message.objects.count()}", channel="sms", content={"body": "Hi"})
    one = message(person, about, now=now)
    gate.release(now)
    one.refresh_from_db()
    return one.state, one.reason


def asked() -> list[tuple[str, str]]:
    found = Message.objects.filter(key__startswith="ask-again:").order_by("pk")
    return list(found.values_list("state", "reason"))


def link() -> str:
    """The address in the text as it was sent."""
    words = RenderedCopy.objects.get(message__key__startswith="ask-again:").content["body"]
    return urlsplit(words.split()[-1]).path


def press(path: str, now=NOW, method: str = "post"):
    with clock.at(now):
        return getattr(Client(enforce_csrf_checks=True, headers={"user-agent": "Firefox"}), method)(path)


class TestTheWayBack:
    def test_from_withdrawn_to_allowed_again(self, ada, withdrawn, lena) -> None:
        assert offer(ada) == ("blocked", "consent_version_revoked")
        start(withdrawn, lena, letter())
        work()
        assert asked() == [("sent", "")]
        assert offer(ada) == ("blocked", "consent_version_revoked")
        assert press(link(), NOW + DAY, "get").status_code == 200
        assert offer(ada, NOW + DAY) == ("blocked", "consent_version_revoked")
        assert b"confirm" in press(link(), NOW + DAY).content.lower()
        line = Consent.objects.latest("pk")
        assert (line.state, line.wording, line.basis) == ("granted", NEW, "express_written")
        assert (line.source, line.proof["user_agent"], line.proof["asked_at"]) == (
            "confirmation link", "Firefox", NOW.isoformat(),
        )  # fmt: skip
        assert offer(ada, NOW + 2 * DAY)[0] == "sent"

    def test_an_old_link_confirms_nothing(self, ada, withdrawn, lena) -> None:
        start(withdrawn, lena, letter())
        work()
        assert press(link(), NOW + 31 * DAY).status_code == 410
        assert offer(ada, NOW + 31 * DAY) == ("blocked", "consent_version_revoked")

    def test_a_round_that_is_over_leaves_those_alone_who_said_no_meanwhile(self, ada, withdrawn, lena) -> None:
        start(withdrawn, lena, letter())
        work()
        consents.withdraw(ada.pk, topic().pk, "sms", source="preference centre", now=NOW + DAY)
        assert press(link(), NOW + 2 * DAY).status_code == 410
        assert ConsentState.objects.get().state == "withdrawn"


class TestTheGateJudges:
    def test_as_marketing_it_is_blocked_since_nothing_else_allows_it(self, ada, withdrawn, lena) -> None:
        start(withdrawn, lena, letter("marketing"))
        work()
        assert asked() == [("blocked", "consent_version_revoked")]

    def test_as_marketing_about_a_topic_with_a_consent_that_stands(self, ada, withdrawn, lena) -> None:
        """F13: a request for consent is a commercial message, and needs a basis of its own."""
        consent(ada, "sms", topic_key="orders", basis="implied_purchase", wording="shop", now=NOW - DAY)
        start(withdrawn, lena, letter("marketing", topic=topic("orders")))
        work()
        assert asked() == [("sent", "")]

    def test_an_implied_consent_that_has_ended_is_none(self, ada, withdrawn, lena) -> None:
        consent(ada, "sms", topic_key="orders", basis="implied_purchase", wording="shop", now=NOW - 800 * DAY)
        start(withdrawn, lena, letter("marketing", topic=topic("orders")))
        work()
        assert asked() == [("blocked", "implied_consent_expired")]

    def test_a_suppressed_address_is_not_asked(self, ada, withdrawn, lena) -> None:
        digest = ada.addresses.get(kind="phone").digest
        Suppression.objects.create(digest=digest, address_kind="phone", reason="complaint", created_at=NOW)
        start(withdrawn, lena, letter())
        work()
        assert [state for state, _ in asked()] == ["blocked"]

    def test_another_channel_may_ask_for_the_consent_of_this_one(self, ada, withdrawn, lena) -> None:
        consent(ada, "email", wording=OLD, now=NOW - DAY)
        start(withdrawn, lena, letter(), channel="email")
        work()
        press(link())
        assert ConsentState.objects.get(channel="email").wording == NEW
        assert ConsentState.objects.get(channel="sms").wording == OLD

    def test_no_journey_is_started_that_would_ask_a_second_time(self, ada, withdrawn, lena) -> None:
        start(withdrawn, lena, letter())
        work()
        assert not Event.objects.filter(name="confirmation.requested").exists()


class TestOnceEach:
    def test_two_rounds_ask_nobody_twice(self, ada, withdrawn, lena) -> None:
        for key in ("ask", "ask-again"):
            start(withdrawn, lena, letter(key=key))
            work()
        assert len(asked()) == 1
        assert list(Repermission.objects.order_by("pk").values_list("asked", flat=True)) == [1, 0]

    def test_only_those_whose_consent_rests_on_it(self, ada, withdrawn, lena) -> None:
        for number, (words, channel, key) in enumerate(
            [(NEW, "sms", "news"), (OLD, "email", "news"), (OLD, "sms", "x")]
        ):
            other = contact(f"p-{number}", email=f"p{number}@example.test")
            consent(other, channel, wording=words, topic_key=key)
        left = contact("left", email="left@example.test")
        consent(left, "sms", wording=OLD, now=NOW - DAY)
        consents.withdraw(left.pk, topic().pk, "sms", source="test", now=NOW)
        start(withdrawn, lena, letter())
        work()
        assert list(Message.objects.values_list("contact", flat=True)) == [ada.pk]

    def test_a_crash_in_the_middle_is_taken_up_where_it_was(self, withdrawn, lena, monkeypatch) -> None:
        crowd(25)
        start(withdrawn, lena, letter())
        assert repermission.run(NOW, 10) == 10
        with monkeypatch.context() as broken:
            broken.setattr(repermission.outbox, "request", _crash)
            with pytest.raises(RuntimeError):
                repermission.run(NOW, 10)
        found = Repermission.objects.get()
        assert (found.asked, Message.objects.count()) == (10, 10)
        assert [repermission.run(NOW, 10) for _ in range(4)] == [10, 5, 1, 0]
        found.refresh_from_db()
        assert (found.asked, Message.objects.count(), found.finished_at) == (25, 25, NOW)
        assert repermission.next_due(NOW) is None

    def test_a_batch_costs_the_same_however_many_people_there_are(self, withdrawn, lena) -> None:
        crowd(60)
        start(withdrawn, lena, letter())
        costs = []
        for size in (5, 50):
            with CaptureQueriesContext(connection) as found:
                repermission.run(NOW, size)
            costs.append(len(found))
        assert costs[0] == costs[1] <= 10

    def test_a_withdrawal_that_is_taken_back_ends_the_round(self, withdrawn, lena) -> None:
        crowd(3)
        start(withdrawn, lena, letter())
        repermission.run(NOW, 1)
        WithdrawnWording.objects.all().delete()
        work()
        assert Message.objects.count() == 1
        assert Repermission.objects.get().finished_at == NOW


def crowd(count: int) -> None:
    people = [contact(f"c-{number}", email=f"c{number}@example.test") for number in range(count)]
    said = [consents.Grant(one.pk, topic().pk, "sms", "express_written", NOW - DAY, "import", OLD) for one in people]
    for part in bulk.chunks(said, 100):
        consents.record(part, NOW)


def _crash(*_: object) -> list[int]:
    raise RuntimeError("The power fails.")


class TestWhatCannotAsk:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"text": "Hello"}, "does not show the link"),
            ({"state": "draft"}, "no approved version"),
        ],
    )
    def test_a_template(self, ada, withdrawn, lena, change, words) -> None:
        with pytest.raises(ValidationError, match=words):
            start(withdrawn, lena, letter(**change))

    def test_a_template_of_another_brand(self, ada, withdrawn, lena) -> None:
        other = letter(topic=topic("theirs", brand=brand("other")))
        with pytest.raises(ValidationError, match="of another brand"):
            start(withdrawn, lena, other)

    @pytest.mark.parametrize(("wording", "words"), [(" ", "Name the version"), (OLD, "withdrawn itself")])
    def test_a_wording(self, ada, withdrawn, lena, wording, words) -> None:
        with pytest.raises(ValidationError, match=words):
            start(withdrawn, lena, letter(), wording=wording)

    def test_two_rounds_at_once_and_a_round_for_nobody(self, ada, withdrawn, lena) -> None:
        asking = letter()
        start(withdrawn, lena, asking)
        with pytest.raises(ValidationError, match="asked already"):
            start(withdrawn, lena, asking)
        with pytest.raises(ValidationError, match="nobody to ask"):
            start(withdrawn, lena, asking, channel="email")

    def test_who_may_not(self, ada, withdrawn) -> None:
        with pytest.raises(PermissionDenied):
            start(withdrawn, user("maria"), letter())
        assert not Repermission.objects.exists()


class TestOnRecord:
    def test_beginning_and_end_are_in_the_audit_chain_without_anybody_s_name(self, ada, withdrawn, lena) -> None:
        round_ = start(withdrawn, lena, letter())
        work()
        while chain.link(NOW):
            pass
        begun, ended = AuditEntry.objects.filter(kind__startswith="repermission.").order_by("number")
        assert (begun.actor, begun.subject_id, begun.payload["wording"]) == (lena.pk, str(round_.pk), NEW)
        assert (ended.actor, ended.payload) == (None, {"asked": 1})
        assert "ada" not in str([begun.payload, ended.payload])

    def test_what_was_refused_is_not(self, ada, withdrawn, lena) -> None:
        with pytest.raises(ValidationError):
            start(withdrawn, lena, letter(text="Hello"))
        assert not AuditNote.objects.filter(kind="repermission.started").exists()


class TestThePage:
    @pytest.fixture
    def lawyer(self):
        return staff.client("Legal reviewer")

    def page(self, withdrawn) -> str:
        return reverse("admin:compliance_withdrawnwording_change", args=[withdrawn.pk])

    def form(self, withdrawn) -> str:
        return reverse("admin:compliance_withdrawnwording_ask", args=[withdrawn.pk])

    def test_it_says_how_many_people_by_topic_and_channel(self, lawyer, ada, withdrawn) -> None:
        consent(ada, "email", wording=OLD)
        crowd(2)
        html = lawyer.get(self.page(withdrawn)).content.decode()
        assert "3 people" in html
        assert "1 person" in html
        assert self.form(withdrawn) in html

    def test_asking_by_the_form(self, lawyer, ada, withdrawn) -> None:
        data = {"consents": f"{topic().pk}:sms", "template": letter().pk, "wording": NEW, "sure": "on"}
        with clock.at(NOW):
            html = lawyer.post(self.form(withdrawn), data, follow=True).content.decode()
        assert "Asking begins: Acme: News by sms (1 person)." in html
        assert "running" in html
        work()
        html = lawyer.get(self.page(withdrawn)).content.decode()
        assert "1 asked" in html
        assert "finished" in html

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"sure": ""}, "Tick the box to confirm."),
            ({"wording": OLD}, "withdrawn itself"),
            ({"consents": "9:fax"}, "Select a valid choice"),
        ],
    )
    def test_a_mistake_is_told_in_the_form(self, lawyer, ada, withdrawn, change, words) -> None:
        data = {"consents": f"{topic().pk}:sms", "template": letter().pk, "wording": NEW, "sure": "on", **change}
        assert words in lawyer.post(self.form(withdrawn), data).content.decode()
        assert not Repermission.objects.exists()

    def test_who(self, ada, withdrawn) -> None:
        assert who(self.form(withdrawn)) == {"Legal reviewer", "Administrator"}
        assert self.form(withdrawn) not in staff.client("Marketer", "maria").get(self.page(withdrawn)).content.decode()

    def test_of_nothing_there_is_none(self, lawyer) -> None:
        assert lawyer.get(reverse("admin:compliance_withdrawnwording_ask", args=[99])).status_code == 404

    def test_it_costs_the_same_however_many_people(self, lawyer, ada, withdrawn) -> None:
        few = queries(lawyer, self.page(withdrawn))
        crowd(20)
        assert queries(lawyer, self.page(withdrawn)) == few
