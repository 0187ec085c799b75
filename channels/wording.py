"""What is wrong with a version's words: checked when it is saved and when it is submitted."""

from channels.base import channels
from channels.models import TemplateVersion
from config.kinds import form_errors


def problems(version: TemplateVersion) -> list[str]:
    """Sentences that name the field; empty when the version may be submitted."""
    if version.template.channel not in channels:
        return [f"channel: {version.template.channel!r} is not known; there are: {', '.join(channels.keys())}."]
    form = channels[version.template.channel].Content(version.content)
    return form_errors(form)
