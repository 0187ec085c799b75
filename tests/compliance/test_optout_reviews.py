"""What people decide about opt-outs, what providers tell us of them, and the clocks that run meanwhile."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError

from channels import feedback
from channels.base import Update
from channels.models import InboundMessage, Message, MessageTemplate, SandboxMessage
from compliance import gate
from compliance.models import HousePolicy
from compliance.optouts import attention, deadlines, reviewing
from contacts.models import Consent, ConsentState, Contact, Event, Suppression
from tests.builders import NOW, account, address, brand, consent, contact, message, template, topic, user
from tests.texting import ADA, text

pytestmark = pytest.mark.django_db
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
DOUBT = "Don't stop, I love these"


@pytest.fixture
def offer() -> MessageTemplate:
    account("sms")
    return template("offer", channel="sms", content={"body": "Shoes"})


@pytest.fixture
def ada(offer) -> Contact:
    found = contact("ada", phone=ADA)
    consent(found, "sms", now=NOW - DAY)
    return found


@pytest.fixture
def ruth() -> User:
    return user("ruth", "channels.review_inboundmessage")


def judged(person: Contact, about: MessageTemplate, at: datetime = NOW + HOUR, **fields) -> tuple[str, str]:
    one = message(person, about, now=at, **fields)
    gate.release(at)
    one.refresh_from_db()
    return one.state, one.reason


class TestReview:
    def test_g06_no_opt_out_lets_what_waited_go_on_at_once(self, ada, offer, ruth) -> None:
        stored = text(DOUBT)
        assert judged(ada, offer, NOW + MINUTE) == ("pending", "opt_out_review")
        reviewing.decide(stored, ruth, is_opt_out=False, now=NOW + 2 * MINUTE)
        assert (stored.understood, stored.reviewed_by, stored.reviewed_at) == ("none", ruth, NOW + 2 * MINUTE)
        gate.release(NOW + 2 * MINUTE)
        assert Message.objects.get().state == "sent"
        assert ConsentState.objects.get().state == "granted"

    def test_g06_an_opt_out_is_one_from_when_it_was_written(self, ada, offer, ruth) -> None:
        stored = text(DOUBT)
        waiting = message(ada, offer, due_at=NOW + DAY)
        reviewing.decide(stored, ruth, is_opt_out=True, now=NOW + HOUR)
        line = Consent.objects.get(state="withdrawn")
        assert (line.occurred_at, line.recorded_at) == (NOW, NOW + HOUR)
        waiting.refresh_from_db()
        assert (waiting.state, waiting.reason) == ("blocked", "opted_out")
        assert set(Suppression.objects.filter(lifted_at=None).values_list("reason", flat=True)) == {"opt_out"}
        assert list(reviewing.waiting()) == []

    def test_the_pause_ends_with_the_last_doubt(self, ada, offer, ruth) -> None:
        first, second = text(DOUBT), text("wrong number", at=NOW + MINUTE)
        reviewing.decide(first, ruth, is_opt_out=False, now=NOW + HOUR)
        assert judged(ada, offer) == ("pending", "opt_out_review")
        reviewing.decide(second, ruth, is_opt_out=False, now=NOW + HOUR)
        gate.release(NOW + HOUR)
        assert Message.objects.get().state == "sent"

    def test_the_oldest_is_first(self, ada) -> None:
        second, first = text(DOUBT, at=NOW + HOUR), text("wrong number")
        assert list(reviewing.waiting()) == [first, second]

    def test_it_is_decided_once(self, ada, ruth) -> None:
        stored = text(DOUBT)
        reviewing.decide(stored, ruth, is_opt_out=False, now=NOW)
        with pytest.raises(ValidationError, match="decided about this message already"):
            reviewing.decide(stored, ruth, is_opt_out=True, now=NOW)
        assert ConsentState.objects.get().state == "granted"

    def test_who_may_not_decide_changes_nothing(self, ada) -> None:
        stored = text(DOUBT)
        with pytest.raises(PermissionDenied):
            reviewing.decide(stored, user("eve"), is_opt_out=True, now=NOW)
        assert InboundMessage.objects.get().understood == "ambiguous"

    def test_the_doubt_of_a_short_code_can_be_settled_too(self, offer, ruth) -> None:
        stored = text("wrong number", sender="32665")
        reviewing.decide(stored, ruth, is_opt_out=True, now=NOW)
        assert not Suppression.objects.exists()

    def test_marketing_is_paused_for_the_address_not_for_the_channel_of_others(self, ada, offer) -> None:
        text(DOUBT)
        bob = contact("bob", phone="+447700900999")
        consent(bob, "sms", now=NOW - DAY)
        assert judged(bob, offer)[0] == "sent"


class TestByHand:
    def record(self, ruth, where: str = "+44 7700 900123", *, channel: str = "sms", said_at=NOW, now=NOW) -> bool:
        return reviewing.by_hand(
            where, channel, brand().pk, user=ruth, reason="by phone, ticket 4711", said_at=said_at, now=now
        )

    def test_g24_it_holds_at_once(self, ada, offer, ruth) -> None:
        waiting = message(ada, offer, due_at=NOW + DAY)
        assert self.record(ruth)
        waiting.refresh_from_db()
        assert (waiting.state, waiting.reason) == ("blocked", "opted_out")
        line = Consent.objects.get(state="withdrawn")
        assert line.source == "by hand (ruth): by phone, ticket 4711"
        assert line.proof["reason"] == "by phone, ticket 4711"
        assert not self.record(ruth, now=NOW + HOUR)

    def test_an_address_of_nobody_is_suppressed_for_whoever_comes(self, offer, ruth) -> None:
        assert self.record(ruth)
        late = contact("late", phone=ADA)
        consent(late, "sms", now=NOW - HOUR)
        assert judged(late, offer) == ("blocked", "opted_out")

    def test_a_mail_address(self, ruth) -> None:
        bob = contact("bob", email="bob@example.test")
        consent(bob, "email", now=NOW - DAY)
        assert self.record(ruth, " Bob@Example.test", channel="email")
        assert ConsentState.objects.get().state == "withdrawn"

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"where": "12"}, "is not a phone number|does not say which country|too few"),
            ({"where": "bob", "channel": "email"}, "is not an e-mail address"),
            ({"channel": "webhook"}, "has no addresses"),
            ({"channel": "pigeon"}, "has no addresses"),
            ({"said_at": NOW + HOUR}, "lies in the future"),
        ],
    )
    def test_mistakes_are_told_and_nothing_happens(self, ruth, options: dict, sentence: str) -> None:
        with pytest.raises(ValidationError, match=sentence):
            self.record(ruth, **options)
        assert not Suppression.objects.exists()

    def test_who_may_not(self) -> None:
        with pytest.raises(PermissionDenied):
            self.record(user("eve"))


class TestRefusals:
    def failed(self, offer: MessageTemplate, person: Contact, reason: str) -> Message:
        one = message(person, offer)
        gate.release(NOW)
        feedback.apply([Update("", "failed", NOW + MINUTE, reason, message_id=one.pk)], NOW + MINUTE)
        return one

    def test_g14_a_refusal_for_an_opt_out_is_one(self, ada, offer) -> None:
        bob = contact("bob", phone=ADA)
        consent(bob, "sms", now=NOW - DAY)
        waiting = message(bob, offer, due_at=NOW + DAY)
        self.failed(offer, ada, "opted_out")
        assert set(ConsentState.objects.values_list("state", flat=True)) == {"withdrawn"}
        assert Consent.objects.filter(state="withdrawn", source="provider").count() == 2
        waiting.refresh_from_db()
        assert (waiting.state, waiting.reason) == ("blocked", "opted_out")
        gate.release(NOW + 2 * DAY)
        assert SandboxMessage.objects.count() == 1
        assert judged(ada, offer, context={"n": 2}) == ("blocked", "opted_out")

    def test_g33_a_refusal_of_marketing_leaves_what_is_needed(self, ada, offer) -> None:
        self.failed(offer, ada, "opted_out_of_marketing")
        code = template("code", channel="sms", content={"body": "1234"}, message_class="otp")
        service = template("delay", channel="sms", content={"body": "Late"}, message_class="service")
        assert judged(ada, offer, context={"n": 2}) == ("blocked", "opted_out")
        assert judged(ada, code)[0] == judged(ada, service)[0] == "sent"

    def test_other_failures_are_no_opt_out(self, ada, offer) -> None:
        self.failed(offer, ada, "twilio_30008")
        assert ConsentState.objects.get().state == "granted"
        assert not Suppression.objects.exists()

    def test_g32_a_hard_bounce_stops_every_mail_until_the_address_changes(self) -> None:
        account("email")
        bob = contact("bob", email="bob@example.test")
        consent(bob, "email", now=NOW - DAY)
        receipt = template("receipt", message_class="transactional")
        one = message(bob, receipt)
        Message.objects.update(address=bob.addresses.get())
        feedback.apply([Update("", "bounced", NOW, message_id=one.pk)], NOW)
        assert judged(bob, receipt, context={"n": 2}) == ("blocked", "invalid_address")
        address(bob, "email", "robert@example.test", now=NOW + HOUR)
        assert judged(bob, receipt, NOW + 2 * HOUR, context={"n": 3})[0] != "blocked"


class TestDeadlines:
    MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("jurisdiction", "last"),
        [
            ("US", date(2026, 12, 8)),
            ("US-NY", date(2026, 12, 8)),
            ("CA", date(2026, 12, 7)),
            ("AU", date(2026, 11, 30)),
            ("FR", None),
            ("", None),
        ],
        ids=["G24", "G24-state", "G25", "AU", "FR", "unknown"],
    )
    def test_the_law_s_last_day(self, jurisdiction: str, last: date | None) -> None:
        assert deadlines.latest(self.MONDAY, jurisdiction, UTC) == last

    def test_said_on_a_weekend_it_runs_from_monday(self) -> None:
        saturday = datetime(2026, 2, 7, 12, tzinfo=UTC)
        assert deadlines.latest(saturday, "US", UTC) == date(2026, 2, 23)  # Presidents' Day on the 16th

    def test_the_day_is_that_of_the_person_s_calendar(self) -> None:
        late = datetime(2026, 11, 24, 3, tzinfo=UTC)
        assert deadlines.latest(late, "CA", UTC) == date(2026, 12, 8)
        assert deadlines.latest(late, "CA", ZoneInfo("America/Toronto")) == date(2026, 12, 7)


class TestAttention:
    def test_g24_a_manual_opt_out_that_came_late_is_told_with_the_law_s_day(self, ada, ruth) -> None:
        Contact.objects.update(country="US")
        said, now = datetime(2026, 11, 23, 15, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC)
        reviewing.by_hand(ADA, "sms", brand().pk, user=ruth, reason="letter", said_at=said, now=now)
        [late] = attention.late(now)
        assert (late.contact_id, late.said_at, late.done_at, late.latest) == (ada.pk, said, now, date(2026, 12, 8))
        assert late.took(now) == timedelta(hours=18)

    def test_within_an_hour_nothing_is_told(self, ada, ruth) -> None:
        reviewing.by_hand(ADA, "sms", brand().pk, user=ruth, reason="phone", said_at=NOW, now=NOW + HOUR)
        text("STOP", sender="+447700900999")
        assert attention.late(NOW + 2 * HOUR) == []

    def test_an_unread_doubt_is_told_after_an_hour(self, ada) -> None:
        text(DOUBT, sender="+12125550100")
        assert attention.late(NOW + HOUR) == []
        [late] = attention.late(NOW + HOUR + MINUTE)
        assert (late.done_at, late.latest) == (None, date(2026, 12, 9))
        assert late.took(NOW + 2 * HOUR) == 2 * HOUR

    def test_after_a_month_it_is_history(self, ada, ruth) -> None:
        reviewing.by_hand(ADA, "sms", brand().pk, user=ruth, reason="phone", said_at=NOW - DAY, now=NOW)
        assert len(attention.late(NOW + DAY)) == 1
        assert attention.late(NOW + 31 * DAY) == []

    def test_a_house_that_texts_without_an_answer_to_stop(self, offer) -> None:
        assert attention.without_confirmation() == ["Acme"]
        bye = template("bye", channel="sms", content={"body": "Bye"}, message_class="transactional")
        HousePolicy.objects.create(brand=brand(), opt_out_confirmation=bye)
        assert attention.without_confirmation() == []


class TestPolicy:
    def test_only_approved_and_needed_words_may_answer(self, offer) -> None:
        policy = HousePolicy(brand=brand(), opt_out_confirmation=offer)
        with pytest.raises(ValidationError, match="no approved transactional version"):
            policy.clean()

    def test_nor_those_of_another_brand(self) -> None:
        other = brand("umbra")
        theirs = template(
            "theirs",
            channel="sms",
            content={"body": "x"},
            message_class="transactional",
            topic=topic("sun", brand=other),
        )
        with pytest.raises(ValidationError, match="another brand"):
            HousePolicy(brand=brand(), help_answer=theirs).clean()

    def test_the_timeline_tells_who_opted_out_of_what(self, ada) -> None:
        text("STOP")
        told = Event.objects.get(name="contact.opted_out")
        assert (told.contact, told.brand, told.properties["channel"], told.properties["scope"]) == (
            ada, brand(), "sms", "channel",
        )  # fmt: skip
