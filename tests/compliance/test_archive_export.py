"""A brand's period as one file: what was said, who approved it, on whose consent, and a checksum at the end."""

import gzip
import hashlib
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from channels.models import Message, RenderedCopy
from compliance import gate
from compliance.evidence import period
from compliance.models import AuditNote
from tests import staff
from tests.builders import NOW, account, brand, consent, contact, message, template

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent():
    account("sms")
    offer = template("offer", channel="sms", content={"body": "Hello {{ contact.first_name }}"})
    for number, name in enumerate(("Ada", "Bob", "Cy")):
        person = contact(name.lower(), phone=f"+44770090010{number}", first_name=name)
        consent(person, "sms")
        message(person, offer)
    gate.release(NOW)
    return list(Message.objects.order_by("pk"))


def export(path, *, user: str = "lawyer", start: str = "2026-11-24", end: str = "2026-11-24", key: str = "acme"):
    call_command("archive", "export", "--brand", key, "--from", start, "--to", end, "--user", user, str(path))
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


@pytest.fixture
def lawyer():
    return staff.user("Legal reviewer", "lawyer")


def test_each_message_with_its_words_approver_consent_and_decision(tmp_path, sent, lawyer) -> None:
    head, *lines, end = export(tmp_path / "a.gz")
    assert (head["kind"], head["brand"], end["kind"], end["messages"], end["damaged"]) == ("head", "acme", "end", 3, 0)
    ada = lines[0]
    assert ada["as_sent"] == {"body": "Hello Ada", "to": "+447700900100"}
    assert (ada["version"], ada["decision"], ada["contact"]) == (1, sent[0].clearance, sent[0].contact_id)
    assert [one["approver"] for one in ada["approvals"]] == ["reviewer"]
    assert (ada["consent"]["state"], ada["consent"]["wording"]) == ("granted", "form v1")
    plain = json.dumps(ada["as_sent"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert ada["copy_sha256"] == hashlib.sha256(plain.encode()).hexdigest()


def test_the_checksum_is_that_of_the_lines_before(tmp_path, sent, lawyer) -> None:
    export(tmp_path / "a.gz")
    *before, last = gzip.decompress((tmp_path / "a.gz").read_bytes()).splitlines(keepends=True)
    assert json.loads(last)["sha256"] == hashlib.sha256(b"".join(before)).hexdigest()


def test_only_the_period_and_only_the_brand(tmp_path, sent, lawyer) -> None:
    brand("other")
    assert len(export(tmp_path / "a.gz", start="2026-11-25", end="2026-11-30")) == 2
    assert len(export(tmp_path / "b.gz", key="other")) == 2


def test_a_damaged_copy_is_counted(tmp_path, sent, lawyer) -> None:
    RenderedCopy.objects.filter(pk=sent[1].pk).update(sha256=bytes(32))
    lines = export(tmp_path / "a.gz")
    assert "is damaged" in lines[2]["as_sent"]["damaged"]
    assert lines[-1]["damaged"] == 1


def test_batches_miss_nothing_and_the_queries_are_those_of_the_batches(
    sent, monkeypatch, django_assert_num_queries
) -> None:
    hour = timedelta(hours=1)
    with django_assert_num_queries(
        7
    ):  # accounts; messages, decisions, consents, its brand, approvals; no more messages
        whole = list(period.lines(brand(), NOW - hour, NOW + hour, NOW))
    monkeypatch.setattr(period, "BATCH", 1)
    assert list(period.lines(brand(), NOW - hour, NOW + hour, NOW)) == whole


def test_it_is_noted_as_an_export_of_personal_data(tmp_path, sent, lawyer) -> None:
    export(tmp_path / "a.gz")
    note = AuditNote.objects.get(kind="personal.exported")
    assert (note.actor, note.subject_type) == (lawyer.pk, "contacts.brand")
    assert note.payload == {"what": "archive", "from": "2026-11-24", "to": "2026-11-24"}


def test_it_needs_the_permission(tmp_path, sent) -> None:
    staff.user("Marketer", "mark")
    with pytest.raises(CommandError, match="has not the permission to export personal data"):
        export(tmp_path / "a.gz", user="mark")
    assert not (tmp_path / "a.gz").exists()
    assert not AuditNote.objects.filter(kind="personal.exported").exists()


def test_what_cannot_be_is_said(tmp_path, lawyer, db) -> None:
    brand()
    (tmp_path / "there.gz").write_bytes(b"x")
    with pytest.raises(CommandError, match="cannot be written"):
        export(tmp_path / "there.gz")
    with pytest.raises(CommandError, match="no brand 'nobody'"):
        export(tmp_path / "a.gz", key="nobody")
    with pytest.raises(CommandError, match="--to is before --from"):
        export(tmp_path / "a.gz", start="2026-11-25")
    with pytest.raises(CommandError, match="no user 'nobody'"):
        export(tmp_path / "a.gz", user="nobody")
