"""The mail sandbox inside this process, so that it lives in the same virtual time as the replay."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from channels.mail.sandbox import serve


@contextmanager
def sandbox() -> Iterator[int]:
    """Take mails on a free port of this machine, and send those of this process there, until the block ends.

    What the staff is told by mail goes there too, unless it has a server of its own (STAFF_MAIL).
    """
    with serve("127.0.0.1", 0) as port:
        here: dict[str, Any] = {"SANDBOX_SMTP": f"smtp://127.0.0.1:{port}"}
        if settings.STAFF_MAIL == settings.SANDBOX_SMTP:
            here |= {"STAFF_MAIL": here["SANDBOX_SMTP"], "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": port}
        before = {name: getattr(settings, name) for name in here}
        try:
            _set(here)
            yield port
        finally:
            _set(before)


def _set(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(settings, name, value)
