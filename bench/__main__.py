"""`python -m bench N=10000`: measures, and ends with one line of JSON. Exit code 1 if a message was lost or doubled."""

import argparse
import json
import os
import sys
from collections.abc import Sequence

from bench.driver import NotTaken
from bench.run import Options, run, say
from bench.services import Failed

DEFAULT = "1000"
PATIENCE = 60.0
PATIENCE_AFTER_A_KILL = 300.0
"""A message that was being handed over waits until its worker's lease ends, and is then looked up."""


def users(text: str) -> int:
    """`10000` or `N=10000`; raises ArgumentTypeError."""
    number = text.removeprefix("N=").replace("_", "")
    if not number.isdecimal() or int(number) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of people; write for example N=10000.")
    return int(number)


def options(arguments: Sequence[str]) -> Options:
    """The command line; N may also stand in the environment. Exits with a sentence for what makes no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Send N new people through a governed journey and count what it costs. PostgreSQL and Redis are "
        "used when DATABASE_URL and BROKER_URL name them, otherwise SQLite.",
    )
    parser.add_argument("users", nargs="?", type=users, default=os.environ.get("N") or DEFAULT, metavar="N=1000")
    parser.add_argument("--channel", choices=["webhook", "email"], default="webhook")
    parser.add_argument("--kill", action="store_true", help="SIGKILL a worker process, later its supervisor")
    parser.add_argument(
        "--patience", type=float, help="seconds without movement that end the run (60; 300 with --kill)"
    )
    parser.add_argument("--connections", type=int, default=4, help="requests under way at once")
    found = parser.parse_args(arguments)
    patience = found.patience or (PATIENCE_AFTER_A_KILL if found.kill else PATIENCE)
    return Options(found.users, found.channel, found.kill, patience, found.connections)


def main(arguments: Sequence[str]) -> int:
    """Run it; the exit code."""
    try:
        figures = run(options(arguments), say)
    except (Failed, NotTaken, ValueError) as error:
        say(str(error))
        return 2
    sys.stdout.write(json.dumps(figures) + "\n")
    return 1 if figures["lost"] or figures["duplicated"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
