"""A brand says what STOP means, and what is answered to STOP, START and HELP."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0003_inbound_messages'),
        ('compliance', '0003_rule_sets'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicalhousepolicy',
            name='help_answer',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='Sent after HELP: who you are and how to reach you. Empty: no answer.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='channels.messagetemplate'),
        ),
        migrations.AddField(
            model_name='historicalhousepolicy',
            name='opt_in_confirmation',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='Sent once after START. Empty: no answer.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='channels.messagetemplate'),
        ),
        migrations.AddField(
            model_name='historicalhousepolicy',
            name='opt_out_confirmation',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='Short, transactional, without any promotion; sent once after STOP. Empty: no answer.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='channels.messagetemplate'),
        ),
        migrations.AddField(
            model_name='historicalhousepolicy',
            name='opt_out_scope',
            field=models.CharField(choices=[('topic', 'the topic of what was sent last'), ('channel', 'every topic on this channel'), ('all', 'every topic on every channel')], default='channel', help_text='What it puts an end to.', max_length=10, verbose_name='STOP means'),
        ),
        migrations.AddField(
            model_name='housepolicy',
            name='help_answer',
            field=models.ForeignKey(blank=True, help_text='Sent after HELP: who you are and how to reach you. Empty: no answer.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels.messagetemplate'),
        ),
        migrations.AddField(
            model_name='housepolicy',
            name='opt_in_confirmation',
            field=models.ForeignKey(blank=True, help_text='Sent once after START. Empty: no answer.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels.messagetemplate'),
        ),
        migrations.AddField(
            model_name='housepolicy',
            name='opt_out_confirmation',
            field=models.ForeignKey(blank=True, help_text='Short, transactional, without any promotion; sent once after STOP. Empty: no answer.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels.messagetemplate'),
        ),
        migrations.AddField(
            model_name='housepolicy',
            name='opt_out_scope',
            field=models.CharField(choices=[('topic', 'the topic of what was sent last'), ('channel', 'every topic on this channel'), ('all', 'every topic on every channel')], default='channel', help_text='What it puts an end to.', max_length=10, verbose_name='STOP means'),
        ),
    ]
