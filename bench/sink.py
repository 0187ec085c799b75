"""The far end of every message: an HTTP and an SMTP server, as lean as asyncio allows, in a process of their own.

`python -m bench.sink` prints its two ports as JSON. HTTP: POST takes a message, `GET /look-up/<key>` says whether it came
(200 or 404), `GET /summary` and `GET /contents` tell what came. Nothing is ever refused: what is measured is the sender.
"""

import asyncio
import json
import re
import sys
from typing import cast
from urllib.parse import unquote

from bench.book import Book

_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_SUBJECT = re.compile(rb"^subject:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_HEADERS_END = b"\r\n\r\n"
_DOT = b"\r\n.\r\n"


class Http(asyncio.Protocol):
    """One connection of a webhook sender, kept open as long as it likes."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self.buffer += data
        while (end := self.buffer.find(_HEADERS_END)) >= 0:
            head = self.buffer[:end]
            found = _LENGTH.search(head)
            whole = end + len(_HEADERS_END) + (int(found[1]) if found else 0)
            if len(self.buffer) < whole:
                return
            body, self.buffer = self.buffer[end + len(_HEADERS_END) : whole], self.buffer[whole:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        method, path, _ = head.split(b"\r\n", 1)[0].split(b" ")
        if method == b"POST":
            message = json.loads(body)
            self.book.note(f"{message['template']}:{message['contact']['external_id']}", message["key"])
            self._say(b"200 OK", b"{}")
        elif path == b"/summary":
            self._say(b"200 OK", self.book.summary())
        elif path == b"/contents":
            self._say(b"200 OK", self.book.contents())
        else:
            came = unquote(path.decode()).removeprefix("/look-up/") in self.book.keys
            self._say(b"200 OK" if came else b"404 Not Found", b"{}")

    def _say(self, status: bytes, body: bytes) -> None:
        self.transport.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))


class Smtp(asyncio.Protocol):
    """One connection of a mail sender."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.buffer = b""
        self.recipient = ""
        self.in_text = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(b"220 bench ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Take commands and texts as far as they are complete."""
        self.buffer += data
        while True:
            mark = _DOT if self.in_text else b"\r\n"
            end = self.buffer.find(mark)
            if end < 0:
                return
            piece, self.buffer = self.buffer[:end], self.buffer[end + len(mark) :]
            self.transport.write(self._taken(piece) if self.in_text else self._obeyed(piece))

    def _obeyed(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"EHLO":
            return b"250-bench\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
        if verb == b"DATA":
            self.in_text = True
            return b"354 go on\r\n"
        if verb == b"QUIT":
            return b"221 bye\r\n"
        if verb == b"RCPT":
            self.recipient = line.partition(b"<")[2].partition(b"@")[0].decode()
        return b"250 ok\r\n"

    def _taken(self, text: bytes) -> bytes:
        self.in_text = False
        subject, key = _SUBJECT.search(text), _MESSAGE_ID.search(text)
        self.book.note(f"{subject[1].decode() if subject else ''}:{self.recipient}", key[1].decode() if key else "")
        return b"250 taken\r\n"


async def serve() -> None:
    """Serve until killed."""
    loop, book = asyncio.get_running_loop(), Book()
    http = await loop.create_server(lambda: Http(book), "127.0.0.1", 0, backlog=1024)
    smtp = await loop.create_server(lambda: Smtp(book), "127.0.0.1", 0, backlog=1024)
    ports = {"http": http.sockets[0].getsockname()[1], "smtp": smtp.sockets[0].getsockname()[1]}
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
