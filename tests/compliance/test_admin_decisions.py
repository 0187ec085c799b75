"""Why a message left or did not, and what people decide about those that maybe did; policies as sentences."""

from datetime import timedelta

import pytest
from django.urls import reverse

from channels.models import Message
from compliance import gate
from compliance.base import rules
from compliance.models import Decision, FrequencyCap, QuietHours
from contacts.models import Event
from tests import staff
from tests.builders import NOW, account, brand, consent, contact, message, template, topic
from tests.pages import queries, who

pytestmark = pytest.mark.django_db

LIST = reverse("admin:compliance_decision_changelist")
MESSAGES = reverse("admin:channels_message_changelist")


def page(one: Message) -> str:
    return reverse("admin:channels_message_change", args=(one.pk,))


@pytest.fixture
def lena():
    return staff.client("Legal reviewer")


@pytest.fixture
def operator():
    return staff.client("Operator")


@pytest.fixture
def offer():
    account("sms")
    return template("offer", channel="sms", content={"body": "Hi"})


@pytest.fixture
def blocked(offer) -> Message:
    """Nobody in Tokyo allowed it."""
    one = message(contact("ken", phone="+81312345678", timezone="Asia/Tokyo"), offer)
    gate.release(NOW)
    return Message.objects.get(pk=one.pk)


@pytest.fixture
def unknown(offer) -> Message:
    """Handed over, and never answered."""
    ada = contact("ada", phone="+447700900123")
    consent(ada, "sms")
    one = message(ada, offer)
    gate.release(NOW)
    Message.objects.filter(pk=one.pk).update(
        state="unknown", error="No answer.", reason="no_answer", due_at=NOW + timedelta(hours=1)
    )
    return Message.objects.get(pk=one.pk)


class TestTrace:
    def test_every_rule_has_its_line_and_the_reason_comes_first(self, lena, blocked) -> None:
        html = lena.get(page(blocked)).content.decode()
        trace = html[html.index('<ol class="wm-verdicts">') :]
        trace = trace[: trace.index("</ol>")]
        assert trace.count("<li") == len(rules)
        assert trace.index("wm-deny") < trace.index("wm-allow")
        assert "The person never allowed" in trace[: trace.index("</li>")]
        for rule in rules:
            assert f"<strong>{rule.title}</strong>" in trace

    def test_it_tells_the_persons_own_clock_and_how_it_is_known(self, lena, blocked) -> None:
        html = lena.get(page(blocked)).content.decode()
        assert "24 Nov 2026, 21:00 on the person's clock (Asia/Tokyo, known from:" in html

    def test_times_are_the_readers(self, lena, blocked) -> None:
        lena.cookies["waymark_timezone"] = "America/New_York"
        assert "24 Nov 2026, 07:00" in lena.get(page(blocked)).content.decode()

    def test_a_decision_has_a_page_of_its_own(self, lena, blocked) -> None:
        decision = Decision.objects.get()
        html = lena.get(reverse("admin:compliance_decision_change", args=(decision.pk,))).content.decode()
        assert page(blocked) in html
        assert "The person never allowed" in html

    def test_who_may_not_see_decisions_sees_the_message_without_them(self, blocked, client) -> None:
        from django.contrib.auth.models import Permission

        somebody = staff.user("", "somebody")
        somebody.user_permissions.add(Permission.objects.get(codename="view_message"))
        client.force_login(somebody)
        html = client.get(page(blocked)).content.decode()
        assert "no_consent" in html
        assert "wm-verdicts" not in html


class TestList:
    @pytest.mark.parametrize(("query", "there"), [({"outcome__exact": "deny"}, True), ({"outcome__exact": "allow"}, False),
                                                  ({"reason": "no_consent"}, True), ({"reason": "quiet_hours"}, False)])  # fmt: skip
    def test_it_is_filtered_by_outcome_and_reason(self, lena, blocked, query, there) -> None:
        answer = lena.get(LIST, query)
        assert answer.status_code == 200
        assert (f"#{Decision.objects.get().pk}" in answer.content.decode()) == there

    def test_it_is_searched_by_message(self, lena, blocked) -> None:
        assert f"#{Decision.objects.get().pk}" in lena.get(LIST, {"q": blocked.pk}).content.decode()
        assert lena.get(LIST, {"q": "nonsense"}).status_code == 200

    def test_nobody_changes_one(self, blocked) -> None:
        chief = staff.client("Administrator")
        address = reverse("admin:compliance_decision_change", args=(Decision.objects.get().pk,))
        assert chief.post(address, {"outcome": "allow"}).status_code == 403
        assert (
            chief.post(
                reverse("admin:compliance_decision_delete", args=(Decision.objects.get().pk,)), {"post": "yes"}
            ).status_code
            == 403
        )

    def test_who(self, blocked) -> None:
        everybody = {"Marketer", "Legal reviewer", "Operator", "Support agent", "Analyst", "Administrator"}
        assert who(LIST) == everybody
        assert who(reverse("admin:compliance_decision_change", args=(Decision.objects.get().pk,))) == everybody

    def test_it_costs_the_same_however_long(self, lena, blocked, offer) -> None:
        few = queries(lena, LIST)
        for number in range(8):
            message(contact(f"c{number}"), offer)
        gate.release(NOW)
        assert queries(lena, LIST) == few


class TestMaybeSent:
    def again(self, one: Message) -> str:
        return reverse("admin:message_again", args=(one.pk,))

    def failed(self, one: Message) -> str:
        return reverse("admin:message_give_up", args=(one.pk,))

    def test_an_operator_decides_on_its_page(self, operator, unknown) -> None:
        html = operator.get(page(unknown)).content.decode()
        assert "Was it sent?" in html
        assert "“No answer.”" in html
        html = operator.post(self.failed(unknown), follow=True).content.decode()
        assert "It is marked as failed." in html
        unknown.refresh_from_db()
        assert unknown.state == "failed"
        assert Event.objects.filter(name="message.failed", properties__message=unknown.pk).exists()

    def test_sent_again_it_passes_the_door_once_more(self, operator, unknown) -> None:
        operator.post(self.again(unknown))
        unknown.refresh_from_db()
        assert unknown.state == "pending"
        assert unknown.decisions.count() == 1
        gate.release(unknown.due_at)
        unknown.refresh_from_db()
        assert unknown.decisions.count() == 2

    def test_what_is_known_cannot_be_decided(self, operator, blocked) -> None:
        html = operator.post(self.again(blocked), follow=True).content.decode()
        assert "Only a message of which nobody knows whether it was sent can be sent again." in html
        blocked.refresh_from_db()
        assert blocked.state == "blocked"

    def test_several_at_once_in_the_list(self, operator, unknown, blocked) -> None:
        data = {"action": "give_up", "_selected_action": [unknown.pk, blocked.pk]}
        html = operator.post(MESSAGES, data, follow=True).content.decode()
        assert "1 message is marked as failed." in html
        assert f"Message {blocked.pk}: Only a message of which nobody knows" in html
        unknown.refresh_from_db()
        assert unknown.state == "failed"

    def test_marketers_have_no_such_buttons(self, unknown) -> None:
        marketer = staff.client("Marketer")
        assert self.again(unknown) not in marketer.get(page(unknown)).content.decode()
        assert 'value="send_again"' not in marketer.get(MESSAGES).content.decode()
        marketer.post(MESSAGES, {"action": "send_again", "_selected_action": [unknown.pk]})
        unknown.refresh_from_db()
        assert unknown.state == "unknown"

    def test_who(self, unknown) -> None:
        assert who(self.failed(unknown), "post", allowed=302) == {"Operator", "Administrator"}
        assert who(self.again(unknown), "post", allowed=302) == {"Operator", "Administrator"}


class TestPolicies:
    ADD_QUIET = reverse("admin:compliance_quiethours_add")
    ADD_CAP = reverse("admin:compliance_frequencycap_add")

    def quiet(self, **changes) -> dict:
        data = {
            "brand": brand().pk,
            "channel": "sms",
            "start": "21:00",
            "end": "08:00",
            "classes": ["marketing"],
            "enabled": "on",
        }
        return {**data, **changes}

    def test_quiet_hours_are_set_with_ticks(self, lena) -> None:
        assert lena.post(self.ADD_QUIET, self.quiet(classes=["marketing", "service"])).status_code == 302
        assert QuietHours.objects.get().classes == ["marketing", "service"]
        html = lena.get(reverse("admin:compliance_quiethours_changelist")).content.decode()
        assert "21:00 to 08:00 (over midnight)" in html
        assert "marketing, service" in html

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"end": "21:00"}, "Start and end are the same: that would be quiet all day."),
            ({"classes": []}, "Tick at least one class; quiet hours for nothing would silence nothing."),
            ({"classes": ["spam"]}, "Select a valid choice."),
            ({"channel": "pigeon"}, "Select a valid choice."),
            ({"start": "25:00"}, "Enter a valid time."),
        ],
    )
    def test_bad_ones_are_refused_with_a_sentence(self, lena, changes, sentence) -> None:
        answer = lena.post(self.ADD_QUIET, self.quiet(**changes))
        assert answer.status_code == 200
        assert sentence in answer.content.decode()
        assert not QuietHours.objects.exists()

    def test_a_second_window_of_the_same_channel_is_refused_with_a_sentence(self, lena) -> None:
        lena.post(self.ADD_QUIET, self.quiet())
        html = lena.post(self.ADD_QUIET, self.quiet(start="22:00")).content.decode()
        assert "Acme has quiet hours for it already: sms: quiet 21:00-08:00. Change those." in html
        assert QuietHours.objects.count() == 1

    def test_a_cap_is_a_sentence(self, lena) -> None:
        data = {
            "brand": brand().pk,
            "name": "Weekly",
            "limit": "2",
            "days": "7",
            "classes": ["marketing"],
            "action": "defer",
            "enabled": "on",
        }
        assert lena.post(self.ADD_CAP, data).status_code == 302
        assert FrequencyCap.objects.get().limit == 2
        html = lena.get(reverse("admin:compliance_frequencycap_changelist")).content.decode()
        assert "at most 2 marketing messages in any 7 days" in html

    def test_a_cap_may_count_only_some(self, lena) -> None:
        topic("offers")
        data = {"brand": brand().pk, "name": "Texts", "limit": "1", "days": "7", "calendar": "day", "action": "skip"}
        only = {"classes": ["marketing", "service"], "channels": ["sms"], "topics": ["offers"]}
        assert lena.post(self.ADD_CAP, {**data, **only}).status_code == 302
        cap = FrequencyCap.objects.get()
        assert (cap.classes, cap.channels, cap.topics, cap.journeys) == (
            ["marketing", "service"],
            ["sms"],
            ["offers"],
            [],
        )
        html = lena.get(reverse("admin:compliance_frequencycap_changelist")).content.decode()
        assert "at most 1 marketing/service message in a day, by sms, about offers" in html

    @pytest.mark.parametrize(
        "changes",
        [{"limit": "0"}, {"days": "0"}, {"limit": "-1"}, {"days": "many"}, {"classes": []}, {"channels": ["pigeon"]}],
    )
    def test_a_cap_of_nothing_is_refused(self, lena, changes) -> None:
        data = {
            "brand": brand().pk,
            "name": "Weekly",
            "limit": "2",
            "days": "7",
            "classes": ["marketing"],
            "action": "defer",
            **changes,
        }
        assert lena.post(self.ADD_CAP, data).status_code == 200
        assert not FrequencyCap.objects.exists()

    def test_changes_are_on_record(self, lena) -> None:
        lena.post(self.ADD_QUIET, self.quiet())
        quiet = QuietHours.objects.get()
        change = reverse("admin:compliance_quiethours_change", args=(quiet.pk,))
        assert "Say why" in lena.post(change, self.quiet(start="20:00")).content.decode()
        lena.post(change, {**self.quiet(start="20:00"), "change_reason": "Complaints."})
        assert quiet.history.count() == 2
        assert quiet.history.first().history_change_reason == "Complaints."
        assert quiet.history.first().history_user.username == "legal-reviewer"

    def test_who(self) -> None:
        sighted = {"Marketer", "Legal reviewer", "Operator", "Analyst", "Administrator"}
        assert who(reverse("admin:compliance_quiethours_changelist")) == sighted
        assert who(reverse("admin:compliance_frequencycap_changelist")) == sighted
        assert who(self.ADD_QUIET) == {"Legal reviewer", "Administrator"}
        assert who(self.ADD_CAP) == {"Legal reviewer", "Administrator"}
