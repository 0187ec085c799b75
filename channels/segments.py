"""How many SMS segments a text costs (3GPP TS 23.038, TS 23.040): GSM-7 where it can, else UCS-2 for all of it."""

from dataclasses import dataclass

# The default alphabet without the escape sign; the national shift tables are not used by aggregators.
GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Two septets each: the escape sign and the character.
GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")

# What editors type by accident, and what says the same in GSM-7.
LOOKALIKES = {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " ", "`": "'"}
# Wide, narrow and unbreakable ones: languages set them in amounts of money, and nobody sees them in a text message.
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f\u2007\u2009", " "))


def spaced(text: str) -> str:
    """The text with plain spaces, as it is sent: one that is not would more than double its price."""
    return text.translate(_SPACES)


@dataclass(frozen=True, slots=True)
class Count:
    """`units` are septets (GSM-7) or UTF-16 code units (UCS-2); `per_segment` is the room in one of `segments`."""

    encoding: str
    units: int
    segments: int
    per_segment: int
    foreign: tuple[str, ...] = ()
    """The characters that force UCS-2, each once, in order of appearance."""

    @property
    def warnings(self) -> list[str]:
        """Sentences for the author; empty when there is nothing to mend."""
        found = []
        if self.foreign:
            signs = " ".join(self.foreign[:10])
            found.append(f"These characters force the costlier encoding (70 characters a segment): {signs}")
            swaps = [f"{sign} → {LOOKALIKES[sign]}" for sign in self.foreign if sign in LOOKALIKES]
            if swaps:
                found.append(f"They can be replaced: {', '.join(swaps)}")
        if self.segments > 1:
            found.append(f"This is charged as {self.segments} messages.")
        return found


def count(text: str) -> Count:
    """Encoding and number of segments of a text as it would be sent; an empty text still is one segment."""
    foreign = tuple(dict.fromkeys(sign for sign in text if sign not in GSM7 and sign not in GSM7_EXTENSION))
    if foreign:
        return _counted("UCS-2", [2 if ord(sign) > 0xFFFF else 1 for sign in text], 70, 67, foreign)
    return _counted("GSM-7", [2 if sign in GSM7_EXTENSION else 1 for sign in text], 160, 153)


def _counted(encoding: str, sizes: list[int], alone: int, joined: int, foreign: tuple[str, ...] = ()) -> Count:
    units = sum(sizes)
    if units <= alone:
        return Count(encoding, units, 1, alone, foreign)
    segments, room = 1, joined
    for size in sizes:
        # An escape pair or surrogate pair is never split over two segments.
        if size > room:
            segments, room = segments + 1, joined
        room -= size
    return Count(encoding, units, segments, joined, foreign)
