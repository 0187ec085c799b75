"""The rules that come with the product are there after `migrate`, as rule set 1."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from config import clock


def after_migrate(using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Receiver of `post_migrate`. Does nothing when there is any rule set, or when the tables are not there (yet)."""
    from compliance.law import rule_sets
    from compliance.models import RuleSet

    if using == DEFAULT_DB_ALIAS and RuleSet._meta.db_table in connections[using].introspection.table_names():
        rule_sets.ship(clock.now())
