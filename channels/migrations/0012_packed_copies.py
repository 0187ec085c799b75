"""Copies of what was sent become what varies: the columns for it. The next migration packs what there is."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0011_content_blocks'),
    ]

    operations = [
        migrations.AddField(
            model_name='renderedcopy',
            name='version',
            field=models.ForeignKey(db_index=False, help_text='The sealed version that it is read with; none: it stands for itself.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels.templateversion'),
        ),
        migrations.AddField(
            model_name='renderedcopy',
            name='packed',
            field=models.BinaryField(default=bytes, help_text='The rendered fields, deflated.'),
        ),
        migrations.AddField(
            model_name='renderedcopy',
            name='sha256',
            field=models.BinaryField(default=bytes, help_text='Of the rendered fields as canonical JSON.', verbose_name='SHA-256'),
        ),
    ]
