"""What somebody means who writes to us: an opt-out, an opt-in, a cry for help, an answer, or something else. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from compliance.optouts import phrases, words
from compliance.optouts.words import Keyword

Kind = Literal["stop", "start", "help", "answer", "ambiguous", "none"]
MARKETING = "marketing"
WEAK = frozenset({"yes"})
"""Words that opt in only while no question waits, and never on a toll-free number, whose carrier ignores them."""
_PROVIDER: dict[str, Kind] = {"STOP": "stop", "START": "start", "HELP": "help"}


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is known about the moment in which it was said."""

    question_pending: bool = False
    """A question of ours waits for the person's answer."""
    toll_free: bool = False
    """It was sent to a toll-free number of the US."""
    regions: frozenset[str] = frozenset()
    """Countries that the person may be in, for words that mean something in one country only."""
    opted_out: bool = False
    """The person has opted out of this sender before."""
    provider_says: str = ""
    """STOP, START or HELP, where the provider has understood it itself."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What it means, and by what: `why` is a sentence. `scope` is `marketing` where only that is refused, else empty."""

    kind: Kind
    why: str
    scope: str = ""


NOTHING = Intent("none", "Nothing in it speaks of opting in or out.")


def understand(said: str, around: Conversation = Conversation()) -> Intent:
    """The meaning of a message. In doubt `ambiguous`: then marketing pauses until a person has read it."""
    if kind := _PROVIDER.get(around.provider_says.upper()):
        return Intent(kind, f"The provider understood {around.provider_says.upper()}.", _scope(_keyword(said, around)))
    if keyword := _keyword(said, around):
        return _by_keyword(keyword, around)
    found = _by_phrase(words.normalise(said))
    if found is NOTHING and around.question_pending and said.strip():
        return Intent("answer", "A question of ours was waiting for it.")
    return found


def tapped(value: str, *, elsewhere: bool = False) -> Intent:
    """The meaning of a quick reply that was tapped: the answer to the message that offered it, and never an opt-in.

    Only a value that is an opt-out word everywhere opts out; what the label says does not count. `elsewhere`: a question of
    another message waits, and goes on waiting.
    """
    if keyword := stop_word(value):
        return Intent("stop", f"A quick reply with the keyword {keyword.word.upper()} was tapped.", _scope(keyword))
    return Intent("none" if elsewhere else "answer", "A quick reply was tapped.")


def stop_word(said: str) -> Keyword | None:
    """The keyword that opts out wherever it is said, and that is all that is said."""
    found = _known(words.squeezed(said), ())
    return found if found and found.action == "stop" else None


def _keyword(said: str, around: Conversation) -> Keyword | None:
    """The keyword that the whole message is, alone or with words of politeness."""
    if found := _known(words.squeezed(said), around.regions):
        return found
    spoken = words.normalise(said).split()
    meant = [word for word in spoken if word not in phrases.POLITE]
    found = _known("".join(dict.fromkeys(meant)), around.regions)
    return found if found and found.action != "start" and not found.region else None


def _known(word: str, regions: Iterable[str]) -> Keyword | None:
    candidates = words.shipped().get(word, ())
    return next((one for one in candidates if not one.region or one.region in regions), None)


def _scope(keyword: Keyword | None) -> str:
    return MARKETING if keyword and keyword.marketing_only else ""


def _by_keyword(keyword: Keyword, around: Conversation) -> Intent:
    why = f"The keyword {keyword.word.upper()}."
    if keyword.action == "stop":
        if keyword.region and around.question_pending:
            return Intent("answer", "A question of ours was waiting for it.")
        return Intent("stop", why, _scope(keyword))
    if keyword.word in WEAK:
        return _yes(why, around)
    return Intent("start" if keyword.action == "start" else "help", why)


def _yes(why: str, around: Conversation) -> Intent:
    if around.question_pending:
        return Intent("answer", "A question of ours was waiting for it.")
    if not around.opted_out:
        return NOTHING
    if around.toll_free:
        return Intent(
            "ambiguous", "YES on a toll-free number: its carrier takes only START. Tell the person another way."
        )
    return Intent("start", why)


def _by_phrase(said: str) -> Intent:
    """Free text. What is negated ("don't stop") is taken out first; what is left decides."""
    left = phrases.negated.sub(" , ", said)
    if found := phrases.stops.search(left):
        return Intent("stop", f"The words “{found.group().strip()}”.")
    if left != said:
        return Intent("ambiguous", "It speaks of stopping, and says not to.")
    if found := phrases.doubts.search(phrases.harmless.sub(" , ", said)):
        return Intent("ambiguous", f"The words “{found.group().strip()}”, in a text that is no clear opt-out.")
    return NOTHING
