"""Rounds of asking people again whose consent rests on a withdrawn wording."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0004_review_states'),
        ('compliance', '0008_reviewed_by_others'),
        ('contacts', '0004_opt_out_reasons'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Repermission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(help_text='Of the consents that are asked for.', max_length=20)),
                ('wording', models.CharField(help_text='Version of the text that people agree to now.', max_length=120)),
                ('started_at', models.DateTimeField()),
                ('upto', models.BigIntegerField(default=0, help_text='ID of the last consent that was looked at.')),
                ('asked', models.PositiveIntegerField(default=0, help_text='Messages that were asked for; the gate judges each.')),
                ('finished_at', models.DateTimeField(null=True)),
                ('started_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels.messagetemplate')),
                ('topic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contacts.topic')),
                ('withdrawn', models.ForeignKey(help_text='Empty: it counts again, so that nobody is asked any more.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='compliance.withdrawnwording')),
            ],
            options={
                'ordering': ['-id'],
                'permissions': [('ask_again', 'Can ask people again whose consent rests on a withdrawn wording')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('finished_at', None)), fields=('withdrawn', 'topic', 'channel'), name='one_round_at_a_time')],
            },
        ),
    ]
