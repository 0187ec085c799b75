"""Where is the person, and whose law holds there? Always every possibility, never the likeliest one.

A phone number's area code says where it was sold, an address where mail goes: both may be true, so both count.
"""

import functools
from dataclasses import dataclass

from compliance import phones
from compliance.geography import (
    ZIP_TERRITORIES,
    Whereabouts,
    country_zones,
    regions_table,
    territories,
    unique,
    zip_region,
    zip_zones,
    zone_countries,
)
from contacts import zones


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known about where somebody is; empty where nothing is.

    `timezone` counts as set by the person unless `timezone_source` says otherwise; then it is one candidate among others.
    `device_timezone` is where the person's device last was, `ip_timezone` where its IP address is.
    `region` may be written with or without its country. `phone` is in E.164, e.g. `+18505550100`.
    """

    timezone: str = ""
    country: str = ""
    region: str = ""
    postal_code: str = ""
    phone: str = ""
    device_timezone: str = ""
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
    is one candidate more. Otherwise device, address and phone count together, with the IP's zone as one more, and all zones
    of a country that none of the three narrows; where no country is known, that of a zone; else `default_zone`, whose source is
    `account_default`.
    """
    phone, by_clock = phones.whereabouts(clues.phone), _countries_of(clues)
    address = _address(clues, phone.country or next(iter(by_clock), ""))
    if phone.anywhere and address.country:
        phone = Whereabouts()
    countries = unique([address.country, phone.country]) or by_clock
    regions = unique([*address.regions, *phone.regions])
    declared = () if countries is by_clock else countries
    found, source = _zones(clues, address, phone, declared, default_zone, trust)
    return Place(found, source, _jurisdictions(countries, regions), countries, regions)


def _zones(
    clues: Clues, address: Whereabouts, phone: Whereabouts, countries: tuple[str, ...], default_zone: str, trust: str
) -> tuple[tuple[str, ...], str]:
    own = clues.timezone if zones.known(clues.timezone) else ""
    if own and clues.timezone_source == "person" and trust == "profile":
        return (own,), "person"
    device = clues.device_timezone if zones.known(clues.device_timezone) else ""
    parts = (
        (clues.timezone_source or "profile", (own,)),
        ("device", (device,)),
        ("address", address.zones),
        ("phone", phone.zones),
        ("country", _unnarrowed(countries, (own, device, *address.zones, *phone.zones))),
        ("ip", (clues.ip_timezone if zones.known(clues.ip_timezone) else "",)),
    )
    found = unique(zone for _, part in parts for zone in part)
    if not found:
        return (default_zone,), "account_default"
    return found, "+".join(unique(name for name, part in parts if any(part)))


def _unnarrowed(countries: tuple[str, ...], found: tuple[str, ...]) -> tuple[str, ...]:
    """All zones of those countries in which no clue names one; a territory's zone narrows its parent too."""
    narrowed = {code for zone in found for code in zone_countries().get(zone, ())}
    narrowed |= {territories().get(code, code) for code in narrowed}
    return unique(zone for country in countries if country not in narrowed for zone in country_zones(country))


def _countries_of(clues: Clues) -> tuple[str, ...]:
    """Where nothing else names a country, the zones do: whoever lives by New York's clock lives in the US."""
    for name in (clues.timezone, clues.device_timezone, clues.ip_timezone):
        if found := zone_countries().get(name):
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
    of_code = zip_region(code) if reading == "US" else ""
    regions = unique([own if country or own in regions_table() else "", of_code])
    return Whereabouts(reading if country or regions else "", regions, _region_zones(regions, code if of_code else ""))


def _region_zones(regions: tuple[str, ...], zip_code: str) -> tuple[str, ...]:
    """The zones of the regions; of a ZIP code's region, those of its first three digits where a state has several."""
    narrow = {zip_region(zip_code): zip_zones().get(zip_code[:3], ())} if zip_code else {}
    tables = (narrow.get(name) or (regions_table()[name].zones if name in regions_table() else ()) for name in regions)
    return unique(zone for table in tables for zone in table)


def _department(code: str) -> str:
    """The French department of a postal code, or the territory that it lies in."""
    if len(code) != 5 or not (code.isascii() and code.isdigit()):
        return ""
    overseas = {"971": "GP", "972": "MQ", "973": "GF", "974": "RE", "975": "PM", "976": "YT"}
    return overseas.get(code[:3], code[:2])


def _jurisdictions(countries: tuple[str, ...], regions: tuple[str, ...]) -> tuple[str, ...]:
    parents = territories()
    return unique([*(parents.get(country, country) for country in countries), *countries, *regions])
