"""What stands against words, or deserves a second look: always with its place and a sentence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from django.utils.text import capfirst

Severity = Literal["block", "warn"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (`block`: it cannot be submitted) or that a careful author looks at again (`warn`).

    `line` is counted from 1; 0 where there is none, or none can be told.
    """

    field: str
    sentence: str
    code: str
    severity: Severity = "block"
    line: int = 0

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{self.field}: {place}{self.sentence}" if self.field else f"{place}{self.sentence}"


class Problem(Protocol):
    """What a finding of any floor tells; one may also have a `line`."""

    @property
    def field(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def severity(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Placed:
    """A finding as people read it: the field by its key and by its name, the line (0: none), and a sentence without either."""

    field: str
    label: str
    line: int
    sentence: str

    def __str__(self) -> str:
        place = ", ".join(filter(None, [self.label, f"line {self.line}" if self.line else ""]))
        return f"{place}: {self.sentence}" if place else self.sentence


_WORD = re.compile(r"[^\W\d_]+(?=[,;:]?(?:\s|$))")
"""What a capital is for at the beginning of a sentence; names and addresses stay as they are written."""
_PLACE = re.compile(r"(?:(\w+): )?(?:line (\d+): )?(.*)", re.DOTALL)


def placed(problem: Problem, labels: Mapping[str, str]) -> Placed:
    """The finding with its place, which sentences of the wording begin with: a field of `labels`, and a line if there is one."""
    field, line, sentence = problem.field, getattr(problem, "line", 0), problem.sentence
    if place := _PLACE.fullmatch(sentence):
        if not field and place[1] in labels:
            field, sentence = place[1], sentence.removeprefix(f"{place[1]}: ")
        line = line or (int(place[2]) if place[2] and field else 0)
    if line:
        sentence = re.sub(r"^line \d+: ", "", sentence)
    return Placed(
        field, label(labels, field) if field else "", line, capfirst(sentence) if _WORD.match(sentence) else sentence
    )


def label(labels: Mapping[str, str], name: str) -> str:
    """What people call a field: as its form does, else its key in words."""
    return labels.get(name) or capfirst(name.replace("_", " "))


def labels_of(form: Any) -> dict[str, str]:
    """The names of a form's fields by their keys."""
    return {name: str(field.label or capfirst(name.replace("_", " "))) for name, field in form.base_fields.items()}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a list: in which row (from 0), in which part of it, and a sentence that names the row."""

    row: int
    part: str
    sentence: str
