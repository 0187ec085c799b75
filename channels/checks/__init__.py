"""What is wrong with words as such, told on every save and at submission; what the law asks is asked a floor above."""

from itertools import islice
from typing import Any

from channels import blocks, compiling, variables
from channels.base import Channel, channels
from channels.checks.base import MOST, Draft, checks
from channels.compiling import Compiled
from channels.findings import Finding
from channels.models import Account, BlockVersion, TemplateVersion
from channels.rendering import BRAND
from contacts.models import Brand


def problems(version: TemplateVersion) -> list[Finding]:
    """Everything that stands against these words, saved or not; what blocks comes first. A handful of queries."""
    template = version.template
    kind = channels.get(template.channel)
    if kind is None:
        known = ", ".join(channels.keys())
        return [Finding("channel", f"{template.channel!r} is not known; there are: {known}.", "wording")]
    made = compiling.compile(version)
    draft = _draft(kind, version, made)
    return judge(draft, [*_form(kind, version.content), *made.findings])


def block_problems(version: BlockVersion) -> list[Finding]:
    """The same for a version of a content block, whose words are its `source` and its variants."""
    block = version.block
    found = [Finding("variants", sentence, "wording") for sentence in blocks.variant_mistakes(version.variants)]
    if found:
        return found
    name = block.format
    source = blocks.with_variants(version.source, version.variants)
    # Under its own key, so that a block in itself is noticed.
    shelf = blocks.shelf(block.brand, version.locale, unapproved=True).having(block.key, version.pk, name, source)
    made = compiling.made(Channel(), {name: f"{{{{ blocks.{block.key} }}}}"}, shelf)
    mistakes = list(made.findings)
    if sentence := blocks.unreadable(source, name):
        return [Finding("source", sentence, "wording")]
    sources = {name: text for name, text in made.sources.items() if name not in made.broken}
    draft = Draft("", {name: source}, sources, brand=_said(block.brand))
    return [_renamed(finding) for finding in judge(draft, mistakes)]


def judge(draft: Draft, before: list[Finding]) -> list[Finding]:
    """What all checks say, after what is known already; what blocks comes first."""
    found = [finding for check in checks for finding in islice(check.problems(draft), MOST)]
    return sorted(dict.fromkeys([*before, *found]), key=lambda finding: finding.severity)


def draft_of(version: TemplateVersion) -> Draft:
    """A version as the checks see it. Raises UnknownKind for a channel that is gone."""
    kind = channels[version.template.channel]
    return _draft(kind, version, compiling.compile(version))


def _draft(kind: Channel, version: TemplateVersion, made: Compiled) -> Draft:
    brand = version.template.brand
    account = Account.objects.filter(brand=brand, channel=kind.key, enabled=True, is_default=True).first()
    return Draft(
        channel=kind.key,
        written=version.content,
        sources={name: source for name, source in made.sources.items() if name not in made.broken},
        compiled=made.fields,
        declared=version.variables,
        variables=variables.read(version.variables),
        brand=_said(brand),
        sender=account.config if account else {},
        locale=version.locale or brand.default_locale,
    )


def _said(brand: Brand) -> dict[str, str]:
    return {name: getattr(brand, name) for name in BRAND}


def _form(kind: Channel, content: Any) -> list[Finding]:
    errors = kind.Content(content).errors.items()
    return [
        Finding("" if name == "__all__" else name, str(text), "wording") for name, texts in errors for text in texts
    ]


def _renamed(finding: Finding) -> Finding:
    return Finding("source", finding.sentence, finding.code, finding.severity, finding.line)


__all__ = ["Draft", "block_problems", "checks", "draft_of", "judge", "problems"]
