"""What was sent is kept word for word in a few hundred bytes, and damage is noticed."""

import hashlib
import json

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from hypothesis import given
from hypothesis import strategies as st

from channels import archive
from channels.models import Message, RenderedCopy, TemplateVersion
from channels.packing import Damaged, Packer, unpack
from compliance import gate
from config import ledger
from tests.builders import NOW, account, consent, contact, message, template

PARAGRAPH = "".join(
    f"<p>Paragraph {n} of what legal approved: {hashlib.md5(str(n).encode()).hexdigest()}</p>" for n in range(200)
)
FIELDS = st.dictionaries(st.text(max_size=8), st.text(max_size=300), max_size=5)


@given(content=FIELDS, source=FIELDS)
def test_whatever_is_packed_comes_back_exactly(content, source) -> None:
    packed, sha256 = Packer(source).pack(content)
    assert unpack(packed, sha256, source) == content


@pytest.mark.parametrize("length", [16_383, 16_384, 16_385, 40_000, 120_000])
def test_long_words_are_small_too(length) -> None:
    """Far more than deflate's window, and with words of another length in front."""
    words = "".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(length // 64 + 1))[:length]
    said = {"html": f"Dear Sir or Madam, {words}", "text": "Bye"}
    packed, sha256 = Packer({"html": f"Dear {{{{ name }}}}, {words}", "text": "Bye"}).pack(said)
    assert unpack(packed, sha256, {"html": f"Dear {{{{ name }}}}, {words}", "text": "Bye"}) == said
    assert len(packed) < 100 + length // 50


def test_the_hash_is_that_of_evidence_files() -> None:
    words = {"subject": "Grüße", "html": "<b>1</b>"}
    plain = json.dumps(words, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert Packer({"subject": "x"}).pack(words).sha256 == hashlib.sha256(plain.encode()).digest()


def test_the_form_is_for_ever() -> None:
    """Bytes that were written once must be read for years; a change of the dictionary would make them unreadable."""
    packed = bytes.fromhex("78bb33520f06ab4655e89892a8540b00467d069a")
    sha256 = bytes.fromhex("8d6c4d6df5e542deb49dfa124eff887c5e44c4293e4d487b7c9f4f65ce3fc36c")
    assert unpack(packed, sha256, {"text": "Hello {{ contact.first_name }}"}) == {"text": "Hello Ada"}


@pytest.fixture
def sent(db) -> Message:
    account("email")
    words = {"subject": "Hi", "html": f"<p>Hello {{{{ contact.first_name }}}}</p>{PARAGRAPH}", "text": "Hello"}
    letter = template("long", channel="email", content=words)
    ada = contact("ada", email="ada@example.test", first_name="Ada")
    consent(ada, "email")
    one = message(ada, letter)
    gate.release(NOW)
    one.refresh_from_db()
    if not RenderedCopy.objects.filter(pk=one.pk).exists():
        version = TemplateVersion.objects.get(template=letter)
        archive.keep([(one.pk, version.pk, {**version.content, "html": f"<p>Hello Ada</p>{PARAGRAPH}"})])
    return one


def test_a_long_mail_takes_a_few_hundred_bytes(sent) -> None:
    copy = archive.of(sent.pk)
    assert copy is not None
    assert copy.content["html"].startswith("<p>Hello Ada</p><p>Paragraph 0")
    assert len(copy.content["html"]) > 10_000
    assert len(bytes(copy.packed)) < 500


def test_it_is_replaced_when_it_is_sent_again(sent) -> None:
    archive.keep([(sent.pk, None, {"text": "again"})])
    assert archive.shown(sent.pk) == {"text": "again"}


def test_a_damaged_copy_is_noticed(sent) -> None:
    copy = archive.of(sent.pk)
    assert copy is not None
    RenderedCopy.objects.filter(pk=sent.pk).update(sha256=bytes(32))
    with pytest.raises(Damaged):
        _ = archive.of(sent.pk).content  # type: ignore[union-attr]
    assert "damaged" in (archive.shown(sent.pk) or {})
    RenderedCopy.objects.filter(pk=sent.pk).update(sha256=copy.sha256, packed=bytes(copy.packed)[:-9])
    assert "is damaged" in (archive.shown(sent.pk) or {})["damaged"]


def test_changed_words_of_the_version_are_noticed(sent) -> None:
    version = archive.of(sent.pk).version  # type: ignore[union-attr]
    assert version is not None
    with ledger.unlocked():
        TemplateVersion.objects.filter(pk=version.pk).update(compiled={"html": "<p>Other words</p>"})
    assert "the version that it was made from, have changed" in (archive.shown(sent.pk) or {})["damaged"]


def test_what_a_draft_rendered_stands_for_itself(sent) -> None:
    draft = TemplateVersion.objects.create(
        template=sent.template, number=9, author_id=TemplateVersion.objects.get(template=sent.template).author_id,
        content={"text": "Hello"},
    )  # fmt: skip
    archive.keep([(sent.pk, draft.pk, {"text": "Hello"})])
    TemplateVersion.objects.filter(pk=draft.pk).update(content={"text": "Other"})
    assert archive.shown(sent.pk) == {"text": "Hello"}


@pytest.mark.django_db(transaction=True)
def test_old_copies_are_packed_and_can_be_unpacked() -> None:
    account()
    ada = contact("ada", phone="+447700900123", first_name="Ada")
    one = message(ada, template("old", channel="sms", content={"body": "Hello"}))
    archive.keep([(one.pk, TemplateVersion.objects.get().pk, {"body": "Hello Ada"})])
    try:
        old = MigrationExecutor(connection).migrate([("channels", "0012_packed_copies")]).apps
        copies = old.get_model("channels", "RenderedCopy").objects
        assert copies.get().content == {"body": "Hello Ada"}
        copies.update(sha256=b"", packed=b"", version=None)
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    assert archive.shown(one.pk) == {"body": "Hello Ada"}
