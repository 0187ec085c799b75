"""A person's page: the messages that were asked for, and what became of each."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels.models import Message
from config import clock
from tests import staff
from tests.builders import NOW, account, contact, message, template

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return contact("user-1", email="ada@example.test", timezone="America/New_York")


@pytest.fixture
def agent():
    return staff.client("Support agent")


def card(browser, person):
    """The card's text, in one line."""
    with clock.at(NOW):
        page = browser.get(f"/admin/contacts/contact/{person.pk}/change/").content.decode()
    return " ".join(page.partition('id="card-messages"')[2].partition("</section>")[0].split())


def settle(about, **fields):
    Message.objects.filter(pk=about.pk).update(**fields)


def sent(about, **fields):
    version, sender = about.template.versions.get(), account("email")
    settle(about, state="sent", clearance=1, version=version, account=sender, sent_at=NOW, **fields)


def test_a_message_that_waits_tells_when_it_is_judged_again_on_both_clocks(agent, ada):
    settle(message(ada, template()), due_at=NOW + timedelta(hours=3), reason="quiet_hours")
    text = card(agent, ada)
    assert "Hello" in text
    assert "waiting for the gate: quiet_hours" in text
    assert "24 Nov 2026, 15:00" in text
    assert "(10:00 there)" in text


def test_a_message_that_was_not_sent_tells_why(agent, ada):
    settle(message(ada, template()), state="blocked", due_at=None, reason="no_consent")
    assert "not sent: no_consent" in card(agent, ada)


@pytest.mark.parametrize(
    ("delivery", "word", "colour"),
    [(0, "sent", "wm-good"), (10, "delivered", "wm-good"), (30, "clicked", "wm-good"), (40, "bounced", "wm-bad")],
)
def test_what_is_known_after_sending(agent, ada, delivery, word, colour):
    sent(message(ada, template()), delivery=delivery)
    text = card(agent, ada)
    assert f'<span class="wm-tag {colour}">{word}</span>' in text
    assert "email v1" in text


def test_the_ten_newest(agent, ada):
    about = template()
    for number in range(13):
        message(ada, about, f"test:{number}")
    assert card(agent, ada).count("wm-row-words") == 10


def test_messages_of_others_are_not_shown(agent, ada):
    message(contact("other", email="bob@example.test"), template())
    assert "No message has been asked for." in card(agent, ada)


def test_those_who_may_not_see_messages_have_no_such_card(ada):
    browser = staff.client(name="narrow")
    from django.contrib.auth.models import Permission, User

    User.objects.get(username="narrow").user_permissions.add(Permission.objects.get(codename="view_contact"))
    page = browser.get(f"/admin/contacts/contact/{ada.pk}/change/").content.decode()
    assert "card-attributes" in page
    assert "card-messages" not in page


def test_it_costs_the_same_for_many(agent, ada):
    cost = []
    for number in (2, 10):
        for index in range(number):
            sent(message(ada, template(f"t-{number}-{index}"), f"test:{number}:{index}"))
        card(agent, ada)
        with CaptureQueriesContext(connection) as queries:
            card(agent, ada)
        cost.append(len(queries))
    assert cost[0] == cost[1] <= 40  # of which the gate, asked for every channel at once, takes about half
