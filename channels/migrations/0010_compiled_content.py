"""Declared variables, and the words as they are rendered; both are sealed at submission like the words themselves."""

from django.db import migrations, models

from config.ledger import AppendOnly


SEALED = ("content", "message_class", "locale", "template_id", "number", "author_id")


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0009_object_rights'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicaltemplateversion',
            name='variables',
            field=models.JSONField(blank=True, default=list, help_text='What the words may use: name, type, fallback and sample of each variable.'),
        ),
        migrations.AddField(
            model_name='templateversion',
            name='compiled',
            field=models.JSONField(blank=True, default=dict, editable=False, help_text='The fields as they are rendered; made at submission.'),
        ),
        migrations.AddField(
            model_name='templateversion',
            name='variables',
            field=models.JSONField(blank=True, default=list, help_text='What the words may use: name, type, fallback and sample of each variable.'),
        ),
        AppendOnly(
            "channels_templateversion",
            only_when="OLD.state <> 'draft'",
            columns=(*SEALED, "variables", "compiled"),
            widens=SEALED,
        ),
    ]
