"""`manage.py journeys list | export KEY | import FILE | publish | pause | resume | retire | archive KEY | check`: journeys as files, and their health."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError

from config import clock
from journeys import files, liveness, publishing
from journeys.models import Journey, Version

VERBS: dict[str, tuple[str, Callable[..., Any], str]] = {
    "pause": ("Keep everybody where they are; nothing leaves.", publishing.pause, "paused"),
    "resume": ("Go on from where everybody is.", publishing.resume, "live again"),
    "retire": (
        "Let nobody in any more; those inside go on to their end.",
        lambda journey, user, now, reason: publishing.retire(journey, user, reason),
        "closed to new people",
    ),
    "archive": ("Close it for good; everybody leaves.", publishing.archive, "archived"),
}


class Command(BaseCommand):
    help = "List journeys, write one to a file, read one from a file, or check that nobody is stuck."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="All journeys with their state and versions.")
        export = verbs.add_parser("export", help="Write a journey as YAML to standard output.")
        export.add_argument("key")
        export.add_argument("--draft", action="store_true", help="The draft rather than the live version.")
        import_ = verbs.add_parser(
            "import", help="Read a journey from a YAML file (- is standard input) into its draft."
        )
        import_.add_argument("file")
        import_.add_argument("--submit", action="store_true", help="Hand it in for review at once; needs --user.")
        import_.add_argument(
            "--user",
            help="User name of the person who answers for it and must be allowed to; without it, the system does it.",
        )
        import_.add_argument("--reason", default="", help="Why; kept in the history.")
        publish = verbs.add_parser("publish", help="Let people enter the draft, once it is approved.")
        publish.add_argument("key")
        publish.add_argument("--user", required=True, help="User name of the person who publishes.")
        publish.add_argument("--reason", default="", help="Why; kept in its history.")
        for verb, (about, _, _) in VERBS.items():
            stop = verbs.add_parser(verb, help=about)
            stop.add_argument("key")
            stop.add_argument("--user", required=True, help="User name of the person who answers for it.")
            stop.add_argument("--reason", required=True, help="Why; kept in the journey's history.")
        check = verbs.add_parser("check", help="Find people who are stuck, and set them going again.")
        check.add_argument("--dry-run", action="store_true", help="Only report.")

    def handle(self, *args: Any, **options: Any) -> None:
        verb = options["verb"]
        (self.do_verb if verb in VERBS else getattr(self, f"do_{verb}"))(options)

    def do_list(self, options: dict[str, Any]) -> None:
        """One line a journey."""
        for journey in Journey.objects.select_related("brand").prefetch_related("versions"):
            versions = ", ".join(f"v{v.number} {v.state}" for v in journey.versions.all()) or "no version"
            self.stdout.write(f"{journey.key}\t{journey.state}\t{journey.brand.key}\t{versions}")

    def do_export(self, options: dict[str, Any]) -> None:
        """The live version (else the newest), as a file."""
        journey = self._journey(options["key"])
        newest = journey.versions.order_by("-number").first()
        version = newest if options["draft"] else journey.live_version or newest
        if not version:
            raise CommandError(f"The journey {journey.key!r} has no version yet.")
        self.stdout.write(files.dump(files.plan_of(version)), ending="")

    def do_import(self, options: dict[str, Any]) -> None:
        """A draft made of the file; handed in for review on demand."""
        user = self._user(options["user"])
        if options["submit"] and not user:
            raise CommandError("--submit needs --user: somebody must answer for it.")
        draft = self._draft(options, user)
        if options["submit"]:
            self._do(
                "It is imported as a draft, but not handed in", lambda: publishing.submit(draft, user, clock.now())
            )
        state = "waits for its review" if options["submit"] else f"is {draft.get_state_display()}"
        self.stdout.write(f"{draft.journey.key} v{draft.number} {state}.")

    def do_publish(self, options: dict[str, Any]) -> None:
        """The journey's draft goes live."""
        user = self._user(options["user"])
        draft = Version.objects.filter(journey__key=options["key"], state=Version.State.DRAFT).first()
        if not draft:
            raise CommandError(f"The journey {options['key']!r} has no draft to publish.")
        self._do("It is not published", lambda: publishing.publish(draft, user, clock.now(), options["reason"]))
        self.stdout.write(f"{options['key']} v{draft.number} is live.")

    def do_verb(self, options: dict[str, Any]) -> None:
        """Pause it, resume it, let nobody in, or close it."""
        journey, user = self._journey(options["key"]), self._user(options["user"])
        _, call, done = VERBS[options["verb"]]
        self._do(f"It is not {done}", lambda: call(journey, user, clock.now(), options["reason"]))
        self.stdout.write(f"{journey.key} is {done}.")

    def _journey(self, key: str) -> Journey:
        journey = Journey.objects.filter(key=key).first()
        if not journey:
            known = ", ".join(Journey.objects.values_list("key", flat=True)) or "none"
            raise CommandError(f"There is no journey {key!r}; there are: {known}.")
        return journey

    def _do(self, failed: str, verb: Callable[[], Any]) -> None:
        try:
            verb()
        except ValidationError as error:
            raise CommandError(f"{failed}:\n" + "\n".join(error.messages)) from error
        except PermissionDenied as error:
            raise CommandError(f"{failed}: {error}") from error

    def _draft(self, options: dict[str, Any], user: Any) -> Version:
        try:
            return files.save(files.load(self._text(options["file"])), by=user, reason=options["reason"])
        except files.BadFile as error:
            raise CommandError(f"{options['file']}:\n{error}") from error
        except PermissionDenied as error:
            raise CommandError(f"It is not imported: {error}") from error

    def do_check(self, options: dict[str, Any]) -> None:
        """One line a finding."""
        now = clock.now()
        findings = liveness.check(now) if options["dry_run"] else liveness.repair(now)
        for finding in findings:
            self.stdout.write(str(finding))
        self.stdout.write(
            f"{len(findings)} stuck." if options["dry_run"] else f"{len(findings)} stuck, set going again."
        )

    def _text(self, name: str) -> str:
        try:
            return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{name} cannot be read: {error}") from error

    def _user(self, name: str | None) -> Any:
        if not name:
            return None
        user = get_user_model().objects.filter(username=name).first()
        if not user:
            raise CommandError(f"There is no user {name!r}.")
        return user
