"""H05: somebody who sent STOP allows texts again on a form. The provider still blocks the number, so they are asked to text START."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from analytics import attention
from channels.models import Message
from compliance import dossier, gate
from compliance.claims import Claimed
from compliance.models import Decision, HousePolicy
from compliance.optouts import asking
from contacts.models import ConsentState, Contact, Suppression
from tests import staff
from tests.builders import NOW, account, brand, consent, contact, message, template
from tests.texting import ADA, text

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FORM = {"ip": "192.0.2.1", "url": "https://acme.example/texts"}


@pytest.fixture(autouse=True)
def senders():
    account("sms")
    account("email")


@pytest.fixture
def question():
    return template(
        "text-start",
        content={"subject": "One more step", "text": "Text START to +15005550006"},
        message_class="transactional",
    )


@pytest.fixture
def policy(question) -> HousePolicy:
    return HousePolicy.objects.create(brand=brand(), ask_to_text_start=question)


@pytest.fixture
def ada() -> Contact:
    """She sent STOP, which the provider understood itself."""
    found = contact("ada", phone=ADA, email="ada@example.test")
    consent(found, "sms", now=NOW - DAY)
    text("STOP", OptOutType="STOP")
    return found


def ticks(person, at=NOW + HOUR, **fields):
    return consent(person, "sms", now=at, **{"wording": "form v2", "proof": FORM, **fields})


def offered(person, at):
    offer = template("offer", channel="sms", content={"body": "Shoes"})
    asked = message(person, offer, now=at)
    gate.release(at)
    asked.refresh_from_db()
    return asked


def titles():
    root = User.objects.filter(username="root").first() or staff.user(name="root", is_superuser=True)
    return [item.title for item in attention.items(root, NOW + 2 * HOUR) if "provider blocks" in item.title]


def test_h05_the_yes_counts_the_provider_blocks_and_the_person_is_asked_for_start(ada, policy, question):
    line = ticks(ada)
    found = ConsentState.objects.get(contact=ada)
    assert (found.state, found.consent) == ("granted", line)
    asked = offered(ada, NOW + 2 * HOUR)
    assert (asked.state, asked.reason) == ("blocked", "provider_block")
    assert Decision.objects.filter(message=asked, outcome="deny", reason="provider_block").exists()
    told = Message.objects.get(template=question)
    assert told.channel == "email"
    assert [found.outcome for found in gate.explain(told)] == ["allow"]
    assert titles() == []


def test_h05_start_clears_it_and_nobody_is_asked_again(ada, policy, question):
    ticks(ada)
    text("START", at=NOW + 3 * HOUR, OptOutType="START")
    assert not Suppression.objects.filter(lifted_at=None).exists()
    assert offered(ada, NOW + 4 * HOUR).state == "sent"
    assert Message.objects.filter(template=question).count() == 1


def test_h05_the_rules_are_told_that_the_provider_blocks(ada):
    ticks(ada)
    waiting = message(ada, template("offer", channel="sms", content={"body": "Shoes"}), due_at=NOW + DAY)
    row = Message.objects.filter(pk=waiting.pk).values_list(
        "id", "key", "contact_id", "brand_id", "channel", "template__key", "labels",
        "template_id", "topic_id", "context", "expires_at", "created_at",
    )[0]  # fmt: skip
    one = Claimed(*row)
    assert dossier.load([one], NOW + HOUR).facts(one).provider_blocked
    text("START", at=NOW + 2 * HOUR)
    assert not dossier.load([one], NOW + 3 * HOUR).facts(one).provider_blocked


def test_one_block_is_one_question(ada, policy, question):
    ticks(ada)
    ticks(ada, NOW + 2 * HOUR)
    assert Message.objects.filter(template=question).count() == 1


@pytest.mark.parametrize(
    "fields",
    [{"proof": {"file": "a.csv"}, "source": "import"}, {"proof": {"by": "maria", "reason": "phone call"}}, {"wording": "", "proof": {}}],
    ids=["a file", "a colleague", "no proof"],
)  # fmt: skip
def test_only_the_person_s_own_word_asks(ada, policy, question, fields):
    ticks(ada, **fields)
    assert not Message.objects.filter(template=question).exists()
    assert asking.unasked() == []


def test_another_channel_or_a_newer_number_is_no_reason_to_ask(ada, policy, question):
    consent(ada, "email", now=NOW + HOUR, proof=FORM)
    assert not Message.objects.filter(template=question).exists()


def test_h05_without_a_template_the_home_page_tells_an_operator(ada):
    assert titles() == []
    ticks(ada)
    assert not Message.objects.filter(channel="email").exists()
    assert titles() == ["1 person allows texts that the provider blocks"]


def test_h05_who_has_no_other_address_is_a_task_too(policy, question):
    bob = contact("bob", phone=ADA)
    text("STOP", OptOutType="STOP")
    ticks(bob)
    gate.release(NOW + HOUR)
    assert Message.objects.get(template=question).state == "blocked"
    assert titles() == ["1 person allows texts that the provider blocks"]


def test_the_template_must_not_be_a_text(policy):
    policy.ask_to_text_start = template(
        "by-text", channel="sms", content={"body": "Text START"}, message_class="transactional"
    )
    with pytest.raises(ValidationError, match="which the provider would block; choose an e-mail"):
        policy.clean()


def test_consents_cost_one_query_more_while_nothing_is_blocked(django_assert_num_queries, policy):
    people = [contact(f"u{n}", phone=f"+44770090{n:04}").pk for n in range(20)]
    with django_assert_num_queries(1):
        assert asking.after_consents(people, NOW) == 0
