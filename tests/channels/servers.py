"""Real servers on loopback that stand for providers: they keep what arrives, and answer as a test tells them to."""

import asyncio
import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class Request:
    """A request as it arrived."""

    method: str
    path: str
    headers: Any
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    """What to answer: `hang_up` closes without a word; `after` waits so many seconds first."""

    status: int = 200
    body: bytes | str | dict | list = b""
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0
    hang_up: bool = False

    @property
    def raw(self) -> bytes:
        """The body as it goes out: bytes and texts as they are, all else as JSON."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


class Web:
    """An HTTP/1.1 server with kept-open connections. `answer` is called with each request."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.requests: list[Request] = []
        self.answer: Callable[[Request], Answer] = lambda request: Answer()

    @property
    def connections(self) -> int:
        return len({request.connection for request in self.requests})


class _Threading(ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = True


@contextmanager
def web() -> Iterator[Web]:
    """A running web server."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(self.command, self.path, self.headers, body, self.client_address[1])
            site.requests.append(request)
            answer = site.answer(request)
            time.sleep(answer.after)
            if answer.hang_up:
                self.close_connection = True
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                return
            raw = answer.raw
            with contextlib.suppress(OSError):
                self.send_response(answer.status)
                for name, value in {
                    "Content-Type": "application/json",
                    "Content-Length": str(len(raw)),
                    **answer.headers,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

        do_GET = do_PUT = do_POST

        def log_message(self, *_: Any) -> None:
            pass

    server = _Threading(("127.0.0.1", 0), Handler)
    site = Web(server.server_address[1])
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def unused_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Mail:
    """A mail as it arrived."""

    sender: str
    recipient: str
    data: bytes
    connection: int
    options: tuple[str, ...]


class Post:
    """An SMTP server. `on_sender`, `on_recipient` and `on_data` answer; empty means 250."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[Mail] = []
        self.connections = 0
        self.pipelining = False
        self.on_sender: Callable[[str], str] = lambda address: ""
        self.on_recipient: Callable[[str], str] = lambda address: ""
        self.on_data: Callable[[Mail], str] = lambda mail: ""

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list
    ) -> list:
        self.connections += 1
        session.host_name = hostname
        return responses[:-1] + (["250-PIPELINING"] if self.pipelining else []) + responses[-1:]

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list) -> str:
        if refusal := self.on_sender(address):
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list) -> str:
        if refusal := self.on_recipient(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        mail = Mail(
            envelope.mail_from,
            envelope.rcpt_tos[0],
            envelope.original_content,
            session.peer[1],
            tuple(envelope.mail_options),
        )
        if refusal := self.on_data(mail):
            if refusal == "drop":
                server.transport.abort()
                await asyncio.sleep(0)
                return "250 nobody hears this"
            return refusal
        self.mails.append(mail)
        return "250 OK"


@contextmanager
def post(*, pipelining: bool = False, idle: float = 300, **options: Any) -> Iterator[Post]:
    """A running SMTP server; it hangs up on clients that are silent for `idle` seconds."""
    handler = Post()
    handler.pipelining = pipelining
    options.setdefault("enable_SMTPUTF8", False)
    controller = Controller(handler, hostname="127.0.0.1", port=unused_port(), timeout=idle, **options)
    controller.start()
    handler.port = controller.port
    try:
        yield handler
    finally:
        controller.stop()


@contextmanager
def script(*talks: Callable[[Any], None]) -> Iterator[int]:
    """A TCP server that lets each `talk` have one connection (a binary file, read and written), in turn; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for talk in talks:
            with contextlib.suppress(OSError):
                client, _ = listener.accept()
                with client, client.makefile("rwb", buffering=0) as file, contextlib.suppress(OSError):
                    talk(file)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        thread.join(5)


@contextmanager
def of_nobody(folder: Path) -> Iterator[int]:
    """A TLS server whose certificate nobody vouches for; it shakes hands, and no more. Yields its port."""
    listener, context = socket.create_server(("127.0.0.1", 0)), _self_signed(folder)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                client.settimeout(3)
                with contextlib.suppress(OSError), context.wrap_socket(client, server_side=True) as wrapped:
                    wrapped.recv(1000)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1)
    )
    signed = made.add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
    ).sign(key, hashes.SHA256())
    file = folder / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
