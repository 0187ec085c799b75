"""Addresses in the one spelling that we compare, hash and send to."""

import re

from config import crypto

LONGEST_EMAIL = 254
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_TOKEN = re.compile(r"[A-Za-z0-9_:.-]{16,320}")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def normalise(kind: str, value: str, country: str = "") -> str:
    """The address of this kind (`email`, `phone`, `push`) in its one spelling. Raises ValueError with a sentence."""
    if kind == "push":
        return device_token(value)
    return email(value) if kind == "email" else phone(value, country)


def digest(kind: str, value: str) -> str:
    """The keyed hash of a normalised address: what the suppression list knows, 43 characters."""
    return crypto.address_digest(kind, value)


def email(value: str) -> str:
    """`" Ada@Example.test "` → `ada@example.test`; an international domain in its ASCII form. Raises ValueError."""
    local, _, domain = value.strip().lower().rpartition("@")
    if not domain.isascii():
        domain = _ascii(domain)
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain) or len(local) > 64:
        raise ValueError(f"{value!r:.80} is not an e-mail address; write for example ada@example.com.")
    if len(local) + 1 + len(domain) > LONGEST_EMAIL:
        raise ValueError(f"{value!r:.80} is longer than {LONGEST_EMAIL} characters, which no mail server takes.")
    return f"{local}@{domain}"


def phone(value: str, country: str = "") -> str:
    """A number in E.164, e.g. `+33612345678`; without a country code it is one of `country` (ISO code). Raises ValueError."""
    import phonenumbers  # slow to import: only processes that meet a number pay for it

    try:
        number = phonenumbers.parse(value, country.upper() or None)
    except phonenumbers.NumberParseException as error:
        raise ValueError(_why_not(value, error.error_type)) from None
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise ValueError(f"{value!r:.80} has too few or too many digits for a phone number; {_EXAMPLE}")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def device_token(value: str) -> str:
    """A device's registration token, as its push service gave it to the app. Raises ValueError."""
    token = value.strip()
    if not _TOKEN.fullmatch(token):
        raise ValueError(
            f"{value!r:.80} is not a device token; send it as the app got it, 16 to 320 letters and signs."
        )
    return token


_EXAMPLE = "write it with its country code, for example +33612345678."


def _why_not(value: str, error_type: int) -> str:
    from phonenumbers import NumberParseException

    if error_type == NumberParseException.INVALID_COUNTRY_CODE:
        return f"{value!r:.80} does not say which country the phone number is of; {_EXAMPLE}"
    return f"{value!r:.80} is not a phone number; {_EXAMPLE}"


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return ""
