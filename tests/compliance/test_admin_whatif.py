"""The what-if page: questions in words, as a contact and as JSON; and the card on a person's page."""

import json

import pytest
from django.urls import reverse

from channels.models import Message
from compliance import stops
from compliance.models import Decision, FrequencyCap, HousePolicy, QuietHours, RuleSet
from compliance.whatif import evaluate
from config import clock, ledger
from config.reader import COOKIE
from contacts import consents, suppressions
from contacts.models import Contact
from tests import staff
from tests.builders import NOW, account, brand, consent, contact, topic
from tests.pages import queries, who

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:what_if")
NIGHT = {"instant_0": "2026-11-24", "instant_1": "01:30"}
"""Half past eight in the evening of the 23rd in Florida, in the reader's zone (UTC)."""
FLORIDA = {
    "channel": "sms",
    "message_class": "marketing",
    "country": "US",
    "region": "FL",
    "timezone": "America/New_York",
}


@pytest.fixture
def analyst():
    return staff.client("Analyst")


def ask(browser, **data) -> str:
    with clock.at(NOW):
        answer = browser.post(PAGE, {"said": "", **FLORIDA, **data})
    assert answer.status_code == 200
    return answer.content.decode()


def ask_json(browser, case) -> str:
    text = case if isinstance(case, str) else json.dumps(case)
    return browser.post(PAGE, {"case": text}).content.decode()


def card(browser, person: Contact, now=NOW) -> str:
    with clock.at(now):
        html = browser.get(reverse("admin:contacts_contact_change", args=(person.pk,))).content.decode()
    return html.partition('id="card-reachable"')[2].partition("</section>")[0]


class TestInWords:
    def test_nothing_is_answered_before_a_question(self, analyst) -> None:
        html = analyst.get(PAGE).content.decode()
        assert "Describe a message and a person" in html
        assert "nothing of it is stored" in html

    def test_it_is_deferred_to_the_morning_on_both_clocks(self, analyst) -> None:
        analyst.cookies[COOKIE] = "Europe/Berlin"
        html = ask(analyst, instant_0="2026-11-24", instant_1="02:30")
        assert "Deferred" in html
        assert "legal_hours" in html
        assert ">24 Nov 2026, 14:00</time>" in html  # eight in the morning there, for a reader in Berlin
        assert "there: Tue 24 Nov, 08:00 in America/New_York" in html
        assert "Law of" in html
        assert "US, US-FL" in html
        assert "rule set v1" in html

    def test_every_rule_is_told_the_strictest_first(self, analyst) -> None:
        with clock.at(NOW):
            answer = analyst.post(PAGE, {**FLORIDA, **NIGHT, "said": "withdrawn"}).context["answer"]
        outcomes = [step.outcome for step in answer.steps]
        assert outcomes == sorted(outcomes, key=["deny", "wait", "allow"].index)
        assert {"Consent", "Legal and quiet hours", "Frequency caps"} <= {step.title for step in answer.steps}
        assert (answer.words, answer.said["reason"]) == ("Blocked", "opted_out")

    @pytest.mark.parametrize(
        ("said", "reason"),
        [
            ("", ""),
            ("express", "consent_not_written"),
            ("pending", "consent_pending"),
            ("nothing", "no_consent"),
            ("withdrawn", "opted_out"),
        ],
    )
    def test_what_the_person_said_counts(self, analyst, said, reason) -> None:
        html = ask(analyst, said=said, instant_0="2026-11-24", instant_1="15:00")
        assert (f'<strong class="wm-strong">{reason}</strong>' in html) if reason else ("It may leave" in html)

    def test_when_they_said_it_counts(self, analyst) -> None:
        told = {"country": "CA", "region": "ON", "channel": "email", "said": "implied_inquiry", "timezone": ""}
        day = {"instant_0": "2026-11-24", "instant_1": "15:00"}
        assert "It may leave" in ask(analyst, **told, **day)
        html = ask(analyst, **told, **day, said_at_0="2026-01-05", said_at_1="09:00")
        assert "implied_consent_expired" in html

    def test_earlier_messages_count_for_statutory_caps(self, analyst) -> None:
        day = {"instant_0": "2026-11-24", "instant_1": "15:00"}
        assert "It may leave" in ask(analyst, sent="2", **day)
        assert "statutory_cap" in ask(analyst, sent="3", **day)

    def test_a_brand_brings_its_own_rules(self, analyst) -> None:
        QuietHours.objects.create(brand=brand(), channel="sms", start="14:00", end="12:00", classes=["marketing"])
        HousePolicy.objects.create(brand=brand(), profile="strict")
        FrequencyCap.objects.create(brand=brand(), name="One a day", limit=1, calendar="day")
        FrequencyCap.objects.create(brand=brand(), name="Off", limit=1, enabled=False)
        morning = {"instant_0": "2026-11-24", "instant_1": "15:00"}
        assert "It may leave" in ask(analyst, **morning)
        assert "quiet_hours" in ask(analyst, **morning, topic=topic().pk)
        html = ask(analyst, instant_0="2026-11-24", instant_1="17:30", sent="1", topic=topic().pk)
        assert "One a day" in html
        assert "Off" not in html.partition('id="answer"')[2].partition("</section>")[0]

    def test_nothing_is_known_of_the_person(self, analyst) -> None:
        html = ask(analyst, country="", region="", timezone="")
        assert "unknown: no jurisdiction" in html
        assert "account_default" in html

    def test_it_is_now_unless_an_instant_is_written(self, analyst) -> None:
        assert "24 Nov 2026, 12:00" in ask(analyst)

    @pytest.mark.parametrize(
        ("change", "field", "sentence"),
        [
            ({"country": "Narnia"}, "country", "is no country; write its two letters"),
            ({"region": "far away"}, "region", "is no region"),
            ({"phone": "12"}, "phone", "phone number"),
            ({"timezone": "Mars/Olympus"}, "timezone", "contact.timezone: 'Mars/Olympus' is not a time zone"),
            ({"sent": "101"}, "sent", "less than or equal to 100"),
            ({"instant_0": "soon"}, "instant", "Enter a valid date."),
            ({"channel": "pigeon"}, "channel", "Select a valid choice."),
            ({"message_class": "gossip"}, "message_class", "Select a valid choice."),
        ],
    )
    def test_a_mistake_is_told_at_its_field(self, analyst, change, field, sentence) -> None:
        answer = analyst.post(PAGE, {**FLORIDA, "said": "", **change})
        assert any(sentence in told for told in answer.context["form"].errors[field]), answer.context["form"].errors
        assert "There is a mistake in the question" in answer.content.decode()

    def test_nothing_is_stored(self, analyst) -> None:
        ask(analyst, **NIGHT)
        assert (Contact.objects.count(), Message.objects.count(), Decision.objects.count()) == (0, 0, 0)

    def test_a_hostile_value_is_only_text(self, analyst) -> None:
        assert "<script>alert(1)</script>" not in ask(analyst, timezone="<script>alert(1)</script>")

    def test_without_an_active_rule_set_it_says_so(self, analyst) -> None:
        with ledger.unlocked():
            RuleSet.objects.all().delete()
        assert "No rule set is active" in ask(analyst)


class TestAsJson:
    def test_the_question_in_words_stands_there_as_json_and_has_the_same_answer(self, analyst) -> None:
        with clock.at(NOW):
            answer = analyst.post(PAGE, {**FLORIDA, **NIGHT, "said": "", "sent": "1", "topic": topic().pk})
        case = json.loads(answer.context["box"]["case"].value())
        assert evaluate(case) == answer.context["answer"].said
        assert "Deferred" in ask_json(analyst, case)

    def test_mistakes_are_told_by_their_path(self, analyst) -> None:
        html = ask_json(analyst, {"now": "soon", "contact": {"zone": "UTC"}, "sent": [{}]})
        for path in ("now: ", "contact.zone: not known here", "sent[0].at: say when it was sent."):
            assert path.replace("'", "&#x27;") in html
        assert "There is a mistake in the question" in html

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("{", "This is not JSON: line 1, column 2"),
            ("", "This field is required."),
            ("[]", "case: write an object."),
            ("7", "case: write an object."),
            ('{"now": NaN}', "This cannot be stored"),
        ],
    )
    def test_what_is_no_case_is_refused(self, analyst, text, sentence) -> None:
        assert sentence in ask_json(analyst, text)

    def test_what_was_written_stays(self, analyst) -> None:
        assert "&quot;zone&quot;" in ask_json(analyst, {"contact": {"zone": "UTC"}})


class TestAsAContact:
    @pytest.fixture
    def ada(self) -> Contact:
        account("sms")
        person = contact("ada", phone="+447700900123", first_name="Ada")
        consent(person, "sms")
        return person

    def ask(self, browser, person: Contact, **data):
        question = {"channel": "sms", "message_class": "marketing", "topic": topic().pk}
        with clock.at(NOW):
            return browser.post(PAGE, {**question, "contact": person.pk, **data})

    def test_their_own_facts_count(self, analyst, ada) -> None:
        answer = self.ask(analyst, ada)
        assert "It may leave" in answer.content.decode()
        assert "Ada" in answer.content.decode()
        consents.withdraw(ada.pk, topic().pk, "sms", source="test", now=NOW)
        assert self.ask(analyst, ada).context["answer"].said["reason"] == "opted_out"

    def test_what_is_suppressed_or_stopped_is_told(self, analyst, ada) -> None:
        suppressions.add([suppressions.Suppress(ada.addresses.get().digest, "phone", "legal")], NOW)
        assert self.ask(analyst, ada).context["answer"].outcome == "deny"
        stops.set("channel", "sms", "x", None, NOW)
        stopped = [step for step in self.ask(analyst, ada).context["answer"].steps if step.outcome == "wait"]
        assert len(stopped) == 1

    def test_the_rest_about_the_person_stays_empty(self, analyst, ada) -> None:
        errors = self.ask(analyst, ada, country="US", said="withdrawn", sent="2").context["form"].errors
        assert "both are given (Country, The person, Earlier messages)" in errors["contact"][0]

    def test_a_topic_and_a_channel_of_the_product_are_needed(self, analyst, ada) -> None:
        errors = self.ask(analyst, ada, topic="", channel="voice").context["form"].errors
        assert "Choose what it would be about" in errors["topic"][0]
        assert "No contact can be reached by it yet" in errors["channel"][0]

    @pytest.mark.parametrize("odd", [999, "x", "-1", "9" * 30])
    def test_an_unknown_contact(self, analyst, ada, odd) -> None:
        ada.pk = odd
        assert "Select a valid choice" in self.ask(analyst, ada).context["form"].errors["contact"][0]

    def test_a_link_chooses_the_contact(self, analyst, ada) -> None:
        html = analyst.get(PAGE, {"contact": ada.pk}).content.decode()
        assert f'<option value="{ada.pk}" selected>Ada' in html

    @pytest.mark.parametrize("odd", ["x", "-1", "9" * 30, "999"])
    def test_an_odd_link_chooses_nobody(self, analyst, odd) -> None:
        assert analyst.get(PAGE, {"contact": odd}).status_code == 200

    def test_who_may_not_see_contacts_cannot_ask_about_one(self, ada) -> None:
        from django.contrib.auth.models import Permission
        from django.test import Client

        blind = staff.user(name="blind")
        blind.user_permissions.add(Permission.objects.get(codename="view_decision"))
        browser = Client()
        browser.force_login(blind)
        assert "As this contact" not in browser.get(PAGE).content.decode()
        answer = self.ask(browser, ada, said="nothing", topic="")
        assert answer.context["answer"].said["reason"] == "no_consent"

    def test_nothing_is_stored(self, analyst, ada) -> None:
        self.ask(analyst, ada)
        assert (Message.objects.count(), Decision.objects.count()) == (0, 0)


def test_who() -> None:
    assert who(PAGE) == set(staff.ROLES)
    assert who(PAGE, "post", {"case": "{}"}) == set(staff.ROLES)


def test_the_page_costs_the_same_however_many_people_there_are(analyst) -> None:
    few = queries(analyst, PAGE)
    for number in range(5):
        contact(f"p-{number}")
        topic(f"t-{number}")
    assert queries(analyst, PAGE) == few


class TestTheCard:
    @pytest.fixture
    def agent(self):
        return staff.client("Support agent")

    def test_no_sender(self, agent) -> None:
        assert "No brand has a sender and a topic yet" in card(agent, contact("ada", email="ada@example.test"))

    def test_yes_and_no_with_the_reason(self, agent) -> None:
        account("sms")
        account("email")
        ada = contact("ada", email="ada@example.test")
        consent(ada)
        html = " ".join(card(agent, ada).split())
        email, _, sms = html.partition("SMS")
        assert email.count('wm-good">yes</span>') == 2
        assert "News" in email
        assert sms.count('wm-bad">no</span>') == 2
        assert "The person has no address for this channel." in sms

    def test_later_on_both_clocks(self, agent) -> None:
        account("sms")
        ada = contact("ada", phone="+18135550100", country="US", region="FL", timezone="America/New_York")
        consent(ada, "sms")
        html = " ".join(card(agent, ada).split())  # seven in the morning there
        assert 'wm-warn">later</span>' in html
        assert ">24 Nov 2026, 13:00</time>" in html
        assert "08:00 there" in html
        assert 'wm-good">yes</span>' in html  # a confirmation may leave

    def test_the_mildest_answer_of_all_topics_and_which_they_are(self, agent) -> None:
        account("email")
        for key in ("news", "offers", "surveys"):
            topic(key)
        ada = contact("ada", email="ada@example.test")
        consent(ada, topic_key="offers")
        consent(ada, topic_key="surveys")
        assert "Offers, Surveys</span>" in card(agent, ada)
        for key in ("offers", "surveys"):
            consents.withdraw(ada.pk, topic(key).pk, "email", source="test", now=NOW)
        assert "Offers" not in card(agent, ada)

    def test_brands_are_told_apart_when_there_are_several(self, agent) -> None:
        account("email")
        topic()
        ada = contact("ada", email="ada@example.test")
        assert "Acme" not in card(agent, ada)
        other = brand("umbrella")
        topic("news", brand=other)
        account("email", brand=other)
        assert "Acme" in card(agent, ada)
        assert "Umbrella" in card(agent, ada)

    def test_it_costs_the_same_however_many_topics_and_channels(self, agent) -> None:
        account("email")
        ada = contact("ada", email="ada@example.test", phone="+447700900123")
        consent(ada)
        page = reverse("admin:contacts_contact_change", args=(ada.pk,))
        few = queries(agent, page)
        account("sms")
        for number in range(6):
            consent(ada, topic_key=f"t-{number}")
        assert queries(agent, page) == few

    def test_a_link_leads_to_every_rule(self, agent) -> None:
        account("email")
        topic()
        ada = contact("ada", email="ada@example.test")
        assert f"{PAGE}?contact={ada.pk}" in card(agent, ada)
