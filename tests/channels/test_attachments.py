"""Attachments from the draft to the mailbox: named, judged, sealed, sent byte for byte, and known for good."""

import email
import hashlib
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels import (
    archive,
    attachments,
    checks,
    compiling,
    differences,
    drafts,
    files,
    lines,
    previews,
    revisions,
    sealing,
)
from channels.base import channels
from channels.mail import sandbox
from channels.models import Account, AttachmentUse, Message, MessageTemplate, StoredFile, TemplateVersion
from compliance import gate, reviews
from compliance.models import Decision
from config.ledger import unlocked
from tests import staff
from tests.builders import NOW, account, brand, consent, contact, message, stored_file, topic, user
from tests.channels import servers
from tests.channels.sending import hand_over, outgoing
from tests.channels.servers import Answer

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
EVERY_BYTE = b"%PDF-1.7\n" + bytes(range(256)) * 300 + b"\r\n.\r\n..\n%%EOF\n"
CALENDAR = b"BEGIN:VCALENDAR\nSUMMARY:Gr\xc3\xbc\xc3\x9fe\r\nEND:VCALENDAR"
WORDS = {"subject": "Your order", "html": "<p>Hello</p>", "text": "Hello"}
CONFIG = {"backend": "smtp", "host": "127.0.0.1", "from_email": "Acme <hi@acme.example.test>", "track_clicks": False, "track_opens": False}  # fmt: skip


@pytest.fixture
def maria():
    return user("maria", "channels.submit_templateversion")


@pytest.fixture
def lena():
    return user("lena", "compliance.decide_approval")


def draft(author, *names: str, **words) -> TemplateVersion:
    about, _ = MessageTemplate.objects.get_or_create(
        key="order", defaults={"brand": brand(), "name": "Order", "channel": "email", "topic": topic()}
    )
    content = {**WORDS, **words, "attachments": list(names)}
    return TemplateVersion.objects.create(
        template=about, number=drafts.next_number(about), author=author, content=content, message_class="transactional"
    )


@pytest.fixture
def approved(maria, lena) -> TemplateVersion:
    """Carries two files, and was approved with them and its sender."""
    account("email", config={**CONFIG, "port": 25})
    stored_file("terms.pdf", EVERY_BYTE)
    stored_file("Größe.ics", CALENDAR)
    version = draft(maria, "terms.pdf", "Größe.ics")
    reviews.submit(version, maria, NOW)
    reviews.decide(version, lena, approved=True, now=NOW)
    version.refresh_from_db()
    return version


def asked(version: TemplateVersion, name: str = "ada") -> Message:
    person = contact(name, email=f"{name}@example.test")
    consent(person, "email", now=NOW - HOUR)
    return message(person, version.template)


def carried(data: bytes) -> list[tuple[str, str, bytes]]:
    """Name, type and bytes of each attached file of a mail."""
    mail = email.message_from_bytes(data)
    parts = [part for part in mail.walk() if part.get_content_disposition() == "attachment"]
    return [(part.get_filename(), part.get_content_type(), part.get_payload(decode=True)) for part in parts]


def codes(version: TemplateVersion) -> list[tuple[str, str]]:
    return [(one.code, one.severity) for one in checks.problems(version) if one.field == "attachments"]


class TestChecks:
    def test_fine(self, maria) -> None:
        stored_file("terms.pdf", EVERY_BYTE)
        assert codes(draft(maria, "terms.pdf")) == []

    def test_missing_retired_and_of_another_brand(self, maria) -> None:
        files.retire(stored_file("old.txt"), NOW)
        stored_file("theirs.txt", brand=brand("other"))
        found = [
            str(one)
            for one in checks.problems(draft(maria, "old.txt", "theirs.txt", "no.txt"))
            if one.field == "attachments"
        ]
        assert found == [
            "attachments: old.txt has been retired; take it out or name another file.",
            "attachments: there is no file 'theirs.txt' in this brand; upload it first.",
            "attachments: there is no file 'no.txt' in this brand; upload it first.",
        ]

    def test_too_much_for_one_mail(self, maria) -> None:
        for name, size in (("a.txt", 6_000_000), ("b.txt", 4_000_001), ("c.txt", 1_500_000)):
            stored_file(name, b"x" * size)
        assert codes(draft(maria, "a.txt", "b.txt")) == [("attachment_too_large", "block")]
        assert codes(draft(maria, "a.txt", "c.txt")) == [("attachment_large", "warn")]

    def test_nothing_of_it_can_be_handed_in(self, maria) -> None:
        with pytest.raises(Exception, match=r"there is no file 'no\.txt'"):
            reviews.submit(draft(maria, "no.txt"), maria, NOW)

    def test_the_form_takes_names_each_once(self) -> None:
        form = channels["email"].Content({**WORDS, "attachments": ["a.pdf", " a.pdf ", "b.pdf", ""]})
        assert form.is_valid()
        assert form.cleaned_data["attachments"] == ["a.pdf", "b.pdf"]
        for odd in ([{"a": 1}], "a.pdf", [f"{n}.pdf" for n in range(11)], ["x" * 101]):
            assert "attachments" in channels["email"].Content({**WORDS, "attachments": odd}).errors
        without = channels["email"].Content(WORDS)
        assert without.is_valid()
        assert "attachments" not in without.cleaned_data


class TestSubmitted:
    def test_names_are_files_from_then_on(self, approved, maria) -> None:
        told = [(one["name"], one["sha256"]) for one in approved.compiled["attachments"]]
        assert told == [
            (name, hashlib.sha256(data).hexdigest())
            for name, data in (("terms.pdf", EVERY_BYTE), ("Größe.ics", CALENDAR))
        ]
        files.retire(StoredFile.objects.get(name="terms.pdf"), NOW)
        stored_file("terms.pdf", b"%PDF-1.7 new\n%%EOF\n")
        assert attachments.of(approved).told == approved.compiled["attachments"]
        assert compiling.compile(approved).fields["attachments"] == approved.compiled["attachments"]
        again = drafts.draft_of(approved, maria.pk)
        assert attachments.of(again).told[0]["size"] == 19

    def test_other_bytes_under_the_same_name_are_a_change(self, approved, maria, client) -> None:
        files.retire(StoredFile.objects.get(name="terms.pdf"), NOW)
        stored_file("terms.pdf", b"%PDF-1.7 new\n%%EOF\n")
        again = drafts.draft_of(approved, maria.pk)
        found = differences.listed(
            "Attachments", *(attachments.listed(attachments.of(one).told) for one in (approved, again))
        )
        assert [one[:9] for one in (*found.added, *found.removed)] == ["terms.pdf", "terms.pdf"]
        page = staff.client("Marketer").get(
            reverse("admin:channels_templateversion_diff", args=[again.pk]), {"against": approved.pk}
        )
        assert "Attachments" in [one.title for one in page.context["lists"]]

    def test_what_was_sent_before_does_not_list_them(self, maria) -> None:
        assert "attachments" not in compiling.compile(draft(maria)).fields


class TestSeal:
    CHANGES = (
        lambda: StoredFile.objects.filter(name="terms.pdf").update(sha256="0" * 64),
        lambda: StoredFile.objects.filter(name="terms.pdf").update(size=1),
        lambda: StoredFile.objects.filter(name="terms.pdf").update(name="evil.pdf"),
        lambda: StoredFile.objects.filter(name="terms.pdf").update(content_type="text/html"),
        lambda: AttachmentUse.objects.filter(position=0).delete(),
        lambda: AttachmentUse.objects.all().delete(),
    )

    def test_untouched_it_is_sent(self, approved) -> None:
        one = asked(approved)
        with servers.post() as server:
            _to(server)
            gate.release(NOW)
            one.refresh_from_db()
            assert (one.state, one.reason) == ("sent", "")

    @pytest.mark.parametrize("change", CHANGES)
    def test_the_gate_refuses_what_was_changed_round_all_triggers(self, approved, change) -> None:
        with unlocked():
            change()
        one = asked(approved)
        gate.release(NOW)
        one.refresh_from_db()
        assert (one.state, one.reason) == ("blocked", "seal_broken")
        said = next(verdict.why for verdict in Decision.objects.get().trace() if verdict.code == "seal_broken")
        assert "Changed: an attached file." in said

    def test_it_reads_no_bytes(self, approved) -> None:
        with CaptureQueriesContext(connection) as queries:
            assert approved.fingerprint == sealing.one(approved).fingerprint
            Account.objects.get().save()
        assert not [one for one in queries.captured_queries if '"channels_storedfile"."data"' in one["sql"]]

    def test_other_bytes_with_the_trigger_off_do_not_leave(self, approved) -> None:
        one = asked(approved)
        with unlocked():
            StoredFile.objects.filter(name="terms.pdf").update(data=b"%PDF-1.7 evil\n%%EOF\n")
        with servers.post() as server:
            _to(server)
            gate.release(NOW)
        lines.close_all()
        one.refresh_from_db()
        assert (one.state, one.reason) == ("failed", "attachment_changed")
        assert server.mails == []

    @pytest.mark.parametrize(
        "change", [{"data": b"x"}, {"sha256": "0" * 64}, {"size": 1}, {"name": "x.pdf"}, {"content_type": "text/html"}]
    )
    def test_the_database_refuses_it_before(self, approved, change) -> None:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            StoredFile.objects.filter(name="terms.pdf").update(**change)

    def test_retiring_breaks_nothing(self, approved) -> None:
        before = approved.fingerprint
        files.retire(StoredFile.objects.get(name="terms.pdf"), NOW)
        assert approved.fingerprint == before


def _to(server) -> None:
    """Mails go to this server; where it listens is no part of the seal."""
    Account.objects.update(config={**CONFIG, "port": server.port})


class TestSent:
    def test_byte_for_byte_to_everybody_and_archived_by_their_hash(self, approved) -> None:
        ones = [asked(approved, name) for name in ("ada", "bob", "cleo")]
        with servers.post() as server:
            _to(server)
            gate.release(NOW)
        lines.close_all()
        assert len(server.mails) == 3
        for mail in server.mails:
            assert carried(mail.data) == [
                ("terms.pdf", "application/pdf", EVERY_BYTE),
                ("Größe.ics", "text/calendar", CALENDAR),
            ]
            parts = email.message_from_bytes(mail.data)
            assert [part.get_content_type() for part in parts.walk()][:4] == [
                "multipart/mixed", "multipart/alternative", "text/plain", "text/html",
            ]  # fmt: skip
            assert max(map(len, mail.data.split(b"\r\n"))) < 998
        copy = archive.shown(ones[0].pk)
        assert [(one["name"], one["sha256"]) for one in copy["attachments"]] == [
            ("terms.pdf", hashlib.sha256(EVERY_BYTE).hexdigest()), ("Größe.ics", hashlib.sha256(CALENDAR).hexdigest()),
        ]  # fmt: skip
        page = (
            staff.client("Marketer").get(reverse("admin:channels_message_change", args=[ones[0].pk])).content.decode()
        )
        assert hashlib.sha256(EVERY_BYTE).hexdigest() in page

    def test_files_are_read_once_for_a_batch(self, approved) -> None:
        counts = []
        for round_, size in enumerate((1, 12)):
            for number in range(size):
                asked(approved, f"u{round_}-{number}")
            with servers.post() as server, CaptureQueriesContext(connection) as queries:
                _to(server)
                gate.release(NOW)
            lines.close_all()
            assert len(server.mails) == size
            read = [one["sql"] for one in queries.captured_queries if '"channels_storedfile"."data"' in one["sql"]]
            counts.append((len(queries.captured_queries), len(read)))
        assert counts[0] == counts[1]
        assert counts[0][1] == 1  # the channel, to send them

    def test_what_was_exchanged_after_the_gate_does_not_leave(self, approved) -> None:
        told = approved.compiled["attachments"]
        with unlocked():
            StoredFile.objects.filter(name="terms.pdf").update(data=b"evil")
        with servers.post() as server:
            batch = [outgoing(1, **WORDS, attachments=told), outgoing(2, **WORDS)]
            found = hand_over("email", {**CONFIG, "port": server.port}, batch)
        lines.close_all()
        assert (found[1].code, found[1].permanent) == ("attachment_changed", True)
        assert [mail.recipient for mail in server.mails] == ["ada@example.test"]

    def test_over_djangos_own_backend(self, approved) -> None:
        with servers.post() as server:
            options = {"backend": "other", "backend_path": "django.core.mail.backends.smtp.EmailBackend"}
            config = {**CONFIG, **options, "port": server.port}
            hand_over("email", config, [outgoing(1, **WORDS, attachments=approved.compiled["attachments"])])
        lines.close_all()
        assert carried(server.mails[0].data) == [
            ("terms.pdf", "application/pdf", EVERY_BYTE),
            ("Größe.ics", "text/calendar", CALENDAR),
        ]

    def test_over_a_provider(self, approved) -> None:
        from base64 import b64decode

        with servers.web() as web:
            web.answer = lambda request: Answer(200, {"ErrorCode": 0, "Message": "OK", "MessageID": "m1", "To": "ada@example.test", "SubmittedAt": "2026-11-24T12:00:00Z"})  # fmt: skip
            config = {**CONFIG, "backend": "postmark", "api_key": "k", "options": {"api_url": web.url}}
            hand_over("email", config, [outgoing(1, **WORDS, attachments=approved.compiled["attachments"])])
            sent = web.requests[0].json
            sent = sent[0] if isinstance(sent, list) else sent
        lines.close_all()
        assert [(one["Name"], b64decode(one["Content"])) for one in sent["Attachments"]] == [
            ("terms.pdf", EVERY_BYTE),
            ("Größe.ics", CALENDAR),
        ]

    def test_the_sandbox_keeps_a_line_instead(self) -> None:
        data = b"x" * 1000
        from dataclasses import replace

        from channels.attachments import Attachment
        from channels.mail import mime

        one = replace(outgoing(7, **WORDS), attachments=(Attachment("terms.txt", "text/plain", data),))
        raw = mime.build(one, "a@a.test", "", NOW).data
        kept = sandbox.without_files(raw)
        assert f"(1,000 bytes, SHA-256 {hashlib.sha256(data).hexdigest()}".encode() in kept
        assert sandbox.read(kept).html.strip() == "<p>Hello</p>"
        assert sandbox.without_files(mime.build(outgoing(7, **WORDS), "a@a.test", "", NOW).data).count(b"SHA-256") == 0


class TestPages:
    @pytest.fixture
    def page(self, client):
        client.force_login(staff.user("Marketer", "mia"))
        return client

    def form(self, version: TemplateVersion, *names: str) -> dict:
        words = {f"content_{name}": value for name, value in WORDS.items()}
        return {
            **words, "content_attachments": list(names), "locale": "", "message_class": "transactional", "variables": "[]",
            "revision": revisions.of(version),
        }  # fmt: skip

    def mine(self, *names: str) -> TemplateVersion:
        from django.contrib.auth.models import User

        return draft(User.objects.get(username="mia"), *names)

    def test_the_form_offers_the_brands_files_and_saves_what_is_ticked(self, page) -> None:
        stored_file("terms.pdf", EVERY_BYTE)
        stored_file("theirs.pdf", EVERY_BYTE, brand=brand("other"))
        files.retire(stored_file("old.pdf", EVERY_BYTE), NOW)
        version = self.mine("old.pdf")
        address = reverse("admin:channels_templateversion_change", args=[version.pk])
        html = page.get(address).content.decode()
        assert 'value="terms.pdf"' in html
        assert "theirs.pdf" not in html
        assert "old.pdf: not among the files in use" in html
        assert page.post(address, self.form(version, "terms.pdf")).status_code == 302
        version.refresh_from_db()
        assert version.content["attachments"] == ["terms.pdf"]
        assert page.post(address, self.form(version)).status_code == 302
        version.refresh_from_db()
        assert "attachments" not in version.content

    def test_without_files_it_says_where_they_come_from(self, page) -> None:
        html = page.get(reverse("admin:channels_templateversion_change", args=[self.mine().pk])).content.decode()
        assert "The brand has no files yet. Upload them under Files" in html

    def test_checks_and_preview_speak_of_what_is_ticked_now(self, page) -> None:
        stored_file("terms.pdf", EVERY_BYTE)
        version = self.mine("terms.pdf")
        check = reverse("admin:channels_templateversion_check", args=[version.pk])
        found = page.post(check, self.form(version, "no.pdf")).json()["problems"]
        assert ("attachments", "Attachments", "attachment_missing") in [
            (one["field"], one["label"], one["code"]) for one in found
        ]
        preview = reverse("admin:channels_templateversion_preview", args=[version.pk])
        assert "Attached: terms.pdf" in page.get(preview).content.decode()
        assert "Attached" not in page.post(preview, self.form(version)).content.decode()
        assert "Attached: terms.pdf" in page.get(preview, {"look": "text"}).content.decode()

    def test_reviewers_see_them_with_their_hash(self, approved) -> None:
        html = (
            staff.client("Legal reviewer")
            .get(reverse("admin:channels_templateversion_change", args=[approved.pk]))
            .content.decode()
        )
        assert hashlib.sha256(EVERY_BYTE).hexdigest() in html
        assert "card-attachments" in html

    def test_without_any_there_is_no_card(self, page) -> None:
        html = page.get(reverse("admin:channels_templateversion_change", args=[self.mine().pk])).content.decode()
        assert "card-attachments" not in html

    def test_a_preview_names_them(self, approved) -> None:
        found = previews.seen(approved.template, approved.content, None, NOW).content
        assert [one["name"] for one in found["attachments"]] == ["terms.pdf", "Größe.ics"]
