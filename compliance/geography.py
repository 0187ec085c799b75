"""Tables of places: which zones a country, a state or a postal code has, and whose law holds in a territory.

Zones of countries come from tzdata's zone.tab; states, ZIP codes, territories and overlay area codes from `data/`.
"""

import csv
import functools
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

DATA = Path(__file__).parent / "data"
ZIP_TERRITORIES = {"006": "PR", "007": "PR", "008": "VI", "009": "PR", "969": "GU"}
"""The first three digits of a ZIP code → the territory that it lies in."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What one clue, an address or a number, says; `anywhere` if its country is only a guess."""

    country: str = ""
    regions: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    anywhere: bool = False


@dataclass(frozen=True, slots=True)
class Region:
    """A state or province: its zones, and the ZIP prefixes (three digits) in it."""

    zones: tuple[str, ...]
    zips: tuple[tuple[int, int], ...] = ()


@functools.cache
def regions_table() -> dict[str, Region]:
    """`US-FL` → its zones and ZIP ranges."""
    return {
        row["region"]: Region(tuple(row["zones"].split()), tuple(map(_range, row["zip_prefixes"].split())))
        for row in _rows("regions.csv")
    }


@functools.cache
def territories() -> dict[str, str]:
    """A territory's country code → that of the country whose law holds there."""
    return {row["country"]: row["parent"] for row in _rows("territories.csv")}


@functools.cache
def overlays() -> dict[str, str]:
    """An overlay area code → the code that it was laid over."""
    return {row["area_code"]: row["parent"] for row in _rows("overlays.csv")}


@functools.cache
def area_regions() -> dict[str, tuple[str, ...]]:
    """A North American area code → its states or provinces, as libphonenumber names them."""
    return {row["area_code"]: tuple(row["regions"].split()) for row in _rows("area_codes.csv")}


@functools.cache
def zip_zones() -> dict[str, tuple[str, ...]]:
    """The first three digits of a ZIP code → their zones, in states that have several."""
    return {
        prefix: tuple(row["zones"].split()) for row in _rows("zip_zones.csv") for prefix in row["zip_prefixes"].split()
    }


@functools.cache
def country_zones(country: str) -> tuple[str, ...]:
    """All zones of a country by tzdata's zone.tab, e.g. one for AG, six and more for AU."""
    return _zone_tab().get(country.upper(), ())


@functools.cache
def _zone_tab() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    text = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, name, *_ = line.split("\t")
            found.setdefault(country, []).append(name)
    return {country: tuple(names) for country, names in found.items()}


@functools.cache
def zone_countries() -> dict[str, tuple[str, ...]]:
    """A zone → the countries in which it is used; former names (Asia/Calcutta, US/Eastern) as those of today."""
    found: dict[str, tuple[str, ...]] = {}
    for country, names in _zone_tab().items():
        for name in names:
            found[name] = (*found.get(name, ()), country)
    return {former: found[name] for former, name in _former_names() if name in found} | found


def _former_names() -> list[tuple[str, str]]:
    """Links of tzdata as (former name, name of today); not EST and the like, which are offsets and no places."""
    text = (resources.files("tzdata") / "zoneinfo" / "tzdata.zi").read_text(encoding="utf-8")
    links = (line.split() for line in text.splitlines() if line.startswith("L "))
    return [(former, name) for _, name, former in links if "/" in former]


def zip_region(postal_code: str) -> str:
    """The state of a ZIP code, e.g. US-FL; empty when its first three digits are of none."""
    digits = postal_code.strip()[:3]
    if not (digits.isascii() and digits.isdigit()):
        return ""
    prefix = int(digits)
    return next(
        (name for name, region in regions_table().items() if any(low <= prefix <= high for low, high in region.zips)),
        "",
    )


def _range(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    return int(low), int(high or low)


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def unique(items: Iterable[str]) -> tuple[str, ...]:
    """Each once, in order, without the empty ones."""
    return tuple(dict.fromkeys(filter(None, items)))
