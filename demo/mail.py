"""The mail sandbox inside this process, so that it lives in the same virtual time as the replay."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from channels.mail.sandbox import serve


@contextmanager
def sandbox() -> Iterator[int]:
    """Take mails on a free port of this machine, and send those of this process there, until the block ends."""
    before = settings.SANDBOX_SMTP
    with serve("127.0.0.1", 0) as port:
        settings.SANDBOX_SMTP = f"smtp://127.0.0.1:{port}"
        try:
            yield port
        finally:
            settings.SANDBOX_SMTP = before
