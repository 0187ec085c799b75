"""What the commands of the demo take on their command lines; each raises ArgumentTypeError with a sentence."""

from argparse import ArgumentTypeError
from datetime import date, timedelta

from config import durations


def day(text: str) -> date:
    """A day as ISO 8601."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day; write for example 1997-03-31.") from None


def tick(text: str) -> timedelta:
    """A duration above zero."""
    try:
        found = durations.parse(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
    if not found:
        raise ArgumentTypeError("A tick must be longer than no time at all; write for example 1h.")
    return found


def speed(text: str) -> float | None:
    """Virtual seconds a real second; None for `max`."""
    if text == "max":
        return None
    try:
        found = float(text)
    except ValueError:
        found = 0
    if not 0 < found < float("inf"):
        raise ArgumentTypeError(f"{text!r} is no speed; write max, or virtual seconds per second, e.g. 86400.")
    return found


def days(text: str) -> timedelta:
    """A number of whole days, at least 1."""
    if not text.isdecimal() or not 1 <= int(text) <= 3660:
        raise ArgumentTypeError(f"{text!r} is no number of days; write at least 1, e.g. 60.")
    return timedelta(days=int(text))


def port(text: str) -> int:
    """A TCP port that a program may listen on."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ArgumentTypeError(f"{text!r} is no port; write a number from 1 to 65535.")
    return int(text)
