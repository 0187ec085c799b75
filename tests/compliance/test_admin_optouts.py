"""The queue of possible opt-outs, the list of what people wrote, and opt-outs by phone or letter."""

from datetime import timedelta

import pytest
from django.urls import reverse

from channels.models import InboundMessage
from contacts.models import ConsentState, Suppression
from tests import staff
from tests.builders import NOW, account, brand, consent, contact
from tests.pages import queries, who
from tests.texting import ADA, text

pytestmark = pytest.mark.django_db

QUEUE, LIST = reverse("admin:optout_queue"), reverse("admin:channels_inboundmessage_changelist")
BY_HAND = reverse("admin:optout_by_hand")
DECIDERS = {"Legal reviewer", "Support agent", "Administrator"}


@pytest.fixture(autouse=True)
def ada():
    account("sms")
    found = contact("ada", phone=ADA, first_name="Ada")
    consent(found, "sms", now=NOW - timedelta(days=1))
    return found


@pytest.fixture
def lawyer():
    return staff.client("Legal reviewer")


def decide(message: InboundMessage) -> str:
    return reverse("admin:optout_decide", args=(message.pk,))


class TestQueue:
    def test_an_empty_one_says_so(self, lawyer) -> None:
        assert "No message waits for a decision." in lawyer.get(QUEUE).content.decode()

    def test_it_shows_the_words_who_wrote_them_and_why_they_are_unclear(self, lawyer) -> None:
        text("Don't stop, <b>I love</b> these")
        html = lawyer.get(QUEUE).content.decode()
        assert "Don&#x27;t stop, &lt;b&gt;I love&lt;/b&gt; these" in html
        assert "It speaks of stopping, and says not to." in html
        assert ">Ada</a>" in html

    def test_it_is_an_opt_out(self, lawyer) -> None:
        stored = text("wrong number")
        html = lawyer.post(decide(stored), {"decision": "opt_out"}, follow=True).content.decode()
        assert "The person is opted out." in html
        assert "No message waits for a decision." in html
        assert ConsentState.objects.get().state == "withdrawn"
        assert InboundMessage.objects.get().reviewed_by.username == "legal-reviewer"

    def test_it_is_not(self, lawyer) -> None:
        stored = text("wrong number")
        html = lawyer.post(decide(stored), {"decision": "none"}, follow=True).content.decode()
        assert "It is no opt-out" in html
        assert ConsentState.objects.get().state == "granted"
        assert not Suppression.objects.filter(lifted_at=None).exists()

    def test_a_second_decision_is_refused_in_a_sentence(self, lawyer) -> None:
        stored = text("wrong number")
        for _ in range(2):
            answer = lawyer.post(decide(stored), {"decision": "none"}, follow=True)
        assert "decided about this message already" in answer.content.decode()

    def test_who_is_let_in(self) -> None:
        stored = text("wrong number")
        assert who(QUEUE) == who(BY_HAND) == DECIDERS
        assert who(decide(stored), "post", {"decision": "none"}, 302) == DECIDERS

    def test_looking_decides_nothing(self, lawyer) -> None:
        assert lawyer.get(decide(text("wrong number"))).status_code == 405

    def test_a_full_one_costs_as_much_as_a_short_one(self, lawyer) -> None:
        text("wrong number")
        short = queries(lawyer, QUEUE)
        for n in range(12):
            text("wrong number", sender=f"+4477009{n:05}")
        assert queries(lawyer, QUEUE) == short

    def test_more_than_can_be_shown(self, lawyer, monkeypatch) -> None:
        monkeypatch.setattr("compliance.admin.optouts.SHOWN", 1)
        text("wrong number")
        text("wrong number")
        html = lawyer.get(QUEUE).content.decode()
        assert "there are more" in html
        assert html.count("It is an opt-out") == 1


class TestList:
    def test_what_people_wrote(self, lawyer) -> None:
        text("STOP")
        text("Is there a vegan menu?")
        html = lawyer.get(LIST).content.decode()
        for words in ("STOP", "an opt-out", "Is there a vegan menu?", "nothing of these"):
            assert words in html

    def test_one_is_found_by_number_and_by_the_provider_s_id(self, lawyer) -> None:
        text("Any soup?", sid="SM1")
        text("Any salad?", sid="SM2", sender="+447700900999")
        for query in ({"q": "SM2"}, {"q": "+447700900999"}):
            html = lawyer.get(LIST, query).content.decode()
            assert "Any salad?" in html
            assert "Any soup?" not in html

    def test_everybody_may_look_and_nobody_may_change(self) -> None:
        stored = text("Hello")
        page = reverse("admin:channels_inboundmessage_change", args=(stored.pk,))
        assert who(LIST) == who(page) == set(staff.ROLES)
        assert who(page, "post", {"body": "forged"}) == set()
        assert InboundMessage.objects.get().body == "Hello"

    def test_a_longer_list_costs_the_same(self, lawyer) -> None:
        text("Hello")
        short = queries(lawyer, LIST)
        for n in range(10):
            text("Hello", sender=f"+4477009{n:05}")
        assert queries(lawyer, LIST) == short


class TestByHand:
    def post(self, lawyer, **fields) -> str:
        data = {"address": ADA, "channel": "sms", "brand": brand().pk, "reason": "by phone", **fields}
        return lawyer.post(BY_HAND, data, follow=True).content.decode()

    def test_it_holds_at_once_and_says_so(self, lawyer) -> None:
        assert "Opted out." in self.post(lawyer)
        assert ConsentState.objects.get().state == "withdrawn"
        assert "opted out already" in self.post(lawyer)

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"address": "abc"}, "is not a phone number"),
            ({"address": "07700 900123"}, "does not say which country"),
            ({"address": ""}, "This field is required."),
            ({"channel": "webhook"}, "Select a valid choice."),
            ({"reason": ""}, "This field is required."),
            ({"said_at_0": "2036-01-01", "said_at_1": "10:00:00"}, "lies in the future"),
        ],
    )
    def test_a_mistake_is_told_and_nothing_happens(self, lawyer, fields: dict, sentence: str) -> None:
        html = self.post(lawyer, **fields)
        assert sentence in html
        assert not Suppression.objects.exists()
