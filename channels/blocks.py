"""Content blocks put into the words that use them, as `{{ blocks.key }}`; what is sent and sealed is the whole."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from channels import liquid
from channels.findings import Fault, Finding
from channels.liquid import LONGEST_SOURCE, BadSource
from channels.mail import plain
from channels.markup import masking
from channels.markup.masking import LIQUID
from channels.markup.preheader import escaped
from channels.models import BlockVersion, ContentBlock, TemplateVersion
from contacts import locales
from contacts.models import Brand

USE = re.compile(r"\{\{-?\s*blocks\.([\w-]*\w)\s*(\|[^}]*?)?-?\}\}")
State = BlockVersion.State
VARIANT = ("when", "source")
"""The parts of a variant."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A block in the language of the words: `source` with its variants as conditions. `version` is the id of its version."""

    version: int
    format: str
    source: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """The blocks of a brand that words in one language may use, by key. `waiting` are those that nobody has approved."""

    brand_id: int = 0
    pieces: Mapping[str, Piece] = field(default_factory=dict)
    waiting: frozenset[str] = frozenset()

    def having(self, key: str, version: int, format_: str, source: str) -> "Shelf":
        """The same shelf with this piece on it."""
        return replace(self, pieces={**self.pieces, key: Piece(version, format_, source)})

    def why_not(self, key: str) -> str:
        """Why there is no such piece."""
        if key in self.waiting:
            return f"the block {key!r} has no approved version for these readers; submit one and have it approved."
        other = ContentBlock.objects.filter(key=key).exclude(brand=self.brand_id).select_related("brand").first()
        if other:
            return f"the block {key!r} belongs to {other.brand}; a template uses blocks of its own brand only."
        return f"there is no content block {key!r}."


@dataclass(slots=True)
class Filled:
    """A field with its blocks put in, what is wrong with that, and the versions of blocks that are in it."""

    source: str
    findings: list[Finding] = field(default_factory=list)
    versions: set[int] = field(default_factory=set)


def shelf(brand: Brand, locale: str, *, unapproved: bool = False) -> Shelf:
    """What words of this brand in this language may use; two queries. `unapproved` (previews): the newest of those, too."""
    blocks = {block.pk: block for block in ContentBlock.objects.filter(brand=brand)}
    states = [State.APPROVED, State.DRAFT, State.SUBMITTED] if unapproved else [State.APPROVED]
    rows = BlockVersion.objects.filter(block__in=blocks, state__in=states)
    found: dict[int, dict[str, BlockVersion]] = {}
    for version in sorted(rows, key=lambda one: (one.state == State.APPROVED, one.number)):
        found.setdefault(version.block_id, {})[version.locale] = version
    pieces, waiting = {}, set()
    for pk, block in blocks.items():
        if one := locales.choice(found.get(pk, {}), locale, brand.default_locale):
            pieces[block.key] = Piece(one.pk, block.format, with_variants(one.source, one.variants))
        else:
            waiting.add(block.key)
    return Shelf(brand.pk, pieces, frozenset(waiting))


def with_variants(source: str, variants: Iterable[Mapping[str, str]]) -> str:
    """One source out of a block's content and what takes its place under conditions: the first that holds."""
    parts = [
        f"{{% {'elsif' if number else 'if'} {one['when']} %}}{one['source']}" for number, one in enumerate(variants)
    ]
    return "".join([*parts, "{% else %}", source, "{% endif %}"]) if parts else source


def variant_mistakes(variants: object) -> list[str]:
    """What is wrong with a block's variants; sentences that say which."""
    if not isinstance(variants, list):
        return ['Variants are a list: [{"when": "contact.country == \'DE\'", "source": "…"}].']
    return [fault.sentence for fault in variant_faults(variants)]


def variant_faults(variants: Sequence[object]) -> list[Fault]:
    """The same of a list of rows, each with its place."""
    found = []
    for row, one in enumerate(variants):
        if not isinstance(one, dict) or one.keys() != {*VARIANT} or not all(map(_is_text, one.values())):
            told = f'Variant {row + 1} is {{"when": a condition, "source": its content}}, both of them texts.'
            found.append(Fault(row, "when", told))
        elif sentence := _no_condition(one["when"]):
            found.append(Fault(row, "when", f"Variant {row + 1}: {one['when']!r} is not a condition: {sentence}"))
    return found


def _no_condition(when: str) -> str:
    """Why this is not what stands after `if`; empty if it is."""
    if not when.strip() or "%}" in when:
        return "it is empty, or ends its own tag."
    try:
        liquid.parse(f"{{% if {when} %}}{{% endif %}}")
    except BadSource as error:
        return str(error)
    return ""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def filled(name: str, source: str, format_: str, from_: Shelf) -> Filled:
    """The field `name`, which is of this format, with every block in place. Blocks within blocks are put in as well."""
    if "blocks." not in source:
        return Filled(source)
    filling = _Filling(name, from_)
    filling.done.source = filling.fill(source, format_, ())
    return filling.done


def places(block: ContentBlock) -> list[TemplateVersion]:
    """The submitted versions of templates that hold it, and the brand's drafts that name it; newest first."""
    rows = TemplateVersion.objects.filter(template__brand=block.brand_id).select_related("template").order_by("-id")
    holding = rows.filter(block_uses__block_version__block=block).distinct()
    naming = rows.filter(state=State.DRAFT, content__icontains=f"blocks.{block.key}")
    drafts = [one for one in naming if block.key in used(map(str, one.content.values()))]
    return sorted({*holding, *drafts}, key=lambda one: -one.pk)


def used(sources: Iterable[str]) -> set[str]:
    """The keys of the blocks that these words name themselves."""
    return {found[1] for source in sources for found in USE.finditer(source)}


class _Filling:
    def __init__(self, name: str, shelf: Shelf) -> None:
        self.name = name
        self.shelf = shelf
        self.done = Filled("")
        self.size = 0

    def fill(self, source: str, format_: str, path: tuple[str, ...]) -> str:
        return USE.sub(lambda found: self._piece(found, format_, path), source)

    def _piece(self, found: re.Match[str], format_: str, path: tuple[str, ...]) -> str:
        key, line = found[1], 0 if path else found.string.count("\n", 0, found.start()) + 1
        if found[2]:
            return self._problem("block_filter", f"the block {key!r} stands alone, without a filter.", line)
        if key in path:
            way = " → ".join([*path[path.index(key) :], key])
            return self._problem("recursive_block", f"the block {key!r} is in itself: {way}.", line)
        piece = self.shelf.pieces.get(key)
        if piece is None:
            return self._problem("unknown_block", self.shelf.why_not(key), line)
        self.size += len(piece.source)
        if self.size > LONGEST_SOURCE:
            return self._problem("too_long", f"its blocks make more than {LONGEST_SOURCE:,} characters.", line)
        self.done.versions.add(piece.version)
        if sentence := unreadable(piece.source, piece.format):
            return self._problem("wording", f"in the block {key!r}, {sentence}", line)
        return self._fitted(self.fill(piece.source, piece.format, (*path, key)), piece.format, format_, key, line)

    def _fitted(self, source: str, format_: str, wanted: str, key: str, line: int) -> str:
        if format_ == "mjml" and wanted != "mjml":
            return self._problem("block_format", f"the block {key!r} is MJML, which fits into MJML only.", line)
        if format_ == "html" and wanted == "text":
            return plain.from_html(source)
        return as_html(source) if format_ == "text" and wanted != "text" else source

    def _problem(self, code: str, sentence: str, line: int) -> str:
        finding = Finding(self.name, sentence, code, line=line)
        if finding not in self.done.findings:
            self.done.findings.append(finding)
        return ""


def unreadable(source: str, format_: str) -> str:
    """Why this source cannot be worked with, as Liquid or as markup; a sentence with its line, or empty if it can."""
    try:
        liquid.parse(source)
    except BadSource as error:
        return str(error)
    return masking.unreadable(source) if format_ != "text" else ""


def as_html(source: str) -> str:
    """Plain text as HTML, its lines kept; Liquid stays as it is. The source must parse as Liquid."""
    parts, end = [], 0
    for found in LIQUID.finditer(source):
        parts += [_lines(source[end : found.start()]), found[0]]
        end = found.end()
    return "".join([*parts, _lines(source[end:])])


def _lines(text: str) -> str:
    return escaped(text).replace("\n", "<br />\n")
