"""A submitted version never changes: the database refuses new words, class or language once it is no draft."""

from django.db import migrations

from config.ledger import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("channels", "0001_initial"), ("config", "0001_initial")]

    operations = [
        AppendOnly(
            "channels_templateversion",
            only_when="OLD.state <> 'draft'",
            columns=("content", "message_class", "locale", "template_id", "number", "author_id"),
        ),
    ]
