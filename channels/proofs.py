"""Test sends ("proofs"): a version's words to addresses of our own. They are asked for like every message, and pass the same door."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from channels import compiling, previews
from channels.base import channels
from channels.models import Message, TemplateVersion, Tester, TestSend
from config import bulk
from contacts.models import Contact

MARK = "[Test] "
MARKED = ("subject", "title", "body", "text")
"""Fields that may carry the mark; the first that the words have does."""
KEPT = timedelta(hours=1)
"""A test that cannot leave within the hour is pointless: whoever asked for it is looking at something else."""


class Unmarkable(Exception):
    """Words that have no place for the mark, so that whoever gets them could take them for real."""


def request(
    version: TemplateVersion, to: Sequence[str], reader: Contact | None, user_id: int, now: datetime
) -> list[int]:
    """Put a test to each of these addresses in front of the gate, in the caller's transaction; the ids of the messages.

    They are read as `reader` would read them (None: somebody made up). Two statements,
    and a look at whose the inboxes are where there are no addresses.
    """
    template = version.template
    context = dict(previews.event(template, reader))
    row = {
        "contact_id": None,
        "template_id": template.pk,
        "channel": template.channel,
        "brand_id": template.brand_id,
        "topic_id": template.topic_id,
        "priority": int(Message.Priority.NORMAL),
        "version_id": version.pk,
        "due_at": now,
        "expires_at": now + KEPT,
        "context": context,
        "labels": {"test": True},
        "created_at": now,
    }
    name = uuid4().hex
    recipients = {f"test:{name}:{number:03}": address for number, address in enumerate(to, start=1)}
    asked = dict(bulk.insert(Message, [{**row, "key": key} for key in recipients], returning=("id", "key")))
    inboxes = Tester.named(to) if channels[template.channel].fetched else {}
    about = {"version_id": version.pk, "reader_id": reader.pk if reader else None, "asked_by_id": user_id}
    sends = [(pk, recipients[key]) for pk, key in asked.items()]
    bulk.insert(
        TestSend, [{**about, "message_id": pk, "recipient": to, "inbox_id": inboxes.get(to)} for pk, to in sends]
    )
    return list(asked)


def of(ids: Iterable[int]) -> dict[int, TestSend]:
    """The tests among these messages with their versions and testers, by message; one query."""
    return TestSend.objects.select_related("version", "inbox__tester").in_bulk(list(ids))


def is_lost(test: TestSend) -> bool:
    """Whether it would go to the inbox of somebody who is no tester, or not any more. Asked of tests of channels that
    apps fetch."""
    return test.inbox is None or not hasattr(test.inbox, "tester")


def fields(version: TemplateVersion) -> Mapping[str, Any]:
    """What a test of this version says: as sealed, or for a draft as it would be compiled now, with the newest blocks.

    Raises BadSource for a draft that cannot be compiled.
    """
    if version.state != TemplateVersion.State.DRAFT:
        return compiling.said(version)
    return previews.fields(version.template, version.content, version.locale)


def marked(content: Mapping[str, str]) -> dict[str, str]:
    """The words with their mark. Raises Unmarkable for words that have no place for it (a provider's own template)."""
    field = next((name for name in MARKED if content.get(name)), None)
    if field is None or content.get("content_sid"):
        raise Unmarkable("These words cannot be marked as a test, so that they are not sent as one.")
    return {**content, field: MARK + content[field]}
