"""Links lead somewhere, and safely."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from channels.checks.base import Check, Draft, checks
from channels.findings import Finding, Severity
from channels.markup.elements import Element, elements
from channels.markup.masking import LIQUID

_ATTRIBUTES = ("href", "src", "background", "background-url", "action", "xlink:href")
_RUN = re.compile(r"(javascript|vbscript|livescript):", re.IGNORECASE)
_FINE = frozenset({"https", "mailto", "tel", "sms", "cid"})
_ADDRESS = re.compile(r"https?://[^\s<>\"'{}]+", re.IGNORECASE)
_LOCAL = re.compile(r"(^|\.)(localhost|local|internal|lan|home)$")
_SIGN = "\ufffc"
"""Stands for Liquid."""


@checks.register
class LinksCheck(Check):
    """Refuses links that run scripts or lead to this machine or network; warns of http, of empty links and of relative ones."""

    key = "links"
    title = "Links"

    def problems(self, draft: Draft) -> Iterable[Finding]:
        for name, source in draft.markup():
            for element in elements(source):
                for sentence, code, severity in _judged(element):
                    yield Finding(name, sentence, code, severity, element.line)
        for name, source in draft.plain():
            for found in _ADDRESS.finditer(LIQUID.sub(_SIGN, source)):
                if verdict := _web(found[0]):
                    yield Finding(name, *verdict)


Verdict = tuple[str, str, Severity]


def _judged(element: Element) -> Iterator[Verdict]:
    for attribute in _ATTRIBUTES:
        if attribute in element.attrs and (verdict := _of(element, attribute)):
            yield verdict


def _of(element: Element, attribute: str) -> Verdict | None:
    # Browsers pass over control signs, and over blanks before a scheme.
    value = re.sub(r"[\x00-\x1f]", "", LIQUID.sub(_SIGN, element.attrs[attribute])).strip()
    place = f"{attribute} of <{element.name}>"
    if hidden := _RUN.match(re.sub(f"[ {_SIGN}]", "", value)):
        return f"{place} runs a script ({hidden[1].lower()}:…); write a web address.", "script_link", "block"
    if value.startswith(_SIGN):
        return None
    if value in ("", "#"):
        return f"{place} is empty; it leads nowhere.", "empty_link", "warn"
    scheme = value.partition(":")[0].lower() if re.match(r"[a-zA-Z][\w+.-]*:", value) else ""
    if scheme == "data" and not value.lower().startswith("data:image/"):
        return f"{place} runs a script ({scheme}:…); write a web address.", "script_link", "block"
    if scheme in ("http", "https"):
        return _web(value)
    if scheme:
        return (
            None
            if scheme in _FINE | {"data"}
            else (f"{place} starts with {scheme}:, which few programs follow.", "odd_link", "warn")
        )
    if value.startswith("#"):
        return None
    return (
        f"{place} is {element.attrs[attribute][:60]!r}, which leads nowhere in a mail; write https://…",
        "relative_link",
        "warn",
    )


def _web(address: str) -> Verdict | None:
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
        broken = parts.port == 0 or any(not label or " " in label for label in host.split(".") if host)
    except ValueError:
        broken, host = True, ""
    if broken:
        return f"{address.replace(_SIGN, '…')[:80]} is no web address.", "broken_link", "block"
    if _is_local(host):
        return f"{address[:80]} leads to this machine or network; its readers cannot reach it.", "local_link", "block"
    if not host or (_SIGN not in host and "." not in host and ":" not in host):
        return f"{address[:80]} names no host.", "broken_link", "block"
    if parts.scheme.lower() == "http":
        return f"{address.replace(_SIGN, '…')[:80]} is not encrypted; write https://…", "insecure_link", "warn"
    return None


def _is_local(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return bool(_LOCAL.search(host))
