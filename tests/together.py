"""Which tests run one after another in the same process: those that share something costly, such as a running site.

pytest-xdist's own marks for this (`xdist_group`) do nothing under pytest 9.2, which no longer lets a test's name be changed.
"""

import re

from xdist.scheduler import LoadScopeScheduling

GROUPS = [
    re.compile(r"tests/e2e/"),
    re.compile(r"tests/config/test_admin_browser\.py"),
    re.compile(r"tests/demo/test_demo\.py"),
    re.compile(r"tests/load/test_worker\.py.*\[(?:sqlite|postgresql-redis)"),
]
"""Tests whose names match the same text of one of these are together."""


class Together(LoadScopeScheduling):
    """Hands out groups whole, and every other test by itself."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def group(nodeid: str) -> str:
    """The name of a test's group; its own name if it has none."""
    for pattern in GROUPS:
        if found := pattern.match(nodeid):
            parameter = re.search(r"\[(sqlite|postgresql-redis)", found.group())
            return f"{pattern.pattern}{parameter.group(1) if parameter else ''}"
    return nodeid
