"""Every state of a draft, with its steps."""

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from config.history import begin


class Migration(migrations.Migration):

    dependencies = [
        ('journeys', '0005_object_rights'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalVersion',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('steps', models.JSONField(default=list, help_text='Its steps, as they stood then.')),
                ('number', models.PositiveIntegerField(editable=False)),
                ('state', models.CharField(choices=[('draft', 'draft'), ('live', 'live'), ('retired', 'retired')], default='draft', editable=False, max_length=10)),
                ('trigger', models.CharField(help_text='Key of a trigger kind.', max_length=20)),
                ('trigger_config', models.JSONField(default=dict)),
                ('reentry', models.CharField(choices=[('once', 'only once'), ('always', 'whenever they are not in it'), ('after', 'again after a pause')], default='always', max_length=10, verbose_name='re-entry')),
                ('reentry_after', models.CharField(blank=True, help_text="For 'again after a pause', e.g. 90d, counted from the last entry.", max_length=20)),
                ('instance_key', models.CharField(blank=True, help_text='Property of the event that lets one person be in it several times at once, e.g. order_id.', max_length=100)),
                ('exit_when', models.JSONField(blank=True, default=list, help_text='Events that end it at once, e.g. [{"event": "order.completed"}].')),
                ('goal', models.JSONField(blank=True, default=dict, help_text='What counts as success, e.g. {"event": "order.completed", "within": "14d", "value": "revenue"}.')),
                ('published_at', models.DateTimeField(editable=False, null=True)),
                ('checksum', models.CharField(blank=True, editable=False, help_text='SHA-256 of the design, set at publishing.', max_length=64)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('author', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('journey', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='journeys.journey')),
                ('published_by', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical version',
                'verbose_name_plural': 'historical versions',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.RunPython(begin('journeys', 'Version', 'journeys'), migrations.RunPython.noop),
    ]
