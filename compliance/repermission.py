"""The way back from a withdrawn wording: people are asked again, each at most once, by messages that the gate judges in full.

A request for consent is itself a message of the class that legal approved for its words. As marketing it leaves only where
another consent stands (of the topic that its template is about); what was withdrawn allows nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet

from channels import outbox
from channels.models import MessageTemplate, TemplateVersion
from compliance import chain, findings
from compliance.chain import kinds
from compliance.models import Repermission, WithdrawnWording
from contacts.confirmations import Question
from contacts.models import Consent, ConsentState, Topic

PERMISSION = "compliance.ask_again"
VALID_FOR = timedelta(days=30)
"""How long the link works; a message that could leave only later makes no sense any more."""
BATCH = 500
LINK = "event.confirm_url"
STARTED, FINISHED = "repermission.started", "repermission.finished"
GRANTED, WRITTEN = Consent.State.GRANTED.value, Consent.Basis.WRITTEN.value

kinds.register(STARTED, "Asking people again started")
kinds.register(FINISHED, "Asking people again finished")


@dataclass(frozen=True, slots=True)
class Concerned:
    """So many people whose consent to this topic on this channel rests on the wording."""

    topic: Topic
    channel: str
    people: int


def concerned(withdrawn: WithdrawnWording) -> list[Concerned]:
    """Whom the withdrawal concerns, by topic and channel. Two queries."""
    rows = _resting(withdrawn).order_by("topic", "channel").values_list("topic", "channel")
    counted = list(rows.annotate(people=Count("pk")))
    topics = Topic.objects.select_related("brand").in_bulk({topic for topic, *_ in counted})
    return [Concerned(topics[topic], channel, people) for topic, channel, people in counted]


def start(
    withdrawn: WithdrawnWording,
    topic: Topic,
    channel: str,
    *,
    template: MessageTemplate,
    wording: str,
    user: User,
    now: datetime,
) -> Repermission:
    """Begin to ask these people; the worker goes on with it, batch by batch.

    Raises PermissionDenied, and ValidationError for a template that cannot ask, a wording that does not count, a round that
    runs already, and where nobody is to be asked.
    """
    if not user.has_perm(PERMISSION):
        raise PermissionDenied("You need the permission to ask people again.")
    _check_words(withdrawn, topic, template, wording)
    if not _resting(withdrawn).filter(topic=topic, channel=channel).exists():
        raise ValidationError("No consent rests on this wording there, so there is nobody to ask.")
    try:
        with transaction.atomic():
            made = Repermission.objects.create(
                withdrawn=withdrawn, topic=topic, channel=channel, template=template, wording=wording.strip(),
                started_by=user, started_at=now,
            )  # fmt: skip
            told = {"withdrawn": withdrawn.pk, "topic": topic.pk, "channel": channel, "template": template.pk}
            chain.append(STARTED, now=now, actor=user.pk, subject=made, payload={**told, "wording": made.wording})
    except IntegrityError as error:
        raise ValidationError("These people are being asked already; wait until that is finished.") from error
    return made


def next_due(now: datetime) -> datetime | None:
    """When the oldest round began that is not finished; None when there is none."""
    return _running().values_list("started_at", flat=True).first()


def run(now: datetime, limit: int = BATCH) -> int:
    """Ask the next people of the oldest round; how many consents were looked at, 0 only when no round was due.

    The place where it stands is written with the messages: a crash loses both, and doubles neither.
    """
    with transaction.atomic():
        found = _running().filter(started_at__lte=now).select_for_update(skip_locked=True, of=("self",)).first()
        if found is None:
            return 0
        return _batch(found, now, limit) or _finish(found, now)


def _running() -> QuerySet[Repermission]:
    return Repermission.objects.filter(finished_at=None).order_by("pk")


def _resting(withdrawn: WithdrawnWording) -> QuerySet[ConsentState]:
    return ConsentState.objects.filter(state=GRANTED, wording=withdrawn.wording)


def _batch(round_: Repermission, now: datetime, limit: int) -> int:
    if round_.withdrawn is None:
        return 0
    mine = _resting(round_.withdrawn).filter(topic=round_.topic_id, channel=round_.channel, pk__gt=round_.upto)
    rows = list(mine.order_by("pk").values_list("pk", "contact_id")[:limit])
    if rows:
        topic = round_.topic
        wanted = [_request(round_, topic, contact_id, now) for _, contact_id in rows]
        round_.asked += len(outbox.request(wanted, now))
        round_.upto = rows[-1][0]
        round_.save(update_fields=["asked", "upto"])
    return len(rows)


def _finish(round_: Repermission, now: datetime) -> int:
    round_.finished_at = now
    round_.save(update_fields=["finished_at"])
    chain.append(FINISHED, now=now, subject=round_, payload={"asked": round_.asked})
    return 1


def _request(round_: Repermission, topic: Topic, contact_id: int, now: datetime) -> outbox.Request:
    """The key knows the withdrawal and the consent, and neither round nor template: so nobody is asked for it twice."""
    until = now + VALID_FOR
    question = Question(contact_id, topic.pk, round_.channel, WRITTEN, round_.wording, now, until)
    said = {
        "confirm_url": question.url,
        "topic": topic.name,
        "channel": round_.channel,
        "expires_at": until.isoformat(),
    }
    key = f"ask-again:{round_.withdrawn_id}:{contact_id}:{round_.channel}:{topic.pk}"
    labels = {"repermission": round_.pk}
    return outbox.Request(key, contact_id, round_.template_id, now, context=said, labels=labels, expires_at=until)


def _check_words(withdrawn: WithdrawnWording, topic: Topic, template: MessageTemplate, wording: str) -> None:
    """Raises ValidationError for a template or a wording that cannot do it, by the field of the form."""
    problem = {"template": _of_template(topic, template), "wording": _of_wording(withdrawn, wording)}
    if told := {field: sentence for field, sentence in problem.items() if sentence}:
        raise ValidationError(told)


def _of_template(topic: Topic, template: MessageTemplate) -> str:
    if template.brand_id != topic.brand_id:
        return f"{template} is a template of another brand."
    versions = list(template.versions.filter(state=TemplateVersion.State.APPROVED).order_by("locale"))
    if not versions:
        return f"{template} has no approved version; legal decides first in which words people are asked."
    mute = next((version for version in versions if not _has_link(version)), None)
    return f"{mute} does not show the link; write {{{{ {LINK} }}}} where people are to open it." if mute else ""


def _has_link(version: TemplateVersion) -> bool:
    """In every language: whoever gets a version without it cannot answer."""
    words = findings.read(version)
    return any(words.uses(field, LINK) for field in words.fields)


def _of_wording(withdrawn: WithdrawnWording, wording: str) -> str:
    said = wording.strip()
    if not said:
        return "Name the version of the text that people agree to now."
    gone: Iterable[str] = WithdrawnWording.objects.values_list("wording", flat=True)
    return f"{said} is withdrawn itself; name the new version." if said in {*gone, withdrawn.wording} else ""
