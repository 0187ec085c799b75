"""Two writers with the same draft: whoever saves names the revision that he read, and overwrites nothing by accident."""

import hashlib
from typing import Any

from channels.models import BlockVersion, TemplateVersion
from config import bulk

Version = TemplateVersion | BlockVersion
ABOUT = {TemplateVersion: ("locale", "message_class", "variables"), BlockVersion: ("locale", "source", "variants")}
"""What can be changed about a draft, beside the fields of its channel."""


def of(version: Version) -> str:
    """SHA-256 (hex) over everything that its author can change: it differs once any of it does."""
    told: list[Any] = [getattr(version, name) for name in ABOUT[type(version)]]
    if isinstance(version, TemplateVersion):
        told.append(sorted(version.content.items()))
    return hashlib.sha256(bulk.dumps(told).encode()).hexdigest()
