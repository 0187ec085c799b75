"""Unfold's settings: name, colours and the sidebar."""

from typing import Any

UNFOLD: dict[str, Any] = {"SITE_TITLE": "Waymark", "SITE_HEADER": "Waymark", "SITE_SUBHEADER": "Marketing operations"}
