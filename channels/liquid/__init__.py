"""Liquid as its users may write it: strict about what is missing, and unable to eat time or memory.

python-liquid already hides object attributes and methods. On top of its limits come guards of our own, since four things
get by them: an unclosed tag parses in quadratic time, a huge range is built before any loop counts it, string filters
grow text exponentially, and `date` of "now" reads the clock. And what is done in a loop's turns is counted (`work`).
"""

import contextlib
import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import liquid
from liquid import Environment
from liquid.exceptions import LiquidError, UndefinedError
from liquid.undefined import FalsyStrictUndefined
from markupsafe import Markup

from channels.liquid import blank, filtering, filters, reading, work
from channels.liquid import shapes as shapes_of
from channels.liquid.filters import LONGEST_TEXT
from channels.liquid.longest import longest as longest_text
from channels.liquid.noting import active, name_of, noting, patient
from channels.liquid.work import LONGEST_RANGE

__all__ = ["noting"]

LONGEST_SOURCE = 400_000
MOST_TAGS = 20_000
_OPENING = re.compile(r"\{\{|\{%")
_CLOSING = re.compile(r"\}\}|%\}")
_RAW = re.compile(r"\{%-?\s*(end)?raw\b")
MOST_UNCLOSED = 20
"""Of `raw`: the library takes quadratic time over those without an end."""
_NO_TAGS = ("include", "render")
"""They load other templates by name; there are none to load."""

_PIECES = {"#", "content", "illegal", "output"}
"""What the parser calls tags, and nobody writes."""


class BadSource(ValueError):
    """A template that does not parse; the sentence says where and why."""


class Missing(ValueError):
    """A variable that has no value for this person, and no fall-back either. `name` is what was written."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has no value for this person; write {{{{ {name} | default: '…' }}}}.")
        self.name = name


class Unrenderable(ValueError):
    """A template that cannot be rendered for this person: a limit was hit, or a filter got what it cannot use."""


class _Undefined(FalsyStrictUndefined):
    """False in conditions, replaced by `default`, an error wherever it would leave a hole in a sentence."""

    force_liquid_default = True


class _Limited(Environment):
    """Bounds on what one rendering may use."""

    loop_iteration_limit = 10_000
    local_namespace_limit = 200_000
    output_stream_limit = LONGEST_TEXT
    context_depth_limit = 20


def _environment(autoescape: bool) -> Environment:
    made = _Limited(undefined=_Undefined, strict_filters=True, autoescape=autoescape)
    for name in _NO_TAGS:
        del made.tags[name]
    if "safe" in made.filters:
        del made.filters["safe"]  # it would let a contact's attribute write HTML
    filters.install(made)
    work.install(made)
    return made


_PLAIN, _HTML = _environment(autoescape=False), _environment(autoescape=True)


@functools.lru_cache(maxsize=2048)
def parse(source: str, html: bool = False) -> liquid.BoundTemplate:
    """The template in `source`; with `html`, values are escaped. Raises BadSource with the line."""
    _guard(source)
    try:
        found = blank.understood((_HTML if html else _PLAIN).from_string(source))
        wide = work.wide_range(found)
    except LiquidError as error:
        raise BadSource(_sentence(error, source)) from None
    except (RecursionError, ValueError, TypeError) as error:
        raise BadSource(f"This cannot be read: {error}.") from None
    if wide:
        raise BadSource(f"The range {wide} may only have bounds from -{LONGEST_RANGE} to {LONGEST_RANGE}, as numbers.")
    return found


@functools.lru_cache(maxsize=64)
def _patient(source: str, html: bool) -> liquid.BoundTemplate:
    return patient(parse.__wrapped__(source, html))


def render(source: str, context: Mapping[str, Any], html: bool = False) -> str:
    """The text for this context; while `noting`, without what is missing. Raises BadSource, Missing, Unrenderable."""
    if "{" not in source:
        return source
    template = _patient(source, html) if active() else parse(source, html)
    try:
        return str(template.render(**context))
    except UndefinedError as error:
        raise Missing(name_of(error)) from None
    except LiquidError as error:
        raise Unrenderable(_sentence(error, source)) from None
    except (RecursionError, ValueError, TypeError, ArithmeticError, AttributeError, LookupError) as error:
        raise Unrenderable(f"It cannot be rendered: {type(error).__name__}: {error}.") from None


def variables(source: str) -> frozenset[str]:
    """The variables of the context that the template uses, as dotted names, e.g. `contact.first_name`. Raises BadSource."""
    found = parse(source).analyze().globals.values()
    return frozenset(
        ".".join(str(part) for part in use.segments if isinstance(part, str)) for uses in found for use in uses
    )


def tag_names() -> list[str]:
    """The tags that may be written, with the words that end or divide them."""
    ends = {tag.end for tag in _HTML.tags.values() if getattr(tag, "end", "")}
    return sorted(_HTML.tags.keys() - _PIECES | ends | {"else", "elsif", "when", "raw", "endraw"})


def filter_names() -> list[str]:
    """The filters that may be written."""
    return sorted(_HTML.filters)


def uses(source: str) -> list[reading.Use]:
    """Every use of a variable, with its line and whether the words hold without a value. Raises BadSource."""
    return reading.uses(parse(source), source)


def filter_faults(source: str) -> list[filtering.Fault]:
    """What is wrong with the filters, each with its line. Raises BadSource."""
    return filtering.faults(parse(source), source)


def shapes(sources: Iterable[str]) -> shapes_of.Shapes:
    """Of what kind the variables of these sources have to be; sources that do not parse are passed over."""
    found = shapes_of.Shapes()
    for source in sources:
        with contextlib.suppress(BadSource):
            shapes_of.add(found, parse(source))
    return found


def longest(source: str, known: Mapping[str, Iterable[str]], weight: Callable[[str], Any], locale: str = "") -> str:
    """The longest text that the template may become, see `channels.liquid.longest`. Raises BadSource."""
    return longest_text(parse(source), known, weight, locale)


def _guard(source: str) -> None:
    if len(source) > LONGEST_SOURCE:
        raise BadSource(f"This is longer than {LONGEST_SOURCE:,} characters.")
    opening, closing = len(_OPENING.findall(source)), len(_CLOSING.findall(source))
    if opening > MOST_TAGS:
        raise BadSource(f"There are more than {MOST_TAGS:,} of {{{{ and {{%.")
    if opening > closing:
        raise BadSource(
            f"A tag is not closed: there are {opening} of {{{{ and {{%, but only {closing} of }}}} and %}}."
        )
    ends = [bool(end) for end in _RAW.findall(source)]
    if ends.count(False) - ends.count(True) > MOST_UNCLOSED:
        raise BadSource("A {% raw %} is not closed: write {% endraw %} where it ends.")


def _sentence(error: LiquidError, source: str) -> str:
    said = str(error.args[0] if error.args else error).splitlines()[0].rstrip(".")
    token = getattr(error, "token", None)
    start = getattr(token, "start_index", None)
    place = f"line {source.count(chr(10), 0, start) + 1}: " if isinstance(start, int) and start >= 0 else ""
    return f"{place}{said}."


def markup(text: str) -> Markup:
    """Text that is HTML already, so that it is not escaped again."""
    return Markup(text)  # noqa: S704 (only for texts that this code wrote)
