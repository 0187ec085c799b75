"""What a phone number says about where its owner may be: always every possibility, never the likeliest one.

Zones come from libphonenumber's prefixes, united over the whole area code, since numbers move within it, and cut to the
country's own zones; new overlay codes inherit from the code that they were laid over (`data/overlays.csv`). States are in
`data/area_codes.csv`, since the library's own place names would take 100 MB of memory.
"""

import functools

from compliance.geography import Whereabouts, area_regions, country_zones, overlays, unique

ANYWHERE = {
    **dict.fromkeys(("500", "521", "522", "523", "524", "525", "526", "527", "528", "529", "532", "533", "544"), "US"),
    **dict.fromkeys(("566", "577", "588", "700", "710", "900"), "US"),
    **dict.fromkeys(("800", "833", "844", "855", "866", "877", "888"), "US"),
    **dict.fromkeys(("600", "622", "633"), "CA"),
}
"""Codes that belong to no area (personal, premium, toll-free), by the country whose law is assumed."""


def whereabouts(number: str) -> Whereabouts:
    """Country, states and zones of a number in E.164; nothing for what is no such number."""
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
    calling_code = parsed.country_code or 0
    country = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(calling_code)
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
    united = unique(zone for each in sorted({code, parent}) for zone in _prefix_zones(each) if zone in own)
    regions = unique([*area_regions().get(code, ()), *area_regions().get(parent, ())])
    return Whereabouts(country, regions, united or country_zones(country))


def _area_country(code: str) -> str:
    import phonenumbers

    if len(code) != 3 or not (code.isascii() and code.isdigit()):
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
