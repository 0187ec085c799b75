"""Values for a made-up person where nobody has given any: placeholders that are seen as such. Only for previews.

Nothing is guessed ahead: the words are rendered as at a send, but go on where something is missing; all that they missed is put
in, and they are rendered again. The rendering that misses nothing is the one that is shown, mostly the second.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from liquid.builtin.expressions.path import Path

from channels import liquid
from channels.liquid import Missing, Unrenderable
from channels.liquid.reading import named, path_of
from channels.variables import Variable

MOST = 100
"""Values that are made up for one preview; words that miss more are not previewed."""
DEEPEST = 4
"""Loops in loops that are followed."""
ROUNDS = DEEPEST + 2
"""Renderings for one preview: what stands in a list that is made up is missed one rendering later than the list."""
LENGTH = 2
"""Elements of a list that is made up."""
ROOTS = ("contact", "event")
PARTS = ("first", "last", "size")
"""What Liquid itself knows of every list."""
ANY = object()
"""In a place: every element of the list."""
Place = tuple[Any, ...]


class Invention:
    """What is made up for one rendering. `names` are the variables, in the order in which they were missed."""

    def __init__(self, sources: Iterable[Any], declared: Sequence[Variable], now: datetime) -> None:
        self.shapes = liquid.shapes(source for source in sources if isinstance(source, str))
        self.types = {one.name: one.type for one in declared}
        self.now = now
        self.names: list[str] = []

    def render(self, draw: Callable[[Mapping[str, Any]], dict[str, str]], context: Mapping[str, Any]) -> dict[str, str]:
        """What `draw` makes of the context once nothing is missing. Raises Missing where nothing can be made up."""
        first = ""
        for _ in range(ROUNDS):
            drawn, broken = {}, None
            with liquid.noting() as missed:
                try:
                    drawn = draw(context)
                except Unrenderable as error:  # maybe only for want of what was left out
                    broken = error
            if broken and not missed:
                raise broken
            if not missed:
                return drawn
            first = next(iter(missed))
            context = self._with_all(context, missed, first)
        raise Missing(first)

    def _with_all(self, context: Mapping[str, Any], missed: Iterable[str], first: str) -> Mapping[str, Any]:
        filled = context
        for name in missed:
            filled = self._with(filled, name)
            if len(self.names) > MOST:
                raise Missing(name)
        if filled == context:
            raise Missing(first)
        return filled

    def _with(self, context: Mapping[str, Any], missing: str) -> Mapping[str, Any]:
        path = path_of(missing)
        filled = context
        for place in self._places(path, DEEPEST) if path else ():
            name = ".".join(str(part) for part in place if isinstance(part, str))
            made = self._value(name, ".".join(map(str, path.path)) if path else "")
            filled = _put(filled, place, made)
            if made != {} and name not in self.names:
                self.names.append(name)
        return filled

    def _places(self, path: Path, depth: int) -> list[Place]:
        """Where a path of the words lies in the context: a loop's variable is every element of its list."""
        root, *rest = path.path
        if not depth or any(isinstance(part, Path) for part in rest):
            return []
        if root in ROOTS:
            return [(root, *rest)] if rest else []
        lists = self.shapes.elements.get(str(root), [])
        found = [(*place, ANY, *rest) for one in lists for place in self._places(one, depth - 1)]
        same = self.shapes.same.get(str(root), [])
        return found + [(*place, *rest) for one in same for place in self._places(one, depth - 1)]

    def _value(self, name: str, written: str) -> Any:
        last, kind, inner = name.rpartition(".")[2], self._kind(name, written), self._inner(written)
        if kind == "list":
            if inner:
                return [{part: f"«{part}»" for part in inner}] * LENGTH
            return [f"«{last} {number}»" for number in range(1, LENGTH + 1)]
        if inner and not kind:
            return {}
        if last == "currency":
            return "EUR"
        return {
            "number": 42,
            "money": 42.5,
            "date": self.now.isoformat(),
            "boolean": True,
            "url": f"https://example.invalid/{last}",
        }.get(kind, f"«{last}»")

    def _kind(self, name: str, written: str) -> str:
        """The declared type, else what the words ask for; also of what is assigned from it, and of a list by its parts."""
        shapes = self.shapes
        same = [alias for alias, paths in shapes.same.items() if any(named(path) == written for path in paths)]
        asked = [shapes.types.get(one, "") for one in (written, name, *same)]
        if any(f"{written}.{part}" in shapes.names for part in PARTS):
            asked.append("list")
        return self.types.get(name) or next(filter(None, asked), "")

    def _inner(self, written: str) -> list[str]:
        """The parts of a variable that the words name."""
        deeper = [
            one.removeprefix(f"{written}.").split(".") for one in self.shapes.names if one.startswith(f"{written}.")
        ]
        parts = [next((part for part in one if part not in PARTS), "") for one in deeper]
        return sorted({part for part in parts if part})


def _put(value: Any, place: Place, made: Any) -> Any:
    """The value with `made` at this place, where there is none; what was there is not changed."""
    if not place:
        return made if value is None or value == "" else value
    first, rest = place[0], place[1:]
    if first is ANY:
        elements = list(value) if isinstance(value, list | tuple) and value else [None] * LENGTH
        return [_put(one, rest, made) for one in elements]
    if isinstance(first, int):
        elements = list(value) if isinstance(value, list | tuple) else []
        if 0 <= first < MOST:
            elements += [None] * (first + 1 - len(elements))
            elements[first] = _put(elements[first], rest, made)
        return elements
    inner = value if isinstance(value, Mapping) else {}
    return {**inner, first: _put(inner.get(first), rest, made)}
