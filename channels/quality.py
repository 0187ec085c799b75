"""How good the data of an audience is for a version's words: who lacks what they use, before anything is sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Coalesce

from channels import compiling, liquid, variables
from channels.liquid import BadSource
from channels.models import TemplateVersion
from contacts import segments
from contacts.models import Address, Consent, Contact, Segment

COLUMNS = frozenset({"external_id", "locale", "country", "region", "timezone"})
KINDS = frozenset({Address.Kind.EMAIL.value, Address.Kind.PHONE.value})
SECONDS = 4
FEW, SHOWN = 20_000, 5
"""What is counted instead when all takes too long: the newest of the audience."""


@dataclass(frozen=True, slots=True)
class Line:
    """How many lack a variable, and whether the words hold without it (a fall-back, a default or a condition)."""

    name: str
    missing: int
    held: bool


@dataclass(frozen=True, slots=True)
class Report:
    """About `people` of the audience; with `about` set only its newest were counted, since all would take too long."""

    people: int = 0
    lines: list[Line] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    """Variables of events, which nobody can count before the event."""
    sample: list[Contact] = field(default_factory=list)
    """Some of those who lack something."""
    about: bool = False
    problem: str = ""


def report(version: TemplateVersion, audience: QuerySet[Contact]) -> Report:
    """The report; two queries, whatever the size of the audience. What takes too long is counted for its newest people."""
    try:
        used = _used(version)
    except BadSource as error:
        return Report(problem=f"The words cannot be read: {error}")
    try:
        return _counted(used, audience)
    except OperationalError:
        newest = audience.order_by("-pk").values("pk")[:FEW]
        try:
            return _counted(used, Contact.objects.filter(pk__in=newest), about=True)
        except OperationalError:
            return Report(problem="The database is too busy to count right now; try again later.")


def consenting(version: TemplateVersion) -> QuerySet[Contact]:
    """Everybody who allows the template's topic on its channel."""
    template = version.template
    said = {"channel": template.channel, "topic": template.topic_id, "state": Consent.State.GRANTED}
    return Contact.objects.filter(
        merged_into=None, **{f"consent_states__{name}": value for name, value in said.items()}
    )


def within(segment: Segment) -> QuerySet[Contact]:
    """Who is in the segment, as of its last refresh."""
    return segments.members(segment).filter(merged_into=None)


def _used(version: TemplateVersion) -> dict[str, bool]:
    """The variables of people and events that the words use, and whether the words hold without each."""
    declared = variables.read(version.variables)
    covered = {one.name for one in declared if one.fallback not in ("", None)}
    found: dict[str, bool] = {}
    for use in _uses(_said(version)):
        if use.name.startswith(("contact.", "event.")):
            found[use.name] = (use.safe or use.name in covered) and found.get(use.name, True)
    return dict(sorted(found.items()))


def _said(version: TemplateVersion) -> Mapping[str, Any]:
    """What is counted for. Raises BadSource for a draft with a field that cannot be read: the rest is not the whole."""
    if version.state != TemplateVersion.State.DRAFT:
        return compiling.said(version)
    made = compiling.compile(version)
    for finding in made.findings:
        if finding.field in made.broken:
            raise BadSource(f"{finding.field}: {finding.sentence}")
    return made.fields


def _uses(said: Mapping[str, Any]) -> Iterator[liquid.reading.Use]:
    for source in said.values():
        if isinstance(source, str):
            yield from liquid.uses(source)


def _counted(used: Mapping[str, bool], audience: QuerySet[Contact], *, about: bool = False) -> Report:
    """Raises OperationalError if it takes too long."""
    lacking = {name: f"lacks{number}" for number, name in enumerate(used) if name.startswith("contact.")}
    texts = {f"text{number}": _text(name) for number, name in enumerate(used) if name.startswith("contact.")}
    people = audience.order_by().alias(**texts)
    missing = {alias: _missing(name, f"text{alias.removeprefix('lacks')}") for name, alias in lacking.items()}
    with transaction.atomic():
        _hurry()
        counts = people.aggregate(
            everybody=Count("pk"), **{alias: Count("pk", filter=lack) for alias, lack in missing.items()}
        )
        anybody = any(counts[alias] for alias in missing)
        lacks = reduce(or_, missing.values(), Q())
        sample = list(people.filter(lacks).order_by("-pk")[:SHOWN]) if anybody else []
    return Report(
        people=counts["everybody"],
        lines=[Line(name, counts[alias], used[name]) for name, alias in lacking.items()],
        events=[name for name in used if name.startswith("event.")],
        sample=sample,
        about=about,
    )


def _text(name: str) -> Coalesce:
    """The attribute as text, as `rendering.contact_variables` lays people out: attributes, with the columns over them."""
    path = name.split(".")[1:]
    if path[0] == "attributes" and path[1:]:
        path = path[1:]
    inner: Any = F("attributes")
    for part in path[:-1]:
        inner = KeyTransform(part, inner)
    return Coalesce(Cast(KeyTextTransform(path[-1], inner), TextField()), Value(""), output_field=TextField())


def _missing(name: str, text: str) -> Q:
    part = name.split(".")[1]
    if part == "id":
        return Q(pk=None)
    # SQLite writes JSON's null as a word.
    lacks = Q(**{f"{text}__in": ["", "[]", "{}", *(["null"] if connection.vendor == "sqlite" else [])]})
    if part in COLUMNS:
        return lacks & Q(**{part: ""})
    if part in KINDS:
        return lacks & ~Q(Exists(Address.objects.filter(contact=OuterRef("pk"), kind=part)))
    return lacks


def _hurry() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{SECONDS}s"])
