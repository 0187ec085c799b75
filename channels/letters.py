"""Cleared messages with everything that their words need, loaded for a batch, and written for one person each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from channels import links, liquid, rendering, variables
from channels.base import Outgoing, SendError, channels
from channels.facts import About
from channels.models import Account, Message, TemplateVersion
from channels.variables import Variable
from contacts import zones
from contacts.models import Address, Brand, Contact

_MESSAGE = (
    "id", "key", "contact_id", "brand_id", "channel", "template__key", "labels",
    "context", "message_class", "version_id", "account_id", "address_id", "attempts",
)  # fmt: skip
_CONTACT = ("external_id", "attributes", "locale", "country", "region", "timezone")


class Approved(NamedTuple):
    """A version's fields as they are rendered, the variables that it declares, and its language."""

    content: dict[str, str]
    variables: tuple[Variable, ...]
    locale: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One cleared message. `words` are those of the approved version."""

    about: About
    account: Account
    words: Approved
    message_class: str
    context: dict[str, Any]
    person: dict[str, Any]
    brand: dict[str, Any]
    zone: tzinfo
    to: str
    address_id: int | None
    version_id: int | None = None
    attempts: int = 0
    """How often it was handed over before."""

    @property
    def id(self) -> int:
        """The message's id."""
        return self.about.id


def load(ids: Sequence[int]) -> list[Letter]:
    """The letters of these messages, in the order of their ids; six queries, however many."""
    rows = list(Message.objects.filter(id__among=list(ids)).order_by("id").values_list(*_MESSAGE))
    people = _people({row[2] for row in rows})
    houses = {pk: (values, zone) for pk, values, zone in _houses({row[3] for row in rows})}
    approved = _approved({row[9] for row in rows})
    accounts = Account.objects.in_bulk({row[10] for row in rows})
    found = []
    for row in rows:
        context, message_class, version_id, account_id, address_id, attempts = row[7:]
        person, addresses, zone = people[row[2]]
        brand, home = houses[row[3]]
        found.append(
            Letter(
                about=About(*row[:7]),
                account=accounts[account_id],
                words=approved[version_id],
                message_class=message_class,
                context=context,
                person=person,
                brand=brand,
                zone=zone or home,
                to=addresses.get(address_id, ""),
                address_id=address_id,
                version_id=version_id,
                attempts=attempts,
            )
        )
    return found


def written(letter: Letter, now: datetime) -> tuple[Outgoing, SendError | None]:
    """The message as it goes out; or why it cannot be written, which is final for this person."""
    channel, config = channels[letter.about.channel], letter.account.config
    reader = rendering.Reader(
        contact=letter.person,
        brand=letter.brand,
        event=letter.context,
        now=now,
        zone=letter.zone,
        unsubscribe_url=links.unsubscribe_url(letter.id),
        locale=letter.words.locale or letter.brand["default_locale"],
    )
    options = {"clicks": config.get("track_clicks", True), "opens": config.get("track_opens", True)}
    words, problem, said = rendering.Words({}), None, letter.words
    try:
        words = rendering.words(
            channel, said.content, letter.message_class, letter.id, reader, said.variables, **options
        )
    except liquid.Missing as error:
        problem = SendError("missing_variable", str(error), permanent=True)
    except (liquid.BadSource, liquid.Unrenderable) as error:
        problem = SendError("unrenderable", str(error), permanent=True)
    return Outgoing(letter.id, letter.about.key, letter.to, words.content, words.headers, _metadata(letter)), problem


def _metadata(letter: Letter) -> dict[str, Any]:
    person = letter.person
    told = {name: person.get(name, "") for name in ("id", "external_id", "email")}
    return {
        "account": letter.account.key,
        "template": letter.about.template,
        "contact": {**told, "attributes": person["attributes"]},
    }


def _approved(ids: Iterable[int]) -> dict[int, Approved]:
    """As compiled at submission; versions from before that are rendered as they were written."""
    rows = TemplateVersion.objects.filter(id__in=ids).values_list("id", "content", "compiled", "variables", "locale")
    return {
        pk: Approved(compiled or content, variables.read(declared), locale)
        for pk, content, compiled, declared, locale in rows
    }


def _people(ids: Iterable[int]) -> dict[int, tuple[dict[str, Any], dict[int | None, str], tzinfo | None]]:
    """By contact id: what templates call `contact` (with the bare attributes beside), addresses by id, and the zone."""
    wanted = list(ids)
    addresses: dict[int, dict[int | None, tuple[str, str]]] = {}
    rows = Address.objects.filter(contact_id__among=wanted).order_by("created_at", "id")
    for contact_id, pk, kind, value in rows.values_list("contact_id", "id", "kind", "value"):
        addresses.setdefault(contact_id, {})[pk] = kind, value
    found: dict[int, tuple[dict[str, Any], dict[int | None, str], tzinfo | None]] = {}
    for pk, external_id, attributes, *columns in Contact.objects.filter(id__among=wanted).values_list("id", *_CONTACT):
        mine = addresses.get(pk, {})
        newest = dict(mine.values())
        named = dict(zip(_CONTACT[2:], columns, strict=True))
        person = rendering.contact_variables(pk, external_id, attributes, newest, **named)
        person.setdefault("attributes", attributes)
        zone = zones.zone(named["timezone"]) if zones.known(named["timezone"]) else None
        found[pk] = person, {address: value for address, (_, value) in mine.items()}, zone
    return found


def _houses(ids: Iterable[int]) -> Iterable[tuple[int, dict[str, Any], tzinfo]]:
    for brand in Brand.objects.filter(id__in=ids):
        said = {name: getattr(brand, name) for name in rendering.BRAND}
        yield brand.pk, said, zones.zone(brand.timezone) if zones.known(brand.timezone) else UTC
