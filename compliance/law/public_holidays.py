"""On which days a jurisdiction rests, by the `holidays` package; observed days (a Friday for a Saturday) count too."""

import functools
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

_SUBDIVISIONS = {
    # Local law of Alsace and Moselle adds Good Friday and 26 December.
    "FR-67": ("6AE",), "FR-68": ("6AE",), "FR-6AE": ("6AE",), "FR-GES": ("57", "6AE"),
    "RE": ("974",), "GP": ("971",), "MQ": ("972",), "GF": ("973",), "YT": ("976",), "BL": ("BL",), "MF": ("MF",),
    "PM": ("PM",), "PF": ("PF",), "NC": ("NC",), "WF": ("WF",), "TF": ("TF",),
}  # fmt: skip
"""Regions and territories that the package knows by another code."""


def subdivisions(jurisdiction: str, regions: Iterable[str]) -> tuple[str, ...]:
    """The package's codes of those of these regions and territories that lie in this jurisdiction and have own holidays."""
    country, _, own = jurisdiction.partition("-")
    found = {own} if own else {code for region in regions for code in _local(country, region)}
    return tuple(sorted(found & set(codes(country))))


def codes(country: str) -> tuple[str, ...]:
    """The regions of a country that have a calendar of their own; empty for an unknown country."""
    return tuple(_supported().get(country, ()))


def _local(country: str, region: str) -> tuple[str, ...]:
    if region in _SUBDIVISIONS:
        return _SUBDIVISIONS[region] if country == "FR" else ()
    return (region.removeprefix(f"{country}-"),) if region.startswith(f"{country}-") else ()


def name(jurisdiction: str, subdivisions: tuple[str, ...], day: date) -> str:
    """The name of the holiday on this day, empty when it is none.

    A region's law bars state and federal holidays alike, so both calendars count.
    """
    country = jurisdiction.partition("-")[0]
    found = _calendar(country, "", day.year).get(day, "")
    for subdivision in subdivisions:
        found = found or _calendar(country, subdivision, day.year).get(day, "")
    return found


def known(jurisdiction: str) -> bool:
    """Whether there is a calendar for its country."""
    return jurisdiction.partition("-")[0] in _supported()


@functools.cache
def _supported() -> Mapping[str, Any]:
    # Imported late: the package takes a tenth of a second, and most processes never ask.
    import holidays

    return dict(holidays.list_supported_countries(include_aliases=False))


@functools.lru_cache(maxsize=4096)
def _calendar(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    import holidays

    return dict(holidays.country_holidays(country, subdiv=subdivision or None, years=year, language="en_US"))
