"""Where markup is broken, when an engine says no more than that it is."""

import re

from channels.markup.masking import MARKUP, VOID

_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_STRAY = re.compile(r"<(?!!\[)")
_BARE = re.compile(r"=\s*[^\s\"'/>]")
_NO_TAG = "this < begins no whole tag; write &lt; for the sign itself"


def fault(text: str) -> tuple[str, int] | None:
    """The first thing that is wrong and where it begins; None if nothing is. Tags of HTML that stand alone need no end."""
    stack: list[tuple[str, int]] = []
    end = 0
    for found in MARKUP.finditer(text):
        if stray := _STRAY.search(text, end, found.start()):
            return _NO_TAG, stray.start()
        end = found.end()
        name = (found["name"] or "").lower()
        if name and (wrong := _closing(name, found, stack) if found["end"] else _opening(name, found, stack)):
            return wrong
    if stray := _STRAY.search(text, end):
        return _NO_TAG, stray.start()
    return (f"<{stack[-1][0]}> is not closed", stack[-1][1]) if stack else None


def _opening(name: str, found: re.Match[str], stack: list[tuple[str, int]]) -> tuple[str, int] | None:
    if _BARE.search(_QUOTED.sub('""', found["rest"])):
        return f"a value in <{name}> has no quotes", found.start()
    if name not in VOID and not found["rest"].endswith("/"):
        stack.append((name, found.start()))
    return None


def _closing(name: str, found: re.Match[str], stack: list[tuple[str, int]]) -> tuple[str, int] | None:
    if name in VOID:
        return None
    if stack and stack[-1][0] == name:
        stack.pop()
        return None
    if any(name == one for one, _ in stack):
        return f"<{stack[-1][0]}> is not closed", stack[-1][1]
    return f"</{name}> closes nothing", found.start()
