"""Who has to agree, how many of them, in which order, and what is refused on the way."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from channels.models import TemplateVersion
from compliance import reviews
from compliance.models import Approval, PolicyStep, Review, ReviewPolicy
from compliance.reviews import asking, policies
from compliance.reviews.base import About
from config.models import Notice
from tests.builders import NOW, account, brand, template, user

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEXT = "Acme: hello. Reply STOP to opt out."
DECIDE = "compliance.decide_approval"


@pytest.fixture
def maria():
    return user("maria", "channels.submit_templateversion", DECIDE)


@pytest.fixture
def draft(maria) -> TemplateVersion:
    account("sms")
    about = template("offer", channel="sms", content={"body": "Acme: old. Reply STOP to opt out."})
    return TemplateVersion.objects.create(template=about, number=2, author=maria, content={"body": TEXT})


def policy(name: str, *steps: tuple[str, str, int], **fields) -> ReviewPolicy:
    """A policy with steps of (name, group, approvers)."""
    found = ReviewPolicy.objects.create(name=name, **fields)
    for position, (step, group, approvers) in enumerate(steps, start=1):
        people = Group.objects.get(name=group) if group else None
        PolicyStep.objects.create(policy=found, position=position, name=step, group=people, approvers=approvers)
    return found


def only(*made: ReviewPolicy) -> None:
    """No other policy holds."""
    ReviewPolicy.objects.exclude(pk__in=[one.pk for one in made]).delete()


def reviewer(name: str, group: str = ""):
    found = user(name, DECIDE)
    if group:
        found.groups.add(Group.objects.get_or_create(name=group)[0])
    return type(found).objects.get(pk=found.pk)


def state(version: TemplateVersion) -> str:
    version.refresh_from_db()
    return version.state


class TestPlans:
    def about(self, **fields) -> About:
        defaults = {"channels": frozenset({"sms"}), "message_classes": frozenset({"marketing"}), "words": TEXT}
        return About("Offer v2", brand().pk, 1, **{**defaults, **fields})

    def test_a_house_starts_with_one_second_person(self) -> None:
        found = policies.plan("template", self.about())
        assert [(one.name, one.approvers) for one in found.stations] == [("Review", 1)]
        assert found.policies == ("Everything needs a second person",)

    def test_where_none_matches_more_is_asked_not_nothing(self) -> None:
        only(policy("French", ("Market", "", 1), markets=["fr"]))
        found = policies.plan("template", self.about(markets=frozenset({"DE"})))
        assert sum(one.approvers for one in found.stations) == 3
        assert found.policies == ()

    def test_a_policy_whose_steps_are_gone_does_not_let_anything_through(self) -> None:
        only(policy("Empty"))
        assert policies.plan("template", self.about()).stations == policies.CAREFUL

    def test_all_that_match_hold_together_and_the_strictest_counts(self) -> None:
        first = policy("A", ("Brand", "", 1), ("Legal", "Legal reviewer", 1), valid_days=90)
        second = policy("B", ("Legal", "Legal reviewer", 2), valid_days=30, words=["guarantee"])
        only(first, second)
        found = policies.plan("template", self.about(words="We GUARANTEE it"))
        assert [(one.name, one.approvers) for one in found.stations] == [("Brand", 1), ("Legal", 2)]
        assert found.valid_days == 30
        assert found.risks == ("It says “guarantee” (B).",)
        assert policies.plan("template", self.about()).valid_days == 90

    @pytest.mark.parametrize(
        ("limits", "holds"),
        [
            ({"channels": ["email"]}, False),
            ({"channels": ["sms", "email"]}, True),
            ({"classes": ["otp"]}, False),
            ({"kinds": ["journey"]}, False),
            ({"kinds": ["template"]}, True),
            ({"markets": ["ca"]}, True),
            ({"audience_from": 5}, False),
            ({"audience_from": 4}, True),
            ({"words": ["hel"]}, False),
            ({"words": ["Héllo"]}, True),
        ],
    )
    def test_what_a_policy_holds_for(self, limits, holds) -> None:
        made = ReviewPolicy(name="P", **limits)
        assert policies.matches(made, "template", self.about(audience=4)) is holds

    def test_what_is_for_everyone_is_for_each_market(self) -> None:
        made = ReviewPolicy(name="P", markets=["fr"])
        assert policies.matches(made, "template", self.about(markets=frozenset()))
        assert not policies.matches(made, "template", self.about(markets=frozenset({"DE"})))

    def test_other_brands_policies_do_not_hold(self) -> None:
        only(policy("Theirs", ("Review", "", 1), brand=brand("other")))
        assert policies.plan("template", self.about()).policies == ()


class TestSteps:
    def test_two_steps_by_two_people(self, draft, maria) -> None:
        only(policy("Both", ("Brand", "", 1), ("Legal", "Legal reviewer", 1)))
        reviews.submit(draft, maria, NOW)
        bea, lena = reviewer("bea"), reviewer("lena", "Legal reviewer")
        reviews.decide(draft, bea, approved=True, now=NOW + HOUR)
        assert state(draft) == "in_review"
        review = reviews.live(draft)
        assert review is not None
        assert (review.state, review.due_at) == ("open", NOW + HOUR + DAY)
        with pytest.raises(PermissionDenied, match="The step Legal asks people of the group Legal reviewer"):
            reviews.decide(draft, bea, approved=True, now=NOW + HOUR)
        reviews.decide(draft, lena, approved=True, now=NOW + 2 * HOUR)
        assert state(draft) == "approved"
        assert [(word.step, word.approver.username) for word in draft.approvals.order_by("id")] == [
            ("Brand", "bea"),
            ("Legal", "lena"),
        ]

    def test_several_approvers_of_one_step_are_different_people(self, draft, maria) -> None:
        only(policy("Two", ("Legal", "", 2)))
        reviews.submit(draft, maria, NOW)
        lena = reviewer("lena")
        reviews.decide(draft, lena, approved=True, now=NOW)
        with pytest.raises(ValidationError, match="You have approved it already"):
            reviews.decide(draft, lena, approved=True, now=NOW)
        assert state(draft) == "in_review"
        reviews.decide(draft, reviewer("luc"), approved=True, now=NOW)
        assert state(draft) == "approved"

    def test_one_yes_is_one_yes_where_two_policies_call_their_steps_alike(self, draft, maria) -> None:
        only(policy("A", ("Legal", "", 1)), policy("B", ("Legal", "Legal reviewer", 1)))
        reviews.submit(draft, maria, NOW)
        reviews.decide(draft, reviewer("lena", "Legal reviewer"), approved=True, now=NOW)
        assert state(draft) == "in_review"
        reviews.decide(draft, reviewer("luc", "Legal reviewer"), approved=True, now=NOW)
        assert state(draft) == "approved"

    def test_a_no_ends_it_at_any_step(self, draft, maria) -> None:
        only(policy("Both", ("Brand", "", 1), ("Legal", "", 1)))
        reviews.submit(draft, maria, NOW)
        reviews.decide(draft, reviewer("bea"), approved=True, now=NOW)
        word = reviews.decide(draft, reviewer("lena"), approved=False, changes=True, reason="Source?", now=NOW)
        assert (state(draft), word.verdict) == ("changes_requested", "changes")
        assert reviews.live(draft) is None

    def test_a_reviewer_who_lost_the_role_meanwhile_no_longer_counts(self, draft, maria) -> None:
        only(policy("Both", ("Brand", "", 1), ("Legal", "", 1)))
        reviews.submit(draft, maria, NOW)
        bea = reviewer("bea")
        reviews.decide(draft, bea, approved=True, now=NOW)
        bea.user_permissions.clear()
        review = reviews.live(draft)
        assert review is not None
        assert asking.current(review).name == "Brand"
        reviews.decide(draft, reviewer("lena"), approved=True, now=NOW)
        assert state(draft) == "in_review"
        reviews.decide(draft, reviewer("luc"), approved=True, now=NOW)
        assert state(draft) == "approved"

    def test_whoever_loses_the_role_while_the_request_is_answered_too(self, draft, maria) -> None:
        lena = reviewer("lena")
        reviews.submit(draft, maria, NOW)
        assert lena.has_perm(DECIDE), "which Django remembers on the object"
        type(lena).objects.get(pk=lena.pk).user_permissions.clear()
        with pytest.raises(PermissionDenied, match=r"you are not one of them \(any more\)"):
            reviews.decide(draft, lena, approved=True, now=NOW)
        assert not Approval.objects.filter(approver=lena).exists()

    def test_whoever_lost_the_role_is_told_so(self, draft, maria) -> None:
        only(policy("Legal", ("Legal", "Legal reviewer", 1)))
        reviews.submit(draft, maria, NOW)
        lena = reviewer("lena", "Legal reviewer")
        lena.groups.clear()
        with pytest.raises(PermissionDenied, match="you are not one of them"):
            reviews.decide(draft, lena, approved=True, now=NOW)

    def test_neither_author_nor_submitter_decides(self, draft, maria) -> None:
        submitter = user("sam", "channels.submit_templateversion", DECIDE)
        reviews.submit(draft, submitter, NOW)
        for somebody in (maria, submitter):
            with pytest.raises(PermissionDenied, match="Nobody approves or refuses his own work"):
                reviews.decide(draft, somebody, approved=True, now=NOW)

    def test_an_older_version_is_not_approved_over_a_newer_one(self, draft, maria) -> None:
        reviews.submit(draft, maria, NOW)
        newer = TemplateVersion.objects.create(
            template=draft.template, number=3, author=maria, content={"body": TEXT + " Now."}
        )
        reviews.submit(newer, maria, NOW)
        with pytest.raises(ValidationError, match="Offer v3 was handed in after Offer v2; decide about that one"):
            reviews.decide(draft, reviewer("lena"), approved=True, now=NOW)
        reviews.decide(newer, reviewer("luc"), approved=True, now=NOW)
        assert state(newer) == "approved"

    def test_what_a_reviewer_saw_is_what_he_decides_about(self, draft, maria) -> None:
        reviews.submit(draft, maria, NOW)
        with pytest.raises(ValidationError, match="It changed since you opened its page"):
            reviews.decide(draft, reviewer("lena"), approved=True, now=NOW, seen="0" * 64)

    def test_its_author_takes_it_back(self, draft, maria) -> None:
        reviews.submit(draft, maria, NOW)
        with pytest.raises(PermissionDenied, match="Only whoever wrote it"):
            reviews.withdraw(draft, reviewer("lena"), NOW)
        reviews.withdraw(draft, maria, NOW)
        assert state(draft) == "retired"
        with pytest.raises(ValidationError, match="nothing is waiting"):
            reviews.withdraw(draft, maria, NOW)


class TestTheDatabaseKeepsIt:
    """Whatever code is written one day."""

    def word(self, review: Review, approver, author) -> Approval:
        return Approval(review=review, fingerprint="0", author=author, approver=approver, approved=True, decided_at=NOW)

    def test_nobody_approves_his_own_work(self, draft, maria) -> None:
        reviews.submit(draft, maria, NOW)
        review, lena = reviews.live(draft), reviewer("lena")
        with pytest.raises(IntegrityError), transaction.atomic():
            self.word(review, maria, maria).save()
        # Not even by naming somebody else as the author.
        with pytest.raises(IntegrityError, match="nobody approves his own work"), transaction.atomic():
            self.word(review, maria, lena).save()

    def test_nor_what_he_has_handed_in(self, draft, maria) -> None:
        submitter = user("sam", "channels.submit_templateversion")
        reviews.submit(draft, submitter, NOW)
        with pytest.raises(IntegrityError, match="nobody approves his own work"), transaction.atomic():
            self.word(reviews.live(draft), submitter, maria).save()

    def test_a_word_stays_as_it_was_said(self, draft, maria) -> None:
        reviews.submit(draft, maria, NOW)
        word = reviews.decide(draft, reviewer("lena"), approved=True, now=NOW)
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            Approval.objects.filter(pk=word.pk).update(reason="Never mind")
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            Approval.objects.filter(pk=word.pk).delete()

    def test_one_yes_a_person(self, draft, maria) -> None:
        only(policy("Two", ("Legal", "", 2)))
        reviews.submit(draft, maria, NOW)
        lena = reviewer("lena")
        reviews.decide(draft, lena, approved=True, now=NOW)
        with pytest.raises(IntegrityError), transaction.atomic():
            self.word(reviews.live(draft), lena, maria).save()

    def test_words_cannot_be_changed_under_review(self, draft, maria) -> None:
        reviews.submit(draft, maria, NOW)
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            TemplateVersion.objects.filter(pk=draft.pk).update(content={"body": "Other words"})


class TestNotices:
    def told(self, name: str) -> list[str]:
        return list(Notice.objects.filter(user__username=name).order_by("id").values_list("sentence", flat=True))

    def test_those_who_are_asked_are_told_and_the_author_of_the_answer(self, draft, maria) -> None:
        lena = reviewer("lena")
        user("otto")
        reviews.submit(draft, maria, NOW)
        assert self.told("lena") == ["Offer v2 waits for your review."]
        assert self.told("maria") == self.told("otto") == []
        reviews.decide(draft, lena, approved=True, now=NOW)
        assert self.told("maria") == ["Offer v2 is approved."]

    def test_a_late_review_is_told_once(self, draft, maria) -> None:
        reviewer("lena")
        reviews.submit(draft, maria, NOW)
        assert reviews.next_due(NOW) == NOW + DAY
        assert reviews.expire(NOW + DAY - HOUR) == 0
        assert reviews.expire(NOW + DAY) == 1
        assert reviews.expire(NOW + 2 * DAY) == 0
        assert self.told("lena")[-1] == "The review of Offer v2 is late."
