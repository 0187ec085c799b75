"""One kept-open SMTP connection: log in once, then MAIL, RCPT and DATA in one go where the server allows it.

What decides over a retry is how far a message got: until its last byte is handed to the network, it was certainly not
taken; from there until the server's answer, nobody can tell.
"""

import smtplib
import ssl
from collections.abc import Mapping
from typing import Any

from django.core.mail.utils import DNS_NAME

from channels.base import Outgoing, Receipt, SendError
from channels.mail import mime
from config import clock

# Many servers end a connection after 100 mails; being first saves the surprise.
MAILS_PER_CONNECTION = 100
_GONE = (smtplib.SMTPServerDisconnected, OSError)


def connect(config: Mapping[str, Any]) -> "SmtpLine":
    """Open a connection and log in. Raises SendError, transient: nothing was handed over."""
    host, port, timeout = config["host"], int(config["port"]), float(config.get("timeout") or 30)
    options: dict[str, Any] = {"local_hostname": DNS_NAME.get_fqdn(), "timeout": timeout}
    try:
        if config.get("use_ssl"):
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, port, context=ssl.create_default_context(), **options)
        else:
            smtp = smtplib.SMTP(host, port, **options)
        try:
            _greet(smtp, config)
        except Exception:
            smtp.close()
            raise
    except smtplib.SMTPAuthenticationError as error:
        raise SendError("auth_failed", f"{host} refused user name or password: {_said(error)}") from error
    except smtplib.SMTPNotSupportedError as error:
        raise SendError("not_supported", f"{host}: {error}") from error
    except smtplib.SMTPResponseException as error:
        raise SendError(f"smtp_{error.smtp_code}", f"{host}: {_said(error)}") from error
    except _GONE as error:
        raise SendError("unreachable", f"{host}:{port}: {error}") from error
    return SmtpLine(smtp, config)


def _greet(smtp: smtplib.SMTP, config: Mapping[str, Any]) -> None:
    smtp.ehlo_or_helo_if_needed()
    if config.get("use_tls"):
        smtp.starttls(context=ssl.create_default_context())
    if config.get("username"):
        smtp.login(config["username"], config.get("password", ""))


class SmtpLine:
    """A connection that is logged in."""

    def __init__(self, smtp: smtplib.SMTP, config: Mapping[str, Any]) -> None:
        self.smtp = smtp
        self.config = config
        self.usable = True
        self.mails = 0
        self.pipelining = smtp.has_extn("pipelining")

    def send(self, message: Outgoing) -> Receipt:
        """Raises SendError; see the module's first lines for what is a retry and what is not."""
        envelope = self._written(message)
        if envelope.utf8 and not self.smtp.has_extn("smtputf8"):
            raise SendError("no_smtputf8", f"The server cannot write to {envelope.recipient}.", permanent=True)
        self._announce(envelope)
        self._transmit(envelope)
        self.mails += 1
        self.usable = self.mails < int(self.config.get("mails_per_connection") or MAILS_PER_CONNECTION)
        return Receipt(envelope.message_id)

    def close(self) -> None:
        """QUIT, as far as the other side still listens."""
        try:
            if self.smtp.sock:
                self.smtp.sock.settimeout(2)
            self.smtp.quit()
        except _GONE:
            self.smtp.close()

    def _written(self, message: Outgoing) -> mime.Envelope:
        try:
            sender = mime.written_by(message.content, self.config["from_email"])
            reply_to = message.content.get("reply_to") or self.config.get("reply_to", "")
            return mime.build(message, sender, reply_to, clock.now())
        except (ValueError, TypeError, AttributeError) as error:
            raise SendError("unsendable", f"The mail cannot be written: {error}", permanent=True) from error

    def _announce(self, envelope: mime.Envelope) -> None:
        """MAIL, RCPT, DATA. A server that hung up while the line was idle gets a second chance on a new connection."""
        try:
            self._commands(envelope)
        except _GONE as error:
            if not self.mails:
                raise self._lost(error) from error
            self._reconnect()
            try:
                self._commands(envelope)
            except _GONE as again:
                raise self._lost(again) from again

    def _commands(self, envelope: mime.Envelope) -> None:
        options = " SMTPUTF8 BODY=8BITMIME" if envelope.utf8 else ""
        commands = [f"MAIL FROM:<{envelope.sender}>{options}", f"RCPT TO:<{envelope.recipient}>", "DATA"]
        answers = self._pipelined(commands) if self.pipelining else self._one_by_one(commands)
        mail, recipient, data = answers
        if mail[0] == 421 and self.mails:
            # Written into the idle line just before the server closed it.
            raise smtplib.SMTPServerDisconnected(mail[1].decode(errors="replace"))
        if data[0] == 354 and not _good(recipient):
            # Pipelined past a refusal: the server now waits for a text that has no recipient.
            self._end_empty()
        for step, answer in (("sender", mail), ("recipient", recipient), ("data", data)):
            if not _good(answer) and answer[0] != 354:
                raise self._refused(step, answer)

    def _pipelined(self, commands: list[str]) -> list[tuple[int, bytes]]:
        self.smtp.send("".join(f"{command}\r\n" for command in commands).encode())
        return [self.smtp.getreply() for _ in commands]

    def _one_by_one(self, commands: list[str]) -> list[tuple[int, bytes]]:
        answers: list[tuple[int, bytes]] = []
        for command in commands:
            self.smtp.send(f"{command}\r\n".encode())
            answers.append(self.smtp.getreply())
            if answers[-1][0] >= 400:
                break
        return answers + [answers[-1]] * (len(commands) - len(answers))

    def _transmit(self, envelope: mime.Envelope) -> None:
        data = envelope.data.replace(b"\r\n.", b"\r\n..")
        try:
            self.smtp.send(data + (b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n"))
        except _GONE as error:
            # The closing dot never left this machine, and without it a server must not deliver (RFC 5321, 4.1.1.4).
            raise self._lost(error) from error
        try:
            answer = self.smtp.getreply()
        except _GONE as error:
            self.usable = False
            raise SendError("no_answer", f"No answer after the text was sent: {error}", maybe_sent=True) from error
        if not _good(answer):
            raise self._refused("data", answer)

    def _end_empty(self) -> None:
        self.smtp.send(b".\r\n")
        self.smtp.getreply()

    def _refused(self, step: str, answer: tuple[int, bytes]) -> SendError:
        """A refusal of the recipient or the text is this message's own; one of the sender is the account's, and mends."""
        code, text = answer
        self._reset(code)
        said = f"{code} {text.decode(errors='replace')}"
        if code in (530, 534, 535, 538):
            return SendError("auth_failed", said)
        if step == "sender" and code >= 500:
            return SendError("sender_refused", said)
        return SendError(f"smtp_{code}", said, permanent=code >= 500)

    def _reset(self, code: int) -> None:
        try:
            self.usable = code != 421 and self.smtp.rset()[0] == 250
        except _GONE:
            self.usable = False

    def _lost(self, error: Exception) -> SendError:
        self.usable = False
        return SendError("connection_lost", f"The connection broke before the text was sent: {error}")

    def _reconnect(self) -> None:
        self.usable = False
        self.smtp.close()
        fresh = connect(self.config)
        self.smtp, self.mails, self.pipelining, self.usable = fresh.smtp, 0, fresh.pipelining, True


def _good(answer: tuple[int, bytes]) -> bool:
    return 200 <= answer[0] < 300


def _said(error: smtplib.SMTPResponseException) -> str:
    text = error.smtp_error
    return f"{error.smtp_code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
