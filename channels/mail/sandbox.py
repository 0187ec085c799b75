"""The mail sandbox: an SMTP server that keeps every mail as a row, to be read in the admin, and passes none on.

A mail is answered with 250 once its row is committed, so what the sender believes is what the reader sees. All mails that
come while one commit runs share the next one: with eight connections, eight mails a commit and no waiting.
"""

import asyncio
import logging
import queue
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from hashlib import sha256
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import Error, connection

from channels.mail.mime import MESSAGE_HEADER
from channels.models import SandboxMessage
from config import bulk, clock

log = logging.getLogger("waymark.sandbox")

BATCH = 500
LARGEST = 20_000_000
"""Bytes of a mail."""
CRLF = b"\r\n"
ORDINARY = re.compile(r"<([A-Za-z0-9._+=-]+@[A-Za-z0-9.-]+)>(.*)")
HIGHEST_ID = 2**63 - 1
TAKEN, NOT_KEPT = "250 OK: kept in the sandbox", "451 The sandbox could not keep this mail; try again"


@dataclass(frozen=True, slots=True)
class Words:
    """What a reader wants to see of a mail; `message` is the id of ours that it is a copy of."""

    subject: str
    text: str
    html: str
    message: int | None


def read(raw: bytes) -> Words:
    """The words of a mail. Never raises: what cannot be decoded is shown as far as it can be."""
    mail = message_from_bytes(raw)
    found = {"text/plain": "", "text/html": ""}
    for part in mail.walk():
        kind = part.get_content_type()
        if kind in found and not found[kind] and part.get_filename() is None:
            found[kind] = _body(part)
    number = str(mail.get(MESSAGE_HEADER, "")).strip()
    known = number.isascii() and number.isdigit() and int(number) <= HIGHEST_ID
    return Words(
        _header(mail.get("Subject", "")), found["text/plain"], found["text/html"], int(number) if known else None
    )


def _body(part: Message) -> str:
    payload = part.get_payload(decode=True)
    text = payload if isinstance(payload, bytes) else b""
    try:
        return _storable(text.decode(part.get_content_charset("utf-8"), "replace"))
    except LookupError:
        return _storable(text.decode("utf-8", "replace"))


def _header(value: Any) -> str:
    try:
        return _storable(str(make_header(decode_header(value))))
    except (ValueError, LookupError, TypeError):
        return _storable(str(value))


def _storable(text: str) -> str:
    """PostgreSQL keeps no NUL; line ends are one sign, as everywhere in the database."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").replace("\r\n", "\n")


class Mailbox:
    """Writes rows on a thread of its own, since the server's loop must not wait for a database."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: queue.SimpleQueue[tuple[Sequence[bulk.Row], asyncio.Future[bool]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_on, name="mailbox", daemon=True)
        self._thread.start()

    def put(self, rows: Sequence[bulk.Row]) -> asyncio.Future[bool]:
        """The future says whether the rows are committed."""
        kept: asyncio.Future[bool] = self._loop.create_future()
        self._waiting.put((rows, kept))
        return kept

    def close(self) -> None:
        """Write what is waiting, then end."""
        self._waiting.put(None)
        self._thread.join(timeout=30)

    def _write_on(self) -> None:
        try:
            while batch := self._next():
                answers = _keep([rows for rows, _ in batch])
                self._loop.call_soon_threadsafe(_answer, [kept for _, kept in batch], answers)
        finally:
            connection.close()

    def _next(self) -> list[tuple[Sequence[bulk.Row], asyncio.Future[bool]]]:
        """Everything that waits now, at least one; empty when the mailbox closes."""
        found = []
        item = self._waiting.get()
        while item is not None:
            found.append(item)
            if len(found) == BATCH or self._waiting.empty():
                return found
            item = self._waiting.get()
        if found:
            self._waiting.put(None)
        return found


def _answer(kept: Sequence[asyncio.Future[bool]], answers: Sequence[bool]) -> None:
    for future, answer in zip(kept, answers, strict=True):
        if not future.done():  # the sender hung up meanwhile
            future.set_result(answer)


def _keep(mails: Sequence[Sequence[bulk.Row]]) -> list[bool]:
    """Commit all in one statement; if that fails, each by itself, so that one bad mail stops only itself."""
    try:
        bulk.insert(SandboxMessage, [row for rows in mails for row in rows])
        return [True] * len(mails)
    except (Error, ValueError) as error:
        connection.close()  # a broken connection must not fail the next mail too
        if len(mails) > 1:
            return [kept for rows in mails for kept in _keep([rows])]
        log.error("A mail was not kept: %s", error)
        return [False]


class Handler:
    """What aiosmtpd asks about a session."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Commands are read from a stream, one after the other: pipelining works, so it is offered."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the mail, a row for each recipient."""
        text = envelope.content
        raw = text if isinstance(text, bytes) else (text or "").encode()
        rows = _rows(raw, envelope.mail_from or "", envelope.rcpt_tos, clock.now())
        return TAKEN if await self._mailbox.put(rows) else NOT_KEPT


class Server(SMTP):
    """aiosmtpd, but a mail's text is read as a whole: line by line it costs 1 ms of CPU a mail."""

    line_length_limit = LARGEST  # of the stream that all is read from

    async def smtp_DATA(self, arg: str | None) -> None:
        """Read up to the lone dot, keep, answer."""
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 Say first who it is for: RCPT TO")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        try:
            envelope.content = await self._text()
        except asyncio.LimitOverrunError:
            await self.push(f"552 The sandbox takes mails of up to {LARGEST:,} bytes")
            self._writer.close()
            return
        answer = await self._call_handler_hook("DATA")
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push(answer)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """An ordinary address without the full grammar, which costs 0.2 ms."""
        ordinary = ORDINARY.fullmatch(arg or "")
        return (ordinary[1], ordinary[2]) if ordinary else super()._getaddr(arg)

    async def _text(self) -> bytes:
        """What came before the lone dot, with doubled dots made single (RFC 5321, 4.5.2)."""
        found = CRLF
        while not found.endswith(b"\r\n.\r\n"):
            found += await self._reader.readuntil(b".\r\n")
            if len(found) > LARGEST:
                raise asyncio.LimitOverrunError("too large", len(found))
        return found[:-3].replace(b"\r\n.", CRLF)[2:]


def without_files(raw: bytes) -> bytes:
    """The mail with a line in place of each attached file: its name, size and SHA-256. A mail without files stays as it is."""
    if b"attachment" not in raw.lower():
        return raw
    mail = message_from_bytes(raw)
    found = [part for part in mail.walk() if part.get_content_disposition() == "attachment" and not part.is_multipart()]
    for part in found:
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
        del part["Content-Transfer-Encoding"]
        part.set_payload(f"({len(data):,} bytes, SHA-256 {sha256(data).hexdigest()}; the sandbox does not keep files)")
    return mail.as_bytes() if found else raw


def _rows(raw: bytes, sender: str, recipients: Sequence[str], now: datetime) -> list[bulk.Row]:
    words, raw = read(raw), without_files(raw)
    shown = {"subject": words.subject[:998], "text": words.text, "html": words.html, "message_id": words.message}
    shown |= {"channel": "email", "sender": sender[:320], "raw": _storable(raw.decode("utf-8", "replace"))}
    return [{**shown, "recipient": recipient[:320], "received_at": now} for recipient in recipients]


@contextmanager
def serve(host: str, port: int) -> Iterator[int]:
    """Take mails on a thread of this process until the block ends; the port (0 asks for a free one). Raises OSError."""
    loop = asyncio.new_event_loop()
    mailbox = Mailbox(loop)
    thread = threading.Thread(target=loop.run_forever, name="mail sandbox", daemon=True)
    try:
        listener = loop.run_until_complete(_listen(loop, mailbox, host, port))
        thread.start()
        try:
            yield listener.sockets[0].getsockname()[1]
        finally:
            asyncio.run_coroutine_threadsafe(_hang_up(listener), loop).result(timeout=10)
    finally:
        mailbox.close()
        if thread.is_alive():
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout=10)
        loop.close()


async def _listen(loop: asyncio.AbstractEventLoop, mailbox: Mailbox, host: str, port: int) -> asyncio.Server:
    handler = Handler(mailbox)

    def session() -> SMTP:
        return Server(
            handler,
            hostname="sandbox",
            ident="Waymark mail sandbox",
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            loop=loop,
        )

    return await loop.create_server(session, host, port, backlog=200)


async def _hang_up(listener: asyncio.Server) -> None:
    """Close the door, then end the sessions that are still open."""
    listener.close()
    sessions = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for session in sessions:
        session.cancel()
    await asyncio.gather(*sessions, return_exceptions=True)
