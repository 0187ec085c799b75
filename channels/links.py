"""Links that know their message: signed, so that nobody can click, open or unsubscribe for somebody else."""

import re
from html import escape, unescape
from urllib.parse import quote

from django.conf import settings

from config.crypto import sign, signed

_ANCHOR = re.compile(r"""<a\s(?:[^<>"']++|"[^"]*+"|'[^']*+')*+>""", re.IGNORECASE)
_HREF = re.compile(
    r"""(\shref\s*=\s*)(?:"\s*(https?://[^"]+)"|'\s*(https?://[^']+)'|(https?://[^\s"'>]+))|"[^"]*+"|'[^']*+'""",
    re.IGNORECASE,
)
"""A web address in `href`; or the value of another attribute, to pass over it."""
_BODY_END = re.compile(r"(.*)(</body\s*>.*)", re.IGNORECASE | re.DOTALL)


def token(purpose: str, message_id: int, extra: str = "") -> str:
    """`<message id>.<signature>` for this purpose; `extra` is signed too, but not contained."""
    return f"{message_id}.{sign(purpose, f'{message_id}:{extra}')}"


def read(purpose: str, text: str, extra: str = "") -> int | None:
    """The message id in a token; None for one that was forged, or made for something else."""
    number, _, signature = text.partition(".")
    if not number.isascii() or not number.isdecimal() or len(number) > 18:
        return None
    return int(number) if signed(purpose, f"{int(number)}:{extra}", signature) else None


def unsubscribe_url(message_id: int) -> str:
    """The page, and the address of the one-click POST (RFC 8058), that ends this topic on this channel."""
    return f"{settings.BASE_URL}/u/{token('unsubscribe', message_id)}"


def click_url(message_id: int, to: str) -> str:
    """A detour to `to` that is noted as a click. `to` is part of the signature: no open redirect."""
    return f"{settings.BASE_URL}/c/{token('click', message_id, to)}?to={quote(to, safe='')}"


def open_url(message_id: int) -> str:
    """A transparent image whose loading is noted."""
    return f"{settings.BASE_URL}/o/{token('open', message_id)}.gif"


def list_headers(message_id: int) -> dict[str, str]:
    """RFC 8058: exactly one https address on one line, and the word that lets mail programs post to it."""
    return {
        "List-Unsubscribe": f"<{unsubscribe_url(message_id)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def tracked(html: str, message_id: int, *, clicks: bool, opens: bool) -> str:
    """The HTML with its web links going over us, and an image at its end; our own links stay as they are."""
    if clicks:
        html = _ANCHOR.sub(lambda tag: _HREF.sub(lambda found: _detour(found, message_id), tag[0]), html)
    if not opens:
        return html
    image = f'<img src="{open_url(message_id)}" width="1" height="1" alt="" style="display:none">'
    whole = _BODY_END.fullmatch(html)
    return f"{whole[1]}{image}{whole[2]}" if whole else html + image


def _detour(found: re.Match[str], message_id: int) -> str:
    if not found[1]:
        return found[0]
    to = unescape(found[2] or found[3] or found[4]).rstrip()
    if to.startswith(f"{settings.BASE_URL}/"):
        return found[0]
    return f'{found[1]}"{escape(click_url(message_id, to))}"'
