"""Pumps that raise are left alone for a while, longer each time in a row, so that a broken one neither spins nor stops others."""

from datetime import datetime, timedelta

from config.models import Fault

FIRST_REST = timedelta(seconds=2)
LONGEST_REST = timedelta(minutes=1)
QUIET = timedelta(minutes=10)


def resting(now: datetime) -> frozenset[str]:
    """The pumps to leave alone at `now`."""
    return frozenset(Fault.objects.filter(rests_until__gt=now).values_list("pump", flat=True))


def known() -> frozenset[str]:
    """All pumps whose last run raised."""
    return frozenset(Fault.objects.values_list("pump", flat=True))


def note(pump: str, error: Exception, now: datetime) -> None:
    """The pump raised: let it rest for 2 s, 4 s, 8 s, … at most a minute."""
    before = Fault.objects.filter(pump=pump).values_list("failures", flat=True).first() or 0
    rest = min(FIRST_REST * 2 ** min(before, 10), LONGEST_REST)
    said = {"failures": before + 1, "rests_until": now + rest, "error": f"{type(error).__name__}: {error}"[:2000]}
    Fault.objects.update_or_create(pump=pump, defaults=said)


def over(pump: str, rows: int, now: datetime) -> bool:
    """Whether the pump works again, after a run that did not raise: then its fault is forgotten.

    A run that found nothing to do proves nothing, since what made the last one raise may still be leased; it ends a
    fault only after it has been quiet for ten minutes.
    """
    fault = Fault.objects.filter(pump=pump)
    if not rows:
        fault = fault.filter(rests_until__lte=now - QUIET)
    return bool(fault.delete()[0])
