"""Reviews over the API: handed in, commented on, decided, taken back, withdrawn; never by whoever wrote it."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import Group, User

from channels.models import TemplateVersion
from compliance.models import Approval, AuditNote, PolicyStep, Review, ReviewPolicy, UrgentRelease
from config import clock, crypto
from config.models import Notice
from config.permissions import grants
from journeys.models import Version
from tests import builders
from tests.api.cast import Caller, caller
from tests.granted import MARKETER, holder
from tests.journeys import driving

pytestmark = pytest.mark.django_db
TEXT = "Acme: hello. Reply STOP to opt out."


def reviewer(name: str) -> User:
    found = builders.user(name)
    found.groups.add(Group.objects.get(name="Legal reviewer"))
    return found


@pytest.fixture
def lena(db) -> Caller:
    """A legal reviewer's system."""
    return caller(reviewer("lena"))


@pytest.fixture
def draft(maria) -> TemplateVersion:
    about = builders.template("offer", channel="sms", content={"body": "Acme: old words. Reply STOP to opt out."})
    return TemplateVersion.objects.create(template=about, number=2, author=maria, content={"body": TEXT})


@pytest.fixture
def waiting(draft, marketing) -> dict:
    """Maria handed her draft in: the review."""
    status, body = marketing.post(f"template-versions/{draft.pk}/submit/")
    assert status == 201, body
    return body


def state(version: TemplateVersion) -> str:
    version.refresh_from_db()
    return version.state


class TestSubmitting:
    def test_the_answer_is_the_review_that_waits(self, waiting, draft) -> None:
        assert (waiting["kind"], waiting["object_id"], waiting["state"]) == ("template", draft.pk, "open")
        assert (waiting["author"], waiting["brand"], waiting["channel"]) == ("maria", "acme", "sms")
        assert state(draft) == "submitted"

    def test_what_stands_against_it_is_told(self, marketing, draft) -> None:
        TemplateVersion.objects.filter(pk=draft.pk).update(content={"body": "{{ contact.first_name }"})
        status, body = marketing.post(f"template-versions/{draft.pk}/submit/")
        assert status == 400
        assert body["problems"]
        _, found = marketing.get(f"template-versions/{draft.pk}/problems/")
        assert found[0]["severity"] == "block"
        assert found[0]["sentence"] in " ".join(body["problems"])
        assert state(draft) == "draft"

    def test_twice_is_409(self, marketing, waiting, draft) -> None:
        status, body = marketing.post(f"template-versions/{draft.pk}/submit/")
        assert (status, body["detail"]) == (409, "Offer v2 is waiting for approval; only a draft can be submitted.")


class TestDeciding:
    def test_the_queue_and_a_yes_that_seals(self, lena, waiting, draft) -> None:
        [row] = lena.rows("reviews/", state="open", kind="template", brand="acme")
        assert row["id"] == waiting["id"]
        status, body = lena.post(f"reviews/{row['id']}/approve/", {"seen": row["fingerprint"], "reason": "Fine."})
        assert (status, body["state"]) == (200, "approved")
        assert [(word["approver"], word["verdict"], word["reason"]) for word in body["words"]] == [
            ("lena", "approve", "Fine.")
        ]
        assert body["steps"][0]["done_at"]
        assert state(draft) == "approved"

    def test_nobody_approves_their_own_work(self, maria, waiting, draft) -> None:
        maria.groups.add(Group.objects.get(name="Legal reviewer"))
        status, body = caller(User.objects.get(pk=maria.pk)).post(
            f"reviews/{waiting['id']}/approve/", {"seen": waiting["fingerprint"]}
        )
        assert (status, body["detail"]) == (403, "Nobody approves or refuses his own work; ask another reviewer.")
        assert state(draft) == "submitted"
        assert not Approval.objects.filter(version=draft).exists()

    def test_a_marketer_decides_nothing(self, marketing, waiting) -> None:
        for verb in ("approve", "request-changes", "reject", "retire"):
            status, body = marketing.post(f"reviews/{waiting['id']}/{verb}/")
            assert (status, body["detail"][:24]) == (403, "You need the permission "), verb

    def test_another_fingerprint_is_409_and_none_is_400(self, lena, waiting, draft) -> None:
        status, body = lena.post(f"reviews/{waiting['id']}/approve/", {"seen": "0" * 64})
        assert status == 409
        assert body["detail"].startswith("It changed since")
        assert lena.post(f"reviews/{waiting['id']}/approve/", {})[0] == 400
        assert state(draft) == "submitted"

    def test_words_changed_behind_its_back_are_not_approved(self, lena, waiting, draft) -> None:
        draft.template.topic = builders.topic("other")
        type(draft.template).objects.filter(pk=draft.template.pk).update(topic=draft.template.topic)
        assert lena.get(f"reviews/{waiting['id']}/")[1]["broken"]
        status, body = lena.post(f"reviews/{waiting['id']}/approve/", {"seen": waiting["fingerprint"]})
        assert status == 409
        assert body["detail"].startswith("Changed since it was handed in")

    def test_a_no_needs_a_reason(self, lena, waiting, draft) -> None:
        assert lena.post(f"reviews/{waiting['id']}/reject/", {})[0] == 400
        status, body = lena.post(f"reviews/{waiting['id']}/request-changes/", {"reason": "Who pays?"})
        assert (status, body["state"], body["closed_because"]) == (200, "changes_requested", "Who pays?")
        assert state(draft) == "changes_requested"
        assert lena.post(f"reviews/{waiting['id']}/reject/", {"reason": "No."})[0] == 409

    def test_an_old_review_does_not_stand_for_the_new_one(self, lena, waiting, draft) -> None:
        _, new = lena.post(f"reviews/{waiting['id']}/reopen/", {"reason": "Once more."})
        assert (new["state"], new["because"]) == ("open", "Once more.")
        assert new["id"] != waiting["id"]
        status, _ = lena.post(f"reviews/{waiting['id']}/approve/", {"seen": new["fingerprint"]})
        assert status == 409
        assert lena.post(f"reviews/{new['id']}/approve/", {"seen": new["fingerprint"]})[0] == 200

    def test_a_misspelt_field_is_refused(self, lena, waiting) -> None:
        status, body = lena.post(f"reviews/{waiting['id']}/reject/", {"reasons": "No."})
        assert (status, list(body)) == (400, ["reasons"])


class TestTheRest:
    def test_its_author_takes_it_back_and_nobody_else(self, lena, marketing, waiting, draft) -> None:
        assert lena.post(f"reviews/{waiting['id']}/withdraw/")[0] == 403
        status, body = marketing.post(f"reviews/{waiting['id']}/withdraw/")
        assert (status, body["state"]) == (200, "withdrawn")
        assert state(draft) == "retired"

    def test_legal_withdraws_an_approval(self, lena, waiting, draft) -> None:
        why = {"reason": "A complaint."}
        assert lena.post(f"reviews/{waiting['id']}/retire/", why)[0] == 409
        lena.post(f"reviews/{waiting['id']}/approve/", {"seen": waiting["fingerprint"]})
        assert lena.post(f"reviews/{waiting['id']}/retire/")[0] == 400, "not without a reason"
        status, body = lena.post(f"reviews/{waiting['id']}/retire/", why)
        assert (status, body["state"], body["closed_because"]) == (200, "revoked", "A complaint.")
        assert state(draft) == "retired"

    def test_comments_are_for_authors_and_reviewers(self, lena, marketing, waiting) -> None:
        lena.post(f"reviews/{waiting['id']}/comment/", {"text": "Why so?", "anchor": "body:1"})
        status, body = marketing.post(f"reviews/{waiting['id']}/comment/", {"text": "Because."})
        assert status == 200
        assert [(one["author"], one["anchor"], one["text"]) for one in body["comments"]] == [
            ("lena", "body:1", "Why so?"), ("maria", "", "Because."),
        ]  # fmt: skip
        other = builders.user("anna")
        other.groups.add(Group.objects.get(name="Analyst"))
        assert caller(other).post(f"reviews/{waiting['id']}/comment/", {"text": "Me too."})[0] == 403

    def test_comments_are_dealt_with_and_opened_again(self, lena, marketing, waiting) -> None:
        lena.post(f"reviews/{waiting['id']}/comment/", {"text": "Why so?", "anchor": "body:1"})
        [made] = marketing.rows("review-comments/", review=waiting["id"], resolved="false")
        assert (made["review"], made["author"], made["text"], made["resolved_at"]) == (waiting["id"], "lena", "Why so?", None)  # fmt: skip
        status, body = marketing.post(f"review-comments/{made['id']}/resolve/")
        assert (status, body["resolved_by"]) == (200, "maria")
        assert lena.post(f"review-comments/{made['id']}/resolve/")[1]["resolved_by"] == "maria"
        assert marketing.rows("review-comments/", resolved="false", author="lena") == []
        status, body = lena.post(f"review-comments/{made['id']}/reopen/")
        assert (status, body["resolved_by"], body["resolved_at"]) == (200, None, None)
        anna = builders.user("anna")
        anna.groups.add(Group.objects.get(name="Analyst"))
        for verb in ("resolve", "reopen"):
            assert caller(anna).post(f"review-comments/{made['id']}/{verb}/") == (
                403, {"detail": "You need the permission to comment on reviews."},
            )  # fmt: skip
        finn = caller(holder("finn", builders.brand("other"), *MARKETER))
        assert finn.rows("review-comments/") == []
        assert finn.post(f"review-comments/{made['id']}/resolve/")[0] == 404

    def test_people_are_mentioned_by_name(self, lena, marketing, waiting) -> None:
        status, body = marketing.post(
            f"reviews/{waiting['id']}/comment/", {"text": "Is @lena in?", "mention": ["lena", "root"]}
        )
        assert (status, body) == (400, {"mention": ["Nobody who may see this review is called root."]})
        Notice.objects.all().delete()
        reviewer("rudi")
        status, body = marketing.post(
            f"reviews/{waiting['id']}/comment/", {"text": "Is @lena in?", "mention": ["rudi"]}
        )
        assert (status, body["comments"][0]["text"]) == (200, "@rudi Is @lena in?")
        assert sorted(notice.user.username for notice in Notice.objects.all()) == ["lena", "rudi"]
        assert marketing.post(f"reviews/{waiting['id']}/comment/", {"text": "Hi", "mention": ["rudi"] * 21})[0] == 400
        assert marketing.post(f"reviews/{waiting['id']}/comment/", {"text": "x" * 4999, "mention": ["rudi"]})[0] == 400

    def test_reviews_of_another_brand_are_not_there(self, waiting) -> None:
        finn = caller(holder("finn", builders.brand("other"), *MARKETER, "approve_in_brand"))
        assert finn.rows("reviews/") == []
        assert finn.post(f"reviews/{waiting['id']}/approve/", {"seen": waiting["fingerprint"]})[0] == 404

    def test_a_right_to_approve_in_the_brand_is_enough(self, waiting) -> None:
        rita = holder("rita", builders.brand(), "approve_in_brand")
        status, _ = caller(rita).post(f"reviews/{waiting['id']}/approve/", {"seen": waiting["fingerprint"]})
        assert status == 200

    def test_or_on_the_one_template(self, waiting, draft) -> None:
        """Whoever can see the brand's reviews and may approve this template."""
        rita = holder("rita", builders.brand(), "view_in_brand")
        approve = f"reviews/{waiting['id']}/approve/", {"seen": waiting["fingerprint"]}
        assert caller(rita).post(*approve)[0] == 403
        grants.give(draft.template, rita, "approve_messagetemplate")
        assert caller(User.objects.get(pk=rita.pk)).post(*approve)[0] == 200


class TestUrgentReleases:
    def ask(self, who: Caller, waiting: dict, **changes) -> tuple[int, dict]:
        until = (clock.now() + timedelta(hours=4)).isoformat()
        return who.post("urgent-releases/", {"review": waiting["id"], "reason": "A recall.", "until": until, **changes})

    def test_two_people_decide(self, marketing, lena, waiting) -> None:
        status, release = self.ask(marketing, waiting)
        assert (status, release["asked_by"], release["confirmed_at"]) == (201, "maria", None)
        assert self.ask(marketing, waiting)[0] == 409
        assert marketing.post(f"urgent-releases/{release['id']}/confirm/")[0] == 403
        status, body = lena.post(f"urgent-releases/{release['id']}/confirm/")
        assert (status, body["confirmed_by"]) == (200, "lena")
        end = f"urgent-releases/{release['id']}/end/"
        assert marketing.post(end) == (400, {"reason": ["This field is required."]})
        status, body = marketing.post(end, {"reason": "It is mended."})
        assert (status, body["ended_because"]) == (200, "It is mended.")
        assert body["ended_at"]
        assert lena.post(f"urgent-releases/{release['id']}/confirm/")[0] == 409
        assert [row["id"] for row in lena.rows("urgent-releases/", review=waiting["id"])] == [release["id"]]

    def test_it_is_short_and_has_a_reason(self, marketing, waiting) -> None:
        late = (clock.now() + timedelta(days=4)).isoformat()
        assert list(self.ask(marketing, waiting, until=late)[1]) == ["until"]
        assert list(self.ask(marketing, waiting, reason=" ")[1]) == ["reason"]
        assert list(self.ask(marketing, waiting, review=999)[1]) == ["review"]
        assert not UrgentRelease.objects.exists()


class TestPolicies:
    POLICY = {
        "name": "SMS", "channels": ["sms"],
        "steps": [{"name": "Brand"}, {"name": "Legal", "group": "Legal reviewer", "approvers": 2, "due_hours": 48}],
    }  # fmt: skip

    def test_every_change_may_have_its_reason_in_history_and_chain(self, lena) -> None:
        _, made = lena.post("review-policies/", {**self.POLICY, "reason": "As counsel advised."})
        assert "reason" not in made
        lena.patch(f"review-policies/{made['id']}/", {"steps": [{"name": "Legal", "approvers": 3}], "reason": "One step."})  # fmt: skip
        lena.delete(f"review-policies/{made['id']}/?reason=No+more+texts.")
        policies = ReviewPolicy.history.filter(id=made["id"]).order_by("history_id")
        assert [(one.history_type, one.history_change_reason, one.history_user.username) for one in policies] == [
            ("+", "As counsel advised.", "lena"), ("~", "One step.", "lena"), ("-", "No more texts.", "lena"),
        ]  # fmt: skip
        steps = PolicyStep.history.filter(history_change_reason="One step.")
        assert {(one.history_type, one.name) for one in steps} == {("~", "Legal"), ("-", "Brand")}
        noted = AuditNote.objects.filter(payload__has_key="reason").order_by("id")
        digest = partial(crypto.digest, "audit reason")
        about = [(one.kind, one.payload["reason"]) for one in noted if one.subject_type.endswith("reviewpolicy")]
        assert about == [("policy.added", digest("As counsel advised.")), ("policy.removed", digest("No more texts."))]
        status, told = lena.post("review-policies/", {**self.POLICY, "reason": "x" * 101})
        assert (status, list(told)) == (400, ["reason"])

    def test_what_decides_what_goes_out_is_not_changed_without_a_reason(self, lena) -> None:
        _, made = lena.post("review-policies/", self.POLICY)
        page = f"review-policies/{made['id']}/"
        steps = [{"name": "Brand"}, {"name": "Legal"}]
        for change in ({"enabled": False}, {"channels": ["webhook"]}, {"brand": builders.brand().key}, {"valid_days": 1},
                       {"audience_from": 99}, {"words": ["x"]}, {"steps": steps}, {"enabled": False, "reason": " "}):  # fmt: skip
            status, told = lena.patch(page, change)
            assert (status, list(told)) == (400, ["reason"]), change
        assert told == {"reason": ["Say why you change enabled; the reason is kept."]}
        assert lena.delete(page) == (400, {"reason": ["Say why you delete it; the reason is kept."]})
        assert lena.delete(f"{page}?reason=+")[0] == 400
        assert lena.get(page)[1] == made
        # What changes nothing of weight needs none.
        assert lena.patch(page, {**self.POLICY, "name": "Texts"})[0] == 200
        assert lena.patch(page, {"enabled": False, "reason": "A test."})[1]["enabled"] is False

    def test_made_changed_and_taken_away(self, lena) -> None:
        status, made = lena.post("review-policies/", self.POLICY)
        assert status == 201, made
        assert [(step["name"], step["group"], step["approvers"]) for step in made["steps"]] == [
            ("Brand", None, 1), ("Legal", "Legal reviewer", 2),
        ]  # fmt: skip
        change = {"valid_days": 30, "brand": builders.brand().key, "steps": [{"name": "Legal"}], "reason": "New."}
        status, body = lena.patch(f"review-policies/{made['id']}/", change)
        assert (status, body["valid_days"], body["brand"], body["name"]) == (200, 30, "acme", "SMS")
        assert [(step["name"], step["group"]) for step in body["steps"]] == [("Legal", None)]
        assert ReviewPolicy.objects.get(pk=made["id"]).history.first().history_user.username == "lena"
        assert lena.delete(f"review-policies/{made['id']}/?reason=Old.") == (204, None)
        assert lena.get(f"review-policies/{made['id']}/")[0] == 404

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"steps": []}, "steps"),
            ({"steps": [{"name": "A"}, {"name": "a"}]}, "steps"),
            ({"steps": [{"name": "A", "group": "Nobody"}]}, "steps"),
            ({"channels": ["pigeon"]}, "channels"),
            ({"classes": ["spam"]}, "classes"),
            ({"kinds": ["poem"]}, "kinds"),
            ({"brand": "nobody"}, "brand"),
        ],
    )
    def test_what_makes_no_sense_is_told(self, lena, change, field) -> None:
        before = ReviewPolicy.objects.count()
        status, body = lena.post("review-policies/", {**self.POLICY, **change})
        assert (status, list(body)) == (400, [field])
        assert ReviewPolicy.objects.count() == before

    def test_a_step_without_a_name_is_told_in_a_change_too(self, lena) -> None:
        policy = ReviewPolicy.objects.get()
        assert lena.patch(f"review-policies/{policy.pk}/", {"steps": [{"approvers": 2}]})[0] == 400

    def test_a_marketer_reads_them_only(self, marketing) -> None:
        assert marketing.rows("review-policies/")
        assert marketing.post("review-policies/", self.POLICY)[0] == 403

    def test_it_asks_for_its_steps(self, lena, marketing, draft) -> None:
        lena.post("review-policies/", self.POLICY)
        _, review = marketing.post(f"template-versions/{draft.pk}/submit/")
        assert {"Brand", "Legal"} <= {step["name"] for step in lena.get(f"reviews/{review['id']}/")[1]["steps"]}


class TestJourneys:
    def test_handed_in_approved_and_published(self, marketing, lena) -> None:
        version = driving.draft(driving.step("wait", for_="3d"))
        [row] = marketing.rows("journey-versions/", journey="welcome", state="draft")
        assert row["id"] == version.pk
        assert marketing.post(f"journey-versions/{version.pk}/publish/")[0] == 409
        status, review = marketing.post(f"journey-versions/{version.pk}/submit/")
        assert (status, review["kind"]) == (201, "journey")
        assert marketing.post(f"journey-versions/{version.pk}/publish/")[0] == 409
        assert lena.post(f"reviews/{review['id']}/approve/", {"seen": review["fingerprint"]})[0] == 200
        status, body = marketing.post(f"journey-versions/{version.pk}/publish/")
        assert (status, body["state"], [step["key"] for step in body["steps"]]) == (200, "live", ["wait"])
        assert Version.objects.get(pk=version.pk).state == "live"
        assert marketing.post(f"journey-versions/{version.pk}/submit/")[0] == 409

    def test_what_cannot_work_is_not_handed_in(self, marketing) -> None:
        version = driving.draft(driving.step("send", template="nothing"))
        status, body = marketing.post(f"journey-versions/{version.pk}/submit/")
        assert status == 400
        assert body["problems"]
        assert marketing.get(f"journey-versions/{version.pk}/problems/")[1]
        assert not Review.objects.filter(kind="journey").exists()
