"""Nobody opts out by a tap without wanting to, or wants to and does not."""

from collections.abc import Iterable, Iterator

from channels import quick_replies
from channels.findings import Finding
from compliance.findings import Content, ContentRule, content_rules
from compliance.optouts.intent import stop_word

FIELD = "quick_replies"


@content_rules.register
class QuickRepliesRule(ContentRule):
    """Warns of a quick reply whose label and value are not both opt-out words, or neither of them.

    A tap says what the value says. Who taps “Stop” believes that no more comes; who taps “No, cancel it” means the visit.
    """

    key = "quick_replies"
    title = "Quick replies that opt out"

    def problems(self, content: Content) -> Iterable[Finding]:
        for number, line in enumerate(content.fields.get(FIELD, "").splitlines(), start=1):
            for label, value in quick_replies.sources(line):
                for sentence in _doubts(label, value):
                    yield Finding(FIELD, sentence, "reply_opt_out", "warn", number)


def _doubts(label: str, value: str) -> Iterator[str]:
    if stop_word(label) and not value:
        yield f"who taps {label!r} opts out; write '{label} = STOP' if that is meant, else another label and value."
    elif stop_word(label) and not stop_word(value):
        yield f"{label!r} looks like an opt-out, and its value {value!r} is none: who taps it goes on getting messages."
    elif stop_word(value) and not stop_word(label):
        yield f"who taps {label!r} opts out, since its value {value!r} is an opt-out word; write another value if it is not meant."
