"""What a provider says of its templates, in the admin: to be read by many, asked about by operators."""

import pytest
from django.test import Client
from django.urls import reverse

from channels.models import ProviderTemplate
from tests import staff
from tests.builders import account, template
from tests.channels.servers import Answer
from tests.channels.test_whatsapp import HX, approval, config

pytestmark = pytest.mark.django_db
LIST = reverse("admin:channels_providertemplate_changelist")


@pytest.fixture
def asked(web) -> ProviderTemplate:
    account("whatsapp", config=config(web))
    template("order", channel="whatsapp", content={"content_sid": HX})
    return ProviderTemplate.objects.get()


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def ask(client: Client, found: ProviderTemplate) -> str:
    form = {"action": "ask", "_selected_action": [found.pk]}
    return text_of(client.post(LIST, form, follow=True))


def test_an_operator_asks_at_once(client, web, asked):
    client.force_login(staff.user("Operator"))
    assert "not asked yet" in text_of(client.get(LIST))
    web.answer = lambda request: approval("rejected", "MARKETING", "It promises too much.")
    assert "The provider answered about 1 template." in ask(client, asked)
    page = text_of(client.get(LIST))
    assert "rejected" in page
    assert "It promises too much." in page
    web.answer = lambda request: Answer(503, "")
    assert "1 could not be asked about." in ask(client, asked)


def test_a_marketer_reads_and_asks_nobody(client, web, asked):
    client.force_login(staff.user("Marketer"))
    assert HX in text_of(client.get(LIST))
    ask(client, asked)
    assert not web.requests
    assert client.get(reverse("admin:channels_providertemplate_add")).status_code == 403


def test_a_support_agent_has_no_business_there(client, asked):
    client.force_login(staff.user("Support agent"))
    assert client.get(LIST).status_code == 403
