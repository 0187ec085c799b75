"""Where is the person, and whose law holds there? Always every possibility, never the likeliest one.

A phone number's area code says where it was sold, an address where mail goes: both may be true, so both count. Zones come
from libphonenumber's prefixes (united over the whole area code, since numbers move within it), cut to the country's own
zones; new overlay codes inherit from the code that they were laid over (`data/overlays.csv`).
"""

import csv
import functools
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from contacts import zones

DATA = Path(__file__).parent / "data"
ANYWHERE = {
    **dict.fromkeys(("500", "521", "522", "523", "524", "525", "526", "527", "528", "529", "532", "533", "544"), "US"),
    **dict.fromkeys(("566", "577", "588", "700", "710", "900"), "US"),
    **dict.fromkeys(("800", "833", "844", "855", "866", "877", "888"), "US"),
    **dict.fromkeys(("600", "622", "633"), "CA"),
}
"""Codes that belong to no area (personal, premium, toll-free), by the country whose law is assumed."""
ZIP_TERRITORIES = {"006": "PR", "007": "PR", "008": "VI", "009": "PR", "969": "GU"}


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known about where somebody is; empty where nothing is.

    `timezone` counts as set by the person unless `timezone_source` says otherwise; then it is one candidate among others.
    `region` may be written with or without its country. `phone` is in E.164, e.g. `+18505550100`.
    """

    timezone: str = ""
    country: str = ""
    region: str = ""
    postal_code: str = ""
    phone: str = ""
    ip_timezone: str = ""
    timezone_source: str = "person"


@dataclass(frozen=True, slots=True)
class Place:
    """All candidate zones with where they come from, and all jurisdictions, e.g. US and US-FL."""

    zones: tuple[str, ...]
    source: str
    jurisdictions: tuple[str, ...]
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether any jurisdiction is known."""
        return bool(self.jurisdictions)


@functools.lru_cache(maxsize=65_536)
def locate(clues: Clues, default_zone: str = "UTC", trust: str = "profile") -> Place:
    """Every zone and jurisdiction that the clues allow.

    `trust="profile"`: a zone set by the person is the only one (jurisdictions are still all of them); `trust="strict"`: it
    is one candidate more. Otherwise address and phone count together, with the IP's zone as one more, and all zones of a
    country that neither of them narrows; where no country is known, that of a zone; else `default_zone`, whose source is
    `account_default`.
    """
    phone, by_clock = _phone(clues.phone), _countries_of(clues)
    address = _address(clues, phone.country or next(iter(by_clock), ""))
    if phone.anywhere and address.country:
        phone = Whereabouts()
    countries = _unique([address.country, phone.country]) or by_clock
    regions = _unique([*address.regions, *phone.regions])
    declared = () if countries is by_clock else countries
    found, source = _zones(clues, address, phone, declared, default_zone, trust)
    return Place(found, source, _jurisdictions(countries, regions), countries, regions)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What one clue, an address or a number, says; `anywhere` if its country is only a guess."""

    country: str = ""
    regions: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    anywhere: bool = False


def _zones(
    clues: Clues, address: Whereabouts, phone: Whereabouts, countries: tuple[str, ...], default_zone: str, trust: str
) -> tuple[tuple[str, ...], str]:
    own = clues.timezone if zones.known(clues.timezone) else ""
    if own and clues.timezone_source == "person" and trust == "profile":
        return (own,), "person"
    parts = {
        clues.timezone_source or "profile": (own,) if own else (),
        "address": address.zones,
        "phone": phone.zones,
        "country": _unnarrowed(countries, (own, *address.zones, *phone.zones)),
        "ip": (clues.ip_timezone,) if zones.known(clues.ip_timezone) else (),
    }
    found = _unique(zone for part in parts.values() for zone in part)
    if not found:
        return (default_zone,), "account_default"
    return found, "+".join(name for name, part in parts.items() if part)


def _unnarrowed(countries: tuple[str, ...], found: tuple[str, ...]) -> tuple[str, ...]:
    """All zones of those countries in which no clue names one; a territory's zone narrows its parent too."""
    narrowed = {code for zone in found for code in _zone_countries().get(zone, ())}
    narrowed |= {territories().get(code, code) for code in narrowed}
    return _unique(zone for country in countries if country not in narrowed for zone in country_zones(country))


def _countries_of(clues: Clues) -> tuple[str, ...]:
    """Where nothing else names a country, the zones do: whoever lives by New York's clock lives in the US."""
    for name in (clues.timezone, clues.ip_timezone):
        if found := _zone_countries().get(name):
            return found
    return ()


def _address(clues: Clues, likely: str) -> Whereabouts:
    """What country, region and postal code say; where no country is written, they are read as of the `likely` one."""
    country, region = clues.country.strip().upper(), clues.region.strip().upper()
    prefix, dash, rest = region.partition("-")
    country, region = (country or prefix, rest) if dash else (country, region)
    if territories().get(region) == country:
        country, region = region, ""
    reading, code = country or likely, clues.postal_code.strip()
    if reading == "FR" and not region and (department := _department(code)):
        overseas = department in territories()
        country = reading = department if overseas else reading
        region = "" if overseas else department
    if reading == "US" and code[:3] in ZIP_TERRITORIES:
        return Whereabouts(ZIP_TERRITORIES[code[:3]])
    own = f"{reading}-{region}" if reading and region else ""
    of_code = _zip_region(code) if reading == "US" else ""
    regions = _unique([own if country or own in regions_table() else "", of_code])
    return Whereabouts(reading if country or regions else "", regions, _region_zones(regions, code if of_code else ""))


def _region_zones(regions: tuple[str, ...], zip_code: str) -> tuple[str, ...]:
    """The zones of the regions; of a ZIP code's region, those of its first three digits where a state has several."""
    narrow = {_zip_region(zip_code): zip_zones().get(zip_code[:3], ())} if zip_code else {}
    tables = (narrow.get(name) or (regions_table()[name].zones if name in regions_table() else ()) for name in regions)
    return _unique(zone for table in tables for zone in table)


def _department(code: str) -> str:
    """The French department of a postal code, or the territory that it lies in."""
    if len(code) != 5 or not code.isdigit():
        return ""
    overseas = {"971": "GP", "972": "MQ", "973": "GF", "974": "RE", "975": "PM", "976": "YT"}
    return overseas.get(code[:3], code[:2])


def _jurisdictions(countries: tuple[str, ...], regions: tuple[str, ...]) -> tuple[str, ...]:
    parents = territories()
    return _unique([*(parents.get(country, country) for country in countries), *countries, *regions])


def _phone(number: str) -> Whereabouts:
    if number.startswith("+1"):
        return _area(number[2:5])
    return _number(number) if number.startswith("+") else Whereabouts()


@functools.lru_cache(maxsize=65_536)
def _number(number: str) -> Whereabouts:
    import phonenumbers
    from phonenumbers import timezone

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return Whereabouts()
    country = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code
    )
    own = country_zones(country or "")
    if not own:
        return Whereabouts()
    # time_zones_for_geographical_number would name one zone for a whole continent of mobiles.
    candidates = tuple(zone for zone in timezone.time_zones_for_number(parsed) if zone in own)
    return Whereabouts(country, (), candidates or own)


@functools.lru_cache(maxsize=1024)
def _area(code: str) -> Whereabouts:
    """North America: the area code alone decides, united over all of its exchanges and the code it was laid over."""
    if code in ANYWHERE:
        return Whereabouts(ANYWHERE[code], anywhere=True)
    parent = overlays().get(code, code)
    country = _area_country(code) or _area_country(parent)
    if not country:
        return Whereabouts()
    own = set(country_zones(country))
    united = _unique(zone for each in sorted({code, parent}) for zone in _prefix_zones(each) if zone in own)
    regions = _unique([*_area_regions(code, country), *_area_regions(parent, country)])
    return Whereabouts(country, regions, united or country_zones(country))


def _area_country(code: str) -> str:
    import phonenumbers

    if len(code) != 3 or not code.isdigit():
        return ""
    number = phonenumbers.PhoneNumber(country_code=1, national_number=int(f"{code}5550100"))
    return phonenumbers.region_code_for_number(number) or ""


@functools.cache
def _prefix_index() -> dict[str, tuple[str, ...]]:
    from phonenumbers.tzdata import TIMEZONE_DATA

    index: dict[str, set[str]] = {}
    for prefix, names in TIMEZONE_DATA.items():
        if prefix.startswith("1") and len(prefix) >= 4:
            index.setdefault(prefix[1:4], set()).update(names)
    return {code: tuple(sorted(names)) for code, names in index.items()}


def _prefix_zones(code: str) -> tuple[str, ...]:
    return _prefix_index().get(code, ())


@functools.lru_cache(maxsize=1024)
def _area_regions(code: str, country: str) -> tuple[str, ...]:
    """The states of an area code, read from libphonenumber's English place names ("Florida", "New York, NY")."""
    from phonenumbers.geodata import GEOCODE_DATA

    prefix = f"1{code}"
    texts = {data.get("en", "") for key, data in GEOCODE_DATA.items() if key == prefix}
    texts = texts or {data.get("en", "") for key, data in GEOCODE_DATA.items() if key.startswith(prefix)}
    names = [part.strip() for text in texts for part in text.split("/")]
    found = (f"{country}-{_state(name)}" for name in names)
    return _unique(sorted(region for region in found if region in regions_table()))


def _state(name: str) -> str:
    ending = name.rsplit(",", 1)[-1].strip()
    return ending if len(ending) == 2 and ending.isupper() else STATE_NAMES.get(name, "")


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
def _zone_countries() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for country, names in _zone_tab().items():
        for name in names:
            found[name] = (*found.get(name, ()), country)
    return found


def _zip_region(postal_code: str) -> str:
    digits = postal_code.strip()[:3]
    if not digits.isdigit():
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


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, items)))


STATE_NAMES = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA", "Colorado": "CO", "Connecticut": "CT",
    "Delaware": "DE", "Washington D.C.": "DC", "Florida": "FL", "Georgia": "GA", "Hawaii": "HI", "Idaho": "ID", "Illinois": "IL",
    "Indiana": "IN", "Iowa": "IA", "Kansas": "KS", "Kentucky": "KY", "Louisiana": "LA", "Maine": "ME", "Maryland": "MD",
    "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN", "Mississippi": "MS", "Missouri": "MO", "Montana": "MT",
    "Nebraska": "NE", "Nevada": "NV", "New Hampshire": "NH", "New Jersey": "NJ", "New Mexico": "NM", "New York": "NY",
    "North Carolina": "NC", "North Dakota": "ND", "Ohio": "OH", "Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA",
    "Rhode Island": "RI", "South Carolina": "SC", "South Dakota": "SD", "Tennessee": "TN", "Texas": "TX", "Utah": "UT",
    "Vermont": "VT", "Virginia": "VA", "Washington State": "WA", "Washington": "WA", "West Virginia": "WV", "Wisconsin": "WI",
    "Wyoming": "WY", "Alberta": "AB", "British Columbia": "BC", "British Colombia": "BC", "Manitoba": "MB", "New Brunswick": "NB",
    "Newfoundland and Labrador": "NL", "Nova Scotia": "NS", "Prince Edward Island": "PE", "Ontario": "ON", "Quebec": "QC",
    "Saskatchewan": "SK", "Northwest Territories": "NT", "Nunavut": "NU", "Yukon": "YT",
}  # fmt: skip
"""Names as libphonenumber's place descriptions spell them (its own misspelling included)."""
