"""Posts the events, as an SDK would: batches over kept-open connections, sent again until they are taken."""

import base64
import http.client
import threading
import time
from collections import deque
from collections.abc import Iterable

ATTEMPTS = 50
PAUSE = 0.2
"""Seconds before a batch that was not taken is sent again."""


class NotTaken(RuntimeError):
    """The endpoint refused a batch for good; the sentence is its own."""


class Driver:
    """Posts request bodies from some threads; `posted` counts the batches that are durable."""

    def __init__(self, port: int, write_key: str, bodies: Iterable[bytes], connections: int) -> None:
        self._port = port
        self._headers = {
            "Authorization": "Basic " + base64.b64encode(f"{write_key}:".encode()).decode(),
            "Content-Type": "application/json",
        }
        self._waiting = deque(bodies)
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(connections)]
        self._lock = threading.Lock()
        self.posted = 0
        self.began_at = self.ended_at = 0.0
        self.problem = ""

    def start(self) -> None:
        """Begin to post."""
        self.began_at = time.monotonic()
        for thread in self._threads:
            thread.start()

    def finish(self) -> float:
        """Wait for the last answer; the seconds all of it took. Raises NotTaken."""
        for thread in self._threads:
            thread.join()
        if self.problem:
            raise NotTaken(self.problem)
        return self.ended_at - self.began_at

    def _work(self) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        while not self.problem:
            try:
                body = self._waiting.popleft()
            except IndexError:
                break
            self._post(line, body)
        line.close()

    def _post(self, line: http.client.HTTPConnection, body: bytes) -> None:
        said = ""
        for _ in range(ATTEMPTS):
            try:
                line.request("POST", "/v1/batch", body, self._headers)
                answer = line.getresponse()
                said = f"{answer.status}: {answer.read()[:300].decode(errors='replace')}"
            except (OSError, http.client.HTTPException) as error:
                said = repr(error)
                line.close()
            else:
                if answer.status == http.client.OK:
                    return self._taken()
                if answer.status < 429:
                    break
            time.sleep(PAUSE)
        self.problem = f"The ingest endpoint answered {said}"
        return None

    def _taken(self) -> None:
        with self._lock:
            self.posted += 1
            self.ended_at = time.monotonic()
