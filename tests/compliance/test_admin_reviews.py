"""Two people agree on words, in the admin: who sees which buttons, what they do, and what is refused."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from channels.models import TemplateVersion
from compliance import reviews
from compliance.models import Approval, Review, ReviewPolicy
from config import clock
from tests import staff
from tests.builders import template
from tests.pages import queries, who

pytestmark = pytest.mark.django_db

QUEUE = reverse("admin:review_queue")
TEXT = "Acme: hello. Reply STOP to opt out."


def page(version: TemplateVersion) -> str:
    return reverse("admin:channels_templateversion_change", args=(version.pk,))


def action(name: str, version: TemplateVersion) -> str:
    return reverse(f"admin:review_{name}", args=("template", version.pk))


@pytest.fixture
def maria():
    """Writes."""
    return staff.user("Marketer", "maria")


@pytest.fixture
def legal():
    """Decides."""
    return staff.client("Legal reviewer", "lena")


@pytest.fixture
def author(maria, client):
    client.force_login(maria)
    return client


@pytest.fixture
def draft(maria) -> TemplateVersion:
    about = template("offer", channel="sms", content={"body": "Acme: old words. Reply STOP to opt out."})
    return TemplateVersion.objects.create(template=about, number=2, author=maria, content={"body": TEXT})


@pytest.fixture
def submitted(draft, maria) -> TemplateVersion:
    return reviews.submit(draft, maria, clock.now() - timedelta(hours=30))


def state(version: TemplateVersion) -> str:
    version.refresh_from_db()
    return version.state


class TestSubmitting:
    def test_its_author_hands_it_in(self, author, draft) -> None:
        assert action("submit", draft) in author.get(page(draft)).content.decode()
        html = author.post(action("submit", draft), follow=True).content.decode()
        assert "Offer v2 waits for approval now." in html
        assert state(draft) == "submitted"

    def test_what_is_wrong_with_it_is_listed_instead_of_the_button(self, author, draft) -> None:
        draft.content = {"body": "Hello {% if %}"}
        draft.save()
        html = author.get(page(draft)).content.decode()
        assert "It cannot be submitted yet:" in html
        assert action("submit", draft) not in html
        html = author.post(action("submit", draft), follow=True).content.decode()
        assert "body:" in html
        assert state(draft) == "draft"

    def test_who(self, draft) -> None:
        assert who(action("submit", draft), "post", allowed=302) == {"Marketer", "Administrator"}


class TestDeciding:
    def test_the_author_sees_no_buttons(self, author, submitted) -> None:
        html = author.get(page(submitted)).content.decode()
        assert "You wrote it, so somebody else decides." in html
        assert action("approve", submitted) not in html
        assert action("refuse", submitted) not in html

    def test_not_even_with_the_permission(self, submitted, maria) -> None:
        maria.groups.set(staff.user("Administrator", "chief").groups.all())
        browser = staff.Client()
        browser.force_login(maria)
        assert action("approve", submitted) not in browser.get(page(submitted)).content.decode()
        assert browser.post(action("approve", submitted)).status_code == 403
        assert state(submitted) == "submitted"

    def test_a_reviewer_approves(self, legal, submitted) -> None:
        html = legal.get(page(submitted)).content.decode()
        assert action("approve", submitted) in html
        assert "waiting for approval" in html
        html = legal.post(action("approve", submitted), {"reason": "Fine"}, follow=True).content.decode()
        assert "Offer v2 is approved, and in use from now on." in html
        assert state(submitted) == "approved"
        approval = Approval.objects.get(version=submitted)
        assert (approval.approver.username, approval.reason) == ("lena", "Fine")
        assert approval.fingerprint == submitted.fingerprint
        assert submitted.template.versions.get(number=1).state == "retired"

    def test_a_refusal_needs_a_reason(self, legal, submitted) -> None:
        html = legal.post(action("refuse", submitted), {"reason": "  "}, follow=True).content.decode()
        assert "Say why, so that the author knows what to change." in html
        assert state(submitted) == "submitted"

    def test_the_author_reads_why(self, legal, author, submitted) -> None:
        legal.post(action("refuse", submitted), {"reason": "The claim needs a source <b>now</b>."})
        html = author.get(page(submitted)).content.decode()
        assert "The claim needs a source &lt;b&gt;now&lt;/b&gt;." in html
        assert state(submitted) == "rejected"

    def test_deciding_twice_is_told(self, legal, submitted) -> None:
        legal.post(action("approve", submitted))
        html = legal.post(action("refuse", submitted), {"reason": "Too late"}, follow=True).content.decode()
        assert "nothing is waiting for a decision" in html
        assert state(submitted) == "approved"

    def test_an_approved_one_can_be_taken_out_of_use(self, legal, submitted) -> None:
        legal.post(action("approve", submitted))
        assert action("retire", submitted) in legal.get(page(submitted)).content.decode()
        assert "Say why" in legal.post(action("retire", submitted), follow=True).content.decode()
        html = legal.post(action("retire", submitted), {"reason": "Recalled."}, follow=True).content.decode()
        assert "Offer v2 is out of use." in html
        assert state(submitted) == "retired"

    def test_looking_decides_nothing(self, legal, submitted) -> None:
        for name in ("submit", "approve", "refuse", "retire"):
            assert legal.get(action(name, submitted)).status_code == 405
        assert state(submitted) == "submitted"

    def test_who(self, submitted) -> None:
        deciders = {"Legal reviewer", "Administrator"}
        assert who(action("refuse", submitted), "post", {"reason": ""}, allowed=302) == deciders
        assert who(action("approve", submitted), "post", allowed=302) == deciders
        assert who(action("retire", submitted), "post", allowed=302) == deciders

    def test_an_unknown_version_is_not_found(self, legal) -> None:
        assert legal.post(reverse("admin:review_approve", args=("template", 99))).status_code == 404


class TestQueue:
    def test_the_oldest_comes_first_with_its_age(self, legal, submitted, maria) -> None:
        other = template("news", channel="sms", content={"body": TEXT})
        newer = TemplateVersion.objects.create(template=other, number=2, author=maria, content={"body": TEXT})
        reviews.submit(newer, maria, clock.now() - timedelta(minutes=5))
        html = legal.get(QUEUE).content.decode()
        assert html.index("Offer v2") < html.index("News v2")
        assert "1 day ago" in html
        assert "maria" in html

    def test_ones_own_is_marked(self, author, submitted) -> None:
        assert "you: somebody else decides" in author.get(QUEUE).content.decode()

    def test_an_empty_one_says_so(self, legal) -> None:
        assert "Nothing waits for review." in legal.get(QUEUE).content.decode()

    def test_who(self, submitted) -> None:
        assert who(QUEUE) == {"Marketer", "Legal reviewer", "Operator", "Analyst", "Administrator"}

    def test_it_costs_the_same_however_long(self, legal, submitted, maria) -> None:
        few = queries(legal, QUEUE)
        for number in range(6):
            about = template(f"t{number}", channel="sms", content={"body": TEXT}, state="retired")
            version = TemplateVersion.objects.create(template=about, number=2, author=maria, content={"body": TEXT})
            reviews.submit(version, maria, timezone.now())
        assert queries(legal, QUEUE) == few


class TestItsPage:
    def of(self, version: TemplateVersion) -> str:
        return reverse(
            "admin:compliance_review_change",
            args=(Review.objects.filter(kind="template").get(object_id=version.pk).pk,),
        )

    def test_it_shows_what_changed(self, legal, submitted) -> None:
        html = legal.get(self.of(submitted)).content.decode()
        assert "v1</strong> (in use) → <strong>v2" in html
        assert '<del class="wm-del">old words' in html
        assert reverse("admin:channels_templateversion_preview", args=(submitted.pk,)) in html

    def test_without_anything_in_use_all_is_new(self, legal, submitted) -> None:
        TemplateVersion.objects.filter(template=submitted.template, number=1).update(state="retired")
        html = legal.get(self.of(submitted)).content.decode()
        assert "Nothing else is in use in this language." in html
        assert f'<ins class="wm-ins">{TEXT}</ins>' in html

    def test_a_changed_fallback_is_told(self, legal, maria, draft) -> None:
        draft.variables = [{"name": "contact.a", "fallback": "<b>", "sample": ["x", "y"], "type": "list"}]
        draft.variables[0]["fallback"] = ["z"]
        draft.content = {"body": "{{ contact.a }} Acme. Reply STOP to opt out."}
        draft.save()
        reviews.submit(draft, maria, clock.now())
        html = legal.get(self.of(draft)).content.decode()
        assert "contact.a: list, fall-back z, sample x, y" in html

    def test_the_words_are_for_those_who_may_see_templates(self, submitted) -> None:
        blind = staff.user("", "blind")
        blind.user_permissions.add(Permission.objects.get(codename="view_review"))
        browser = staff.Client()
        browser.force_login(blind)
        answer = browser.get(self.of(submitted))
        assert answer.status_code == 200
        assert "What changed" not in answer.content.decode()


class TestRecord:
    def test_approvals_are_only_to_be_looked_at(self, legal, submitted) -> None:
        legal.post(action("approve", submitted), {"reason": "Fine"})
        approval = Approval.objects.get(version=submitted)
        address = reverse("admin:compliance_approval_change", args=(approval.pk,))
        assert "Fine" in legal.get(address).content.decode()
        chief = staff.client("Administrator")
        assert chief.post(address, {"approved": ""}).status_code == 403
        assert (
            chief.post(reverse("admin:compliance_approval_delete", args=(approval.pk,)), {"post": "yes"}).status_code
            == 403
        )
        assert chief.get(reverse("admin:compliance_approval_add")).status_code == 403


def test_a_policy_says_in_words_what_it_holds_for(legal) -> None:
    about = {"kinds": ["template"], "channels": ["sms"], "classes": ["otp"], "markets": ["fr"]}
    ReviewPolicy.objects.create(name="Texts", **about, words=["free"])
    html = legal.get(reverse("admin:compliance_reviewpolicy_changelist")).content.decode()
    assert "message template, SMS, one-time code, fr, “free”" in html


def test_the_review_s_page_names_the_channel_and_the_word_of_each_reviewer(legal, submitted) -> None:
    review = Review.objects.get(object_id=submitted.pk, kind="template")
    assert "<dd>SMS</dd>" in legal.get(reverse("admin:compliance_review_change", args=[review.pk])).content.decode()
    assert str(Approval(review=review, verdict="approved")) == "Approved: Offer v2"
