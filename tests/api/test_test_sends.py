"""Test sends over the API: asked for like the button does it, judged by the gate, kept out of the list of messages."""

import pytest
from django.contrib.auth.models import Group

from channels.models import SeedList, TemplateVersion
from compliance import gate
from config import clock
from tests import builders
from tests.api.cast import caller

pytestmark = pytest.mark.django_db
SEED = "+447700900111"


@pytest.fixture
def version(db) -> TemplateVersion:
    builders.account("sms")
    made = builders.template("offer", channel="sms", content={"body": "Hello {{ contact.first_name }}"})
    return TemplateVersion.objects.get(template=made)


@pytest.fixture
def team(version) -> SeedList:
    return SeedList.objects.create(brand=builders.brand(), name="Team", channel="sms", addresses=[SEED])


def test_a_test_goes_to_a_seed_list_and_tells_what_became_of_it(marketing, version, team) -> None:
    ada = builders.contact("ada", first_name="Ada")
    where = f"template-versions/{version.pk}/tests/"
    status, body = marketing.post(where, {"seed_list": team.pk, "contact": ada.pk})
    assert status == 201
    [asked] = body["tests"]
    assert (asked["recipient"], asked["reader"], asked["state"], asked["asked_by"]) == (
        SEED,
        ada.pk,
        "pending",
        "maria",
    )
    gate.release(clock.now())
    [row] = marketing.rows(where)
    assert (row["id"], row["state"], row["why"]) == (asked["id"], "sent", "")
    _, message = marketing.get(f"messages/{asked['id']}/")
    assert (message["contact"], message["contact_external_id"]) == (None, None)
    assert message["copy"] == {"body": "[Test] Hello Ada", "to": SEED}


def test_the_list_of_messages_has_tests_only_when_asked(marketing, version, team) -> None:
    builders.message(builders.contact("ada", phone="+447700900001"), version.template, "visit:1")
    _, body = marketing.post(f"template-versions/{version.pk}/tests/", {"seed_list": team.pk})
    [asked] = body["tests"]
    assert [row["key"] for row in marketing.rows("messages/")] == ["visit:1"]
    assert [row["key"] for row in marketing.rows("messages/", test="false")] == ["visit:1"]
    assert [row["id"] for row in marketing.rows("messages/", test="true")] == [asked["id"]]


def test_to_oneself_and_what_does_not_fit(marketing, version, team) -> None:
    where = f"template-versions/{version.pk}/tests/"
    status, body = marketing.post(where)
    assert status == 400
    assert "Choose a seed list" in str(body)
    other = SeedList.objects.create(brand=builders.brand("other"), name="X", channel="sms", addresses=[SEED])
    assert marketing.post(where, {"seed_list": other.pk})[0] == 400
    assert "There is no contact 999" in str(marketing.post(where, {"seed_list": team.pk, "contact": 999}))
    mail = TemplateVersion.objects.get(template=builders.template("mail", content={"subject": "Hi", "text": "Hello"}))
    status, body = marketing.post(f"template-versions/{mail.pk}/tests/", {})
    [asked] = body["tests"]
    assert (status, asked["recipient"], asked["reader"]) == (201, "maria@example.test", None)


def test_who_may_only_look_may_not_send(version, team) -> None:
    ann = builders.user("ann")
    ann.groups.add(Group.objects.get(name="Analyst"))
    assert not ann.has_perm("channels.send_test")
    looking = caller(ann)
    assert looking.rows(f"template-versions/{version.pk}/tests/") == []
    assert looking.post(f"template-versions/{version.pk}/tests/", {"seed_list": team.pk})[0] == 403
    assert caller(ann, "templates:read").post(f"template-versions/{version.pk}/tests/", {})[0] == 403
