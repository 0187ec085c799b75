"""The public ingest endpoint inside this process, so that it lives in the same virtual time as the replay."""

import base64
import http.client
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application


class _Handler(WSGIRequestHandler):
    """Quiet, and with a buffered answer: header and body in two packets would cost 40 ms a request."""

    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads the access log of a replay."""


class NotTaken(RuntimeError):
    """The endpoint refused a batch; the sentence is its own."""


class Client:
    """One kept-open connection to the endpoint."""

    def __init__(self, port: int, write_key: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {
            "Authorization": "Basic " + base64.b64encode(f"{write_key}:".encode()).decode(),
            "Content-Type": "application/json",
            "Host": _host(),
        }

    def send(self, calls: Sequence[dict[str, Any]], now: datetime) -> None:
        """Post one batch. Raises NotTaken, OSError."""
        body = json.dumps({"batch": calls, "sentAt": now.isoformat()})
        self._connection.request("POST", "/v1/batch", body, self._headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != http.client.OK:
            raise NotTaken(f"The ingest endpoint answered {response.status}: {answer[:300].decode(errors='replace')}")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@contextmanager
def client(write_key: str) -> Iterator[Client]:
    """A client of a server on a free port of this machine, which ends with the block."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Handler)
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="ingest", daemon=True)
    thread.start()
    caller = Client(server.server_port, write_key)
    try:
        yield caller
    finally:
        caller.close()
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


def _host() -> str:
    allowed = [host for host in settings.ALLOWED_HOSTS if not host.startswith((".", "*"))]
    return allowed[0] if allowed else "localhost"
