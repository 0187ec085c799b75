"""Append-only tables: the database itself refuses UPDATE and DELETE.

`AppendOnly` is a migration operation that makes the triggers on PostgreSQL and SQLite. Erasure by law and retention go
through `unlocked()`, the one audited way round.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.migrations.operations.base import Operation

MESSAGE = "this table is append-only"
SETTING = "waymark.ledger_unlocked"


class AppendOnly(Operation):
    """Make a table append-only. `only_when` is an SQL condition on the OLD row; without it every row is protected.

    `columns` limits the protection to changes of these columns (and to DELETE). `widens` are those that an earlier migration
    protects: its triggers are made anew (SQLite loses them, too, when Django makes the table anew to add a column). `name`
    tells several protections of one table apart.
    """

    reversible = True

    def __init__(
        self,
        table: str,
        *,
        only_when: str = "",
        columns: tuple[str, ...] = (),
        delete: bool = True,
        widens: tuple[str, ...] = (),
        name: str = "no",
    ) -> None:
        self.table = table
        self.only_when = only_when
        self.columns = columns
        self.delete = delete
        self.widens = widens
        self.trigger = f"{table}_{name}"

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Triggers are not part of Django's model state."""

    def describe(self) -> str:
        return f"Make {self.table} append-only"

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for statement in self._create(schema_editor.connection.vendor, self.columns):
            schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._drop(schema_editor)
        if self.widens:
            for statement in self._create(schema_editor.connection.vendor, self.widens):
                schema_editor.execute(statement, params=None)

    def _drop(self, schema_editor: Any) -> None:
        where = f" ON {self.table}" if schema_editor.connection.vendor == "postgresql" else ""
        for verb in self._verbs():
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {self.trigger}_{verb.lower()}{where}", params=None)

    def _verbs(self) -> list[str]:
        return ["UPDATE", "DELETE"] if self.delete else ["UPDATE"]

    def _create(self, vendor: str, columns: tuple[str, ...]) -> list[str]:
        statements = []
        if vendor == "postgresql":
            statements.append(
                "CREATE OR REPLACE FUNCTION waymark_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF current_setting('{SETTING}', true) = 'on' THEN "
                "IF TG_OP = 'DELETE' THEN RETURN OLD; ELSE RETURN NEW; END IF; END IF; "
                f"RAISE EXCEPTION '{MESSAGE}: %', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$"
            )
        for verb in self._verbs():
            of = f" OF {', '.join(columns)}" if verb == "UPDATE" and columns else ""
            head = f"CREATE TRIGGER {self.trigger}_{verb.lower()} BEFORE {verb}{of} ON {self.table} FOR EACH ROW"
            # Made anew where it is there: SQLite loses a table's triggers whenever a migration rebuilds the table.
            where = f" ON {self.table}" if vendor == "postgresql" else ""
            statements.append(f"DROP TRIGGER IF EXISTS {self.trigger}_{verb.lower()}{where}")
            if vendor == "postgresql":
                when = f" WHEN ({self.only_when})" if self.only_when else ""
                statements.append(f"{head}{when} EXECUTE FUNCTION waymark_append_only()")
            else:
                guard = "NOT EXISTS (SELECT 1 FROM config_ledgerkey)"
                when = f"({self.only_when}) AND {guard}" if self.only_when else guard
                statements.append(f"{head} WHEN {when} BEGIN SELECT RAISE(ABORT, '{MESSAGE}: {self.table}'); END")
        return statements


@contextmanager
def unlocked() -> Iterator[None]:
    """Allow changes to append-only tables inside this block, which is one transaction and of this connection only.

    For erasure and retention; the caller writes the audit entry.
    """
    with transaction.atomic():
        _unlock(True)
        try:
            yield
        finally:
            if not connection.needs_rollback:
                _unlock(False)


def _unlock(on: bool) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SELECT set_config('{SETTING}', %s, true)", ["on" if on else "off"])
        elif on:
            cursor.execute("INSERT INTO config_ledgerkey DEFAULT VALUES")
        else:
            cursor.execute("DELETE FROM config_ledgerkey")
