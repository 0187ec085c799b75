"""How long copies of what was sent are kept."""

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('compliance', '0012_cap_ends_journey'),
        ('contacts', '0009_brand_language'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalCopyRetention',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('message_class', models.CharField(choices=[('marketing', 'marketing'), ('service', 'service'), ('transactional', 'transactional'), ('otp', 'one-time code')], max_length=15, verbose_name='class')),
                ('days', models.PositiveIntegerField(default=0, help_text='Since the gate let the message leave. 0: for ever.')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('brand', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contacts.brand')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical retention of copies',
                'verbose_name_plural': 'historical retention of copies',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='CopyRetention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message_class', models.CharField(choices=[('marketing', 'marketing'), ('service', 'service'), ('transactional', 'transactional'), ('otp', 'one-time code')], max_length=15, verbose_name='class')),
                ('days', models.PositiveIntegerField(default=0, help_text='Since the gate let the message leave. 0: for ever.')),
                ('due_at', models.DateTimeField(editable=False, help_text='When it is looked next for copies that are too old; empty: at once.', null=True)),
                ('done_until', models.DateTimeField(editable=False, help_text='The copies of messages that left until then are gone.', null=True)),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='contacts.brand')),
            ],
            options={
                'verbose_name': 'retention of copies',
                'verbose_name_plural': 'retention of copies',
                'ordering': ['brand', 'message_class'],
                'indexes': [models.Index(condition=models.Q(('days__gt', 0)), fields=['due_at'], name='copy_retention_due')],
                'constraints': [models.UniqueConstraint(fields=('brand', 'message_class'), name='one_copy_retention_per_class')],
            },
        ),
    ]
