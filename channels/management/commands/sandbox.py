"""`manage.py sandbox`: catches every mail while DELIVERY=sandbox, for reading in the admin."""

import signal
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from channels.mail import sandbox

STOPPING = {signal.SIGTERM, signal.SIGINT}


class Command(BaseCommand):
    """Serves the mail sandbox until it is stopped."""

    help = "Run the mail sandbox on SANDBOX_SMTP. Mails are kept as rows (admin, Sandbox messages); none is passed on."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or Ctrl-C."""
        host, port = address(settings.SANDBOX_SMTP)
        # Blocked before any thread starts, then waited for: a handler that sets an Event can meet its lock held.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        try:
            with sandbox.serve(host, port):
                self.stdout.write(f"The mail sandbox listens on {host}:{port}.")
                signal.sigwait(STOPPING)
        except OSError as error:
            raise CommandError(f"The mail sandbox cannot listen on {host}:{port}: {error}.") from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def address(url: str) -> tuple[str, int]:
    """Host and port of `smtp://host:port`. Raises CommandError."""
    try:
        place = urlsplit(url)
        port = place.port
    except ValueError:
        place, port = urlsplit(""), None
    if place.scheme != "smtp" or not place.hostname or not port:
        raise CommandError(f"SANDBOX_SMTP={url!r} is no address; write for example smtp://127.0.0.1:1025.")
    return place.hostname, port
