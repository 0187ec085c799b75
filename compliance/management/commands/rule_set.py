"""`manage.py rule_set load FILE | activate N | list | show N | export N | diff N M`: the law's versions as files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError

from compliance.law import cells, hours, rule_sets, tables
from compliance.law.rules import HoursRow, Row, Tables
from compliance.models import RuleSet
from config import clock

NOTICE = "It is a collection of sources, not legal advice."


class Command(BaseCommand):
    help = "Load the legal rules as a new version, activate one, list, show, export and compare them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        load = verbs.add_parser(
            "load", help="Read a CSV of hours into a new draft; bans and caps are kept unless given."
        )
        load.add_argument("file")
        load.add_argument("--bans", metavar="FILE", help="CSV of bans.")
        load.add_argument("--caps", metavar="FILE", help="CSV of statutory caps.")
        load.add_argument("--note", default="", help="What changed, and why.")
        load.add_argument("--activate", action="store_true", help="Judge by it from now on; needs --user.")
        load.add_argument("--user", help="User name of the person who answers for it.")
        activate = verbs.add_parser("activate", help="Judge by a draft from now on.")
        activate.add_argument("number", type=int)
        activate.add_argument("--user", required=True, help="User name of the person who answers for it.")
        activate.add_argument("--reason", required=True, help="Why; it becomes the note of the set.")
        verbs.add_parser("list", help="All rule sets, the newest first.")
        show = verbs.add_parser("show", help="The rows of a rule set with their sources.")
        show.add_argument("number", type=int)
        export = verbs.add_parser("export", help="Write one of a rule set's tables as CSV to standard output.")
        export.add_argument("number", type=int)
        export.add_argument("--table", choices=list(rule_sets.TABLES), default="hours")
        diff = verbs.add_parser("diff", help="What a rule set has that another has not.")
        diff.add_argument("number", type=int)
        diff.add_argument("other", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"do_{options['verb']}")(options)

    def do_load(self, options: dict[str, Any]) -> None:
        """A draft made of the files; activated on demand."""
        if options["activate"] and not options["user"]:
            raise CommandError("--activate needs --user: somebody must answer for it.")
        user = self._user(options["user"])
        kept = self._kept()
        content = Tables(
            self._table("hours", options["file"]),
            self._table("bans", options["bans"]) if options["bans"] else kept.bans,
            self._table("caps", options["caps"]) if options["caps"] else kept.caps,
        )
        made = rule_sets.draft(
            content, clock.now(), user=user, note=options["note"] or f"Loaded from {options['file']}."
        )
        self.stdout.write(f"Rule set {made.number}: {len(content.hours)} rows of hours, loaded as a draft.")
        if options["activate"]:
            self._activate(made, user)

    def do_activate(self, options: dict[str, Any]) -> None:
        """One draft, by its number."""
        self._activate(self._set(options["number"]), self._user(options["user"]), options["reason"])

    def do_list(self, options: dict[str, Any]) -> None:
        """One line a set."""
        for one in RuleSet.objects.select_related("activated_by"):
            since = f"{one.activated_at:%Y-%m-%d %H:%M} UTC" if one.activated_at else "never activated"
            by = f" by {one.activated_by}" if one.activated_by else ""
            self.stdout.write(f"{one.number}\t{one.state}\t{since}{by}\t{one.checksum[:12]}\t{one.note}")

    def do_show(self, options: dict[str, Any]) -> None:
        """One line a row."""
        found = self._set(options["number"])
        since = f", as of {found.activated_at:%Y-%m-%d}" if found.activated_at else ""
        self.stdout.write(f"Rule set v{found.number} ({found.state}{since}). {NOTICE}")
        content = rule_sets.content(found)
        for row in (*content.hours, *content.bans, *content.caps):
            self.stdout.write(_line(row))

    def do_export(self, options: dict[str, Any]) -> None:
        """A table as `load` takes it."""
        content = rule_sets.content(self._set(options["number"]))
        columns = rule_sets.TABLES[options["table"]][1]
        self.stdout.write(tables.write(getattr(content, options["table"]), columns), ending="")

    def do_diff(self, options: dict[str, Any]) -> None:
        """One line a row that only one of the two has."""
        older, newer = (rule_sets.content(self._set(options[name])) for name in ("number", "other"))
        found = rule_sets.differences(older, newer)
        for difference in found:
            self.stdout.write(f"{difference.sign} {_line(difference.row)}")
        if not found:
            self.stdout.write("They are the same.")

    def _activate(self, rule_set: RuleSet, user: Any, reason: str = "") -> None:
        try:
            rule_sets.activate(rule_set, user, clock.now(), reason)
        except (PermissionDenied, ValidationError) as error:
            told = "\n".join(getattr(error, "messages", [str(error)]))
            raise CommandError(f"Rule set {rule_set.number} is not activated: {told}") from error
        self.stdout.write(f"Rule set {rule_set.number} is active.")

    def _kept(self) -> Tables:
        current = RuleSet.objects.filter(state=RuleSet.State.ACTIVE).first()
        return rule_sets.content(current) if current else rule_sets.shipped()

    def _table(self, name: str, file: str) -> Any:
        try:
            return rule_sets.TABLES[name][0](Path(file).read_text(encoding="utf-8"))
        except tables.BadTable as error:
            count = len(error.mistakes)
            raise CommandError(f"{file} has {count} mistake{'s' * (count > 1)}; nothing is loaded:\n{error}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read: {error}") from error

    def _set(self, number: int) -> RuleSet:
        found = RuleSet.objects.filter(number=number).first()
        if not found:
            known = ", ".join(str(one) for one in RuleSet.objects.values_list("number", flat=True)) or "none"
            raise CommandError(f"There is no rule set {number}; there are: {known}.")
        return found

    def _user(self, name: str | None) -> Any:
        if not name:
            return None
        user = get_user_model().objects.filter(username=name).first()
        if not user:
            raise CommandError(f"There is no user {name!r}.")
        return user


def _line(row: Row) -> str:
    dates = " ".join(
        f"{word} {day}" for word, day in (("from", row.effective_from), ("to", row.effective_to)) if day is not None
    )
    parts = [row.jurisdiction, " ".join(row.channels), row.category, _says(row), dates, row.source]
    return "\t".join(part for part in parts if part)


def _says(row: Row) -> str:
    if isinstance(row, HoursRow):
        return f"{cells.weekday_text(row.weekdays)} {hours.allowed(row)}, {row.kind}, {row.confidence}"
    return " ".join(str(getattr(row, name)) for name in ("code", "limit", "counts", "window") if hasattr(row, name))
