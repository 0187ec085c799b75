"""Access and portability (art. 15, 20 GDPR): everything that is known about a person, in one ZIP."""

import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels import archive as words_of
from channels.models import InboundMessage
from compliance import access, gate
from compliance.models import AuditNote
from config import clock
from contacts import consents, suppressions
from contacts.models import AnonymousId
from contacts.suppressions import Suppress
from tests import staff
from tests.builders import NOW, account, consent, contact, event, message, segment, template, topic, user
from tests.journeys.driving import happens, live, step
from tests.pages import who

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
NAMES = (
    "addresses",
    "consents",
    "suppressions",
    "timeline",
    "messages",
    "decisions",
    "received",
    "in_app",
    "chat",
    "segments",
    "journeys",
)


@pytest.fixture
def ada():
    return contact("ada", email="ada@example.test", phone="+447700900123", first_name="Ada", plan="pro")


def opened(person, now=NOW + HOUR):
    return zipfile.ZipFile(io.BytesIO(b"".join(access.export(person, now))))


def rows(archive, name):
    """A table as its JSON says it; the CSV must have the same lines and columns."""
    said = [json.loads(line) for line in archive.read(f"{name}.json").decode().splitlines()]
    table = list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode())))
    assert len(table) == len(said)
    assert [set(line) for line in table] == [set(line) for line in said]
    return said


def test_of_somebody_of_whom_nothing_is_known_the_files_are_empty():
    archive = opened(contact())
    assert archive.testzip() is None
    assert {name for name in archive.namelist() if name.endswith(".csv")} == {f"{name}.csv" for name in NAMES}
    assert all(rows(archive, name) == [] for name in NAMES)
    assert "as of 2026-11-24 13:00 UTC" in archive.read("README.txt").decode()


def test_who_they_are_to_us(ada):
    AnonymousId.objects.create(value="visitor-1", contact=ada)
    profile = json.loads(opened(ada).read("profile.json"))
    assert profile["external_id"] == "ada"
    assert profile["anonymous_ids"] == ["visitor-1"]
    assert profile["attributes"] == {"first_name": "Ada", "plan": "pro"}
    assert profile["created_at"] == NOW.isoformat()


def test_i09_consents_wordings_sends_and_decisions_with_reasons(ada):
    account("email")
    consent(ada, "email", wording="signup form v3", proof={"ip": "203.0.113.7"})
    allowed = message(ada, template("hello", content={"subject": "Hi", "text": "Hello Ada"}), context={"order": 7})
    refused = message(ada, template("offer", channel="sms", content={"body": "Hi"}))
    gate.release(NOW)
    words_of.keep([(allowed.pk, allowed.version_id, {"subject": "Hi", "text": "Hello Ada"})])
    consents.withdraw(ada.pk, topic().pk, "email", source="one-click", now=NOW + HOUR)
    archive = opened(ada)
    first, last = rows(archive, "consents")
    assert (first["wording"], first["proof"], first["state"]) == ("signup form v3", {"ip": "203.0.113.7"}, "granted")
    assert (last["state"], last["source"]) == ("withdrawn", "one-click")
    mail, text = rows(archive, "messages")
    assert (mail["as_sent"]["text"], mail["context"]) == ("Hello Ada", {"order": 7})
    assert (text["state"], text["reason"], text["as_sent"]) == ("blocked", "no_account", None) or text[
        "state"
    ] == "blocked"
    decided = {one["message"]: one for one in rows(archive, "decisions")}
    assert decided[allowed.pk]["outcome"] == "allow"
    assert decided[refused.pk]["outcome"] == "deny"
    assert any(verdict["why"] for verdict in decided[refused.pk]["verdicts"] if verdict["outcome"] == "deny")


def test_addresses_suppressions_segments_journeys_and_what_they_wrote(ada):
    suppressions.add([Suppress(ada.addresses.get(kind="phone").digest, "phone", "bounce")], NOW)
    segment("pros", refreshed=NOW)
    live(step("wait", for_="3d"), step("exit"))
    happens(ada, "signup", NOW)
    InboundMessage.objects.create(
        account=account("sms"),
        channel="sms",
        contact=ada,
        sender="+447700900123",
        body="Hello?",
        provider_id="1",
        received_at=NOW,
    )
    archive = opened(ada)
    assert [one["value"] for one in rows(archive, "addresses")] == ["ada@example.test", "+447700900123"]
    assert [one["reason"] for one in rows(archive, "suppressions")] == ["bounce"]
    assert [one["segment"] for one in rows(archive, "segments")] == ["Pros"]
    assert [(one["journey"], one["state"]) for one in rows(archive, "journeys")] == [("Welcome", "waiting")]
    assert [one["body"] for one in rows(archive, "received")] == ["Hello?"]
    assert "signup" in [one["name"] for one in rows(archive, "timeline")]


def test_nothing_of_anybody_else(ada):
    bob = contact("bob", email="bob@example.test", first_name="Bob")
    consent(bob)
    event(bob, "order.completed")
    message(bob, template("hello"))
    archive = opened(ada)
    for name in archive.namelist():
        assert b"bob" not in archive.read(name).lower()


def count(person):
    """How many queries an export costs."""
    with CaptureQueriesContext(connection) as found:
        opened(person)
    return len(found)


def test_a_long_history_costs_no_more_queries_and_comes_in_pieces(ada):
    message(ada, template("first"))
    event(ada)
    gate.release(NOW)
    few = count(ada)
    for number in range(40):
        event(ada, at=NOW - timedelta(minutes=number), words="x" * 2000)
        message(ada, template(f"t{number}"))
    gate.release(NOW)
    assert count(ada) == few
    pieces = list(access.export(ada, NOW))
    assert len(pieces) > 3
    assert len(rows(zipfile.ZipFile(io.BytesIO(b"".join(pieces))), "messages")) == 41


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("+33612345678", "+33612345678"),
        ("-5", "-5"),
        ("fine", "fine"),
        ("", ""),
    ],
)
def test_no_formula_reaches_a_spreadsheet(said, written):
    person = contact()
    person.addresses.create(kind="email", value=said, digest="x" * 43, created_at=NOW)
    [line] = csv.DictReader(io.StringIO(opened(person).read("addresses.csv").decode()))
    assert line["value"] == written


# -- in the admin, and as a command ------------------------------------------------------------------------------------


def url(person):
    return f"/admin/contacts/contact/{person.pk}/access.zip"


def test_who_may_take_it(ada):
    assert who(url(ada)) == {"Legal reviewer", "Administrator"}


def test_the_download_is_noted(ada):
    with clock.at(NOW):
        answer = staff.client("Legal reviewer").get(url(ada))
    assert answer.headers["Content-Disposition"] == f'attachment; filename="contact-{ada.pk}.zip"'
    assert zipfile.ZipFile(io.BytesIO(answer.getvalue())).testzip() is None
    note = AuditNote.objects.get(kind="personal.exported")
    assert (note.subject_type, note.subject_id, note.payload) == ("contacts.contact", str(ada.pk), {"what": "access"})


def run(*words, by="lawyer"):
    with clock.at(NOW):
        call_command("access_request", *words, "--user", by)


def test_the_command_writes_a_file_and_never_over_another(ada, tmp_path, capsys):
    lawyer = user("lawyer", "compliance.export_personal_data")
    run("--external-id", "ada", str(tmp_path / "ada.zip"))
    assert zipfile.ZipFile(tmp_path / "ada.zip").testzip() is None
    assert f"Everything about contact {ada.pk}" in capsys.readouterr().out
    assert AuditNote.objects.get(kind="personal.exported").actor == lawyer.pk
    with pytest.raises(CommandError, match="cannot be written"):
        run("--external-id", "ada", str(tmp_path / "ada.zip"))


def test_the_command_refuses_who_may_not(ada, tmp_path):
    user("maria")
    with pytest.raises(CommandError, match="not the permission"):
        run("--contact", str(ada.pk), str(tmp_path / "x.zip"), by="maria")
    with pytest.raises(CommandError, match="There is no contact 'ghost'"):
        run("--external-id", "ghost", str(tmp_path / "x.zip"), by="maria")
    assert not list(tmp_path.iterdir())
