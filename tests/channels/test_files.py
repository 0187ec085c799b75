"""Files of a brand: what is taken, who may see and change them, and that their bytes stay what they were."""

import io
import zipfile

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels import files, sniffing
from channels.models import AttachmentUse, StoredFile
from compliance.models import AuditNote
from config import uploads
from tests import staff
from tests.builders import NOW, brand, stored_file, template
from tests.granted import MARKETER, browser, holder

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


def packed(*names: str, first: bytes = b"") -> bytes:
    """An archive with such entries."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as made:
        if first:
            made.writestr(zipfile.ZipInfo("mimetype"), first)
        for name in names:
            made.writestr(name, "x")
    return raw.getvalue()


WORD = packed("[Content_Types].xml", "word/document.xml")
ODT = packed("content.xml", first=b"application/vnd.oasis.opendocument.text")


class TestWhatIsTaken:
    @pytest.mark.parametrize(("name", "data", "content_type"), [
        ("Terms.PDF", PDF, "application/pdf"), ("a.png", PNG, "image/png"), ("ä ö.txt", "Grüße\r\n".encode(), "text/plain"),
        ("a.ics", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "text/calendar"), ("a.csv", b"\xef\xbb\xbfa;b\n", "text/csv"),
        ("a.docx", WORD, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.odt", ODT, "application/vnd.oasis.opendocument.text"), ("a.vcf", b"begin:vcard\n", "text/vcard"),
        ("a.pkpass", packed("pass.json", "manifest.json", "signature"), "application/vnd.apple.pkpass"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
    ])  # fmt: skip
    def test_by_its_bytes(self, name, data, content_type) -> None:
        assert sniffing.checked(f" {name} ", data) == (name, content_type)

    @pytest.mark.parametrize("name", [
        "a.exe", "a.js", "a.html", "a.htm", "a.svg", "a.zip", "a.docm", "a.bat", "a.scr", "a.iso", "a.pdf.exe", "noending", "a.",
        "a.xhtml", "a.eml", "a.lnk",
    ])  # fmt: skip
    def test_dangerous_types_are_refused(self, name) -> None:
        with pytest.raises(sniffing.Unfit, match="mail providers refuse programs, scripts, pages and archives"):
            sniffing.checked(name, PDF)

    @pytest.mark.parametrize(("name", "data"), [
        ("a.pdf", b"MZ\x90\x00"), ("a.pdf", b"<html><script>alert(1)</script>"), ("a.png", PDF), ("a.pdf", b"%PDF-1.7 cut off"),
        ("a.txt", b"<!DOCTYPE html><p>Hi"), ("a.csv", b"  <script>x</script>"), ("a.txt", b"nul\x00"), ("a.txt", b"\xff\xfe"),
        ("a.ics", b"Hello"), ("a.docx", packed("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")),
        ("a.docx", packed("a.exe")), ("a.docx", b"PK\x03\x04 no archive"), ("a.xlsx", WORD), ("a.odt", WORD),
        ("a.odt", packed("Basic/script.xml", first=b"application/vnd.oasis.opendocument.text")), ("a.ods", ODT),
    ])  # fmt: skip
    def test_what_only_says_so_is_refused(self, name, data) -> None:
        with pytest.raises(sniffing.Unfit, match="whatever its name says"):
            sniffing.checked(name, data)

    @pytest.mark.parametrize(("name", "why"), [
        ("invoice\u202efdp.pdf", "nobody sees"), ("a\r\nBcc: x.pdf", "nobody sees"), ("../a.pdf", "neither"), ('a".pdf', "neither"),
        (".pdf", "neither"), ("", "no name"), (f"{'a' * 97}.pdf", "too long"), (f"{'ж' * 99}.pdf", "too long"),
        (f"{'語' * 70}.pdf", "too long"),
    ])  # fmt: skip
    def test_odd_names(self, name, why) -> None:
        with pytest.raises(sniffing.Unfit, match=why):
            sniffing.checked(name, PDF)

    def test_empty_ones(self) -> None:
        with pytest.raises(sniffing.Unfit, match="empty"):
            sniffing.checked("a.pdf", b"")

    def test_an_archive_of_too_many_entries_is_not_unpacked(self) -> None:
        many = packed("[Content_Types].xml", *(f"word/{n}.xml" for n in range(sniffing.MOST_ENTRIES)))
        with pytest.raises(sniffing.Unfit):
            sniffing.checked("a.docx", many)

    def test_huge_bodies_are_refused_before_they_are_read(self) -> None:
        with pytest.raises(RequestDataTooBig, match="24 MB"):
            uploads.Quota().handle_raw_input(None, {}, uploads.LARGEST + 1, b"")


@pytest.mark.django_db
class TestStored:
    def test_what_is_known_of_it(self) -> None:
        found = stored_file("Terms.PDF", PDF)
        assert (found.size, found.content_type, bytes(found.data)) == (len(PDF), "application/pdf", PDF)
        assert len(found.sha256) == 64
        assert AuditNote.objects.filter(kind="file.added").count() == 1

    def test_too_large(self) -> None:
        with pytest.raises(ValidationError, match="10,000,001 bytes; mails carry 10,000,000 at most"):
            stored_file("a.txt", b"x" * 10_000_001)

    def test_a_name_is_free_again_once_its_file_is_retired(self) -> None:
        one = stored_file("terms.txt")
        with pytest.raises(ValidationError, match=r"Acme has a file Terms\.TXT"):
            stored_file("Terms.TXT")
        stored_file("terms.txt", brand=brand("other"))
        assert files.retire(one, NOW)
        assert not files.retire(one, NOW)
        assert stored_file("terms.txt", b"New.\n").pk != one.pk
        assert [record.history_type for record in one.history.order_by("history_id")] == ["+", "~"]

    def test_two_of_one_name_cannot_be_in_use(self) -> None:
        one = stored_file()
        copy = StoredFile.objects.get(pk=one.pk)
        copy.pk, copy._state.adding = None, True
        with pytest.raises(IntegrityError), transaction.atomic():
            copy.save()

    @pytest.mark.parametrize(
        "column", ["data = 'x'", "name = 'x.txt'", "sha256 = 'x'", "content_type = 'text/html'", "size = 9"]
    )
    def test_nothing_of_it_changes_in_sql(self, column) -> None:
        stored_file()
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE channels_storedfile SET {column}")

    def test_what_a_submitted_version_carries_stays(self) -> None:
        one = stored_file()
        version = template().versions.get()
        AttachmentUse.objects.create(version=version, file=one, position=0)
        with pytest.raises(ValidationError, match="belongs to Hello v1"):
            files.delete(one)
        with pytest.raises(ProtectedError):
            StoredFile.objects.filter(pk=one.pk).delete()
        with pytest.raises(IntegrityError), transaction.atomic():
            AttachmentUse.objects.all()._raw_delete("default")

    def test_any_other_may_go(self) -> None:
        files.delete(stored_file())
        assert not StoredFile.objects.exists()


ADD = "/admin/channels/storedfile/add/"


def upload(client, data: bytes = PDF, called: str = "terms.pdf", **fields):
    given = {"brand": brand().pk, "upload": SimpleUploadedFile(called, data, "text/html"), "name": "", **fields}
    return client.post(ADD, given)


@pytest.mark.django_db
class TestPage:
    def test_uploaded_and_looked_at(self) -> None:
        maria = staff.client("Marketer")
        assert upload(maria).status_code == 302
        one = StoredFile.objects.get()
        assert (one.name, one.content_type, one.uploaded_by.username) == ("terms.pdf", "application/pdf", "marketer")
        page = maria.get(reverse("admin:channels_storedfile_change", args=[one.pk])).content.decode()
        assert one.sha256 in page
        assert "None that was submitted" in page
        assert one.history.get().history_user.username == "marketer"

    @pytest.mark.parametrize(("data", "name", "why"), [
        (b"MZ", "a.exe", "mail providers refuse programs"), (b"MZ", "a.pdf", "is no PDF, whatever its name says"), (b"", "a.pdf", "empty"),
    ])  # fmt: skip
    def test_what_is_refused_is_told_beside_it(self, data, name, why) -> None:
        answer = upload(staff.client("Marketer"), data, name)
        assert answer.status_code == 200
        assert why in " ".join(answer.context["adminform"].form.errors["upload"])
        assert not StoredFile.objects.exists()

    def test_its_own_name_may_be_another(self) -> None:
        maria = staff.client("Marketer")
        assert upload(maria, called="scan_0001.pdf", name="Terms of sale.pdf").status_code == 302
        assert StoredFile.objects.get().name == "Terms of sale.pdf"

    def test_bytes_are_handed_out_as_a_download_only(self) -> None:
        one = stored_file("Größe.txt", b"a\r\nb\n")
        answer = staff.client("Legal reviewer").get(reverse("admin:channels_storedfile_download", args=[one.pk]))
        assert answer.content == b"a\r\nb\n"
        assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''Gr")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert "no-store" in answer["Cache-Control"]

    def test_nobody_else_gets_them(self, client) -> None:
        address = reverse("admin:channels_storedfile_download", args=[stored_file().pk])
        assert client.get(address).status_code == 302  # to the log-in
        assert staff.client("Support agent").get(address).status_code == 403
        assert browser(holder("mara", brand("other"), *MARKETER)).get(address).status_code == 403
        assert browser(holder("mia", brand(), *MARKETER)).get(address).status_code == 200

    def test_a_right_on_one_brand_uploads_there_only(self) -> None:
        mara = browser(holder("mara", brand("other"), *MARKETER))
        assert upload(mara).status_code in (200, 403)
        assert not StoredFile.objects.exists()
        assert upload(mara, brand=brand("other").pk).status_code == 302
        assert StoredFile.objects.get().brand.key == "other"

    def test_retired_by_who_may(self) -> None:
        one = stored_file()
        address = reverse("admin:channels_storedfile_retire", args=[one.pk])
        assert staff.client("Legal reviewer").post(address).status_code == 403
        assert staff.client("Marketer").post(address).status_code == 302
        one.refresh_from_db()
        assert one.retired_at is not None

    def test_lists_read_no_bytes(self) -> None:
        for number in range(3):
            stored_file(f"{number}.txt")
        maria = staff.client("Marketer")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert maria.get("/admin/channels/storedfile/").status_code == 200
        assert not [query for query in asked.captured_queries if '"data"' in query["sql"]]

    def test_a_used_one_cannot_be_deleted(self) -> None:
        one = stored_file()
        address = reverse("admin:channels_storedfile_delete", args=[one.pk])
        maria = staff.client("Marketer")
        assert maria.get(address).status_code == 200
        AttachmentUse.objects.create(version=template().versions.get(), file=one, position=0)
        assert maria.get(address).status_code == 403
        assert User.objects.filter(username="marketer").exists()
