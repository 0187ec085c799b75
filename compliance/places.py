"""Where is the person, and whose law holds there? Always every possibility, never the likeliest one.

A phone number's area code says where it was sold, an address where mail goes: both may be true, so both count. Zones come
from libphonenumber's prefixes (united over the whole area code, since numbers move within it), cut to the country's own
zones; new overlay codes inherit from the code that they were laid over (`data/overlays.csv`).
"""

import csv
import functools
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from contacts import zones

DATA = Path(__file__).parent / "data"
TOLL_FREE_AND_PERSONAL = frozenset(
    {
        "800",
        "833",
        "844",
        "855",
        "866",
        "877",
        "888",
        "500",
        "521",
        "522",
        "533",
        "544",
        "566",
        "577",
        "588",
        "600",
        "622",
        "700",
        "900",
    }
)


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known about where somebody is; empty where nothing is. `timezone` is what the person set."""

    timezone: str = ""
    country: str = ""
    region: str = ""
    postal_code: str = ""
    phone: str = ""
    ip_timezone: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """All candidate zones with where they come from, and all jurisdictions, e.g. US and US-FL."""

    zones: tuple[str, ...]
    source: str
    jurisdictions: tuple[str, ...]
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = field(default=())

    @property
    def known(self) -> bool:
        """Whether any jurisdiction is known."""
        return bool(self.jurisdictions)


def locate(clues: Clues, default_zone: str = "UTC", trust: str = "profile") -> Place:
    """Every zone and jurisdiction that the clues allow.

    `trust="profile"`: a zone set by the person is the only one (jurisdictions are still all of them); `trust="strict"`: it
    is one candidate more. Order otherwise: address and phone together, with the IP's zone as one more; else the
    country's zones; else `default_zone` (source `account_default`).
    """
    address_regions = _address_regions(clues)
    phone = _phone(clues.phone)
    countries = _unique([clues.country.upper(), *(region[:2] for region in address_regions), phone.country])
    regions = _unique([*address_regions, *phone.regions])
    found, source = _zones(clues, address_regions, phone, countries, default_zone, trust)
    return Place(found, source, _jurisdictions(countries, regions), countries, regions)


@dataclass(frozen=True, slots=True)
class PhonePlace:
    """What a number's prefix says."""

    country: str = ""
    regions: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()


def _zones(
    clues: Clues,
    address_regions: tuple[str, ...],
    phone: PhonePlace,
    countries: tuple[str, ...],
    default_zone: str,
    trust: str,
) -> tuple[tuple[str, ...], str]:
    if clues.timezone and trust == "profile":
        return (clues.timezone,), "person"
    parts = {
        "person": (clues.timezone,) if clues.timezone else (),
        "address": _unique(zone for region in address_regions for zone in regions_table()[region].zones),
        "phone": phone.zones,
        "ip": (clues.ip_timezone,) if zones.known(clues.ip_timezone) else (),
    }
    found = _unique(zone for part in parts.values() for zone in part)
    if any(parts[name] for name in ("person", "address", "phone")):
        return found, "+".join(name for name, part in parts.items() if part)
    of_country = _unique(zone for country in countries for zone in country_zones(country))
    if of_country:
        return _unique([*of_country, *parts["ip"]]), "country"
    return (found, "ip") if found else ((default_zone,), "account_default")


def _address_regions(clues: Clues) -> tuple[str, ...]:
    country = clues.country.upper()
    names = []
    if country and clues.region:
        names.append(clues.region.upper() if "-" in clues.region else f"{country}-{clues.region.upper()}")
    if clues.postal_code and country in ("", "US"):
        names.append(_zip_region(clues.postal_code))
    return _unique(name for name in names if name in regions_table())


def _jurisdictions(countries: tuple[str, ...], regions: tuple[str, ...]) -> tuple[str, ...]:
    parents = territories()
    return _unique([*(parents.get(country, country) for country in countries), *countries, *regions])


@functools.lru_cache(maxsize=65536)
def _phone(number: str) -> PhonePlace:
    if not number.startswith("+"):
        return PhonePlace()
    if number.startswith("+1"):
        return _area_code(number)
    import phonenumbers
    from phonenumbers import timezone

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return PhonePlace()
    country = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code
    )
    own = country_zones(country or "")
    # time_zones_for_geographical_number would name one zone for a whole continent of mobiles.
    candidates = tuple(zone for zone in timezone.time_zones_for_number(parsed) if zone in own)
    return PhonePlace(country or "", (), candidates or own)


@functools.lru_cache(maxsize=2048)
def _area_code(number: str) -> PhonePlace:
    """North America: the area code alone decides, united over all of its exchanges."""
    import phonenumbers

    code = number[2:5]
    if code in TOLL_FREE_AND_PERSONAL:
        return PhonePlace("US", (), country_zones("US"))
    country = (
        phonenumbers.region_code_for_number(
            phonenumbers.PhoneNumber(country_code=1, national_number=int(f"{code}5550100"))
        )
        if code.isdigit()
        else ""
    )
    if not country or len(code) < 3:
        return PhonePlace()
    own = set(country_zones(country))
    united = _unique(zone for each in {code, overlays().get(code, code)} for zone in _prefix_zones(each) if zone in own)
    return PhonePlace(country, _area_regions(code, country), united or country_zones(country))


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
