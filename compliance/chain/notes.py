"""Noting an act, in the transaction of the act: they are committed together, or neither is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model

from compliance.chain import kinds
from compliance.chain.canonical import plain
from compliance.models import AuditNote
from config import crypto

Subject = Model | tuple[str, str]


def append(
    kind: str,
    *,
    now: datetime,
    actor: int | None = None,
    subject: Subject | None = None,
    payload: Mapping[str, Any] | None = None,
) -> AuditNote:
    """Note an act of a registered kind by `actor` (the id of a user); it is linked into the chain after the commit.

    One insert, which locks nothing: an act in the middle of a long transaction must neither wait for the chain nor make
    others wait. `payload` must not hold personal data. Raises Unregistered, and TypeError for what JSON cannot keep.
    """
    kinds.check(kind)
    about, pk = of(subject) if subject else ("", "")
    content = plain(dict(payload or {}))
    return AuditNote.objects.create(at=now, kind=kind, actor=actor, subject_type=about, subject_id=pk, payload=content)


def because(reason: str | None) -> dict[str, str]:
    """A reason, as a payload may hold it: by its keyed digest. Reasons name people, and the chain never forgets; the words
    are in the history of the thing, where they can be erased, and the digest shows that they are the words of then."""
    return {"reason": crypto.digest("audit reason", reason)} if reason else {}


def of(subject: Subject) -> tuple[str, str]:
    """How a subject is written: the model and the key of a row, e.g. `compliance.stop` and `7`."""
    if isinstance(subject, tuple):
        return subject
    return subject._meta.label_lower, str(subject.pk)[:64]
