"""Reviews for people whose rights hold on one template, one journey or one brand: what they see of them, and what they may do."""

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from channels.models import BlockVersion, ContentBlock, MessageTemplate, TemplateVersion
from compliance import reviews
from compliance.models import Review, ReviewComment, UrgentRelease
from compliance.reviews import comments
from config.models import Notice
from config.permissions import grants, visible
from tests import builders
from tests.api.cast import caller
from tests.builders import NOW
from tests.granted import again, browser, holder, member
from tests.journeys import driving
from tests.pages import queries

pytestmark = pytest.mark.django_db
TEXT = "Acme: hello. Reply STOP to opt out."
QUEUE = reverse("admin:review_queue")


def waiting(key: str, brand: str = "acme") -> Review:
    """The review of a template that waits."""
    topic = builders.topic("news") if brand == "acme" else builders.topic("theirs", brand=builders.brand(brand))
    version = builders.template(key, state="submitted", topic=topic).versions.get()
    return Review.objects.get(kind="template", object_id=version.pk)


@pytest.fixture
def hello() -> Review:
    return waiting("hello")


@pytest.fixture
def bye() -> Review:
    return waiting("bye")


@pytest.fixture
def welcome() -> Review:
    """That of a journey that is live."""
    return Review.objects.get(kind="journey", object_id=driving.live(driving.step("wait", for_="3d")).pk)


def template_of(review: Review) -> MessageTemplate:
    return TemplateVersion.objects.get(pk=review.object_id).template


def page(review: Review) -> str:
    return reverse("admin:compliance_review_change", args=[review.pk])


TEMPLATE_RIGHTS = (
    "view_messagetemplate", "change_messagetemplate", "submit_messagetemplate", "approve_messagetemplate", "send_test_messagetemplate",
)  # fmt: skip


class TestOneTemplate:
    @pytest.mark.parametrize("right", TEMPLATE_RIGHTS)
    def test_whoever_may_do_anything_with_it_sees_its_reviews_and_no_others(self, hello, bye, right) -> None:
        tom = holder("tom", template_of(hello), right)
        looking = browser(tom)
        assert looking.get(page(hello)).status_code == 200
        assert looking.get(page(bye)).status_code in (302, 403, 404)
        calling = caller(tom)
        assert calling.get(f"reviews/{hello.pk}/")[0] == 200
        assert calling.get(f"reviews/{bye.pk}/")[0] == 404
        assert [row["id"] for row in calling.rows("reviews/")] == [hello.pk]

    def test_queue_lists_and_record_hold_exactly_those(self, hello, bye) -> None:
        looking = browser(holder("tom", template_of(hello), "view_messagetemplate"))
        assert [row["review"] for row in looking.get(QUEUE).context["waiting"]] == [hello]
        found = looking.get(reverse("admin:compliance_review_changelist")).context["cl"].queryset
        assert list(found) == [hello]
        root = builders.user("root", is_superuser=True)
        for review in (hello, bye):
            version = TemplateVersion.objects.get(pk=review.object_id)
            reviews.decide(version, root, approved=False, reason="Shorter.", now=NOW)
        approvals = looking.get(reverse("admin:compliance_approval_changelist")).context["cl"].queryset
        assert [word.review for word in approvals] == [hello]

    def test_looking_is_not_deciding(self, hello) -> None:
        tom = holder("tom", template_of(hello), "change_messagetemplate", "submit_messagetemplate")
        refused = caller(tom).post(f"reviews/{hello.pk}/approve/", {"seen": hello.fingerprint})
        assert refused == (403, {"detail": "You need the permission to approve or refuse versions."})
        button = browser(tom).post(reverse("admin:review_approve", args=("template", hello.object_id)))
        assert button.status_code == 403
        hello.refresh_from_db()
        assert hello.state == "open"

    def test_whoever_may_approve_it_decides_about_it_and_nothing_else(self, hello, bye) -> None:
        rita = caller(holder("rita", template_of(hello), "approve_messagetemplate"))
        status, body = rita.post(f"reviews/{hello.pk}/approve/", {"seen": hello.fingerprint})
        assert (status, body["state"]) == (200, "approved")
        assert rita.post(f"reviews/{bye.pk}/approve/", {"seen": bye.fingerprint})[0] == 404

    def test_nobody_decides_about_their_own(self, hello) -> None:
        anna = holder("anna", template_of(hello), "change_messagetemplate", "submit_messagetemplate", "approve_messagetemplate")  # fmt: skip
        version = TemplateVersion.objects.create(
            template=template_of(hello), number=2, author=anna, locale="fr", content={"subject": "Hi", "text": "Hi {{ brand.postal_address }}"},
            message_class="transactional",
        )  # fmt: skip
        review = reviews.live(reviews.submit(version, anna, NOW))
        assert review
        status, body = caller(anna).post(f"reviews/{review.pk}/approve/", {"seen": review.fingerprint})
        assert (status, body["detail"]) == (403, "Nobody approves or refuses his own work; ask another reviewer.")

    def test_a_step_of_another_group_is_not_theirs(self, hello) -> None:
        hello.steps.create(position=0, name="Legal", group=Group.objects.get(name="Legal reviewer"))
        rita = caller(holder("rita", template_of(hello), "approve_messagetemplate"))
        assert rita.post(f"reviews/{hello.pk}/approve/", {"seen": hello.fingerprint})[0] == 403

    def test_through_a_group(self, hello, bye) -> None:
        gina = member("gina", template_of(hello), "view_messagetemplate")
        assert [row["id"] for row in caller(gina).rows("reviews/")] == [hello.pk]

    def test_what_is_taken_back_is_gone(self, hello) -> None:
        tom = holder("tom", template_of(hello), "view_messagetemplate")
        grants.take(template_of(hello), tom, "view_messagetemplate")
        assert caller(again(tom)).get(f"reviews/{hello.pk}/")[0] in (403, 404)

    def test_a_number_that_two_kinds_share_opens_one_of_them(self, hello) -> None:
        """The review of a block whose version has the number of the template's version."""
        block = ContentBlock.objects.create(brand=builders.brand(), key="foot", name="Foot")
        foot = BlockVersion.objects.create(
            pk=hello.object_id, block=block, number=1, source="<p>Bye</p>", author=builders.user("other")
        )
        reviews.submit(foot, builders.user("root", is_superuser=True), NOW)
        tom = holder("tom", template_of(hello), "approve_messagetemplate")
        assert [row["id"] for row in caller(tom).rows("reviews/")] == [hello.pk]
        assert not tom.has_perm("compliance.decide_approval", reviews.live(foot))
        assert not tom.has_perm("compliance.view_review", reviews.live(foot))

    def test_urgent_releases_of_it_too(self, hello, bye) -> None:
        ask = {
            "reason": "Recall.",
            "asked_by": builders.user("asker"),
            "asked_at": NOW,
            "until": NOW.replace(year=2027),
        }
        ours, _ = (UrgentRelease.objects.create(review=one, fingerprint=one.fingerprint, **ask) for one in (hello, bye))
        tom = caller(holder("tom", template_of(hello), "view_messagetemplate"))
        assert [row["id"] for row in tom.rows("urgent-releases/")] == [ours.pk]


class TestOneJourney:
    def test_its_reviews_and_no_others(self, hello, welcome) -> None:
        from journeys.models import Version

        journey = Version.objects.get(pk=welcome.object_id).journey
        for number, right in enumerate(("view_journey", "change_journey", "approve_journey", "publish_journey")):
            pia = holder(f"pia{number}", journey, right)
            assert [row["id"] for row in caller(pia).rows("reviews/")] == [welcome.pk], right
            assert caller(pia).get(f"reviews/{welcome.pk}/")[0] == 200
            assert browser(pia).get(page(welcome)).status_code == 200
            assert caller(pia).get(f"reviews/{hello.pk}/")[0] == 404


class TestTalking:
    def test_whoever_may_edit_it_comments_and_whoever_may_look_reads(self, hello) -> None:
        tom = holder("tom", template_of(hello), "change_messagetemplate")
        status, body = caller(tom).post(f"reviews/{hello.pk}/comment/", {"text": "Shorter, please."})
        assert (status, body["comments"][0]["text"]) == (200, "Shorter, please.")
        vera = holder("vera", template_of(hello), "view_messagetemplate")
        assert caller(vera).post(f"reviews/{hello.pk}/comment/", {"text": "Nice."})[0] == 403
        assert "Shorter, please." in browser(vera).get(page(hello)).content.decode()

    def test_the_page_offers_it_to_whoever_may(self, hello) -> None:
        tom, vera = (
            holder(name, template_of(hello), right)
            for name, right in (("tom", "change_messagetemplate"), ("vera", "view_messagetemplate"))
        )
        assert browser(tom).get(page(hello)).context["may_comment"]
        assert not browser(vera).get(page(hello)).context["may_comment"]

    def test_one_of_another_template_does_not(self, hello, bye) -> None:
        tom = holder("tom", template_of(bye), "change_messagetemplate")
        with pytest.raises(PermissionDenied):
            comments.comment(hello, tom, "Hello?", NOW)
        assert not ReviewComment.objects.exists()

    def test_mentioned_are_those_who_may_read_it(self, hello, bye) -> None:
        ours, _ = holder("ours", template_of(hello), "view_messagetemplate"), holder("theirs", template_of(bye), "view_messagetemplate")  # fmt: skip
        comments.comment(hello, builders.user("root", is_superuser=True), "@ours @theirs look", NOW)
        assert [notice.user for notice in Notice.objects.all()] == [ours]


def fill(number: int, start: int = 0) -> list[Review]:
    return [waiting(f"t{start + place}") for place in range(number)]


class TestCost:
    def test_lists_take_as_many_queries_for_fifty_as_for_five(self) -> None:
        first = fill(5)
        tom = holder("tom")
        for review in first:
            grants.give(template_of(review), tom, "approve_messagetemplate")
        looking, calling = browser(tom), caller(tom)
        addresses = (QUEUE, reverse("admin:compliance_review_changelist"))

        def cost() -> list[int]:
            calling.rows("reviews/", page_size=500)
            return [queries(looking, address) for address in addresses] + [
                queries(calling.client, "/api/reviews/?page_size=500")
            ]

        few = cost()
        for review in fill(45, start=5):
            grants.give(template_of(review), tom, "approve_messagetemplate")
        fill(3, start=100)
        assert len(looking.get(QUEUE).context["waiting"]) == len(calling.rows("reviews/", page_size=500)) == 50
        assert cost() == few

    def test_the_rows_are_one_query_however_many_they_are(self, hello, bye, django_assert_num_queries) -> None:
        tom = holder("tom", template_of(hello), "view_messagetemplate")
        for review in fill(50):
            grants.give(template_of(review), tom, "view_messagetemplate")
        known = again(tom)
        with django_assert_num_queries(4):  # permissions of the user and of groups, rights, rows
            assert len(visible(Review.objects.all(), known, "compliance.view_review")) == 51
