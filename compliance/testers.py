"""Whose inboxes may get words that nobody has approved: colleagues' own accounts in the app, marked one by one."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from channels import outbox
from channels.models import Tester
from compliance import chain
from config.history import given
from config.permissions import require
from contacts import owners

MARK, UNMARK = "channels.add_tester", "channels.delete_tester"
MARKED, UNMARKED = "tester.marked", "tester.unmarked"
LONGEST = 300
"""Characters of what is said of an account."""

chain.register(MARKED, "Tester marked")
chain.register(UNMARKED, "Tester unmarked")


def contact(user_id: str) -> int:
    """The contact with this user ID, also one from before a merge. Raises ValidationError for nobody, and for a tester."""
    found = owners.with_external_id(user_id)
    if found is None:
        raise ValidationError(f"Nobody has the user ID {user_id!r:.80}.")
    if Tester.objects.filter(contact=found).exists():
        raise ValidationError(f"{user_id!r:.80} is the user ID of a tester already.")
    return found


def mark(contact_id: int, because: str, user: Any, now: datetime) -> Tester:
    """Tests of in-app and chat messages may go to this contact from now on; who is a tester already stays as marked.

    Raises PermissionDenied, and ValidationError unless it is said whose account it is.
    """
    require(user, MARK, None, "mark testers")
    why = given(because, "mark it", LONGEST)
    with transaction.atomic():
        said = {"because": why, "marked_at": now, "marked_by": user}
        tester, fresh = Tester.objects.get_or_create(contact_id=contact_id, defaults=said)
        if fresh:
            chain.append(MARKED, now=now, actor=user.pk, subject=tester.contact, payload=chain.because(why))
    return tester


def unmark(tester: Tester, user: Any, now: datetime) -> None:
    """No more tests to this contact; those that have not left are judged again, and blocked. Raises PermissionDenied."""
    require(user, UNMARK, None, "unmark testers")
    with transaction.atomic():
        chain.append(UNMARKED, now=now, actor=user.pk, subject=tester.contact)
        outbox.recall(Q(test__inbox=tester.contact_id), now)
        tester.delete()
