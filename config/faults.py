"""Pumps that raise are left alone for a while, longer each time in a row, so that a broken one neither spins nor stops others."""

from datetime import datetime, timedelta

from config.models import Fault

FIRST_REST = timedelta(seconds=2)
LONGEST_REST = timedelta(minutes=1)


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


def forget(pump: str) -> None:
    """The pump works again."""
    Fault.objects.filter(pump=pump).delete()
