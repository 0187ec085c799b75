"""Words that lay ready for apps and chat widgets go with their copies: what was cut before is looked at once more."""

from django.db import migrations, models


def look_again(apps, schema_editor):
    """From the beginning, and soon; copies that are gone are gone."""
    apps.get_model("compliance", "CopyRetention").objects.update(done_until=None, due_at=None)


class Migration(migrations.Migration):

    dependencies = [
        ('compliance', '0015_why_stops_were_lifted'),
    ]

    operations = [
        migrations.AlterField(
            model_name='copyretention',
            name='days',
            field=models.PositiveIntegerField(default=0, help_text='Since the gate let the message leave. 0: for ever. In-app and chat messages are not shown after them.'),
        ),
        migrations.AlterField(
            model_name='historicalcopyretention',
            name='days',
            field=models.PositiveIntegerField(default=0, help_text='Since the gate let the message leave. 0: for ever. In-app and chat messages are not shown after them.'),
        ),
        migrations.RunPython(look_again, migrations.RunPython.noop),
    ]
