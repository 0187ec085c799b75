"""A review stays as it was asked for, is approved by those whom its steps ask, and an urgent release lasts no longer than two
people agreed to: the database refuses the rest. Whoever could move an author or take a step away would approve his own work."""

from django.db import migrations

from config.ledger import SETTING, AppendOnly

MESSAGE = "a review is approved by those whom its steps ask"
LACKING = (
    "NOT EXISTS (SELECT 1 FROM compliance_reviewstep step WHERE step.review_id = NEW.id) "
    "OR EXISTS (SELECT 1 FROM compliance_reviewstep step WHERE step.review_id = NEW.id AND step.approvers > "
    "(SELECT COUNT(*) FROM compliance_approval word WHERE word.review_id = NEW.id AND word.step = step.name "
    "AND word.approved AND word.fingerprint = NEW.fingerprint))"
)
POSTGRESQL = [
    f"""
    CREATE FUNCTION compliance_review_has_its_yes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('{SETTING}', true) IS DISTINCT FROM 'on' AND ({LACKING}) THEN
            RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER compliance_review_yes_insert BEFORE INSERT ON compliance_review FOR EACH ROW "
    "WHEN (NEW.state = 'approved') EXECUTE FUNCTION compliance_review_has_its_yes()",
    "CREATE TRIGGER compliance_review_yes_update BEFORE UPDATE OF state ON compliance_review FOR EACH ROW "
    "WHEN (NEW.state = 'approved' AND OLD.state <> 'approved') EXECUTE FUNCTION compliance_review_has_its_yes()",
]
POSTGRESQL_UNDO = [
    "DROP TRIGGER compliance_review_yes_update ON compliance_review",
    "DROP TRIGGER compliance_review_yes_insert ON compliance_review",
    "DROP FUNCTION compliance_review_has_its_yes()",
]
_OPEN = f"NOT EXISTS (SELECT 1 FROM config_ledgerkey) AND ({LACKING}) BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
SQLITE = [
    "CREATE TRIGGER compliance_review_yes_insert BEFORE INSERT ON compliance_review FOR EACH ROW "
    f"WHEN NEW.state = 'approved' AND {_OPEN}",
    "CREATE TRIGGER compliance_review_yes_update BEFORE UPDATE OF state ON compliance_review FOR EACH ROW "
    f"WHEN NEW.state = 'approved' AND OLD.state <> 'approved' AND {_OPEN}",
]
SQLITE_UNDO = ["DROP TRIGGER compliance_review_yes_update", "DROP TRIGGER compliance_review_yes_insert"]


def _run(schema_editor, postgresql, sqlite):
    for statement in postgresql if schema_editor.connection.vendor == "postgresql" else sqlite:
        schema_editor.execute(statement, params=None)


def make(apps, schema_editor):
    _run(schema_editor, POSTGRESQL, SQLITE)


def unmake(apps, schema_editor):
    _run(schema_editor, POSTGRESQL_UNDO, SQLITE_UNDO)


class Migration(migrations.Migration):

    dependencies = [
        ('compliance', '0016_words_in_inboxes'),
        ('config', '0001_initial'),
    ]

    operations = [
        AppendOnly(
            "compliance_review",
            columns=("kind", "object_id", "brand_id", "fingerprint", "parts", "author_id", "submitter_id", "authors"),
        ),
        AppendOnly("compliance_reviewstep", columns=("review_id", "position", "name", "group_id", "approvers")),
        AppendOnly(
            "compliance_urgentrelease",
            columns=("review_id", "fingerprint", "reason", "asked_by_id", "asked_at", "until"),
        ),
        AppendOnly(
            "compliance_urgentrelease",
            only_when="OLD.confirmed_at IS NOT NULL OR OLD.ended_at IS NOT NULL",
            columns=("confirmed_by_id", "confirmed_at"),
            delete=False,
            name="confirmed_once",
        ),
        AppendOnly(
            "compliance_urgentrelease",
            only_when="OLD.ended_at IS NOT NULL",
            columns=("ended_at", "ended_by_id"),
            delete=False,
            name="ended_once",
        ),
        migrations.RunPython(make, unmake),
    ]
