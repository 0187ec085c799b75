"""Who bought: a person made up for each customer, the same on every machine, and nobody who exists.

Mail addresses are of `example.test` (RFC 6761: never a real domain); numbers are 555-0100 to 555-0199, which the North
American Numbering Plan keeps for fiction.
"""

import hashlib
from dataclasses import dataclass

from demo.areas import AREAS, Area

_FIRST = (
    "Ada Alan Alice Amara Amir Ana Andre Anita Ben Beth Carla Carlos Chloe Claire Dan Dana David Diego Elena Eli Emma "
    "Erik Eva Fatima Felix Flora Gabe Grace Hana Henry Ida Ines Ivan Jack Jane Joe Jonas Julia Kai Karen Keiko Kofi "
    "Laura Leo Lena Liam Lucy Luis Maja Marco Maria Mei Milo Mina Nadia Nell Nina Noah Nora Omar Otto Paul Petra Priya "
    "Quinn Rosa Ravi Rita Ruth Sam Sara Sofia Tara Theo Tom Uma Vera Victor Wanda Will Xenia Yara Yusuf Zoe"
)
_LAST = (
    "Abbott Adams Ahmed Baker Banerjee Barnes Becker Bell Berg Bishop Blake Brooks Campbell Carter Chen Clarke Cohen Cole "
    "Cruz Dalton Davies Diaz Dixon Doyle Ellis Evans Farrell Fisher Flores Ford Foster Garcia Gibson Gomez Grant Gray "
    "Hall Hansen Harper Hayes Hughes Hunt Ibrahim Ito Jensen Jones Kaur Keller Khan Kim King Klein Lambert Lane Larsen "
    "Lee Lopez Marsh Martin Mason Meyer Mills Moreau Morgan Nguyen Novak Okafor Olsen Ortiz Park Patel Perez Porter "
    "Quinn Reed Reyes Rivera Rossi Russo Sato Schmidt Shaw Silva Singh Stone Suzuki Tanaka Taylor Turner Vargas Walsh "
    "Ward Weber West White Wolf Wood Wright Young Zhang"
)
FIRST_NAMES, LAST_NAMES = _FIRST.split(), _LAST.split()

NUMBERS = 100
"""Fictitious numbers an area code has."""
STRIDE = 7919
"""A prime that does not divide the number of numbers: neighbours in the file live far apart, and none share a phone."""

EMAIL_SHARE, SMS_SHARE, PHONE_SHARE, LEAVES_SHARE, GARBLED_SHARE = 72, 45, 80, 6, 1
"""Per cent: who allows e-mail, who of those with a phone allows SMS, who gave a phone, who of the readers takes the
consent back one day, whose profile has a typing error."""


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as a shop would know them."""

    customer: int
    first_name: str
    last_name: str
    email: str
    phone: str
    locale: str
    area: Area
    allows_email: bool
    allows_sms: bool
    leaves_after: int
    """On which purchase the person takes the e-mail consent back; 0: never."""
    garbled: bool
    """Whether the form was filled in badly: a time zone and a phone number that make no sense."""

    @property
    def user_id(self) -> str:
        """The person's ID in the shop's own system."""
        return f"cdnow-{self.customer:05}"


def person(customer: int) -> Person:
    """The person behind a customer number, always the same."""
    place = customer * STRIDE % (len(AREAS) * NUMBERS)
    area = AREAS[place // NUMBERS]
    has_phone = share(customer, "phone") < PHONE_SHARE
    allows_email = share(customer, "email") < EMAIL_SHARE
    return Person(
        customer=customer,
        first_name=FIRST_NAMES[_number(customer, "first") % len(FIRST_NAMES)],
        last_name=LAST_NAMES[_number(customer, "last") % len(LAST_NAMES)],
        email=f"c{customer:05}@example.test",
        phone=f"+1{area.code}55501{place % NUMBERS:02}" if has_phone else "",
        locale=_locale(area),
        area=area,
        allows_email=allows_email,
        allows_sms=has_phone and share(customer, "sms") < SMS_SHARE,
        leaves_after=1 + share(customer, "when") % 3
        if allows_email and share(customer, "leaves") < LEAVES_SHARE
        else 0,
        garbled=share(customer, "garbled") < GARBLED_SHARE,
    )


def share(customer: int, question: str) -> int:
    """0 to 99, even over customers and independent between questions."""
    return _number(customer, question) % 100


def _number(customer: int, question: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{question}:{customer}".encode()).digest()[:8])


def _locale(area: Area) -> str:
    return {"QC": "fr-CA"}.get(area.region) or f"en-{area.country}"
