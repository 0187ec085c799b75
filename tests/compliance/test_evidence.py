"""Evidence for a complaint: one file that shows why a person got, or did not get, a message."""

import hashlib
import json
import re
from datetime import timedelta

import pytest

from channels import archive, feedback
from channels.base import Update
from channels.models import Message
from compliance import evidence, gate
from compliance.evidence import files
from compliance.law import rule_sets
from compliance.models import AuditNote
from config import clock
from contacts import consents, suppressions
from contacts.suppressions import Suppress
from tests import staff
from tests.builders import NOW, account, consent, contact, message, template, topic
from tests.pages import who

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
NIGHT = NOW.replace(hour=4)
"""23:00 in New York, on the evening before."""


@pytest.fixture
def ada():
    return contact(
        "ada", phone="+12125550123", country="US", region="NY", timezone="America/New_York", first_name="Ada"
    )


@pytest.fixture
def text(ada):
    """A text that was asked for at night, held until the morning, and then sent and delivered."""
    account("sms")
    consent(ada, "sms", wording="checkout v2", proof={"ip": "203.0.113.7"}, now=NOW - 9 * HOUR)
    one = message(ada, template("offer", channel="sms", content={"body": "10 % off, Ada <3"}), now=NIGHT)
    gate.release(NIGHT)
    one.refresh_from_db()
    gate.release(one.due_at)
    one.refresh_from_db()
    if one.state != "sent":
        Message.objects.filter(pk=one.pk).update(state="sent", sent_at=one.cleared_at, provider_id="SM1")
    archive.keep([(one.pk, one.version_id, {"body": "10 % off, Ada <3", "to": "+12125550123"})])
    feedback.apply([Update("", "delivered", one.cleared_at + HOUR, message_id=one.pk)], NOW + 12 * HOUR)
    return Message.objects.select_related("version").get(pk=one.pk)


def show(one, now=NOW + 20 * HOUR):
    return evidence.of_message(one, now)


def test_what_was_said_and_who_approved_it(text):
    found = show(text)
    assert found["as_sent"] == {"body": "10 % off, Ada <3", "to": "+12125550123"}
    assert found["version"]["content"] == {"body": "10 % off, Ada <3"}
    [approval] = found["approvals"]
    assert (approval["approver"], approval["author"], approval["decided_at"]) == ("reviewer", "author", NOW)
    assert approval["fingerprint"] == found["version"]["fingerprint"] == text.version.fingerprint


def test_every_decision_with_every_verdict_and_the_person_s_clock(text):
    held, allowed = show(text)["decisions"]
    assert (held["outcome"], held["decided_at"]) == ("wait", NIGHT)
    assert held["evidence"]["local_time"].startswith("2026-11-23T23:00:00-05:00")
    assert held["evidence"]["jurisdictions"] == ["US-NY", "US"] or set(held["evidence"]["jurisdictions"]) >= {"US-NY"}
    assert {one["rule"] for one in held["verdicts"]} == {rule.key for rule in gate.judging.rules}
    first = held["verdicts"][0]
    assert (first["outcome"], first["title"]) == ("wait", "Legal and quiet hours")
    assert first["until"] == held["until"]
    assert allowed["outcome"] == "allow"


def test_the_law_with_its_sources(text):
    [law] = show(text)["rule_sets"]
    active = rule_sets.active()
    assert (law["number"], law["as_of"], law["checksum"]) == (active.number, active.as_of, active.checksum)
    hours = [row for row in law["rows"] if row["table"] == "hours"]
    assert hours
    assert {row["jurisdiction"] for row in law["rows"]} <= {"US", "US-NY"}
    assert all((row["source"] and "sms" in row["channels"].split()) or row["channels"] == "all" for row in law["rows"])
    assert "not legal advice" in law["notice"]


def test_a_retired_rule_set_is_the_one_that_counts(text):
    before = rule_sets.active().number
    made = rule_sets.copy_of_active(NOW + 15 * HOUR)
    rule_sets.activate(made, staff.user("Legal reviewer"), NOW + 15 * HOUR)
    assert [law["number"] for law in show(text)["rule_sets"]] == [before]


def test_the_ledger_as_it_was_known_then(ada, text):
    consents.withdraw(ada.pk, topic().pk, "sms", source="STOP", now=NOW + 10 * HOUR)
    consent(ada, "email")
    [line] = show(text)["consents"]
    assert (line["state"], line["wording"], line["proof"], line["source"]) == (
        "granted",
        "checkout v2",
        {"ip": "203.0.113.7"},
        "test",
    )


def test_a_message_that_was_not_judged_shows_what_is_known_now(ada):
    account("sms")
    one = message(ada, template("offer", channel="sms", content={"body": "Hi"}))
    consent(ada, "sms", now=NOW + HOUR)
    found = show(one)
    assert found["decisions"] == found["rule_sets"] == found["provider"] == found["approvals"] == []
    assert found["version"] is found["as_sent"] is None
    assert len(found["consents"]) == 1


def test_suppressions_of_the_address_with_their_end(ada, text):
    digest = ada.addresses.get().digest
    suppressions.add([Suppress(digest, "phone", "opt_out", "sms", source="STOP")], NOW + 2 * HOUR)
    suppressions.add([Suppress("z" * 43, "phone", "bounce")], NOW)
    [line] = show(text)["suppressions"]
    assert (line["reason"], line["channel"], line["brand"], line["lifted_at"]) == (
        "opt_out",
        "sms",
        "every brand",
        None,
    )


def test_what_the_provider_said(text):
    assert "delivered" in [one["what"] for one in show(text)["provider"]]


def test_of_a_person_all_messages_come_one_by_one(ada, text):
    for number in range(3):
        message(ada, text.template, key=f"more:{number}")
    message(contact("bob", phone="+12125550199"), text.template)
    person, *messages = evidence.of_person(ada, NOW)
    assert (person["contact"]["external_id"], person["messages"]) == ("ada", 4)
    assert [one["value"] for one in person["addresses"]] == ["+12125550123"]
    assert [one["contact"]["external_id"] for one in messages] == ["ada"] * 4


# -- the files ---------------------------------------------------------------------------------------------------------


def test_the_checksum_is_that_of_the_content(ada, text):
    written = "".join(files.as_json(evidence.of_person(ada, NOW)))
    read = json.loads(written)
    again = json.dumps(read["content"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert read["sha256"] == hashlib.sha256(again.encode()).hexdigest()
    assert read["sha256"] == files.checksum(evidence.of_person(ada, NOW))
    assert read["sha256"] in "".join(files.as_html(evidence.of_person(ada, NOW), "Evidence"))


def test_one_changed_word_changes_it(text):
    found = show(text)
    changed = {**found, "as_sent": {**found["as_sent"], "body": "20 % off, Ada <3"}}
    assert files.checksum([found]) != files.checksum([changed])


def test_the_page_says_it_all_and_loads_nothing(text):
    page = "".join(files.as_html([show(text)], "Evidence about message 1"))
    for words in ("10 % off, Ada &lt;3", "reviewer", "checkout v2", "203.0.113.7", "US-NY", "rule set v", "delivered"):
        assert words in page
    assert not re.findall(r"<script|<link|<img|\ssrc=|url\(", page)
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page


def test_hostile_words_stay_words(ada, text):
    evil = '"><script>alert(1)</script>'
    Message.objects.filter(pk=text.pk).update(error=evil)
    archive.keep([(text.pk, text.version_id, {"html": f"<p>{evil}</p>", "text": evil, "subject": evil})])
    ada.attributes["first_name"] = evil
    ada.save()
    page = "".join(files.as_html([show(Message.objects.get(pk=text.pk))], evil))
    assert "<script" not in page


# -- in the admin ------------------------------------------------------------------------------------------------------


@pytest.fixture
def lawyer():
    return staff.client("Legal reviewer")


def url(thing, form):
    return f"/admin/{thing._meta.app_label}/{thing._meta.model_name}/{thing.pk}/evidence.{form}"


@pytest.mark.parametrize("form", ["json", "html"])
def test_who_may_take_it(ada, text, form):
    for thing in (ada, text):
        assert who(url(thing, form)) == {"Legal reviewer", "Administrator"}


def test_a_download_is_noted(lawyer, ada, text):
    with clock.at(NOW):
        answer = lawyer.get(url(text, "json"))
    assert answer.headers["Content-Disposition"] == f'attachment; filename="evidence-message-{text.pk}.json"'
    assert "no-store" in answer.headers["Cache-Control"]
    [item] = json.loads(answer.getvalue())["content"]
    assert item["message"]["number"] == text.pk
    note = AuditNote.objects.get(kind="personal.exported")
    assert (note.subject_type, note.subject_id) == ("channels.message", str(text.pk))
    assert note.payload == {"what": "evidence", "format": "json"}


def test_a_person_s_page(lawyer, ada, text):
    page = lawyer.get(url(ada, "html")).getvalue().decode()
    assert page.startswith("<!doctype html>")
    assert "Ada" in page
    assert f"Message {text.pk}: sent" in page


def test_the_buttons_are_where_they_are_needed(lawyer, ada, text):
    assert url(text, "html") in lawyer.get(f"/admin/channels/message/{text.pk}/change/").content.decode()
    assert url(ada, "json") in lawyer.get(f"/admin/contacts/contact/{ada.pk}/change/").content.decode()
    marketer = staff.client("Marketer")
    assert "evidence" not in marketer.get(f"/admin/channels/message/{text.pk}/change/").content.decode()
    assert "evidence" not in marketer.get(f"/admin/contacts/contact/{ada.pk}/change/").content.decode()


@pytest.mark.parametrize("path", ["channels/message/99999", "contacts/contact/99999"])
def test_of_nothing_there_is_none(lawyer, path):
    assert lawyer.get(f"/admin/{path}/evidence.json").status_code == 404
