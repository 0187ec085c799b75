"""Journeys go through the same review as words: locked while it lasts, sealed with all that they name, held when it breaks."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from channels.models import Message, MessageTemplate
from compliance import gate, reviews
from compliance.models import FrequencyCap, Review
from compliance.reviews import urgent
from config.models import Notice
from contacts.models import Segment
from journeys import editing, engine, publishing
from journeys.models import Enrolment, Journey, Step, Version
from tests import staff
from tests.builders import NOW, account, brand, consent, contact, segment, template, topic, user
from tests.journeys.driving import draft, happens, live, publisher, step

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DECIDE = "compliance.decide_approval"


@pytest.fixture
def lena():
    return user("lena", DECIDE)


@pytest.fixture
def words() -> MessageTemplate:
    account("sms")
    return template("offer", channel="sms", content={"body": "Hello"}, message_class="service")


def send() -> tuple:
    return (step("send", template="offer"), step("exit", "done"))


def submitted(*steps, **design) -> Version:
    return publishing.submit(draft(*(steps or send()), **design), publisher(), NOW)


def asked(version: Version, number: int = 1, now=NOW) -> Message:
    """Somebody enters, and the gate judges the message that the journey asks for."""
    person = contact(f"u{number}", phone=f"+44770090{number:04}")
    consent(person, "sms")
    happens(person, at=now)
    gate.release(now)
    return Message.objects.get(contact=person)


class TestPublishing:
    def test_only_what_is_approved(self, words, lena) -> None:
        version = draft(*send())
        with pytest.raises(ValidationError, match="is not approved; hand it in for review first"):
            publishing.publish(version, publisher(), NOW)
        publishing.submit(version, publisher(), NOW)
        with pytest.raises(ValidationError, match="is waiting for reviewers; it can be published once it is approved"):
            publishing.publish(version, publisher(), NOW)
        reviews.decide(version, lena, approved=True, now=NOW)
        assert publishing.publish(version, publisher(), NOW).state == "live"
        assert asked(version).state == "sent"

    def test_its_problems_keep_it_from_being_handed_in(self) -> None:
        with pytest.raises(ValidationError, match="There is no template 'gone'"):
            submitted(step("send", template="gone"))

    def test_whoever_wrote_in_it_does_not_decide(self, words, lena) -> None:
        version = draft(*send())
        editing.change(version, lambda design: editing.move(design, "done", -1), editor_id=lena.pk)
        editing.change(version, lambda design: editing.move(design, "done", 1), editor_id=lena.pk)
        publishing.submit(version, publisher(), NOW)
        with pytest.raises(PermissionDenied, match="Nobody approves or refuses his own work"):
            reviews.decide(version, lena, approved=True, now=NOW)

    def test_its_compliance_reviewer_is_told_whatever_the_policies_say(self, words) -> None:
        version = draft(*send())
        Journey.objects.filter(pk=version.journey_id).update(compliance_reviewer=user("clara"))
        publishing.submit(version, publisher(), NOW)
        assert Notice.objects.get(user__username="clara").sentence == "Welcome v1 waits for your review."

    def test_it_is_locked_meanwhile(self, words, lena) -> None:
        version = submitted()
        with pytest.raises(ValidationError, match="take it back from its review to change it"):
            editing.change(version, lambda design: editing.move(design, "done", -1))
        reviews.decide(version, lena, approved=False, changes=True, reason="Too soon", now=NOW)
        assert editing.change(version, lambda design: editing.move(design, "done", -1)).steps[0].key == "done"

    def test_a_change_around_the_lock_breaks_its_seal(self, words, lena) -> None:
        version = submitted()
        reviews.decide(version, lena, approved=True, now=NOW)
        Step.objects.filter(version=version, key="done").update(title="Other")
        with pytest.raises(ValidationError, match="is not what was approved"):
            publishing.publish(version, publisher(), NOW)


def test_a_journey_is_not_released_urgently(words, lena) -> None:
    """Only messages are: a release of a journey would let nothing leave, and stand on the home page all the same."""
    review = reviews.live(submitted())
    with pytest.raises(ValidationError, match="A journey cannot be released urgently, only messages can"):
        urgent.ask(review, user("mara", "compliance.break_glass"), "A recall.", NOW + HOUR, NOW)


class TestTheSeal:
    @pytest.mark.parametrize(
        ("change", "what"),
        [
            (lambda: MessageTemplate.objects.update(topic=topic("other")), "a template's channel or topic"),
            (lambda: Segment.objects.filter(key="pros").update(condition=PLAN), "a segment"),
            (lambda: Segment.objects.filter(key="inner").update(condition=PLAN), "a segment"),
            (lambda: FrequencyCap.objects.update(limit=9), "a frequency cap that names it"),
        ],
    )
    def test_each_dependency_around_the_form(self, words, change, what) -> None:
        segment("inner")
        segment("pros", {"kind": "segment", "segment": "inner"})
        FrequencyCap.objects.create(brand=brand(), name="Cap", limit=3, journeys=["welcome"])
        split = step(
            "branch",
            branches=[{"name": "pro", "when": {"kind": "segment", "segment": "pros"}}],
            exits={"pro": "send", "otherwise": "send"},
        )
        version = live(split, *send())
        change()
        one = asked(version)
        assert one.state in ("pending", "blocked")
        verdict = next(v for v in one.decisions.get().trace() if v.code == "journey_seal_broken")
        assert verdict.why == f"The journey is not what was approved. Changed: {what}."

    def test_a_segment_of_another_brand_that_one_of_ours_names(self, words) -> None:
        segment("theirs", brand=brand("other"))
        segment("ours", {"kind": "segment", "segment": "theirs"})
        version = live(*send(), trigger={"kind": "segment", "segment": "ours"})
        Segment.objects.filter(key="theirs").update(condition=PLAN)
        assert reviews.broken(reviews.live(version)) == ["a segment"]

    def test_a_condition_that_makes_no_sense_stops_only_what_names_it(self, words) -> None:
        segment("pros")
        version = live(*send(), trigger={"kind": "segment", "segment": "pros"}, key="for-pros")
        untouched = live(*send())
        Segment.objects.update(condition={"kind": "gone"})  # as after an upgrade, or in SQL
        assert asked(untouched).state == "sent"
        assert reviews.broken(reviews.live(version)) == ["a segment"]

    def test_held_messages_go_on_once_it_is_approved_again(self, words, lena) -> None:
        version = live(*send())
        FrequencyCap.objects.create(brand=brand(), name="Cap", limit=3, journeys=["welcome"])
        review = reviews.live(version)
        assert review is not None
        assert (review.state, review.because) == ("open", "Changed: a frequency cap that names it.")
        one = asked(version)
        assert (one.state, one.reason, one.due_at) == ("pending", "journey_not_approved", NOW + HOUR)
        reviews.decide(version, lena, approved=True, now=NOW)
        gate.release(NOW)
        one.refresh_from_db()
        assert one.state == "sent"

    def test_a_retired_version_is_asked_about_while_somebody_is_inside(self, words, lena) -> None:
        version = live(step("wait", for_="3d"), *send())
        happens(contact("ada", phone="+447700900123"))
        publishing.retire(version.journey, publisher(), "A test.")
        FrequencyCap.objects.create(brand=brand(), name="Cap", limit=3, journeys=["welcome"])
        review = reviews.live(version)
        assert review is not None
        assert review.state == "open"

    def test_a_retired_version_that_all_have_left_keeps_its_approval(self, words, lena) -> None:
        version = live(step("wait", for_="3d"), *send())
        ada = contact("ada", phone="+447700900123")
        happens(ada)
        publishing.retire(version.journey, publisher(), "A test.")
        engine.leave(list(Enrolment.objects.values_list("pk", flat=True)), "a test", NOW)
        FrequencyCap.objects.create(brand=brand(), name="Cap", limit=3, journeys=["welcome"])
        review = reviews.live(version)
        assert review is not None
        assert review.state == "approved"
        assert "Broken" not in staff.client("Legal reviewer").get("/admin/compliance/review/").content.decode()
        Enrolment.objects.update(state="failed")  # set aside: whoever tries again goes on in it
        FrequencyCap.objects.all()[0].save()
        assert reviews.live(version).state == "open"

    def test_a_message_that_waits_keeps_its_retired_version_in_use(self, words, lena) -> None:
        version = live(*send())
        message = asked(version)
        Message.objects.filter(pk=message.pk).update(state="pending", due_at=NOW + HOUR)
        publishing.retire(version.journey, publisher(), "A test.")
        FrequencyCap.objects.create(brand=brand(), name="Cap", limit=3, journeys=["welcome"])
        assert reviews.live(version).state == "open"

    def test_the_approval_of_what_is_out_of_use_ends_without_a_question(self, words, lena) -> None:
        version = live(step("wait", for_="3d"), *send())
        Review.objects.filter(kind="journey").update(valid_until=NOW + HOUR)
        publishing.retire(version.journey, publisher(), "A test.")
        assert reviews.expire(NOW + HOUR) == 1
        assert [review.state for review in reviews.of(version)] == ["expired"]
        assert reviews.expire(NOW + 2 * HOUR) == 0

    def test_legal_withdraws_it_and_nothing_more_leaves(self, words, lena) -> None:
        version = live(*send())
        reviews.retire(version, lena, NOW, "Wrong audience")
        one = asked(version)
        assert (one.state, one.reason) == ("pending", "journey_not_approved")
        gate.release(NOW + timedelta(days=8))
        one.refresh_from_db()
        assert one.state == "blocked"

    def test_a_version_that_was_slipped_in_by_sql_sends_nothing(self, words) -> None:
        version = live(*send())
        Review.objects.filter(kind="journey").update(state="rejected")
        assert asked(version).reason == "journey_not_approved"

    def test_it_costs_the_same_for_one_and_for_many(self, words, django_assert_max_num_queries) -> None:
        version = live(*send())
        seals = reviews.reviewables["journey"].seals
        others = [live(*send(), key=f"j{number}").pk for number in range(5)]
        with django_assert_max_num_queries(5):
            assert len(seals([version.pk])) == 1
        with django_assert_max_num_queries(5):
            assert len(seals([version.pk, *others])) == 6


PLAN = {"kind": "attribute", "path": "plan", "op": "is", "value": "free"}


class TestPages:
    def url(self, version: Version) -> str:
        return reverse("admin:journeys_version_change", args=(version.pk,))

    def test_from_the_draft_to_live(self, words) -> None:
        version = draft(*send())
        marketer, legal = staff.client("Marketer"), staff.client("Legal reviewer", "lena")
        assert "Submit for approval" in marketer.get(self.url(version)).content.decode()
        address = reverse("admin:review_submit", args=("journey", version.pk))
        assert "waits for approval now" in marketer.post(address, follow=True).content.decode()
        html = marketer.get(self.url(version)).content.decode()
        assert "Add a step" not in html
        assert "Take it back" in html
        assert "Welcome v1" in legal.get(reverse("admin:review_queue")).content.decode()
        html = legal.post(reverse("admin:review_approve", args=("journey", version.pk)), follow=True).content.decode()
        assert "Welcome v1 is approved" in html
        page = marketer.get(reverse("admin:journeys_journey_change", args=(version.journey_id,))).content.decode()
        assert "ready to be published" in page
        marketer.post(reverse("admin:journeys_journey_publish", args=(version.journey_id,)))
        version.refresh_from_db()
        assert version.state == "live"

    def test_the_review_page(self, words, lena) -> None:
        version = submitted()
        review = reviews.live(version)
        html = staff.client("Legal reviewer", "luc").get(
            reverse("admin:compliance_review_change", args=(review.pk,))
        ).content.decode()  # fmt: skip
        assert "Welcome v1" in html
        assert "Approve" in html
        assert self.url(version) in html
