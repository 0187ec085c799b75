"""What words may use, and what happens without a value."""

from collections.abc import Iterable, Iterator

from channels import liquid, rendering, variables
from channels.checks.base import Check, Draft, checks
from channels.findings import Finding
from channels.liquid.reading import Use

PARTS = {"brand": frozenset(rendering.BRAND)}
"""Variables whose parts are known; of a contact or an event, anything may be there."""
_HIDDEN = frozenset({"zone", "locale"})


@checks.register
class VariablesCheck(Check):
    """Refuses variables that do not exist; warns of those that may be missing, are used undeclared, or declared unused.

    A missing value stops the message for that person: a `default`, a fall-back in the declaration, or a condition helps.
    """

    key = "variables"
    title = "Variables"

    def problems(self, draft: Draft) -> Iterable[Finding]:
        for sentence in variables.mistakes(draft.declared or []):
            yield Finding("variables", sentence, "bad_variable")
        uses = {name: liquid.uses(source) for name, source in draft.sources.items()}
        for name, found in uses.items():
            yield from _unknown(name, found)
            yield from _missing(name, found, draft)
        yield from _undeclared(uses, draft)


def _unknown(name: str, uses: Iterable[Use]) -> Iterator[Finding]:
    for use in _first(uses):
        root, _, part = use.name.partition(".")
        if root not in rendering.VARIABLES:
            known = ", ".join(sorted(rendering.VARIABLES - _HIDDEN))
            sentence = f"{use.name} is not known; a template may use {known}."
        elif root in PARTS and part and part.split(".")[0] not in PARTS[root]:
            sentence = f"{use.name} is not known; {root} has {', '.join(sorted(PARTS[root]))}."
        else:
            continue
        yield Finding(name, sentence, "wording", line=use.line)


def _missing(name: str, uses: Iterable[Use], draft: Draft) -> Iterator[Finding]:
    covered = {one.name for one in draft.variables if one.fallback not in ("", None)}
    for use in _first(use for use in uses if not use.safe and use.name not in covered):
        if use.name.startswith(("contact.", "event.")) and use.name != "contact.id":
            mend = f"{{% if {use.name} %}} around it" if use.loops else f"{{{{ {use.name} | default: '…' }}}}"
            sentence = f"who has no {use.name} does not get the message; write {mend} or declare a fall-back."
            yield Finding(name, sentence, "missing_fallback", "warn", use.line)


def _undeclared(uses: dict[str, list[Use]], draft: Draft) -> Iterator[Finding]:
    """Only where anything is declared: whoever declares nothing is not nagged about it."""
    declared = {one.name for one in draft.variables}
    if not declared:
        return
    for name, found in uses.items():
        for use in _first(found):
            if use.name.startswith(("contact.", "event.")) and not _covered(use.name, declared):
                yield Finding(name, f"{use.name} is used, but not declared.", "undeclared", "warn", use.line)
    used = {use.name for found in uses.values() for use in found}
    for one in draft.variables:
        if not any(name == one.name or name.startswith(f"{one.name}.") for name in used):
            yield Finding("variables", f"{one.name} is declared, but not used.", "unused_variable", "warn")


def _covered(name: str, declared: set[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in declared)


def _first(uses: Iterable[Use]) -> list[Use]:
    """The first use of each variable."""
    found: dict[str, Use] = {}
    for use in uses:
        found.setdefault(use.name, use)
    return list(found.values())
