"""What the MJML engine stumbles over without need, out of its way: it reads Outlook's conditional comments as elements that must
be closed in them, refuses -- in comments, and panics on `もっと見る>`, a sign of more than two bytes before a >."""

import re

from channels.markup.masking import MARKUP

_SIGNS = dict(zip("<>[]-", "\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4", strict=True))
"""Noncharacters of Unicode, of which no text has any need."""
_SHIELD = str.maketrans(_SIGNS)
_BACK = str.maketrans({stand_in: sign for sign, stand_in in _SIGNS.items()})
_NONE = str.maketrans(dict.fromkeys(_SIGNS.values()))
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_END = re.compile(r"(<!\[[^\]]*\])?>")
"""A >; after `<![if !mso]` it ends that."""


def shielded(text: str) -> str:
    """The markup with inert signs in its comments, and for each > between its tags."""
    text = text.translate(_NONE)  # whoever writes them himself writes no tags by it
    parts, end = [], 0
    for found in MARKUP.finditer(text):
        parts += [
            _between(text[end : found.start()]),
            _COMMENT.sub(_inert, found[0]) if not found["name"] else found[0],
        ]
        end = found.end()
    return "".join([*parts, _between(text[end:])])


def unshielded(html: str) -> str:
    """The markup as it was."""
    return html.translate(_BACK)


def _between(text: str) -> str:
    return _END.sub(lambda found: found[0] if found[1] else _SIGNS[">"], text)


def _inert(comment: re.Match[str]) -> str:
    return f"<!--{comment[1].translate(_SHIELD)}-->"
