"""A house asks people whose number the provider blocks, and who allow texts again, to text START."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0004_review_states'),
        ('compliance', '0009_repermission'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicalhousepolicy',
            name='ask_to_text_start',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='Sent to somebody who allows texts again while the provider still blocks their number: it asks them to text START. Transactional, by another channel, e.g. e-mail. Empty: the home page tells you who waits.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='channels.messagetemplate'),
        ),
        migrations.AddField(
            model_name='housepolicy',
            name='ask_to_text_start',
            field=models.ForeignKey(blank=True, help_text='Sent to somebody who allows texts again while the provider still blocks their number: it asks them to text START. Transactional, by another channel, e.g. e-mail. Empty: the home page tells you who waits.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels.messagetemplate'),
        ),
    ]
