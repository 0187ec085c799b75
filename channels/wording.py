"""What is wrong with a version's words as such; what the law asks of them is asked a floor above (compliance.findings)."""

from collections.abc import Iterable, Iterator, Mapping

from channels import liquid, rendering
from channels.base import channels
from channels.models import TemplateVersion
from config.kinds import form_errors

PARTS = {
    "brand": frozenset({"key", "name", "postal_address", "website"}),
}
"""Variables whose parts are known; of a contact or an event, anything may be there."""


def problems(version: TemplateVersion) -> list[str]:
    """Sentences that name the field and the line; empty when the version may be submitted."""
    channel = version.template.channel
    if channel not in channels:
        return [f"channel: {channel!r} is not known; there are: {', '.join(channels.keys())}."]
    kind = channels[channel]
    form = kind.Content(version.content)
    if not form.is_valid():
        return form_errors(form)
    return list(source_problems(form.cleaned_data))


def source_problems(content: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the Liquid of these fields."""
    for name, source in content.items():
        try:
            used = liquid.variables(str(source or ""))
        except liquid.BadSource as error:
            yield f"{name}: {error}"
        else:
            yield from (f"{name}: {sentence}" for sentence in _unknown(used))


def _unknown(used: Iterable[str]) -> Iterator[str]:
    for variable in sorted(used):
        root, _, part = variable.partition(".")
        if root not in rendering.VARIABLES:
            known = ", ".join(sorted(rendering.VARIABLES - {"zone"}))
            yield f"{variable} is not known; a template may use {known}."
        elif root in PARTS and part and part.split(".")[0] not in PARTS[root]:
            yield f"{variable} is not known; {root} has {', '.join(sorted(PARTS[root]))}."
