"""Two writers with the same draft: whoever saves names the revision that he read, and overwrites nothing by accident."""

from channels.models import BlockVersion, TemplateVersion
from channels.sealing import digest

Version = TemplateVersion | BlockVersion
ABOUT = {TemplateVersion: ("locale", "message_class", "variables"), BlockVersion: ("locale", "source", "variants")}
"""What can be changed about a draft, beside the fields of its channel."""


def of(version: Version) -> str:
    """SHA-256 (hex) over everything that its author can change, as it is stored: it differs once any of it does."""
    return digest([getattr(version, name) for name in fields(version)])


def fields(version: Version) -> list[str]:
    """The columns that count."""
    return [*ABOUT[type(version)], *(["content"] if isinstance(version, TemplateVersion) else [])]
