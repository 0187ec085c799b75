"""What stands against words, or deserves a second look: always with its place and a sentence."""

from dataclasses import dataclass
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a list: in which row (from 0), in which part of it, and a sentence that names the row."""

    row: int
    part: str
    sentence: str
