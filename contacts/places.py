"""Countries and regions by code, found from what people write into a profile."""

import functools
from importlib import resources

_OTHER_NAMES = {
    "usa": "US", "united states of america": "US", "uk": "GB", "united kingdom": "GB", "great britain": "GB", "england": "GB",
    "scotland": "GB", "wales": "GB", "the netherlands": "NL", "holland": "NL", "czechia": "CZ", "deutschland": "DE",
    "españa": "ES", "south korea": "KR", "russian federation": "RU", "türkiye": "TR",
}  # fmt: skip
_STATES = """
US AL Alabama;US AK Alaska;US AZ Arizona;US AR Arkansas;US CA California;US CO Colorado;US CT Connecticut;US DE Delaware
US DC District of Columbia;US FL Florida;US GA Georgia;US HI Hawaii;US ID Idaho;US IL Illinois;US IN Indiana;US IA Iowa
US KS Kansas;US KY Kentucky;US LA Louisiana;US ME Maine;US MD Maryland;US MA Massachusetts;US MI Michigan;US MN Minnesota
US MS Mississippi;US MO Missouri;US MT Montana;US NE Nebraska;US NV Nevada;US NH New Hampshire;US NJ New Jersey
US NM New Mexico;US NY New York;US NC North Carolina;US ND North Dakota;US OH Ohio;US OK Oklahoma;US OR Oregon
US PA Pennsylvania;US RI Rhode Island;US SC South Carolina;US SD South Dakota;US TN Tennessee;US TX Texas;US UT Utah
US VT Vermont;US VA Virginia;US WA Washington;US WV West Virginia;US WI Wisconsin;US WY Wyoming;US PR Puerto Rico
CA AB Alberta;CA BC British Columbia;CA MB Manitoba;CA NB New Brunswick;CA NL Newfoundland and Labrador
CA NS Nova Scotia;CA NT Northwest Territories;CA NU Nunavut;CA ON Ontario;CA PE Prince Edward Island;CA QC Quebec
CA QC Québec;CA SK Saskatchewan;CA YT Yukon
"""


@functools.lru_cache(maxsize=1024)
def country(text: str) -> str:
    """The ISO 3166-1 alpha-2 code of a code or an English name; empty when there is no such country."""
    said = text.strip()
    if said.upper() in _countries():
        return said.upper()
    return _OTHER_NAMES.get(said.casefold()) or _names().get(said.casefold(), "")


@functools.lru_cache(maxsize=4096)
def region(text: str, country: str = "") -> str:
    """The ISO 3166-2 code without its country (`NY`); empty for what is neither a code nor a known state's name."""
    said = text.strip()
    if known := _states().get((country or "US", said.casefold())):
        return known
    code = said.upper().removeprefix(f"{country}-" if country else "")
    return code if code.isascii() and code.isalnum() and len(code) <= 3 else ""


@functools.cache
def _countries() -> dict[str, str]:
    table = (resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    return dict(line.split("\t", 1) for line in table.splitlines() if line and not line.startswith("#"))


@functools.cache
def _names() -> dict[str, str]:
    return {name.casefold(): code for code, name in _countries().items()}


@functools.cache
def _states() -> dict[tuple[str, str], str]:
    entries = _STATES.strip().replace("\n", ";").split(";")
    parts = (entry.split(" ", 2) for entry in entries)
    return {(country, name.casefold()): code for country, code, name in parts}
