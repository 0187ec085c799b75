"""The mail sandbox: what a mail program sends is what a person reads, committed before it is answered."""

import gc
import os
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection

from channels.mail import sandbox
from channels.management.commands.sandbox import address
from channels.models import SandboxMessage
from config import clock
from demo import mail as demo_mail
from demo.processes import free_port
from tests.channels.sending import hand_over, outgoing

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server():
    """A client of a running sandbox; its clock stands at NOW."""
    with clock.at(NOW), sandbox.serve("127.0.0.1", 0) as port, smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        yield client


def letter(subject: str = "Hello", text: str = "Good day.\n", html: str = "", **headers: str) -> EmailMessage:
    """A mail as other programs write it."""
    found = EmailMessage()
    found["From"], found["To"], found["Subject"] = "shop@shop.example.test", "ada@example.test", subject
    for name, value in headers.items():
        found[name.replace("_", "-")] = value
    found.set_content(text)
    if html:
        found.add_alternative(html, subtype="html")
    return found


def test_a_mail_can_be_read_as_it_was_written(server):
    server.send_message(letter("Grüße aus Köln", "Guten Tag, Ada!\n", "<p>Guten Tag, <b>Ada</b>!</p>\n"))
    kept = SandboxMessage.objects.get()
    assert (kept.channel, kept.sender, kept.recipient) == ("email", "shop@shop.example.test", "ada@example.test")
    assert kept.subject == "Grüße aus Köln"
    assert kept.text == "Guten Tag, Ada!\n"
    assert kept.html == "<p>Guten Tag, <b>Ada</b>!</p>\n"
    assert kept.raw.startswith("From: shop@shop.example.test\n")
    assert kept.received_at == NOW
    assert kept.message_id is None


def test_our_own_messages_are_tied_to_their_copies():
    words = {"subject": "Ihre Bestellung – vielen Dank", "html": "<p>Schöne Grüße</p>", "text": "Schöne Grüße"}
    before = settings.SANDBOX_SMTP
    with demo_mail.sandbox() as port:
        assert settings.SANDBOX_SMTP.endswith(f":{port}")
        place = {"backend": "smtp", "host": "127.0.0.1", "port": port, "from_email": "Shop <shop@example.test>"}
        hand_over("email", place, [outgoing(number, **words) for number in range(1, 41)], concurrency=8)
    assert sorted(SandboxMessage.objects.values_list("message_id", flat=True)) == list(range(1, 41))
    kept = SandboxMessage.objects.get(message_id=7)
    assert (kept.subject, kept.html, kept.text) == tuple(words.values())
    assert before == settings.SANDBOX_SMTP


def test_while_a_replay_runs_the_staff_is_told_there_too(settings):
    settings.STAFF_MAIL = settings.SANDBOX_SMTP
    before = settings.EMAIL_PORT
    with demo_mail.sandbox():
        post = mail.get_connection("django.core.mail.backends.smtp.EmailBackend")
        post.send_messages([mail.EmailMessage("Waymark: a review waits", "Look.", to=["lena@example.test"])])
    assert SandboxMessage.objects.get().recipient == "lena@example.test"
    assert before == settings.EMAIL_PORT


def test_a_staff_that_has_a_server_of_its_own_keeps_it(settings):
    settings.STAFF_MAIL = "smtp://mail.example.test:25"
    before = settings.EMAIL_PORT
    with demo_mail.sandbox():
        assert before == settings.EMAIL_PORT


def test_an_interrupt_ends_its_sessions_too(caplog):
    """A session that is torn out of its loop says so when it is collected."""
    clients = []

    def interrupted():
        with sandbox.serve("127.0.0.1", 0) as port:
            clients.append(smtplib.SMTP("127.0.0.1", port, timeout=20))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    gc.collect()
    assert "Task was destroyed" not in caplog.text
    clients[0].close()


def test_several_recipients_have_a_copy_each(server):
    refused = server.send_message(letter(), to_addrs=["ada@example.test", "ben@example.test"])
    assert refused == {}
    assert set(SandboxMessage.objects.values_list("recipient", flat=True)) == {"ada@example.test", "ben@example.test"}


def test_several_mails_on_one_connection_do_not_mix(server):
    for number in range(5):
        server.send_message(letter(f"Number {number}", f"Text {number}\n"))
    assert list(SandboxMessage.objects.order_by("id").values_list("subject", "text")) == [
        (f"Number {number}", f"Text {number}\n") for number in range(5)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "One line without an end",
        ".\n",
        "..\n.\n...\nend.\n",
        "A sentence.\nAnother.\n",
        "\n\n",
        "x" * 900 + "\n",
        "one.\n.two\n",
    ],
)
def test_no_text_is_cut_by_dots_and_line_ends(server, text):
    server.sendmail("a@example.test", ["b@example.test"], f"Subject: Dots\n\n{text}")
    kept = SandboxMessage.objects.get()
    assert kept.text.rstrip("\n") == text.rstrip("\n")
    server.send_message(letter("After it"))
    assert SandboxMessage.objects.count() == 2


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_text_that_comes_in_pieces_is_put_together(server, size):
    server.docmd("EHLO", "here")
    server.docmd("MAIL", "FROM:<a@example.test>")
    server.docmd("RCPT", "TO:<b@example.test>")
    assert server.docmd("DATA")[0] == 354
    server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    whole = b"Subject: Pieces\r\n\r\nfirst.\r\n..second\r\n.\r\n"
    for start in range(0, len(whole), size):
        server.sock.sendall(whole[start : start + size])
        time.sleep(0.002)
    assert server.getreply()[0] == 250
    assert SandboxMessage.objects.get().text == "first.\n.second\n"


def test_pipelined_commands_are_answered_in_order(server):
    server.ehlo()
    assert server.has_extn("pipelining")
    server.sock.sendall(b"MAIL FROM:<a@example.test>\r\nRCPT TO:<b@example.test>\r\nDATA\r\n")
    assert [server.getreply()[0] for _ in range(3)] == [250, 250, 354]
    server.sock.sendall(b"Subject: Pipelined\r\n\r\nText\r\n.\r\nQUIT\r\n")
    assert [server.getreply()[0] for _ in range(2)] == [250, 221]
    assert SandboxMessage.objects.get().subject == "Pipelined"


def test_a_text_without_a_recipient_is_refused_and_the_line_lives_on(server):
    server.ehlo()
    server.docmd("MAIL", "FROM:<a@example.test>")
    assert server.docmd("DATA")[0] == 503
    server.docmd("RSET")
    server.send_message(letter())
    assert SandboxMessage.objects.count() == 1


def test_an_address_that_is_none_is_refused(server):
    server.ehlo()
    server.docmd("MAIL", "FROM:<a@example.test>")
    assert server.docmd("RCPT", "to whom it may concern")[0] >= 500
    server.docmd("RSET")
    assert server.sendmail("Ünsal@example.test", ["ädä@example.test"], b"Subject: x\n\ny", ["SMTPUTF8"]) == {}
    assert SandboxMessage.objects.get().recipient == "ädä@example.test"


def test_a_giant_mail_is_refused_and_the_others_are_kept(server, monkeypatch):
    monkeypatch.setattr(sandbox, "LARGEST", 5_000)
    port = server.sock.getpeername()[1]
    with pytest.raises((smtplib.SMTPDataError, smtplib.SMTPServerDisconnected)):
        server.sendmail("a@example.test", ["b@example.test"], "Subject: Big\n\n" + "word.\n" * 2_000)
    server.close()
    server.connect("127.0.0.1", port)
    server.ehlo()
    server.send_message(letter("Small"))
    assert SandboxMessage.objects.get().subject == "Small"


@pytest.mark.parametrize(
    ("raw", "subject", "text"),
    [
        (b"", "", ""),
        (b"no header at all", "", "no header at all"),
        (b"Subject: =?nonsense?b?!!?=\r\n\r\nx", "=?nonsense?b?!!?=", "x"),
        (b"Subject: Zero\x00byte\r\n\r\nA\x00B", "Zero\ufffdbyte", "A\ufffdB"),
        (b"Content-Type: text/plain; charset=klingon\r\n\r\n\xc3\xa9", "", "\u00e9"),
        (b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xff\xfe", "", "\ufffd\ufffd"),
        (b"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nlost", "", ""),
        (b"Subject: " + b"long " * 400 + b"\r\n\r\nx", "long " * 400, "x"),
    ],
)
def test_odd_mails_are_shown_as_far_as_they_can_be_read(raw, subject, text):
    words = sandbox.read(raw)
    assert words.subject.strip() == subject.strip()
    assert words.text == text


@pytest.mark.parametrize("number", ["7; DROP", "-1", "9" * 30, "", "٣", "1.5"])
def test_a_message_number_that_is_none_is_ignored(server, number):
    server.sendmail("a@example.test", ["b@example.test"], f"X-Waymark-Message: {number}\n\nx".encode())
    assert SandboxMessage.objects.get().message_id is None


def test_an_attachment_is_not_the_text(server):
    mail = letter("With a file", "Read the file.\n")
    mail.add_attachment("Not this.", filename="note.txt")
    server.send_message(mail)
    assert SandboxMessage.objects.get().text == "Read the file.\n"


def test_a_row_that_cannot_be_written_stops_only_its_own_mail(server):
    with connection.cursor() as cursor:
        cursor.execute(POISON[connection.vendor])
    try:
        outcomes = send_together(server, ["fine", "poison", "fine", "fine"])
    finally:
        with connection.cursor() as cursor:
            cursor.execute(ANTIDOTE[connection.vendor])
    assert sorted(outcomes) == [250, 250, 250, 451]
    assert set(SandboxMessage.objects.values_list("subject", flat=True)) == {"fine"}
    assert SandboxMessage.objects.count() == 3


def test_two_hundred_mails_of_eight_senders_are_all_there_when_they_are_answered(server):
    outcomes = send_together(server, [f"Number {number}" for number in range(200)])
    assert outcomes == [250] * 200
    assert SandboxMessage.objects.values("subject").distinct().count() == 200


@pytest.fixture
def command(tmp_path):
    """`manage.py sandbox` on a database of its own, listening; with its port."""
    port = free_port(0)
    env = {**os.environ, "VAR_DIR": str(tmp_path), "SANDBOX_SMTP": f"smtp://127.0.0.1:{port}"}
    env |= {"DATABASE_URL": f"sqlite:///{tmp_path}/waymark.sqlite3", "PYTHONUNBUFFERED": "1"}
    manage = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py")]
    subprocess.run([*manage, "migrate", "-v0"], env=env, check=True)
    process = subprocess.Popen([*manage, "sandbox"], env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == f"The mail sandbox listens on 127.0.0.1:{port}.\n"
        yield process, port
    finally:
        process.kill()
        process.communicate()


def test_the_command_stops_with_a_session_open_and_keeps_what_it_answered(command, tmp_path):
    process, port = command
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.send_message(letter())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    with sqlite3.connect(tmp_path / "waymark.sqlite3") as connection:
        assert connection.execute("SELECT subject FROM channels_sandboxmessage").fetchall() == [("Hello",)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_comes_at_once_is_not_lost(command, number):
    process, _ = command
    process.send_signal(number)
    assert process.wait(20) == 0


def test_a_taken_port_is_told(settings):
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings.SANDBOX_SMTP = f"smtp://127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(CommandError, match=r"cannot listen on 127\.0\.0\.1"):
            call_command("sandbox")


@pytest.mark.parametrize("url", ["", "127.0.0.1:1025", "smtp://", "smtp://host", "smtp://host:port", "http://host:25"])
def test_an_address_that_is_none_is_told_with_an_example(url):
    with pytest.raises(CommandError, match=r"write for example smtp://127\.0\.0\.1:1025"):
        address(url)


POISON = {
    "sqlite": "CREATE TRIGGER poison BEFORE INSERT ON channels_sandboxmessage WHEN NEW.subject = 'poison' "
    "BEGIN SELECT RAISE(ABORT, 'poison'); END",
    "postgresql": "ALTER TABLE channels_sandboxmessage ADD CONSTRAINT poison CHECK (subject <> 'poison')",
}
ANTIDOTE = {
    "sqlite": "DROP TRIGGER poison",
    "postgresql": "ALTER TABLE channels_sandboxmessage DROP CONSTRAINT poison",
}


def send_together(server: smtplib.SMTP, subjects: list[str]) -> list[int]:
    """Send these mails on up to eight connections at once; the answers' codes."""
    port = server.sock.getpeername()[1]
    waiting, codes = list(subjects), []

    def work() -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
            while waiting:
                try:
                    subject = waiting.pop()
                except IndexError:
                    return
                client.ehlo_or_helo_if_needed()
                client.mail("a@example.test")
                client.rcpt("b@example.test")
                codes.append(client.data(f"Subject: {subject}\n\nText")[0])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return codes
