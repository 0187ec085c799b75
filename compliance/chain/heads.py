"""The head of the chain, signed: kept outside the database, it proves that the chain up to it was not written anew."""

import json
import logging
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from compliance.chain import linking, marks
from compliance.chain.canonical import encode
from compliance.models import AuditEntry
from config import crypto

PURPOSE = "audit head"
log = logging.getLogger("waymark.audit")


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry at some instant. `signature` is made with a key that only this installation has (SECRET_KEY)."""

    number: int
    hash: str
    at: str
    signature: str

    def text(self) -> str:
        """As it stands in a file."""
        return json.dumps(asdict(self), indent=2) + "\n"


class BadHead(ValueError):
    """A file that is no head of this installation, or does not fit the chain."""


def current() -> Head | None:
    """The signed head of the chain as it is now; None before the first entry."""
    last = linking.head()
    return _signed(last) if last else None


def read(text: str) -> Head:
    """A head from a file. Raises BadHead for what is none, and for one that was not signed here."""
    try:
        found = Head(**json.loads(text))
        signed = crypto.signed(PURPOSE, _content(found.number, found.hash, found.at), found.signature)
    except (TypeError, ValueError, AttributeError) as error:
        raise BadHead("This is no head of an audit chain.") from error
    if not signed:
        raise BadHead("Its signature is not of this installation, or it was changed.")
    return found


def check(head: Head) -> None:
    """Raises BadHead unless the chain still has this very entry."""
    entry = AuditEntry.objects.filter(pk=head.number).first()
    if entry is None:
        raise BadHead(f"Entry {head.number} was the head; it is not in the chain any more.")
    if entry.hash != head.hash:
        raise BadHead(f"Entry {head.number} is not the one that was the head: the chain was written anew.")


def folder() -> Path:
    """Where the daily heads are."""
    return Path(settings.VAR_DIR) / "audit"


def keep(now: datetime) -> int:
    """Write the day's head into `folder()` and the log; 1 if this was done now, 0 while another worker does it."""
    with transaction.atomic():
        mark = marks.lock(marks.HEADS)
        head = current() if mark else None
        if not mark or not head:
            return 0
        folder().mkdir(parents=True, exist_ok=True)
        (folder() / f"head-{now:%Y-%m-%d}.json").write_text(head.text(), encoding="utf-8")
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        mark.upto, mark.due_at = head.number, midnight + timedelta(days=1)
        mark.save(update_fields=["upto", "due_at"])
    log.info("Head of the audit chain: entry %s, %s", head.number, head.hash)
    return 1


def _signed(entry: AuditEntry) -> Head:
    at = entry.at.isoformat()
    return Head(entry.number, entry.hash, at, crypto.sign(PURPOSE, _content(entry.number, entry.hash, at)))


def _content(*parts: Any) -> str:
    return encode(list(parts))
