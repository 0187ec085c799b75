"""What was approved is what is sent: each thing that it depends on, changed by any way, closes the door."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from channels.models import Account, MessageTemplate, SandboxMessage, TemplateVersion
from compliance import gate, reviews
from compliance.models import Approval, AuditNote, Decision, PolicyStep, Review, ReviewPolicy, ReviewStep, UrgentRelease
from compliance.reviews import comments, urgent
from config.ledger import unlocked
from config.models import Notice
from contacts.models import Brand
from tests.builders import NOW, account, brand, consent, contact, message, topic, user

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEXT = "Acme: hello. Reply STOP to opt out."
DECIDE = "compliance.decide_approval"


@pytest.fixture
def maria():
    return user("maria", "channels.submit_templateversion", "compliance.break_glass")


@pytest.fixture
def lena():
    return user("lena", DECIDE, "compliance.break_glass")


@pytest.fixture
def offer(maria, lena) -> TemplateVersion:
    """Approved by the verbs, with its sender."""
    account("sms")
    about = MessageTemplate.objects.create(brand=brand(), key="offer", name="Offer", channel="sms", topic=topic())
    version = TemplateVersion.objects.create(template=about, number=1, author=maria, content={"body": TEXT})
    reviews.submit(version, maria, NOW)
    reviews.decide(version, lena, approved=True, now=NOW)
    return version


@pytest.fixture
def waiting(maria, lena) -> TemplateVersion:
    account("sms")
    about = MessageTemplate.objects.create(brand=brand(), key="offer", name="Offer", channel="sms", topic=topic())
    version = TemplateVersion.objects.create(template=about, number=1, author=maria, content={"body": TEXT})
    return reviews.submit(version, maria, NOW)


def sent(version: TemplateVersion, number: int = 1, now=NOW) -> tuple[str, str]:
    person = contact(f"u{number}", phone=f"+44770090{number:04}")
    consent(person, "sms")
    one = message(person, version.template, now=now)
    gate.release(now)
    one.refresh_from_db()
    return one.state, one.reason


class TestEachDependency:
    def test_what_nothing_touched_is_sent(self, offer) -> None:
        assert sent(offer) == ("sent", "")
        assert SandboxMessage.objects.get().text == TEXT

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            (lambda: Brand.objects.update(name="Evil"), "the brand's name, postal address or website"),
            (lambda: Brand.objects.update(postal_address="Elsewhere"), "the brand's name, postal address or website"),
            (lambda: MessageTemplate.objects.update(topic=topic("other")), "the topic whose consent it needs"),
        ],
    )
    def test_changed_around_the_form(self, offer, change, what) -> None:
        change()
        assert sent(offer)[0] == "blocked"
        said = next(verdict.why for verdict in Decision.objects.get().trace() if verdict.code == "seal_broken")
        assert f"Changed: {what}." in said

    def test_the_sender(self, offer) -> None:
        one = Account.objects.get()
        Account.objects.filter(pk=one.pk).update(config={**one.config, "from_number": "+15005550009"})
        assert sent(offer) == ("blocked", "seal_broken")

    def test_a_password_of_the_sender_is_no_part_of_it(self, offer) -> None:
        one = Account.objects.get()
        one.config = {**one.config, "auth_token": "another"}
        one.save()
        assert sent(offer) == ("sent", "")

    def test_a_sender_that_is_off_breaks_nothing(self, offer) -> None:
        Account.objects.update(enabled=False)
        assert sent(offer) == ("pending", "no_account")
        Account.objects.update(enabled=True)
        gate.release(NOW + DAY)
        assert SandboxMessage.objects.count() == 1

    def test_the_domain_of_links(self, offer, settings) -> None:
        settings.BASE_URL = "https://links.example.org"
        assert sent(offer) == ("blocked", "seal_broken")

    def test_words_class_and_language_in_sql(self, offer) -> None:
        for number, column in enumerate(('content = \'{"body": "x"}\'', "message_class = 'otp'", "locale = 'fr'"), 1):
            with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"UPDATE channels_templateversion SET {column}")
            assert sent(offer, number) == ("sent", "")

    def test_words_in_sql_even_if_the_trigger_is_gone(self, offer) -> None:
        with unlocked():
            TemplateVersion.objects.filter(pk=offer.pk).update(content={"body": "Buy! Reply STOP to opt out."})
        assert sent(offer) == ("blocked", "seal_broken")

    def test_an_approval_that_was_forged_for_other_words(self, offer) -> None:
        with unlocked():
            Review.objects.update(fingerprint="0" * 64)
            Approval.objects.update(fingerprint="0" * 64)
        assert sent(offer) == ("blocked", "seal_broken")

    def test_a_state_that_nobody_gave_even_if_the_trigger_is_gone(self, waiting) -> None:
        with unlocked():
            Review.objects.update(state="approved", approved_at=NOW)
        TemplateVersion.objects.update(state="approved")
        assert sent(waiting) == ("blocked", "template_not_approved")


class TestInTheDatabase:
    """What a script or a line of SQL might try, so that words leave which nobody, or only their author, has approved."""

    def test_nothing_is_approved_without_a_yes(self, waiting) -> None:
        refused(lambda: Review.objects.update(state="approved", approved_at=NOW), "by those whom its steps ask")
        assert sent(waiting)[0] == "blocked"

    def test_and_not_by_fewer_people_than_its_steps_ask(self, maria, lena) -> None:
        ReviewPolicy.objects.all().delete()
        about = MessageTemplate.objects.create(brand=brand(), key="offer", name="Offer", channel="sms", topic=topic())
        version = TemplateVersion.objects.create(template=about, number=1, author=maria, content={"body": TEXT})
        reviews.submit(version, maria, NOW)
        refused(lambda: ReviewStep.objects.update(approvers=0))
        refused(lambda: ReviewStep.objects.filter(name="Legal").delete())
        reviews.decide(version, lena, approved=True, now=NOW)
        refused(lambda: Review.objects.update(state="approved", approved_at=NOW), "by those whom its steps ask")
        version.refresh_from_db()
        assert version.state == "in_review"

    def test_no_review_is_born_approved_nor_made_anew(self, waiting) -> None:
        review = Review.objects.get()
        refused(lambda: Review.objects.all().delete())
        forged = Review(**{
            field.attname: getattr(review, field.attname) for field in Review._meta.concrete_fields if not field.primary_key
        })  # fmt: skip
        forged.object_id, forged.state, forged.approved_at = review.object_id + 1, "approved", NOW
        refused(lambda: Review.objects.bulk_create([forged]), "by those whom its steps ask")

    @pytest.mark.parametrize("column", ["author", "submitter"])
    def test_nobody_is_taken_off_the_list_of_authors(self, waiting, lena, column) -> None:
        refused(lambda: Review.objects.update(**{column: lena}))
        refused(lambda: Review.objects.update(authors=[]))

    def test_what_was_handed_in_is_no_draft_again(self, waiting) -> None:
        refused(lambda: TemplateVersion.objects.update(state="draft"))

    def test_an_urgent_release_is_not_made_longer_nor_begun_again(self, waiting, maria, lena) -> None:
        release = urgent.ask(Review.objects.get(), maria, "A recall.", NOW + HOUR, NOW)
        refused(lambda: UrgentRelease.objects.update(until=NOW + 300 * DAY))
        urgent.confirm(release, lena, NOW)
        refused(lambda: UrgentRelease.objects.update(confirmed_by=user("zoe")))
        urgent.end(release, lena, NOW, "It is mended.")
        refused(lambda: UrgentRelease.objects.update(ended_at=None))
        refused(lambda: UrgentRelease.objects.update(ended_because="Another."))
        refused(lambda: UrgentRelease.objects.all().delete())

    def test_three_days_are_the_most_whatever_its_row_says(self, waiting, maria, lena) -> None:
        release = urgent.ask(Review.objects.get(), maria, "A recall.", NOW + HOUR, NOW)
        urgent.confirm(release, lena, NOW)
        with unlocked():
            UrgentRelease.objects.update(until=NOW + 300 * DAY)
        assert sent(waiting, 1, NOW + DAY) == ("sent", "")
        assert sent(waiting, 2, NOW + 3 * DAY)[0] == "blocked"


def refused(act, why: str = "append-only") -> None:
    with pytest.raises(IntegrityError, match=why), transaction.atomic():
        act()


class TestReopening:
    def test_a_change_by_the_form_asks_again_and_says_why(self, offer, lena) -> None:
        house = brand()
        house.postal_address = "2 New Street"
        house.save()
        offer.refresh_from_db()
        review = reviews.live(offer)
        assert review is not None
        assert (offer.state, review.state) == ("submitted", "open")
        assert review.because == "Changed: the brand's name, postal address or website."
        assert sent(offer) == ("blocked", "template_not_approved")
        reviews.decide(offer, lena, approved=True, now=NOW)
        assert sent(offer, 2) == ("sent", "")

    def test_what_is_cleared_but_has_not_left_comes_back(self, offer) -> None:
        person = contact("u1", phone="+447700900001")
        consent(person, "sms")
        one = message(person, offer.template)
        with transaction.atomic():
            from compliance import claims

            batch, _ = claims.claim(NOW, 10)
            gate._decide(batch, NOW)
        one.refresh_from_db()
        assert one.state == "sending"
        reviews.retire(offer, user("luc", DECIDE), NOW, "The claim is wrong.")
        gate.release(NOW)
        one.refresh_from_db()
        assert (one.state, one.reason) == ("blocked", "template_not_approved")
        assert Review.objects.get().closed_because == "The claim is wrong."

    def test_one_that_waits_is_asked_for_as_it_is_now(self, waiting, lena) -> None:
        before = reviews.live(waiting)
        house = brand()
        house.name = "Acme Ltd"
        house.save()
        after = reviews.live(waiting)
        assert after is not None
        assert before is not None
        assert after.pk != before.pk
        reviews.decide(waiting, lena, approved=True, now=NOW)
        assert reviews.live(waiting).state == "approved"

    def test_a_reviewer_cannot_approve_what_changed_around_the_form(self, waiting, lena) -> None:
        Brand.objects.update(name="Evil")
        with pytest.raises(ValidationError, match="Changed since it was handed in: the brand's name"):
            reviews.decide(waiting, lena, approved=True, now=NOW)


class TestExpiry:
    def test_approvals_end(self, maria, lena) -> None:
        ReviewPolicy.objects.update(valid_days=30)
        account("sms")
        about = MessageTemplate.objects.create(brand=brand(), key="offer", name="Offer", channel="sms", topic=topic())
        version = TemplateVersion.objects.create(template=about, number=1, author=maria, content={"body": TEXT})
        reviews.submit(version, maria, NOW)
        reviews.decide(version, lena, approved=True, now=NOW)
        end = NOW + 30 * DAY
        assert sent(version, 1, end - HOUR) == ("sent", "")
        assert sent(version, 2, end) == ("blocked", "approval_expired")
        assert reviews.expire(end) == 1
        version.refresh_from_db()
        assert version.state == "submitted"
        assert "The approval held until" in reviews.live(version).because
        assert Review.objects.filter(state="expired").count() == 1


class TestUrgent:
    def release(self, waiting, maria, lena) -> UrgentRelease:
        made = urgent.ask(reviews.live(waiting), maria, "The shop burns.", NOW + 4 * HOUR, NOW)
        urgent.confirm(made, lena, NOW)
        return made

    def test_it_takes_two_people(self, waiting, maria, lena) -> None:
        made = urgent.ask(reviews.live(waiting), lena, "The shop burns.", NOW + 4 * HOUR, NOW)
        assert sent(waiting) == ("blocked", "template_not_approved")
        with pytest.raises(PermissionDenied, match="Somebody else has to confirm it"):
            urgent.confirm(made, lena, NOW)
        with pytest.raises(PermissionDenied, match="permission"):
            urgent.confirm(made, maria, NOW)
        urgent.confirm(made, user("luc", DECIDE), NOW)
        assert sent(waiting, 2) == ("sent", "")

    def test_the_author_never_confirms_not_even_in_sql(self, waiting, maria, lena) -> None:
        made = urgent.ask(reviews.live(waiting), lena, "The shop burns.", NOW + 4 * HOUR, NOW)
        with pytest.raises(IntegrityError, match="nobody approves his own work"), transaction.atomic():
            UrgentRelease.objects.filter(pk=made.pk).update(confirmed_by=maria, confirmed_at=NOW)
        with pytest.raises(IntegrityError), transaction.atomic():
            UrgentRelease.objects.filter(pk=made.pk).update(confirmed_by=lena, confirmed_at=NOW)

    def test_it_ends_by_itself_and_by_hand(self, waiting, maria, lena) -> None:
        made = self.release(waiting, maria, lena)
        assert sent(waiting, 1, NOW + 4 * HOUR - HOUR / 60) == ("sent", "")
        assert sent(waiting, 2, NOW + 4 * HOUR) == ("blocked", "template_not_approved")
        with pytest.raises(ValidationError, match="Say why you end it"):
            urgent.end(made, lena, NOW + HOUR, " ")
        urgent.end(made, lena, NOW + HOUR, "It is mended.")
        made.refresh_from_db()
        assert (made.ended_by, made.ended_because) == (lena, "It is mended.")
        assert AuditNote.objects.filter(kind="urgent.changed").latest("pk").payload["reason"]
        assert sent(waiting, 3, NOW + HOUR) == ("blocked", "template_not_approved")

    def test_it_is_sealed_too(self, waiting, maria, lena) -> None:
        self.release(waiting, maria, lena)
        Brand.objects.update(name="Evil")
        assert sent(waiting) == ("blocked", "seal_broken")

    @pytest.mark.parametrize(
        ("reason", "until", "sentence"),
        [
            ("  ", NOW + HOUR, "Say why it cannot wait"),
            ("Fire", NOW, "within the next three days"),
            ("Fire", NOW + 4 * DAY, "within the next three days"),
        ],
    )
    def test_what_is_refused(self, waiting, maria, reason, until, sentence) -> None:
        with pytest.raises(ValidationError, match=sentence):
            urgent.ask(reviews.live(waiting), maria, reason, until, NOW)

    def test_a_request_that_nobody_confirms_is_void(self, waiting, maria, lena) -> None:
        made = urgent.ask(reviews.live(waiting), maria, "Fire", NOW + DAY, NOW)
        with pytest.raises(ValidationError, match="asked for already"):
            urgent.ask(reviews.live(waiting), maria, "Fire", NOW + DAY, NOW)
        with pytest.raises(ValidationError, match="This request is over"):
            urgent.confirm(made, lena, NOW + urgent.WAIT)
        assert urgent.ask(reviews.live(waiting), maria, "Still fire", NOW + DAY, NOW + urgent.WAIT).pk != made.pk

    def test_the_decision_says_who(self, waiting, maria, lena) -> None:
        self.release(waiting, maria, lena)
        sent(waiting)
        said = [verdict.why for verdict in Decision.objects.get().trace() if verdict.rule == "approved_content"]
        assert said == ["Version 1, released urgently by maria and lena."]


class TestComments:
    def test_a_mention_is_told(self, waiting, maria, lena) -> None:
        review = reviews.live(waiting)
        boss = user("boss", "compliance.view_review")
        comments.comment(review, lena, "Is this true, @boss? Ask @nobody.", NOW, "body")
        assert Notice.objects.filter(user=boss).get().sentence == "lena mentions you in the review of Offer v1."
        made = review.comments.get()
        comments.resolve(made, maria, NOW)
        made.refresh_from_db()
        assert (made.anchor, made.resolved_by) == ("body", maria)

    def test_who_and_what(self, waiting, maria) -> None:
        review = reviews.live(waiting)
        with pytest.raises(PermissionDenied):
            comments.comment(review, user("otto"), "Hello", NOW)
        with pytest.raises(ValidationError, match="Write something"):
            comments.comment(review, maria, "  ", NOW)


class TestTwoSteps:
    def test_nothing_leaves_before_the_last_yes(self, waiting, lena) -> None:
        PolicyStep.objects.create(policy=ReviewPolicy.objects.get(), position=2, name="Legal")
        reviews.reopen(waiting, "Policy changed.", NOW)
        reviews.decide(waiting, lena, approved=True, now=NOW)
        assert sent(waiting) == ("blocked", "template_not_approved")
