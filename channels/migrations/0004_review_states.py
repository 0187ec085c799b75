"""States of a version while several people review it. SQLite rebuilds the table for it, and PostgreSQL alters no column that a
trigger reads, so the triggers are made again."""

from django.db import migrations, models

from config.ledger import AppendOnly


def free(apps, schema_editor):
    """Take the triggers away from PostgreSQL, which would refuse the longer state; `AppendOnly` below makes them anew."""
    if schema_editor.connection.vendor == "postgresql":
        for verb in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS channels_templateversion_no_{verb} ON channels_templateversion")


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0003_inbound_messages'),
    ]

    operations = [
        migrations.RunPython(free, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='historicaltemplateversion',
            name='state',
            field=models.CharField(choices=[('draft', 'draft'), ('submitted', 'waiting for approval'), ('in_review', 'in review'), ('approved', 'approved'), ('changes_requested', 'changes requested'), ('rejected', 'rejected'), ('retired', 'retired')], default='draft', editable=False, max_length=20),
        ),
        migrations.AlterField(
            model_name='templateversion',
            name='state',
            field=models.CharField(choices=[('draft', 'draft'), ('submitted', 'waiting for approval'), ('in_review', 'in review'), ('approved', 'approved'), ('changes_requested', 'changes requested'), ('rejected', 'rejected'), ('retired', 'retired')], default='draft', editable=False, max_length=20),
        ),
        AppendOnly(
            "channels_templateversion",
            only_when="OLD.state <> 'draft'",
            columns=("content", "message_class", "locale", "template_id", "number", "author_id"),
        ),
    ]
