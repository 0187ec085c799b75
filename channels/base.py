"""Contract of channels, and the values that cross it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpRequest

from channels.findings import Finding
from config.kinds import Kinds

if TYPE_CHECKING:
    from channels.attachments import Attachment


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message ready to be handed over: rendered, addressed, cleared.

    `headers` are for e-mail (List-Unsubscribe …). `metadata` is what a channel may tell besides the words: `account`
    and `template` (keys), `contact` (a mapping with id, external_id, email, attributes).
    """

    id: int
    key: str
    to: str
    content: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    attachments: tuple["Attachment", ...] = ()
    """The bytes of the files that `content` names; a channel reads them itself, once for a batch."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider took it. `provider_id` is its name for the message."""

    provider_id: str


class SendError(Exception):
    """It was not taken, or we cannot tell.

    `permanent`: never try this message again. `maybe_sent`: it may have been taken (time-out after the data went out):
    the message becomes unknown and is looked up before anything else. Otherwise it is tried again later.
    """

    def __init__(self, code: str, sentence: str = "", *, permanent: bool = False, maybe_sent: bool = False) -> None:
        super().__init__(sentence or code)
        self.code = code
        self.permanent = permanent
        self.maybe_sent = maybe_sent


class CannotTell(Exception):
    """The provider offers no look-up, or did not answer it."""


@dataclass(frozen=True, slots=True)
class Update:
    """What a provider's callback says about a message: `status` is one of delivered, opened, clicked, bounced,
    complained, failed, unsubscribed, or the provider's own word where we have none."""

    provider_id: str
    status: str
    occurred_at: datetime
    reason: str = ""
    key: str = ""
    """The callback's own id, when it has one: the same word is told once."""
    message_id: int = 0
    """Our own id of the message, when the callback proves to carry it; for words that arrive before the receipt."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message that somebody wrote to us. `provider_id` is the provider's name for it, `sender` where it came from,
    `recipient` the address of ours that it was sent to."""

    provider_id: str
    sender: str
    body: str
    recipient: str = ""
    opt_out_type: str = ""
    """STOP, START or HELP if the provider has understood, acted on and answered it by itself."""
    contact_id: int = 0
    """Who wrote it, where that was proven otherwise than by an address (a token of ours); 0: whoever has the sender's address."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """What the fact on the timeline says besides."""


@dataclass(frozen=True, slots=True)
class Reassignment:
    """A provider found that an address belongs to somebody else now. `key` is its name for this finding."""

    key: str
    address: str
    proof: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a provider says of one of its templates, in its own words, lower case: `status` (approved, pending, paused …),
    `category` (marketing, utility …), and why it was rejected."""

    status: str
    category: str = ""
    reason: str = ""


class Channel:
    """A way to reach people; one file in `channels/kinds/`.

    `address_kind` names the addresses it uses (None: it needs none, e.g. a webhook). `promptness` etc. live in Config.
    """

    key: str
    title: str
    icon: str = "send"
    address_kind: str | None = None
    fetched: bool = False
    """Whether a person's own app fetches its messages from us, so that there is no address to write to."""
    is_html: bool = False
    secrets: tuple[str, ...] = ()
    """Fields of Config that are never shown again once they are stored."""
    identity: tuple[str, ...] = ()
    """Fields of Config that recipients see, or that decide where a message goes: they are part of every seal."""
    provider_stops_on: frozenset[str] = frozenset()
    """Words after which the provider itself refuses the number, in capitals, whatever we do."""
    attaches: bool = False
    """Whether its messages carry files; then Content has a field `attachments`."""
    approves_templates: bool = False
    """Whether the provider must approve templates before they are used, too."""

    class Content(forms.Form):
        """What a template version of this channel contains; every field is Liquid source."""

    class Config(forms.Form):
        """Credentials and sender of an account."""

    @property
    def tested(self) -> bool:
        """Whether tests go by it: to seeds that are addresses, or (fetched) user IDs of testers."""
        return self.address_kind is not None or self.fetched

    def rendered(self, content: Mapping[str, str], fill: Callable[[str, str], str]) -> dict[str, str]:
        """The fields as one person gets them; `fill(name, source)` renders one Liquid source."""
        return {name: fill(name, source) for name, source in content.items() if source}

    def readable(self, words: Mapping[str, str]) -> str:
        """Rendered fields as plain text, for previews and the sandbox's inbox."""
        return words.get("text") or words.get("body") or ""

    def provider_template(self, content: Mapping[str, str]) -> str:
        """The provider's name of the template that this content is; empty for words of one's own."""
        return ""

    def standing(self, config: Mapping[str, Any], name: str) -> Standing:
        """What the provider says of its template now. Raises CannotTell."""
        raise CannotTell(f"{self.title} has no templates of the provider's.")

    def compile(self, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
        """The fields of Content as they are rendered at the send, and what is wrong with them; Liquid is left in place.

        Blocks are in place, and every text parses as Liquid; a field that did not is missing.
        """
        return dict(fields), []

    def send(
        self, config: Mapping[str, Any], batch: Sequence[Outgoing], concurrency: int
    ) -> Iterator[tuple[Outgoing, Receipt | SendError]]:
        """Hand the batch over, at most `concurrency` calls at once, and yield each outcome as it is known.

        Never raises for one message: whatever goes wrong is that message's SendError.
        """
        raise NotImplementedError

    def look_up(self, config: Mapping[str, Any], message_id: int, key: str, to: str, since: datetime) -> Receipt | None:
        """Did the provider take this message after all? None: certainly not. Raises CannotTell."""
        raise CannotTell(f"{self.title} offers no look-up.")

    def endpoint(self, config: Mapping[str, Any]) -> str:
        """The host that messages would leave to. While DELIVERY=sandbox only loopback hosts are used as they are."""
        return ""

    def sandboxed(self, config: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The same account pointed at the sandbox, if the sandbox speaks this channel's protocol; None: it keeps rows."""
        return None

    def callback(self, config: Mapping[str, Any], account: str) -> str:
        """The path that the provider is told for callbacks about the account of this key; empty where it needs none."""
        return ""

    def verify(self, request: HttpRequest, config: Mapping[str, Any]) -> bool:
        """Whether a callback is signed by the provider. The default trusts nothing."""
        return False

    def parse(self, request: HttpRequest, config: Mapping[str, Any], now: datetime) -> list[Update]:
        """The updates in a verified callback. Raises ValueError with a sentence for a body that makes no sense."""
        return []

    def parse_inbound(self, request: HttpRequest, config: Mapping[str, Any], now: datetime) -> list[Inbound]:
        """The messages in a verified callback. Raises ValueError with a sentence for a body that makes no sense."""
        return []

    def parse_reassigned(self, request: HttpRequest, config: Mapping[str, Any]) -> list[Reassignment]:
        """Addresses with a new owner in a verified callback. Raises ValueError with a sentence for a body that makes no sense."""
        return []


channels: Kinds[Channel] = Kinds("channel", "channels.kinds")
