"""Telling the staff: a line in the admin for each, and a mail."""

import logging
import smtplib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import mail
from django.db import transaction
from django.db.models import QuerySet

from config.models import Notice

log = logging.getLogger("waymark.notices")
BATCH = 100
ATTEMPTS = 5


def tell(users: Iterable[Any], sentence: str, link: str, now: datetime) -> None:
    """Tell these people, in the caller's transaction; each of them once."""
    people = {user.pk: user for user in users}
    Notice.objects.bulk_create(
        Notice(
            user=user,
            sentence=sentence[:500],
            link=link,
            created_at=now,
            mail_due_at=now if settings.STAFF_MAIL and user.email else None,
        )
        for user in people.values()
    )


def unread(user: Any) -> QuerySet[Notice]:
    """What this user has not read yet, the newest first."""
    return Notice.objects.filter(user_id=user.pk, read_at=None)


def read(user: Any, now: datetime) -> int:
    """This user has seen all of it."""
    return unread(user).update(read_at=now)


def next_due(now: datetime) -> datetime | None:
    """When the next mail is due."""
    waiting = Notice.objects.filter(mail_due_at__isnull=False).order_by("mail_due_at")
    return waiting.values_list("mail_due_at", flat=True).first()


def run(now: datetime) -> int:
    """Mail a batch over one connection; one that fails is tried again later, five times at most."""
    notices = _claim(now)
    if not notices:
        return 0
    connection = mail.get_connection(timeout=20)
    try:
        connection.send_messages([_mail(notice, connection) for notice in notices])
    except (OSError, smtplib.SMTPException) as error:
        log.warning("%d notices could not be mailed, and are tried again: %s", len(notices), error)
        return len(notices)
    Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(mail_due_at=None)
    return len(notices)


def _claim(now: datetime) -> list[Notice]:
    """Notices that are due, each put off until after this attempt, so that a crash repeats a mail at worst."""
    with transaction.atomic():
        due = Notice.objects.filter(mail_due_at__lte=now).select_related("user").order_by("mail_due_at")
        notices = list(due.select_for_update(of=("self",), skip_locked=True)[:BATCH])
        for notice in notices:
            notice.attempts += 1
            later = now + timedelta(minutes=2**notice.attempts)
            notice.mail_due_at = later if notice.attempts < ATTEMPTS else None
        Notice.objects.bulk_update(notices, ["attempts", "mail_due_at"])
    return notices


def _mail(notice: Notice, connection: Any) -> mail.EmailMessage:
    body = f"{notice.sentence}\n\n{settings.BASE_URL}{notice.link}\n" if notice.link else f"{notice.sentence}\n"
    return mail.EmailMessage(f"Waymark: {notice.sentence}"[:150], body, to=[notice.user.email], connection=connection)
