"""A published design never changes: the database refuses to edit or delete it, and to touch its steps."""

from typing import Any

from django.db import migrations

from config.ledger import MESSAGE, SETTING, AppendOnly

POSTGRESQL = [
    f"""
    CREATE FUNCTION journeys_step_of_published() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('{SETTING}', true) = 'on' THEN
            IF TG_OP = 'DELETE' THEN RETURN OLD; ELSE RETURN NEW; END IF;
        END IF;
        IF (TG_OP <> 'INSERT' AND EXISTS (SELECT 1 FROM journeys_version WHERE id = OLD.version_id AND state <> 'draft'))
        OR (TG_OP <> 'DELETE' AND EXISTS (SELECT 1 FROM journeys_version WHERE id = NEW.version_id AND state <> 'draft'))
        THEN
            RAISE EXCEPTION '{MESSAGE}: steps of a published version' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; ELSE RETURN NEW; END IF;
    END $$
    """,
    "CREATE TRIGGER journeys_step_sealed BEFORE INSERT OR UPDATE OR DELETE ON journeys_step "
    "FOR EACH ROW EXECUTE FUNCTION journeys_step_of_published()",
    "CREATE TRIGGER journeys_version_published BEFORE UPDATE OF state ON journeys_version FOR EACH ROW "
    "WHEN (OLD.state <> 'draft' AND NEW.state = 'draft') EXECUTE FUNCTION waymark_append_only()",
]
POSTGRESQL_UNDO = [
    "DROP TRIGGER journeys_version_published ON journeys_version",
    "DROP TRIGGER journeys_step_sealed ON journeys_step",
    "DROP FUNCTION journeys_step_of_published()",
]


def _sqlite(verb: str, rows: tuple[str, ...]) -> str:
    published = " OR ".join(
        f"EXISTS (SELECT 1 FROM journeys_version WHERE id = {row}.version_id AND state <> 'draft')" for row in rows
    )
    return (
        f"CREATE TRIGGER journeys_step_sealed_{verb.lower()} BEFORE {verb} ON journeys_step FOR EACH ROW "
        f"WHEN ({published}) AND NOT EXISTS (SELECT 1 FROM config_ledgerkey) "
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}: steps of a published version'); END"
    )


SQLITE = [
    _sqlite("INSERT", ("NEW",)),
    _sqlite("UPDATE", ("OLD", "NEW")),
    _sqlite("DELETE", ("OLD",)),
    "CREATE TRIGGER journeys_version_published BEFORE UPDATE OF state ON journeys_version FOR EACH ROW "
    "WHEN OLD.state <> 'draft' AND NEW.state = 'draft' AND NOT EXISTS (SELECT 1 FROM config_ledgerkey) "
    f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}: journeys_version'); END",
]
SQLITE_UNDO = [
    "DROP TRIGGER journeys_version_published",
    *(f"DROP TRIGGER journeys_step_sealed_{verb}" for verb in ("insert", "update", "delete")),
]


def _run(schema_editor: Any, postgresql: list[str], sqlite: list[str]) -> None:
    for statement in postgresql if schema_editor.connection.vendor == "postgresql" else sqlite:
        schema_editor.execute(statement, params=None)


def seal(apps: Any, schema_editor: Any) -> None:
    _run(schema_editor, POSTGRESQL, SQLITE)


def unseal(apps: Any, schema_editor: Any) -> None:
    _run(schema_editor, POSTGRESQL_UNDO, SQLITE_UNDO)


class Migration(migrations.Migration):
    dependencies = [("journeys", "0001_initial"), ("config", "0001_initial")]

    operations = [
        AppendOnly(
            "journeys_version",
            only_when="OLD.state <> 'draft'",
            columns=(
                "journey_id",
                "number",
                '"trigger"',
                "trigger_config",
                "segment_id",
                "reentry",
                "reentry_after",
                "instance_key",
                "exit_when",
                "goal",
                "checksum",
                "published_at",
                "published_by_id",
            ),
        ),
        migrations.RunPython(seal, unseal),
    ]
