"""A suppression matrix and a timeline as a case writes them: which of its rules have found their fact."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from channels.models import MessageClass
from compliance.base import MatrixFact
from compliance.models.matrix import LONGEST
from compliance.whatif.fields import Node
from contacts import comparisons
from contacts.ingest import names


class Happened(NamedTuple):
    """A fact of the hypothetical timeline."""

    name: str
    at: datetime
    properties: Mapping[str, Any]


def read(policy: Node, contact: Node, now: datetime | None) -> tuple[MatrixFact, ...]:
    """The rules of `policy.matrix` whose fact is among `contact.facts` by `now`."""
    said = [fact for node in contact.nodes("facts") if (fact := _happened(node))]
    past = [one for one in said if now is None or one.at <= now]
    return tuple(found for node in policy.nodes("matrix") if (found := _rule(node, past)))


def _happened(node: Node) -> Happened | None:
    name, at, properties = _event(node, "name"), node.instant("occurred_at"), node.mapping("properties")
    if not name:
        node.wrong("name", "say what happened, e.g. case.opened.")
    if at is None:
        node.wrong("occurred_at", "say when it happened, e.g. 2026-11-20T09:30:00Z.")
    node.done()
    return Happened(name, at, properties) if at else None


def _rule(node: Node, past: Sequence[Happened]) -> MatrixFact | None:
    """None for a rule whose fact has not happened."""
    event, lifted_by, where = _event(node, "event"), _event(node, "lifted_by"), node.comparisons("where")
    days = node.number("days", most=LONGEST)
    name = node.text("name", "matrix")
    classes = node.words("classes", MessageClass.values)
    journeys, topics, channels = (node.texts(scope) for scope in ("journeys", "topics", "channels"))
    if not event or event == lifted_by:
        node.wrong("event", "say which fact stops messages, e.g. case.opened; another one than lifted_by.")
    if not (classes or journeys or topics or channels):
        node.wrong("journeys", "nothing would stop; name journeys, topics, classes or channels.")
    node.done()
    at = [one.at for one in past if one.name == event and comparisons.holds(where, one.properties)]
    if not at:
        return None
    return MatrixFact(
        name=name,
        event=event,
        happened_at=max(at),
        lifted_at=max((one.at for one in past if one.name == lifted_by), default=None),
        lifted_by=lifted_by,
        lasts=timedelta(days=days) if days else None,
        journeys=journeys,
        topics=topics,
        classes=classes,
        channels=channels,
    )


def _event(node: Node, name: str) -> str:
    """As the timeline spells it."""
    return names.normalised(node.text(name))
