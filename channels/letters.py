"""Cleared messages with everything that their words need, loaded for a batch, and written for one person each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from channels import links, liquid, previews, proofs, rendering, variables
from channels.base import Outgoing, SendError, channels
from channels.facts import About
from channels.models import Account, Message, TemplateVersion, TestSend
from channels.variables import Variable
from contacts import zones
from contacts.models import Address, Brand, Contact

_MESSAGE = (
    "id", "key", "contact_id", "brand_id", "channel", "template__key", "labels",
    "context", "message_class", "version_id", "account_id", "address_id", "attempts",
)  # fmt: skip
NOBODY = {**previews.SAMPLE, "attributes": {}}
"""Whom a test is written for, if for nobody in particular."""
_CONTACT = ("external_id", "attributes", "locale", "country", "region", "timezone")


class Said(NamedTuple):
    """A version's fields as they are rendered, the variables that it declares, and its language."""

    content: dict[str, str]
    variables: tuple[Variable, ...]
    locale: str
    broken: str = ""
    """Why nothing can be rendered from it; of tests of drafts only."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One cleared message. `words` are those of the version that was cleared."""

    about: About
    account: Account
    words: Said
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
    test: TestSend | None = None
    """Of a test, who asked for it and as whom it is read."""

    @property
    def id(self) -> int:
        """The message's id."""
        return self.about.id


def load(ids: Sequence[int]) -> list[Letter]:
    """The letters of these messages, in the order of their ids; six queries, however many (and some more for tests)."""
    rows = list(Message.objects.filter(id__among=list(ids)).order_by("id").values_list(*_MESSAGE))
    tests = proofs.of(asked) if (asked := [row[0] for row in rows if row[2] is None]) else {}
    people = _people({row[2] for row in rows} | {one.reader_id for one in tests.values()})
    houses = {pk: (values, zone) for pk, values, zone in _houses({row[3] for row in rows})}
    said = {**_said({row[9] for row in rows}), **_drafts(tests.values())}
    accounts = Account.objects.in_bulk({row[10] for row in rows})
    found = []
    for row in rows:
        context, message_class, version_id, account_id, address_id, attempts = row[7:]
        test = tests.get(row[0])
        person, addresses, zone = people[test.reader_id if test else row[2]]
        brand, home = houses[row[3]]
        found.append(
            Letter(
                about=About(*row[:7]),
                account=accounts[account_id],
                words=said[version_id],
                message_class=message_class,
                context=context,
                person=person,
                brand=brand,
                zone=zone or home,
                to=test.recipient if test else addresses.get(address_id, ""),
                address_id=address_id,
                version_id=version_id,
                attempts=attempts,
                test=test,
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
    options = {
        "clicks": config.get("track_clicks", True),
        "opens": config.get("track_opens", True),
        "samples": letter.test is not None and letter.test.reader_id is None,
    }
    words, problem, said = rendering.Words({}), None, letter.words
    try:
        if said.broken:
            raise liquid.BadSource(said.broken)
        words = rendering.words(
            channel, said.content, letter.message_class, letter.id, reader, said.variables, **options
        )
        if letter.test:
            words = replace(words, content=proofs.marked(words.content))
    except liquid.Missing as error:
        problem = SendError("missing_variable", str(error), permanent=True)
    except (liquid.BadSource, liquid.Unrenderable) as error:
        problem = SendError("unrenderable", str(error), permanent=True)
    except proofs.Unmarkable as error:
        problem = SendError("unmarkable", str(error), permanent=True)
    return Outgoing(letter.id, letter.about.key, letter.to, words.content, words.headers, _metadata(letter)), problem


def _metadata(letter: Letter) -> dict[str, Any]:
    person = {"attributes": {}} if letter.test else letter.person
    told = {name: person.get(name, "") for name in ("id", "external_id", "email")}
    return {
        "account": letter.account.key,
        "template": letter.about.template,
        "contact": {**told, "attributes": person["attributes"]},
    }


def _said(ids: Iterable[int]) -> dict[int, Said]:
    """As compiled at submission; versions from before that are rendered as they were written."""
    rows = TemplateVersion.objects.filter(id__in=ids).values_list("id", "content", "compiled", "variables", "locale")
    return {
        pk: Said(compiled or content, variables.read(declared), locale)
        for pk, content, compiled, declared, locale in rows
    }


def _drafts(tests: Iterable[TestSend]) -> dict[int, Said]:
    """What the drafts among these tests' versions say now."""
    wanted = {one.version_id for one in tests}
    if not wanted:
        return {}
    found = {}
    drafts = TemplateVersion.objects.filter(id__in=wanted, state=TemplateVersion.State.DRAFT)
    for version in drafts.select_related("template__brand"):
        content, broken = {}, ""
        try:
            content = dict(proofs.fields(version))
        except liquid.BadSource as error:
            broken = str(error)
        found[version.pk] = Said(content, variables.read(version.variables), version.locale, broken)
    return found


def _people(ids: Iterable[int | None]) -> dict[int | None, tuple[dict[str, Any], dict[int | None, str], tzinfo | None]]:
    """By contact id: what templates call `contact` (with the bare attributes beside), addresses by id, and the zone."""
    wanted = [pk for pk in ids if pk is not None]
    addresses: dict[int, dict[int | None, tuple[str, str]]] = {}
    rows = Address.objects.filter(contact_id__among=wanted).order_by("created_at", "id")
    for contact_id, pk, kind, value in rows.values_list("contact_id", "id", "kind", "value"):
        addresses.setdefault(contact_id, {})[pk] = kind, value
    found: dict[int | None, tuple[dict[str, Any], dict[int | None, str], tzinfo | None]] = {None: (NOBODY, {}, None)}
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
