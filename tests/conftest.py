"""What every test may rely on."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import caches
from django.db.backends.postgresql.base import DatabaseOperations as PostgreSQLOperations
from django.db.backends.sqlite3.base import DatabaseOperations as SQLiteOperations

from tests import needs


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test whose mark names something that is not here is skipped, or fails where NO_SKIPS=1 forbids that."""
    for mark, missing in needs.MISSING.items():
        if item.get_closest_marker(mark) and (why := missing()):
            (pytest.fail if needs.strict() else pytest.skip)(f"Needs {mark}: {why}.")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """How tests are dealt out to several processes."""
    from tests.together import Together

    return Together(config, log)


@pytest.fixture(autouse=True, scope="session")
def flush_after_real_transactions() -> Any:
    """Let tests with real transactions be cleaned up.

    On SQLite a flush is a DELETE, which the ledgers refuse: the ledger key is put in first and taken out last. PostgreSQL
    truncates, which row triggers do not see; but knox keeps the table of the model that ours replaces, with a foreign
    key to the users, so it must cascade.
    """
    flush_sqlite, flush_postgresql = SQLiteOperations.sql_flush, PostgreSQLOperations.sql_flush

    def with_key(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        statements = flush_sqlite(self, style, tables, **options)
        last = [line for line in statements if "config_ledgerkey" in line]
        others = [line for line in statements if "config_ledgerkey" not in line]
        return ["INSERT INTO config_ledgerkey DEFAULT VALUES;", *others, *last] if last else statements

    def cascading(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        return flush_postgresql(self, style, tables, **{**options, "allow_cascade": True})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SQLiteOperations, "sql_flush", with_key)
        patch.setattr(PostgreSQLOperations, "sql_flush", cascading)
        yield


@pytest.fixture(autouse=True)
def close_lines() -> Any:
    """No test uses a connection to a provider that another opened."""
    yield
    from channels import fcm, lines, wires

    lines.close_all()
    wires.close()
    fcm.forget()


@pytest.fixture(autouse=True)
def fresh_cache() -> Any:
    """No test reads what another left in the cache, in this process or, with Redis, in any."""
    from journeys import designs

    designs._cache.clear()
    caches.settings["default"]["KEY_PREFIX"] = caches["default"].key_prefix = uuid4().hex
