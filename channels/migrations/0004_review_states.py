"""States of a version while several people review it. SQLite rebuilds the table for it, so its trigger is made again."""

from django.db import migrations, models

from config.ledger import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0003_inbound_messages'),
    ]

    operations = [
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
