"""The unpacked words go."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0013_pack_copies'),
    ]

    operations = [
        # With a default for the way back, which fills it afterwards.
        migrations.AlterField(
            model_name='renderedcopy',
            name='content',
            field=models.JSONField(default=dict),
        ),
        migrations.RemoveField(
            model_name='renderedcopy',
            name='content',
        ),
    ]
