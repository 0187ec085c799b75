"""A text message says who writes and how to end it."""

import re
from collections.abc import Iterable
from functools import lru_cache

from channels.findings import Finding
from compliance.base import TEXTS
from compliance.findings import Content, ContentRule, content_rules, folded
from compliance.optouts import words

CODE = "missing_optout_text"
# What comes before a keyword in an instruction, without accents: "reply STOP", "répondez STOP", "antworte mit STOP".
_BEFORE = (
    r"reply|text|txt|send|type|msg|message|sms|opt[ -]?out|unsub\w*|repond\w*|envoy\w*|desabo\w*|desinscri\w*|antwort\w*"
    r"|sende\w*|schreib\w*|abmeld\w*|abbestell\w*|respond\w*|enviar?|envie|conteste|cancelar|rispondi|invia|scrivi"
    r"|antwoord|stuur|afmelden|svara?|skicka|odpisz|wyslij|soan|tu choi"
)
_UNSPACED = ("退订", "退訂", "拒收", "수신거부", "配信停止", "ยกเลิก")
"""What opt-out lines say in scripts that set no spaces between words."""
_AFTER = r"to|2|pour|um|zum|para|per|om|au|an|al|ao|naar|gui"


@content_rules.register
class TextMessageRule(ContentRule):
    """Asks a marketing text for the brand's name and for a line that says how to end it, e.g. "Reply STOP to end".

    Sources: CTIA Messaging Principles and Best Practices (opt-out instructions, sender's name); 47 CFR 64.1200(d)(4).
    Asked of each version, since any of them may be the first that somebody gets.
    """

    key = "text_message"
    title = "Name and opt-out line of a text"

    def problems(self, content: Content) -> Iterable[Finding]:
        if content.channel not in TEXTS or not content.is_marketing:
            return
        text = content.text("body")
        if folded(content.brand_name) not in folded(text):
            yield Finding("body", "a marketing text says whom it is from; write {{ brand.name }}.", CODE)
        if not content.uses("body", "unsubscribe_url") and not says_how_to_end(text):
            yield Finding("body", "a marketing text says how to end it; write for example “Reply STOP to end”.", CODE)


def says_how_to_end(text: str) -> bool:
    """Whether the text tells its reader to answer with a word that opts out, in any language that we know."""
    after, before = _patterns()
    if after.search(folded(text)) or before.search(text):
        return True
    return any(word in text for word in _UNSPACED)


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A keyword after an instruction, and one in capitals before its purpose."""
    stops = sorted(word for word, uses in words.shipped().items() if any(use.action == "stop" for use in uses))
    latin = "|".join(word for word in stops if word.isascii())
    after = re.compile(rf"\b(?:{_BEFORE})\b\W+(?:\w+\W+){{0,2}}?(?:{latin})\b")
    before = re.compile(rf"\b(?:{latin.upper()})(?:\s+(?:{_AFTER})\b|\s*[=:])")
    return after, before
