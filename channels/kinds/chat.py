"""The channel chat."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms

from channels import chat, quick_replies
from channels.base import Channel, Outgoing, Receipt, SendError, channels
from config import clock
from config.durations import DurationField

REPLIES = "quick_replies"


@channels.register
class Chat(Channel):
    """A message in the chat on your site, with answers to tap on.

    No provider is needed: the widget reads `/v1/chat` with a token for one person, which your server asks for at
    `POST /api/chat-tokens/`. What the person writes or taps comes back the same way and is `message.received` on the timeline.
    Words are read for opt-outs like every message; a tapped reply opts out where its value is an opt-out word.
    """

    key = "chat"
    title = "Chat"
    icon = "forum"
    address_kind = None
    fetched = True

    class Content(forms.Form):
        body = forms.CharField(label="Text", widget=forms.Textarea, max_length=1999)
        quick_replies = forms.CharField(
            label="Quick replies",
            required=False,
            widget=forms.Textarea,
            max_length=1999,
            validators=[quick_replies.validate],
            help_text=(
                f"One a line, {quick_replies.MOST} at most: a label of up to {quick_replies.LONGEST_LABEL} characters, and a value "
                "for your systems where it is another: Yes, please = yes. Only a value that is an opt-out word opts out: No more = STOP"
            ),
        )

    class Config(forms.Form):
        show_for = DurationField(
            required=False, help_text="How long messages are shown in the chat, e.g. 30d; without an end when empty."
        )

    def rendered(self, content: Mapping[str, str], fill: Callable[[str, str], str]) -> dict[str, Any]:
        words: dict[str, Any] = super().rendered({"body": content.get("body", "")}, fill)
        replies = quick_replies.rendered(content.get(REPLIES) or "", lambda source: fill(REPLIES, source))
        return {**words, REPLIES: replies} if replies else words

    def readable(self, words: Mapping[str, Any]) -> str:
        replies = words.get(REPLIES) or ()
        return "\n".join([words.get("body") or "", *(f"[{one['label']}]" for one in replies)]).strip()

    def send(
        self, config: Mapping[str, Any], batch: Sequence[Outgoing], concurrency: int
    ) -> Iterator[tuple[Outgoing, Receipt | SendError]]:
        return iter(chat.put(batch, config.get("show_for") or "", clock.now()))

    def look_up(self, config: Mapping[str, Any], message_id: int, key: str, to: str, since: datetime) -> Receipt | None:
        return chat.found(message_id)
