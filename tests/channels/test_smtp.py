"""The kept-open SMTP connection against a real server: what arrives, what is tried again, and what nobody can tell."""

import email
import email.policy
import time

import pytest
from aiosmtpd.smtp import AuthResult

from channels import lines
from channels.base import Receipt
from channels.mail import smtp
from tests.channels import servers
from tests.channels.sending import failed, hand_over, one, outgoing


def config(port: int, **more) -> dict:
    return {
        "backend": "smtp",
        "host": "127.0.0.1",
        "port": port,
        "from_email": "Acorn Shop <hello@shop.example>",
        "timeout": 5,
        **more,
    }


def mail(number: int = 1, to: str = "ada@example.test", text: str = "Hello", **more):
    return outgoing(number, to, subject=f"Mail {number}", text=text, **more)


def text_of(data: bytes) -> str:
    message = email.message_from_bytes(data, policy=email.policy.default)
    return message.get_body(("plain",)).get_payload(decode=True).decode().replace("\r\n", "\n").removesuffix("\n")


@pytest.fixture(params=[False, True], ids=["one by one", "pipelining"])
def server(request):
    with servers.post(pipelining=request.param) as found:
        yield found


class TestWhatArrives:
    @pytest.mark.parametrize("text", [
        ".", "..", "one\n.\ntwo", ".hidden\n..more\n...", "x\n.", "trailing blank \nand a tab\t", "café\n.é\n", "= equals =\n=20",
        "long " * 300, "é" * 500, "From here on", "日本語\n。\n", "\n\nleading lines", "end\n\n.\n\n",
    ])  # fmt: skip
    def test_every_text_arrives_whole(self, server, text):
        assert isinstance(one("email", config(server.port), mail(text=text)), Receipt)
        assert text_of(server.mails[0].data) == text.removesuffix("\n")

    def test_the_receipt_is_the_message_id(self, server):
        receipt = one("email", config(server.port), mail())
        assert email.message_from_bytes(server.mails[0].data)["Message-ID"] == receipt.provider_id
        assert (server.mails[0].sender, server.mails[0].recipient) == ("hello@shop.example", "ada@example.test")

    def test_unsubscribe_headers_arrive_on_one_line(self, server):
        url = f"<https://shop.example/u/{'y' * 300}>"
        one(
            "email",
            config(server.port),
            mail(headers={"List-Unsubscribe": url, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}),
        )
        assert f"List-Unsubscribe: {url}\r\n".encode() in server.mails[0].data


class TestConnections:
    def test_a_hundred_mails_need_few_connections(self, server):
        found = hand_over("email", config(server.port), [mail(n) for n in range(100)], 4)
        assert all(isinstance(outcome, Receipt) for outcome in found.values())
        assert sorted(text_of(found.data) for found in server.mails) == ["Hello"] * 100
        assert server.connections <= 4

    def test_the_next_batch_uses_them_again(self, server):
        for n in range(5):
            one("email", config(server.port), mail(n))
        assert server.connections == 1
        assert len(server.mails) == 5

    def test_an_account_can_limit_them(self, server):
        hand_over("email", config(server.port, connections=1), [mail(n) for n in range(20)], 32)
        assert server.connections == 1

    def test_they_are_replaced_before_the_server_tires_of_them(self, server):
        hand_over("email", config(server.port, mails_per_connection=10), [mail(n) for n in range(25)], 1)
        assert (server.connections, len(server.mails)) == (3, 25)

    @pytest.mark.parametrize("pipelining", [False, True])
    def test_a_server_that_hung_up_on_an_idle_line_gets_a_second_chance(self, pipelining):
        with servers.post(pipelining=pipelining, idle=0.3) as server:
            assert isinstance(one("email", config(server.port), mail(1)), Receipt)
            time.sleep(0.8)
            assert isinstance(one("email", config(server.port), mail(2)), Receipt)
            assert (server.connections, len(server.mails)) == (2, 2)

    @pytest.mark.parametrize("pipelining", [False, True])
    def test_so_does_one_that_says_farewell_first(self, pipelining):
        """Postfix and others write 421 into an idle line before they close it."""

        def farewell(file):
            talk(file, pipelining, after=b"421 4.4.2 idle for too long\r\n")

        def friendly(file):
            talk(file, pipelining)

        with servers.script(farewell, friendly) as port:
            assert isinstance(one("email", config(port), mail(1)), Receipt)
            time.sleep(0.2)
            assert isinstance(one("email", config(port), mail(2)), Receipt)
            lines.close_all()


class TestRefusals:
    @pytest.mark.parametrize(("answer", "outcome"), [
        ("550 5.1.1 no such user", ("smtp_550", True, False)), ("450 4.2.0 greylisted", ("smtp_450", False, False)),
        ("452 4.5.3 too many", ("smtp_452", False, False)), ("552 5.2.2 mailbox full", ("smtp_552", True, False)),
    ])  # fmt: skip
    def test_one_recipient_is_refused_and_the_others_are_not(self, server, answer, outcome):
        server.on_recipient = lambda address: answer if address.startswith("bad") else ""
        batch = [mail(1), mail(2, "bad@example.test"), mail(3), mail(4, "bad2@example.test"), mail(5)]
        found = hand_over("email", config(server.port), batch, 1)
        assert [failed(found[n]) for n in (2, 4)] == [outcome] * 2
        assert sorted(arrived.recipient for arrived in server.mails) == ["ada@example.test"] * 3
        assert server.connections == 1
        assert answer[:3] in str(found[2])

    @pytest.mark.parametrize(
        ("answer", "outcome"),
        [("554 5.7.1 spam", ("smtp_554", True, False)), ("451 4.3.0 try later", ("smtp_451", False, False))],
    )
    def test_the_text_is_refused(self, server, answer, outcome):
        server.on_data = lambda arrived: answer if b"Mail 2" in arrived.data else ""
        found = hand_over("email", config(server.port), [mail(n) for n in (1, 2, 3)], 1)
        assert failed(found[2]) == outcome
        assert len(server.mails) == 2

    def test_a_refused_sender_is_the_accounts_fault_and_can_be_mended(self, server):
        server.on_sender = lambda address: "553 5.7.1 not your address"
        assert failed(one("email", config(server.port), mail())) == ("sender_refused", False, False)

    def test_an_address_beyond_ascii_needs_a_server_that_knows_it(self, server):
        assert failed(one("email", config(server.port), mail(to="köchin@example.test"))) == ("no_smtputf8", True, False)

    def test_and_reaches_one_that_does(self):
        with servers.post(enable_SMTPUTF8=True) as server:
            assert isinstance(one("email", config(server.port), mail(to="köchin@example.test")), Receipt)
            assert server.mails[0].recipient == "köchin@example.test"

    def test_a_bad_message_stops_only_itself(self, server):
        batch = [
            mail(1),
            mail(2, "not an address"),
            outgoing(3, subject="x\nBcc: eve@example.test", text="x"),
            outgoing(4, subject="x"),
            mail(5),
        ]
        found = hand_over("email", config(server.port), batch, 1)
        assert [failed(found[n]) for n in (2, 3, 4)] == [
            (code, True, False) for code in ("invalid_address", "header_injection", "empty")
        ]
        assert len(server.mails) == 2


class TestBrokenConnections:
    def test_nobody_there(self):
        found = hand_over("email", config(servers.unused_port()), [mail(n) for n in range(5)])
        assert {failed(outcome) for outcome in found.values()} == {("unreachable", False, False)}

    def test_a_name_that_leads_nowhere(self):
        assert failed(one("email", config(25, host="nowhere.invalid"), mail())) == ("unreachable", False, False)

    def test_a_wrong_password_fails_every_mail_for_now(self):
        with servers.post(
            auth_require_tls=False, authenticator=lambda *_: AuthResult(success=False, handled=False)
        ) as server:
            found = hand_over("email", config(server.port, username="ada", password="wrong"), [mail(1), mail(2)], 2)
            assert {failed(outcome) for outcome in found.values()} == {("auth_failed", False, False)}

    def test_a_server_without_starttls_gets_no_password(self, server):
        assert failed(one("email", config(server.port, use_tls=True, username="ada", password="x"), mail())) == (
            "not_supported",
            False,
            False,
        )
        assert not server.mails

    def test_a_certificate_of_nobody_is_never_trusted(self, tmp_path):
        with servers.of_nobody(tmp_path) as port:
            assert failed(one("email", config(port, use_ssl=True), mail())) == ("unreachable", False, False)

    def test_a_connection_that_breaks_after_the_text_leaves_it_open_whether_it_was_taken(self, server):
        server.on_data = lambda arrived: "drop"
        found = hand_over("email", config(server.port), [mail(1), mail(2)], 1)
        assert {failed(outcome) for outcome in found.values()} == {("no_answer", False, True)}

    def test_a_server_that_never_answers_the_text(self):
        def silent(file):
            talk(file, False, answer_text=None)
            time.sleep(2)

        with servers.script(silent) as port:
            assert failed(one("email", config(port, timeout=0.5), mail())) == ("no_answer", False, True)

    def test_a_connection_that_breaks_before_the_text_was_not_taken(self):
        def rude(file):
            file.write(b"220 hello\r\n")
            file.readline()
            file.write(b"250 hello\r\n")
            file.readline()

        with servers.script(rude) as port:
            assert failed(one("email", config(port), mail())) == ("connection_lost", False, False)

    def test_closing_a_line_says_goodbye(self, server):
        line = smtp.connect(config(server.port))
        line.send(mail())
        line.close()
        assert line.smtp.sock is None

    def test_closing_all_lines_twice_is_fine(self, server):
        one("email", config(server.port), mail())
        lines.close_all()
        lines.close_all()
        assert isinstance(one("email", config(server.port), mail(2)), Receipt)
        assert server.connections == 2


def talk(file, pipelining: bool, *, answer_text: bytes | None = b"250 taken\r\n", after: bytes = b"") -> None:
    """Greet, take one mail, and say `after` unasked."""
    file.write(b"220 hello\r\n")
    buffered = b""
    in_text = False
    while chunk := file.read(65536):
        buffered += chunk
        while b"\r\n" in buffered:
            line, _, buffered = buffered.partition(b"\r\n")
            if in_text:
                if line == b".":
                    if answer_text is None:
                        return
                    file.write(answer_text + after)
                    if after:
                        return
                    in_text = False
            elif line.upper().startswith(b"EHLO"):
                file.write(
                    b"250-hello\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
                    if pipelining
                    else b"250-hello\r\n250 8BITMIME\r\n"
                )
            elif line.upper() == b"DATA":
                in_text = True
                file.write(b"354 go on\r\n")
            else:
                file.write(b"250 fine\r\n")
