"""Pictures are described for those who do not see them."""

from collections.abc import Iterable

from channels.checks.base import Check, Draft, checks
from channels.findings import Finding
from channels.markup.elements import elements

_IMAGES = frozenset({"img", "mj-image", "mj-carousel-image"})


@checks.register
class AltTextsCheck(Check):
    """Warns of pictures without `alt`: it is read out by screen readers, and shown where pictures are not loaded.

    Mere decoration has an empty one, `alt=""` (WCAG 2.2, 1.1.1).
    """

    key = "alt_texts"
    title = "Texts for pictures"

    def problems(self, draft: Draft) -> Iterable[Finding]:
        for name, source in draft.markup():
            for element in elements(source):
                if element.name in _IMAGES and "alt" not in element.attrs:
                    what = element.attrs.get("src", "")[:80]
                    sentence = (
                        f'<{element.name}> {what} has no alt text; describe it, or write alt="" if it only decorates.'
                    )
                    yield Finding(name, sentence, "missing_alt", "warn", element.line)
