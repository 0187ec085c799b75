"""`manage.py evaluate [FILE]`: what the gate would say about hypothetical cases, one JSON object a line."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compliance.law import rule_sets
from compliance.law.rules import Rules
from compliance.models import RuleSet
from compliance.whatif import BadCase, evaluate


class Command(BaseCommand):
    """Reads cases, writes answers, in the same order."""

    help = (
        "Say what the gate would decide about hypothetical cases: one JSON object a line in, one a line out. Nothing is "
        "stored. docs/what-if.md tells what a case may say. A case that cannot be read gets an answer with its mistakes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("file", nargs="?", default="-", help="the cases; - or nothing: standard input")
        parser.add_argument("--rule-set", type=int, help="judge by this rule set instead of the active one")

    def handle(self, *args: Any, **options: Any) -> None:
        """Answer each line."""
        law = self._law(options["rule_set"])
        for line in self._lines(options["file"]):
            self.stdout.write(json.dumps(answered(line, law), ensure_ascii=False))

    def _law(self, number: int | None) -> Rules:
        try:
            return rule_sets.of_number(number) if number else rule_sets.active()
        except RuleSet.DoesNotExist as error:
            raise CommandError(f"There is no rule set {number}." if number else "No rule set is active.") from error

    def _lines(self, name: str) -> Iterable[str]:
        try:
            lines = sys.stdin if name == "-" else Path(name).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{name} cannot be read: {error}") from error
        return _said(lines)


def _said(lines: Iterable[str]) -> Iterator[str]:
    return (line for line in lines if line.strip())


def answered(line: str, law: Rules) -> dict[str, Any]:
    """The answer to one line; one that cannot be read is answered with what is wrong."""
    try:
        case = json.loads(line)
    except ValueError as error:
        return {"error": [f"This is not JSON: {error}."]}
    try:
        return evaluate(case, law)
    except BadCase as error:
        named = {"id": case["id"]} if isinstance(case, dict) and isinstance(case.get("id"), str) else {}
        return {**named, "error": error.mistakes}
