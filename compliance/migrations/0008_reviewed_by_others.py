"""Every word of a reviewer belongs to a review, stays as it was said, and is never its own author's: the database refuses it."""

from django.db import migrations, models
import django.db.models.deletion

from config.ledger import AppendOnly

MESSAGE = "nobody approves his own work"
ACTORS = {"compliance_approval": "approver_id", "compliance_urgentrelease": "confirmed_by_id"}


def _statements(vendor: str) -> list[str]:
    found = []
    for table, column in ACTORS.items():
        listed = (
            f"review.authors @> to_jsonb(NEW.{column})"
            if vendor == "postgresql"
            else f"EXISTS (SELECT 1 FROM json_each(review.authors) one WHERE one.value = NEW.{column})"
        )
        theirs = (
            "EXISTS (SELECT 1 FROM compliance_review review WHERE review.id = NEW.review_id "
            f"AND (NEW.{column} IN (review.author_id, review.submitter_id) OR {listed}))"
        )
        if vendor == "postgresql":
            found.append(
                f"CREATE OR REPLACE FUNCTION {table}_apart() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF {theirs} THEN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; "
                "END IF; RETURN NEW; END $$"
            )
        for verb in ("INSERT", f"UPDATE OF {column}, review_id"):
            head = f"CREATE TRIGGER {table}_apart_{verb[:6].lower()} BEFORE {verb} ON {table} FOR EACH ROW"
            if vendor == "postgresql":
                found.append(f"{head} EXECUTE FUNCTION {table}_apart()")
            else:
                found.append(f"{head} WHEN {theirs} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END")
    return found


def make(apps, schema_editor):
    for statement in _statements(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


def unmake(apps, schema_editor):
    for table in ACTORS:
        where = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
        for verb in ("insert", "update"):
            schema_editor.execute(f"DROP TRIGGER {table}_apart_{verb}{where}", params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('compliance', '0007_reviews'),
        ('config', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='approval',
            name='review',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='compliance.review'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved', True), ('verdict', 'approve')), models.Q(('approved', False), models.Q(('verdict', 'approve'), _negated=True)), _connector='OR'), name='a_verdict_is_a_yes_or_a_no'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.UniqueConstraint(condition=models.Q(('approved', True)), fields=('review', 'approver'), name='one_yes_per_person_and_review'),
        ),
        AppendOnly("compliance_approval"),
        migrations.RunPython(make, unmake),
    ]
