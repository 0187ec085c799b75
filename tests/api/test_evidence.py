"""Evidence over the API: the admin's file, for those who may take it out, and every taking on record."""

import hashlib
import json

import pytest
from django.contrib.auth.models import Group, User

from channels.models import Message
from compliance import gate
from compliance.models import AuditNote
from config.models import SCOPES
from contacts.models import Contact
from tests import builders, staff
from tests.api.cast import Caller, caller
from tests.builders import NOW

pytestmark = pytest.mark.django_db
PATHS = ("messages/{message}/evidence/", "contacts/{contact}/evidence/")
SUBJECTS = ("channels.message", "contacts.contact")


@pytest.fixture
def ids(db) -> dict[str, int]:
    """Ada allows SMS and got the offer; Bob was asked for, and refused."""
    builders.account("sms")
    offer = builders.template("offer", channel="sms", content={"body": "Hello {{ contact.first_name }}"})
    ada = builders.contact("ada", phone="+447700900023", first_name="Ada")
    builders.consent(ada, "sms", proof={"ip": "203.0.113.7"})
    builders.message(ada, offer, "visit:1")
    builders.message(ada, offer, "visit:2")
    builders.message(builders.contact("bob", phone="+447700900024"), offer, "visit:3")
    gate.release(NOW)
    return {"contact": ada.pk, "message": Message.objects.get(key="visit:1").pk}


@pytest.fixture
def lena(db) -> User:
    return staff.user("Legal reviewer", "lena")


def taken(who: Caller, path: str) -> dict:
    response = who.client.get(f"/api/{path}")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    return json.loads(response.getvalue())


def test_of_a_message(lena, ids) -> None:
    found = taken(caller(lena, "evidence:read"), PATHS[0].format(**ids))
    [item] = found["content"]
    assert (item["kind"], item["message"]["key"], item["message"]["state"]) == ("message", "visit:1", "sent")
    assert item["as_sent"]["body"] == "Hello Ada"
    assert item["consents"][0]["proof"] == {"ip": "203.0.113.7"}
    assert [one["outcome"] for one in item["decisions"]] == ["allow"]


def test_of_a_person_with_every_message_of_hers_and_of_nobody_else(lena, ids) -> None:
    person, *messages = taken(caller(lena, "evidence:read"), PATHS[1].format(**ids))["content"]
    assert (person["kind"], person["contact"]["external_id"]) == ("person", "ada")
    assert [one["message"]["key"] for one in messages] == ["visit:1", "visit:2"]


def test_the_checksum_can_be_checked_by_anybody(lena, ids) -> None:
    found = taken(caller(lena, "evidence:read"), PATHS[1].format(**ids))
    again = json.dumps(found["content"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(again.encode()).hexdigest() == found["sha256"]


@pytest.mark.parametrize(("path", "subject"), list(zip(PATHS, SUBJECTS, strict=True)))
def test_each_taking_is_noted_with_the_user_of_the_token(lena, ids, path, subject) -> None:
    system = caller(lena, "evidence:read")
    for _ in range(2):
        taken(system, path.format(**ids))
    notes = list(AuditNote.objects.filter(kind="personal.exported"))
    about = str(ids[subject.split(".")[1]])
    assert [(note.actor, note.subject_type, note.subject_id) for note in notes] == [(lena.pk, subject, about)] * 2
    assert {str(note.payload) for note in notes} == {str({"what": "evidence", "format": "json"})}


@pytest.mark.parametrize("path", PATHS)
def test_it_needs_a_scope_of_its_own(lena, ids, path) -> None:
    others = [scope for scope in SCOPES if scope != "evidence:read"]
    status, body = caller(lena, *others).get(path.format(**ids))
    assert (status, body) == (403, {"detail": "This token does not have the scope evidence:read."})
    assert not AuditNote.objects.filter(kind="personal.exported").exists()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("Marketer", 403),
        ("Legal reviewer", 200),
        ("Operator", 403),
        ("Support agent", 403),
        ("Analyst", 403),
        ("Administrator", 200),
    ],
)
def test_the_same_roles_as_in_the_admin(ids, path, role, status) -> None:
    somebody = builders.user("somebody")
    somebody.groups.add(Group.objects.get(name=role))
    response = caller(somebody).client.get(f"/api/{path.format(**ids)}")
    assert response.status_code == status
    if status == 403:
        assert response.json() == {"detail": "This needs the permission compliance.export_evidence."}
        assert not AuditNote.objects.filter(kind="personal.exported").exists()


@pytest.mark.parametrize("path", PATHS)
def test_of_nothing_there_is_none_and_who_may_not_ask_does_not_learn_that(lena, outsider, ids, path) -> None:
    missing = path.format(message=99999, contact=99999)
    assert caller(lena).get(missing)[0] == 404
    assert outsider.get(missing) == outsider.get(path.format(**ids))
    assert not AuditNote.objects.filter(kind="personal.exported").exists()


@pytest.mark.parametrize("path", PATHS)
def test_it_is_only_read(lena, ids, path) -> None:
    assert caller(lena).post(path.format(**ids))[0] == 405


def test_the_long_history_of_one_person_is_written_piece_by_piece(lena, ids) -> None:
    ada = Contact.objects.get(external_id="ada")
    offer = Message.objects.get(pk=ids["message"]).template
    for number in range(5):
        builders.message(ada, offer, f"more:{number}")
    response = caller(lena).client.get(f"/api/{PATHS[1].format(**ids)}")
    assert response.streaming
    assert len(json.loads(response.getvalue())["content"]) == 1 + 7


def test_the_list_of_addresses_still_names_both_resources(lena) -> None:
    _, body = caller(lena).get("")
    assert {"contacts", "messages", "decisions"} <= body.keys()
