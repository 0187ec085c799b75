"""Files over the API: uploaded as a form, named in versions, retired; their bytes are not handed out."""

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from channels.models import AttachmentUse, StoredFile
from tests import builders
from tests.api.cast import Caller, caller
from tests.granted import MARKETER, holder

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n%%EOF\n"


def upload(by: Caller, data: bytes = PDF, called: str = "terms.pdf", **fields) -> tuple[int, dict]:
    body = {"brand": "acme", "upload": SimpleUploadedFile(called, data, "text/html"), **fields}
    answer = by.client.post("/api/files/", body)
    return answer.status_code, answer.json()


@pytest.fixture(autouse=True)
def acme():
    return builders.topic().brand


def test_uploaded_listed_and_read(marketing) -> None:
    status, made = upload(marketing)
    assert status == 201, made
    assert (made["content_type"], made["size"], made["sha256"]) == (
        "application/pdf",
        len(PDF),
        hashlib.sha256(PDF).hexdigest(),
    )
    assert marketing.get(f"files/{made['id']}/") == (200, made)
    assert marketing.rows("files/", brand="acme", name="terms.pdf", sha256=made["sha256"]) == [made]
    assert marketing.rows("files/", brand="other") == []
    assert "data" not in made


@pytest.mark.parametrize(("data", "name", "fields", "field"), [
    (b"MZ", "a.exe", {}, "upload"), (b"MZ", "a.pdf", {}, "upload"), (b"", "a.pdf", {}, "upload"), (PDF, "a.pdf", {"brand": "no"}, "brand"),
    (PDF, "a.pdf", {"colour": "red"}, "colour"), (PDF, "a.pdf", {"name": "a.js"}, "upload"),
])  # fmt: skip
def test_what_makes_no_sense_is_told(marketing, data, name, fields, field) -> None:
    status, told = upload(marketing, data, name, **fields)
    assert (status, list(told)) == (400, [field])
    assert not StoredFile.objects.exists()


def test_json_is_no_upload(marketing) -> None:
    assert marketing.post("files/", {"brand": "acme"})[0] == 415


def test_a_version_names_them_and_keeps_them(marketing) -> None:
    made = upload(marketing)[1]
    builders.template("weekly")
    content = {"subject": "Hi", "text": "Hi", "attachments": ["terms.pdf"]}
    body = {"template": "weekly", "message_class": "transactional", "content": content}
    status, draft = marketing.post("template-versions/", body)
    assert status == 201, draft
    assert draft["content"]["attachments"] == ["terms.pdf"]
    status, seen = marketing.post(f"template-versions/{draft['id']}/preview/", {})
    assert [one["sha256"] for one in seen["content"]["attachments"]] == [made["sha256"]]
    assert marketing.post(f"template-versions/{draft['id']}/submit/")[0] == 201
    told = marketing.get(f"template-versions/{draft['id']}/")[1]["attachments"]
    assert told == [
        {
            name: made[other]
            for name, other in (
                ("file", "id"),
                ("name", "name"),
                ("content_type", "content_type"),
                ("size", "size"),
                ("sha256", "sha256"),
            )
        }
    ]
    status, refused = marketing.delete(f"files/{made['id']}/")
    assert status == 409
    assert "Retire it instead" in refused["detail"]
    assert marketing.post(f"files/{made['id']}/retire/")[1]["retired_at"]
    assert AttachmentUse.objects.count() == 1


def test_a_missing_one_is_a_problem(marketing) -> None:
    builders.template("weekly")
    content = {"subject": "Hi", "text": "Hi", "attachments": ["no.pdf"]}
    draft = marketing.post("template-versions/", {"template": "weekly", "content": content})[1]
    found = marketing.get(f"template-versions/{draft['id']}/problems/")[1]
    assert "attachment_missing" in str(found)
    assert (
        marketing.post("template-versions/", {"template": "weekly", "content": {**content, "attachments": "no.pdf"}})[0]
        == 400
    )


def test_an_unused_one_is_deleted(marketing) -> None:
    made = upload(marketing)[1]
    assert marketing.delete(f"files/{made['id']}/") == (204, None)


def test_only_for_those_who_may(outsider, dashboard) -> None:
    made = builders.stored_file()
    assert upload(outsider)[0] == 403
    assert upload(dashboard)[0] == 403
    assert outsider.get(f"files/{made.pk}/")[0] == 403
    elsewhere = caller(holder("mara", builders.brand("other"), *MARKETER))
    assert elsewhere.get(f"files/{made.pk}/")[0] == 404
    assert elsewhere.post(f"files/{made.pk}/retire/")[0] == 404
    assert upload(elsewhere)[0] == 400
    assert upload(elsewhere, brand="other")[0] == 201
