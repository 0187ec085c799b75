"""What was handed in is never a draft again: as one, its words could be changed in SQL and put back among the approved."""

from django.db import migrations

from config.ledger import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0018_chat_messages'),
    ]

    operations = [
        AppendOnly(
            table,
            only_when="OLD.state <> 'draft' AND NEW.state = 'draft'",
            columns=("state",),
            delete=False,
            name="stays_submitted",
        )
        for table in ("channels_templateversion", "channels_blockversion")
    ]
