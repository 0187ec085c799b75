"""The suppression list as a file: carried over, taken over, and told line by line what cannot be. I02 and I06 are cases."""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from channels.models import Message
from compliance import erasure, gate
from config import clock
from contacts import addresses, suppression_files, suppressions
from contacts.models import Contact, Suppression
from contacts.suppressions import Suppress
from tests import staff
from tests.builders import NOW, account, brand, consent, contact, message, template, user

pytestmark = pytest.mark.django_db
ADA = addresses.digest("email", "ada@example.test")
DAY = timedelta(days=1)


def taken(text: str) -> suppression_files.Report:
    return suppression_files.read(io.StringIO(text), "old list", NOW)


def written() -> str:
    out = io.StringIO()
    suppression_files.write(out, NOW)
    return out.getvalue()


def judged(person: Contact, now=NOW) -> tuple[str, str]:
    """What becomes of a marketing text to this person."""
    account("sms")
    about = template(f"offer-{Message.objects.count()}", channel="sms", content={"body": "Hi"})
    one = message(person, about, now=now)
    gate.release(now)
    one.refresh_from_db()
    return one.state, one.reason


class TestReading:
    def test_addresses_of_every_kind_and_digests(self) -> None:
        brand("acme")
        report = taken(
            "Address,digest,address_kind,channel,brand,reason,source\n"
            " ADA@example.test,,,,,,\n"
            "+44 7700 900123,,,sms,acme,opt_out,STOP of 3 May\n"
            f",{'x' * 43},phone,,,bounce,\n"
        )
        assert (report.taken, report.new, report.rejected) == (3, 3, [])
        ada, number, hashed = Suppression.objects.order_by("pk")
        assert (ada.digest, ada.address_kind, ada.reason, ada.source, ada.brand) == (
            ADA,
            "email",
            "manual",
            "old list",
            None,
        )
        assert (number.digest, number.channel) == (addresses.digest("phone", "+447700900123"), "sms")
        assert (number.brand.key, number.reason, number.source) == ("acme", "opt_out", "STOP of 3 May")
        assert (hashed.digest, hashed.reason, hashed.created_at) == ("x" * 43, "bounce", NOW)

    def test_one_column_is_enough(self) -> None:
        assert taken("address\nada@example.test\nbob@example.test\n").new == 2

    @pytest.mark.parametrize(
        ("row", "why"),
        [
            ("nobody,,,,,", "'nobody' is not a phone number"),
            ("a@b,,,,,", "is not an e-mail address"),
            ("ada@example.test,,post,,,", "write email or phone"),
            ("ada@example.test,,phone,,,", "is not a phone number"),
            (",,,,,", "it needs an address or a digest"),
            (f"ada@example.test,{'x' * 43},email,,,", "and not both"),
            (",short,email,,,", "it has 43 letters"),
            (f",{'ü' * 43},email,,,", "it has 43 letters"),
            (f",{'x' * 43},,,,", "address_kind says"),
            ("ada@example.test,,,fax,,", "the channel 'fax' is not known"),
            ("ada@example.test,,,,nobody,", "there is no brand 'nobody'"),
            ("ada@example.test,,,,,whim", "the reason 'whim' is not known"),
            ("ada@example.test,,,,,,x", "more values than columns"),
        ],
    )
    def test_a_bad_row_is_named_and_stops_no_other(self, row: str, why: str) -> None:
        header = "address,digest,address_kind,channel,brand,reason"
        report = taken(f"{header}\nbob@example.test,,,,,\n{row}\ncleo@example.test,,,,,\n")
        [(line, sentence)] = report.rejected
        assert (line, why in sentence) == (3, True), sentence
        assert (report.taken, Suppression.objects.count()) == (2, 2)

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "there is no column address or digest"),
            ("name\nAda\n", "the column 'name' is not known"),
            ("channel\nsms\n", "there is no column address or digest"),
            ("address;reason\nada@example.test;opt_out\n", "'address;reason' is not known"),
            ('"address\n', "Line 1: unexpected end of data"),
        ],
    )
    def test_what_is_no_table_is_refused_whole(self, text: str, why: str) -> None:
        with pytest.raises(suppression_files.BadFile, match=why):
            taken(text)
        assert not Suppression.objects.exists()

    def test_quotes_that_do_not_end_are_told_after_what_came_before(self) -> None:
        report = taken('address,source\nada@example.test,ok\nbob@example.test,"open\n')
        assert (report.taken, [line for line, _ in report.rejected]) == (1, [3])

    def test_a_cell_with_line_breaks_and_signs_that_no_database_takes(self) -> None:
        report = taken('address,source\nada@example.test,"two\nlines\0"\nnobody,x\n')
        assert Suppression.objects.get().source == "two\nlines"
        assert [line for line, _ in report.rejected] == [4]

    def test_again_changes_nothing(self) -> None:
        text = "address\nada@example.test\n"
        assert (taken(text).new, taken(text).new, taken("address\nada@example.test\nADA@example.test\n").new) == (
            1,
            0,
            0,
        )

    def test_more_than_one_batch(self, django_assert_max_num_queries) -> None:
        rows = "".join(f"p{number}@example.test\n" for number in range(2500))
        with django_assert_max_num_queries(40):
            report = taken(f"address\n{rows}nonsense\n")
        assert (report.new, report.rejected[0][0]) == (2500, 2502)


class TestWriting:
    def test_no_address_is_in_it_and_what_was_lifted_neither(self) -> None:
        suppressions.add([Suppress(ADA, "email", "opt_out", "email", brand().pk, 'said, "no"')], NOW)
        suppressions.add([Suppress("y" * 43, "phone", "bounce")], NOW)
        suppressions.lift([Suppression.objects.get(reason="bounce").pk], "mistake", NOW)
        text = written()
        assert "ada@" not in text
        assert text.splitlines() == [
            "address_kind,digest,channel,brand,reason,source,created_at",
            f'email,{ADA},email,acme,opt_out,"said, ""no""",{NOW.isoformat()}',
        ]

    def test_what_is_written_can_be_read(self) -> None:
        suppressions.add(
            [
                Suppress(ADA, "email", "legal", "", brand().pk, "letter"),
                Suppress(ADA, "email", "bounce", source="mail"),
            ],
            NOW,
        )
        text = written()
        assert taken(text).new == 0
        suppressions.lift(Suppression.objects.values_list("pk", flat=True), "moved", NOW)
        report = taken(text)
        assert (report.new, report.rejected) == (2, [])
        assert written().replace(NOW.isoformat(), "") == text.replace(NOW.isoformat(), "")


class TestCommand:
    def test_out_and_in(self, tmp_path, capsys) -> None:
        suppressions.add([Suppress(ADA, "email", "opt_out")], NOW)
        file = tmp_path / "list.csv"
        call_command("suppressions", "export", str(file))
        assert "1 suppressions written" in capsys.readouterr().out
        call_command("suppressions", "import", str(file))
        assert "1 taken, 0 of them new; 0 rejected." in capsys.readouterr().out

    def test_bad_rows_are_listed_and_fail_the_command(self, tmp_path, capsys) -> None:
        file = tmp_path / "list.csv"
        file.write_bytes(b"\xef\xbb\xbfaddress,source\nada@example.test,x\nb\xfcb@example.test,y\nnonsense,z\n")
        with pytest.raises(CommandError, match="Not every row"):
            call_command("suppressions", "import", str(file))
        told = capsys.readouterr()
        assert "Line 3: it is not written in UTF-8." in told.err
        assert "Line 4: 'nonsense'" in told.err
        assert Suppression.objects.get().digest == ADA

    @pytest.mark.parametrize("content", [None, b"name\nAda\n"])
    def test_what_cannot_be_read_at_all(self, tmp_path, content) -> None:
        file = tmp_path / "list.csv"
        if content:
            file.write_bytes(content)
        with pytest.raises(CommandError, match=r"list\.csv"):
            call_command("suppressions", "import", str(file))


class TestAdmin:
    def post(self, content: bytes):
        browser = staff.client("Legal reviewer", "lena")
        return browser.post("/admin/contacts/suppression/import/", {"file": SimpleUploadedFile("old.csv", content)})

    def test_a_file_is_taken_and_its_bad_rows_shown(self) -> None:
        html = self.post(b"address\nada@example.test\n<b>nobody</b>\n").content.decode()
        assert "1 row taken" in html
        assert "<td>&#x27;&lt;b&gt;nobody&lt;/b&gt;&#x27; is not a phone number" in html
        assert Suppression.objects.get().source == "import of old.csv (lena)"

    @pytest.mark.parametrize(
        ("content", "why"), [(b"", "submitted file is empty"), (b"name\nx\n", "the column &#x27;name&#x27;")]
    )
    def test_what_is_no_list_is_refused(self, content: bytes, why: str) -> None:
        assert why in self.post(content).content.decode()
        assert not Suppression.objects.exists()

    def test_the_download_and_who_sees_the_buttons(self) -> None:
        suppressions.add([Suppress(ADA, "email", "opt_out")], NOW)
        legal = staff.client("Legal reviewer", "lena")
        answer = legal.get("/admin/contacts/suppression/export/")
        assert (answer["Content-Type"], ADA in answer.content.decode()) == ("text/csv; charset=utf-8", True)
        assert "attachment" in answer["Content-Disposition"]
        assert "Import a file" in legal.get("/admin/contacts/suppression/").content.decode()
        marketer = staff.client("Marketer", "maria")
        assert "Import a file" not in marketer.get("/admin/contacts/suppression/").content.decode()


class TestAtTheDoor:
    def test_an_imported_address_gets_nothing(self) -> None:
        person = contact("ada", phone="+447700900123")
        consent(person, "sms", now=NOW - DAY)
        assert judged(person)[0] == "sent"
        taken("address,reason\n+447700900123,opt_out\n")
        assert judged(person, NOW + DAY) == ("blocked", "opted_out")

    def test_i06_the_same_number_of_two_people(self) -> None:
        people = [contact(name, phone="+447700900123") for name in ("ada", "bob")]
        for person in people:
            consent(person, "sms", now=NOW - DAY)
        taken("address,reason\n+447700900123,opt_out\n")
        assert [judged(person) for person in people] == [("blocked", "opted_out")] * 2

    def test_i01_i02_who_was_erased_stays_suppressed_when_imported_again(self) -> None:
        person = contact("ada", phone="+447700900123", now=NOW - DAY)
        consent(person, "sms", now=NOW - DAY)
        with clock.at(NOW):
            erasure.erase([person.pk], user("lawyer", "contacts.delete_contact"), "letter of 3 May", NOW)
        assert not Contact.objects.exists()
        again = contact("ada-2", phone="07700 900123".replace("07700", "+447700"), now=NOW + DAY)
        consent(again, "sms", now=NOW + DAY, source="import", proof={"file": "crm.csv"})
        assert judged(again, NOW + DAY) == ("blocked", "suppressed_hash")
        assert "erased" in written()
