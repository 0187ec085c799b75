"""What others say about a person (Segment's traits), sorted into what we know how to use."""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contacts import addresses, places, zones
from contacts.storable import storable, text

_LOCALE = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8}){0,3})")
RENAMED = {"firstName": "first_name", "lastName": "last_name"}
_ADDRESS = {"city": "city", "postalCode": "postal_code", "postal_code": "postal_code", "street": "street"}
LONGEST_LOCALE = 20
DEVICE_ZONE, IP_ZONE = "device_timezone", "ip_timezone"
"""Attributes: where the person may be as well, whatever zone they have set."""


@dataclass(frozen=True, slots=True)
class Clean:
    """Traits, checked. `attributes` are merged into the contact's (None removes one); the rest is empty where nothing
    was said. `problems` are sentences that name the trait; such a trait is not applied, all others are."""

    attributes: Mapping[str, Any] = field(default_factory=dict)
    email: str = ""
    phone: str = ""
    device_token: str = ""
    locale: str = ""
    country: str = ""
    region: str = ""
    timezone: str = ""
    problems: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything was said that can be applied."""
        addresses = self.email or self.phone or self.device_token
        return bool(self.attributes or addresses or self.locale or self.country or self.region or self.timezone)


def clean(traits: Mapping[str, Any]) -> Clean:
    """Sort and check. Names are those of Segment's spec; `first_name`, `last_name`, `country` and `region` are taken too;
    `device_timezone` and `ip_timezone` are checked."""
    said = {text(str(name)): value for name, value in traits.items()}
    found: dict[str, Any] = {"attributes": {}, "problems": []}
    _place(said, found)
    for name, read in _READERS.items():
        if (value := said.pop(name, None)) not in (None, ""):
            _try(found, name, name, read, value, found.get("country", ""))
    _candidates(said, found)
    for name, value in said.items():
        found["attributes"][RENAMED.get(name, name)] = storable(value)
    return Clean(**{**found, "problems": tuple(found["problems"])})


def _place(said: dict[str, Any], found: dict[str, Any]) -> None:
    """`address` and the flat `country` and `region`. A region that has no code is kept as the attribute `state`."""
    address = said.get("address")
    address = said.pop("address") if isinstance(address, Mapping) else {}
    if country := address.get("country") or said.get("country"):
        _try(found, "country", "address.country" if address.get("country") else "country", _country, country, "")
    said.pop("country", None)
    region = said.pop("region", None)
    _region(address.get("state") or region, found)
    for theirs, ours in _ADDRESS.items():
        if theirs in address:
            found["attributes"][ours] = storable(address[theirs])


def _candidates(said: dict[str, Any], found: dict[str, Any]) -> None:
    """Zones that stay attributes, but must be zones."""
    for name in (DEVICE_ZONE, IP_ZONE):
        if said.get(name) not in (None, ""):
            _try(found, name, name, _timezone, said.pop(name), "")
            if name in found:
                found["attributes"][name] = found.pop(name)


def _region(value: Any, found: dict[str, Any]) -> None:
    if value in (None, ""):
        return
    code = places.region(value, found.get("country", "")) if isinstance(value, str) else ""
    if code:
        found["region"] = code
    else:
        found["attributes"]["state"] = storable(value)


def _try(
    found: dict[str, Any], field: str, trait: str, read: Callable[[Any, str], str], value: Any, country: str
) -> None:
    try:
        if not isinstance(value, str):
            raise ValueError(f"{value!r:.80} is not a text.")
        found[field] = read(value, country)
    except ValueError as error:
        found["problems"].append(f"{trait}: {error}")


def _email(value: str, country: str) -> str:
    return addresses.email(value)


def _device_token(value: str, country: str) -> str:
    return addresses.device_token(value)


def _country(value: str, country: str) -> str:
    if code := places.country(value):
        return code
    raise ValueError(f"{value!r:.80} is not a country; write its two letters as in ISO 3166, for example FR.")


def _timezone(value: str, country: str) -> str:
    if zones.known(value):
        return value
    raise ValueError(f"{value!r:.80} is not a time zone; write for example Europe/Paris or America/New_York.")


@functools.lru_cache(maxsize=1024)
def _locale(value: str, country: str) -> str:
    """`en_us` → `en-US`, `zh-hant-tw` → `zh-Hant-TW`."""
    found = _LOCALE.fullmatch(value.strip().partition(".")[0])
    if not found or len(value) > LONGEST_LOCALE:
        raise ValueError(
            f"{value!r:.80} is not a locale; write the language and perhaps the region, for example en-GB."
        )
    parts = re.split("[-_]", found[2])[1:]
    return "-".join([found[1].lower(), *(part.upper() if len(part) < 4 else part.title() for part in parts)])


_READERS: Mapping[str, Callable[[Any, str], str]] = {
    "email": _email,
    "phone": addresses.phone,
    "device_token": _device_token,
    "locale": _locale,
    "timezone": _timezone,
}
