"""A mail as it is written, read back by the standard library's parser: what arrives is what was meant."""

import email
import email.policy
import re
from datetime import UTC, datetime
from email.utils import parseaddr

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from channels.base import SendError
from channels.mail import mime
from tests.channels.sending import outgoing

NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
SENDER = "Acorn Shop <hello@shop.example>"
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=300)
# Line breaks only as \n: what else can end a line is normalised on its way.
TEXTS = st.lists(
    st.one_of(LINES, st.text("a.é= \t€😀", max_size=1200), st.text("a .", min_size=900, max_size=1200)),
    min_size=1,
    max_size=5,
).map("\n".join)


def written(
    *, sender: str = SENDER, reply_to: str = "", to: str = "ada@example.test", headers=None, **content: str
) -> bytes:
    return mime.build(outgoing(7, to, headers=headers, **content), sender, reply_to, NOW).data


def read(data: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(data, policy=email.policy.default)  # type: ignore[return-value]


def body(message: email.message.EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return part.get_payload(decode=True).decode().replace("\r\n", "\n")


def fit_for_smtp(data: bytes) -> bool:
    """RFC 5321: every line ends with CRLF, neither sign stands alone, and none is longer than 998."""
    return not re.search(rb"\r(?!\n)|(?<!\r)\n", data) and max(map(len, data.split(b"\r\n"))) <= 998


def test_a_mail_has_each_header_once_and_both_bodies():
    unsubscribe = {
        "List-Unsubscribe": "<https://shop.example/u/abc>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    message = read(
        written(
            subject="Hello",
            text="Plain words",
            html="<p>Rich words</p>",
            headers=unsubscribe,
            reply_to="Help <help@shop.example>",
        )
    )
    assert (message["From"], message["To"], message["Subject"]) == (
        SENDER.replace("Acorn Shop", "Acorn Shop"),
        "ada@example.test",
        "Hello",
    )
    assert message["Reply-To"] == "Help <help@shop.example>"
    assert message["X-Waymark-Message"] == "7"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"].endswith("@shop.example>")
    assert (body(message), body(message, "html")) == ("Plain words", "<p>Rich words</p>")
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert len(message.keys()) == len(set(map(str.lower, message.keys())))


def test_list_unsubscribe_is_exactly_one_line():
    """RFC 8058 asks for it, and folding at the wrong place breaks the button at large providers."""
    url = f"<https://shop.example/u/{'x' * 400}>"
    data = written(
        subject="Hi",
        text="Hi",
        headers={"List-Unsubscribe": url, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )
    assert [line for line in data.split(b"\r\n") if line.lower().startswith(b"list-unsubscribe:")] == [
        f"List-Unsubscribe: {url}".encode()
    ]
    assert data.split(b"\r\n").count(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click") == 1


@given(TEXTS)
def test_every_text_arrives_as_it_was_written(text):
    if not text.strip():
        return
    data = written(subject="x", text=text)
    assert fit_for_smtp(data)
    assert body(read(data)).removesuffix("\n") == text.removesuffix("\n")


@given(TEXTS, TEXTS)
def test_two_bodies_never_run_into_each_other(text, html):
    if not (text.strip() and html.strip()):
        return
    data = written(subject="x", text=text, html=html)
    assert fit_for_smtp(data)
    message = read(data)
    assert (body(message).removesuffix("\n"), body(message, "html").removesuffix("\n")) == (
        text.removesuffix("\n"),
        html.removesuffix("\n"),
    )


@given(WORDS)
def test_every_subject_arrives_as_it_was_written(subject):
    data = written(subject=subject, text="x")
    assert fit_for_smtp(data)
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert str(read(data)["Subject"]) == subject.strip()


@given(
    st.text(
        st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters='<>@,;:()[]"\\'),
        min_size=1,
        max_size=40,
    ).filter(str.strip)
)
def test_every_sender_name_arrives_as_it_was_written(name):
    sender = f"{name} <hello@shop.example>"
    assume(parseaddr(sender)[1] == "hello@shop.example")
    data = written(sender=sender, subject="x", text="x")
    [address] = read(data)["From"].addresses
    assert address.addr_spec == "hello@shop.example"
    # Python's parser puts blanks between encoded words of a name.
    assert "".join(address.display_name.split()) == "".join(name.split())


@pytest.mark.parametrize(
    "text",
    ["one long line without a break: " + "é" * 40 + " plain words that go on" * 12, "<p>" + "word " * 400 + "</p>"],
)
def test_a_single_long_line_has_no_bare_line_feed(text):
    """Servers that guard against smuggling refuse a mail with one."""
    data = written(subject="x", text=text)
    assert fit_for_smtp(data)
    assert body(read(data)) == text


def test_a_text_that_is_mostly_not_ascii_is_sent_as_base64():
    assert b"Content-Transfer-Encoding: base64" in written(subject="x", text="日本語のメール" * 50)
    assert b"Content-Transfer-Encoding: quoted-printable" in written(subject="x", text="A café in the old town")
    assert b"Content-Transfer-Encoding: 7bit" in written(subject="x", text="Plain words\nin short lines")


def test_the_message_id_is_the_same_for_each_attempt_and_another_for_another_message():
    first, again = (mime.build(outgoing(1, subject="x", text="x"), SENDER, "", NOW) for _ in range(2))
    other = mime.build(outgoing(2, subject="x", text="x"), SENDER, "", NOW)
    assert first.message_id == again.message_id != other.message_id


def test_an_international_domain_is_written_in_ascii():
    built = mime.build(outgoing(1, "ada@bücher.example", subject="x", text="x"), SENDER, "", NOW)
    assert built.recipient == "ada@xn--bcher-kva.example"
    assert not built.utf8
    assert mime.build(outgoing(1, "köchin@example.test", subject="x", text="x"), SENDER, "", NOW).utf8


@pytest.mark.parametrize(
    "to",
    [
        "",
        "ada",
        "ada@",
        "@example.test",
        "ada@example.test\r\nBcc: eve@example.test",
        "ada@a.test,eve@b.test",
        "ada <ada@example.test>",
        "a b@example.test",
    ],
)
def test_an_address_that_is_none_is_refused_for_good(to):
    with pytest.raises(SendError, match="is not a mail address") as caught:
        written(to=to, subject="x", text="x")
    assert caught.value.permanent
    assert caught.value.code == "invalid_address"


@pytest.mark.parametrize(
    "subject", ["Hello\r\nBcc: eve@example.test", "Hello\nBcc: eve@example.test", "Hello\rthere", "nul\x00"]
)
def test_a_subject_cannot_write_further_headers(subject):
    with pytest.raises(SendError, match="line break or control sign") as caught:
        written(subject=subject, text="x")
    assert caught.value.code == "header_injection"


@pytest.mark.parametrize(("headers", "code"), [
    ({"X-Tag": "a\r\nBcc: eve@example.test"}, "header_injection"), ({"Bcc": "eve@example.test"}, "invalid_header"),
    ({"Subject": "two"}, "invalid_header"), ({"X Tag": "a"}, "invalid_header"), ({"X-Tag:": "a"}, "invalid_header"),
])  # fmt: skip
def test_a_header_cannot_smuggle_another(headers, code):
    with pytest.raises(SendError) as caught:
        written(subject="x", text="x", headers=headers)
    assert caught.value.code == code


def test_a_sender_that_is_none_waits_for_an_operator():
    with pytest.raises(SendError, match="The sender 'Acorn' is not a mail address") as caught:
        written(sender="Acorn", subject="x", text="x")
    assert not caught.value.permanent


@pytest.mark.parametrize("words", [{}, {"text": "  \n"}, {"html": "\n"}])
def test_an_empty_mail_does_not_leave(words):
    with pytest.raises(SendError, match="neither text nor HTML"):
        written(subject="x", **words)


@pytest.mark.parametrize(
    ("content", "sender"),
    [
        ({}, '"Acme" <hi@acme.example>'),
        ({"from_name": 'Ann "A", Acme'}, '"Ann \\"A\\", Acme" <hi@acme.example>'),
        ({"from_email": "ann@acme.example"}, '"Acme" <ann@acme.example>'),
    ],
)
def test_words_may_name_another_sender(content: dict, sender: str) -> None:
    written = mime.written_by(content, "Acme <hi@acme.example>")
    assert (written, mime.sender_of(written)[0]) == (sender, sender)


def test_a_name_cannot_start_another_header() -> None:
    with pytest.raises(SendError, match="line break"):
        mime.written_by({"from_name": "Ann\r\nBcc: x"}, "Acme <hi@acme.example>")
