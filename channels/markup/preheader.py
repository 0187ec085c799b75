"""The line that a mail program shows beside the subject."""

import re
from html import escape

from channels.markup.masking import LIQUID, mask

_BODY = re.compile(r"<body\b(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>", re.IGNORECASE)
_HIDDEN = "display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden;mso-hide:all"
# Invisible signs, so that the mail's first words do not follow in the list of mails.
_ROOM = "&#847;&zwnj;&nbsp;" * 60


def with_preheader(html: str, preheader: str) -> str:
    """The HTML with a hidden line at the top of its body. Both must parse as Liquid."""
    if not preheader.strip():
        return html
    hidden = f'<div style="{_HIDDEN}">{escaped(preheader)}{_ROOM}</div>'
    masked = mask(html, lambda stack: False)
    body = _BODY.search(masked.text)
    top = body.end() if body else 0
    return f"{masked.unmasked(masked.text[:top])}{hidden}{masked.unmasked(masked.text[top:])}"


def escaped(source: str) -> str:
    """Plain words as HTML; their Liquid stays as it is."""
    parts, end = [], 0
    for found in LIQUID.finditer(source):
        parts += [escape(source[end : found.start()], quote=False), found[0]]
        end = found.end()
    return "".join([*parts, escape(source[end:], quote=False)])
