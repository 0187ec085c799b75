"""The elements of a mail's HTML or MJML, read as leniently as browsers do: what runs there is found here, too."""

from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

from channels.markup.masking import Masked, mask


@dataclass(frozen=True, slots=True)
class Element:
    """A start tag. `attrs` have their Liquid; an attribute without a value has an empty one."""

    name: str
    attrs: dict[str, str]
    offset: int
    masked: Masked

    @property
    def line(self) -> int:
        """Where it stands in the source."""
        return self.masked.line(self.offset)


def elements(source: str) -> Iterator[Element]:
    """Every start tag, those within Outlook's conditional comments as well. The source must parse as Liquid."""
    masked = mask(source, lambda stack: False)
    reader = _Reader(masked.text)
    for name, attrs, offset in reader.found:
        # `{% if a %}onclick=…`: the sign and the name are one word by now.
        values = {masked.without(key): masked.unmasked(value or "") for key, value in attrs}
        yield Element(masked.without(name), values, offset, masked)


class _Reader(HTMLParser):
    def __init__(self, text: str, offset: int = 0) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, list[tuple[str, str | None]], int]] = []
        self._lines = [0]
        for line in text.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._offset = offset
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs, self._place()))

    def handle_comment(self, data: str) -> None:
        if data.lstrip().startswith("[if"):
            self.found += _Reader(data, self._place()).found

    def _place(self) -> int:
        line, column = self.getpos()
        return self._offset + self._lines[line - 1] + column
