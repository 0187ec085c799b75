"""Exactly what was sent, word for word: written in batches as messages leave, and read back whole or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Case, F, QuerySet, Value, When

from channels.models import ChatMessage, InAppMessage, Message, RenderedCopy, TemplateVersion
from channels.packing import Damaged, Packer
from config import bulk

COLUMNS = ("version_id", "packed", "sha256")


def keep(copies: Sequence[tuple[int, int | None, Mapping[str, Any]]]) -> None:
    """Keep rendered fields: (message, version, fields) each; two queries, however many. What is there already is replaced.

    A draft may still change, so that what is rendered from it is packed without it.
    """
    sources = _sealed({version for _, version, _ in copies if version})
    packers = {version: Packer(source) for version, source in sources.items()}
    loose = Packer(None)
    rows = []
    for message, version, content in copies:
        mine = version if version in packers else None
        packed = (packers[mine] if mine else loose).pack(content)
        rows.append({"message_id": message, "version_id": mine, "packed": packed.packed, "sha256": packed.sha256})
    bulk.upsert(RenderedCopy, rows, unique=("message_id",), update=COLUMNS)


def cut(messages: QuerySet[Message], now: datetime) -> tuple[int, int]:
    """Remove the words of these messages: how many copies, and how many that lay ready for apps and chat widgets.

    Of the latter remains what was done with them, and when; they are shown no more.
    """
    copies, _ = RenderedCopy.objects.filter(message__in=messages).delete()
    stored = 0
    for model in (InAppMessage, ChatMessage):
        full = model._default_manager.filter(message__in=messages).exclude(content={})
        over = Case(When(expires_at__lt=now, then=F("expires_at")), default=Value(now))
        stored += full.update(content={}, expires_at=over)
    return copies, stored


def of(message_id: int) -> RenderedCopy | None:
    """The copy of this message, with all that it takes to read it: one query."""
    return RenderedCopy.objects.select_related("version").filter(pk=message_id).first()


def shown(message_id: int) -> dict[str, Any] | None:
    """The fields of this message as they were sent; None if nothing was."""
    copy = of(message_id)
    return fields(copy) if copy else None


def fields(copy: RenderedCopy) -> dict[str, Any]:
    """The fields as they were sent. Of a damaged copy only a sentence, as `damaged`: pages and files must tell of it."""
    try:
        return copy.content
    except Damaged as error:
        return {"damaged": f"The copy of message {copy.message_id} is damaged: {error}."}


def _sealed(ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    rows = TemplateVersion.objects.filter(pk__in=ids).exclude(state=TemplateVersion.State.DRAFT)
    return {pk: compiled or content for pk, content, compiled in rows.values_list("id", "content", "compiled")}
