"""Names of time zones, checked against the tzdata package (never the system's older files)."""

import functools
import zoneinfo

from django.core.exceptions import ValidationError


@functools.cache
def names() -> frozenset[str]:
    """Every zone name of the installed tzdata package."""
    return frozenset(zoneinfo.available_timezones())


@functools.lru_cache(maxsize=1024)
def known(name: str) -> bool:
    """Whether `name` is an IANA zone, e.g. `Europe/Paris`."""
    return name in names()


@functools.lru_cache(maxsize=1024)
def zone(name: str) -> zoneinfo.ZoneInfo:
    """The zone of this name. Raises zoneinfo.ZoneInfoNotFoundError for an unknown one."""
    return zoneinfo.ZoneInfo(name)


def validate(name: str) -> None:
    """Django validator: raises ValidationError unless empty or an IANA zone name."""
    if name and not known(name):
        raise ValidationError(f"{name!r} is not a time zone; write for example Europe/Paris or America/New_York.")
