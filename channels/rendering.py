"""From approved words to the words for one person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from channels import links, liquid, variables
from channels.base import Channel
from channels.models import MessageClass
from channels.variables import Variable
from contacts.models import Address

REFUSABLE = frozenset({MessageClass.MARKETING.value, MessageClass.SERVICE.value})
"""Classes of messages that a person can unsubscribe from."""
VARIABLES = frozenset({"contact", "event", "brand", "unsubscribe_url", "now", "zone", "locale"})
"""What templates may use."""
BRAND = ("key", "name", "postal_address", "website", "default_locale")
"""What templates may say of the brand."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom the words are for, and what they may use."""

    contact: Mapping[str, Any]
    brand: Mapping[str, Any]
    event: Mapping[str, Any]
    now: datetime
    zone: tzinfo
    unsubscribe_url: str = ""
    locale: str = ""
    """The language of the words, which decides how money is written."""

    def context(self) -> dict[str, Any]:
        """The variables of a template."""
        return {
            "contact": self.contact,
            "brand": self.brand,
            "event": self.event,
            "now": self.now,
            "zone": self.zone,
            "unsubscribe_url": self.unsubscribe_url,
            "locale": self.locale,
        }


@dataclass(frozen=True, slots=True)
class Words:
    """A message's rendered fields, and the headers that go with them."""

    content: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)


def contact_variables(
    contact_id: int, external_id: str, attributes: Mapping[str, Any], addresses: Mapping[str, str], **columns: str
) -> dict[str, Any]:
    """`contact` in templates: the attributes, with the columns and addresses beside them. Empty ones are missing."""
    readable = {kind: value for kind, value in addresses.items() if kind != Address.Kind.PUSH}
    known = {"external_id": external_id, **columns, **readable}
    return {**attributes, **{name: value for name, value in known.items() if value}, "id": contact_id}


def render(
    channel: Channel,
    content: Mapping[str, str],
    reader: Reader,
    declared: Sequence[Variable] = (),
    *,
    samples: bool = False,
) -> dict[str, str]:
    """Every field for this person, without links that know the message. Raises liquid's BadSource, Missing, Unrenderable.

    Declared fall-backs stand in for what is missing; with `samples` (for a made-up reader) the samples do.
    """
    context = variables.filled(reader.context(), declared, samples=samples)
    return channel.rendered(content, lambda name, source: liquid.render(source, context, html=name == "html"))


def words(
    channel: Channel,
    content: Mapping[str, str],
    message_class: str,
    message_id: int,
    reader: Reader,
    declared: Sequence[Variable] = (),
    *,
    clicks: bool,
    opens: bool,
    samples: bool = False,
) -> Words:
    """The words of one message as they are sent: tracked links, and a way out where there must be one. Raises as `render`."""
    found = render(channel, content, reader, declared, samples=samples)
    if not channel.is_html:
        return Words(found)
    if found.get("html"):
        found["html"] = links.tracked(found["html"], message_id, clicks=clicks, opens=opens)
    return Words(found, links.list_headers(message_id) if message_class in REFUSABLE else {})
