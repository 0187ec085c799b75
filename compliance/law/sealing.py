"""A rule set that is no draft never changes: the database itself refuses, on PostgreSQL and SQLite."""

from typing import Any

from django.db.migrations.operations.base import Operation

from config.ledger import SETTING

MESSAGE = "a rule set that was activated never changes"
ROWS = ("compliance_lawrow", "compliance_ban", "compliance_statutorycap")
SETS = "compliance_ruleset"
KEPT = ("id", "number", "note", "created_at", "created_by_id", "activated_at", "activated_by_id", "checksum")


class SealRuleSets(Operation):
    """Triggers: no row is added to, changed in or taken from a set that is no draft; an active set can only retire.

    As with `config.ledger.AppendOnly`, `config.ledger.unlocked` is the one way round.
    """

    reversible = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Triggers are not part of Django's model state."""

    def describe(self) -> str:
        return "Seal rule sets that are no drafts"

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        on_postgresql = schema_editor.connection.vendor == "postgresql"
        for statement in _postgresql() if on_postgresql else _sqlite():
            schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        on_postgresql = schema_editor.connection.vendor == "postgresql"
        for table, verb, _ in _triggers():
            where = f" ON {table}" if on_postgresql else ""
            schema_editor.execute(f"DROP TRIGGER {_name(table, verb)}{where}", params=None)


def _triggers() -> list[tuple[str, str, str]]:
    """Table, verb, and the condition under which the verb is refused."""
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in KEPT)
    found = [
        (SETS, "DELETE", "OLD.state <> 'draft'"),
        (
            SETS,
            "UPDATE",
            f"OLD.state = 'retired' OR (OLD.state = 'active' AND (NEW.state <> 'retired' OR {changed}))",
        ),
    ]
    for table in ROWS:
        of_old, of_new = (
            f"EXISTS (SELECT 1 FROM {SETS} s WHERE s.id = {row}.rule_set_id AND s.state <> 'draft')"  # noqa: S608 (own names only)
            for row in ("OLD", "NEW")
        )
        found += [(table, "INSERT", of_new), (table, "UPDATE", f"{of_old} OR {of_new}"), (table, "DELETE", of_old)]
    return found


def _postgresql() -> list[str]:
    # A trigger's WHEN cannot look into another table, so each has a function of its own.
    return [
        statement
        for table, verb, refused in _triggers()
        for statement in (
            f"CREATE OR REPLACE FUNCTION {_name(table, verb)}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF current_setting('{SETTING}', true) IS DISTINCT FROM 'on' AND ({refused}) THEN "
            f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
            f"RETURN {'OLD' if verb == 'DELETE' else 'NEW'}; END $$",
            f"CREATE TRIGGER {_name(table, verb)} BEFORE {verb} ON {table} FOR EACH ROW "
            f"EXECUTE FUNCTION {_name(table, verb)}()",
        )
    ]


def _sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER {_name(table, verb)} BEFORE {verb} ON {table} FOR EACH ROW "  # noqa: S608 (own names only)
        f"WHEN ({refused.replace('IS DISTINCT FROM', 'IS NOT')}) AND NOT EXISTS (SELECT 1 FROM config_ledgerkey) "
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        for table, verb, refused in _triggers()
    ]


def _name(table: str, verb: str) -> str:
    return f"{table}_sealed_{verb.lower()}"
