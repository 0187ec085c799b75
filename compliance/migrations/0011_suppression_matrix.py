"""Rules that stop messages once something has happened to a person."""
import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('compliance', '0010_ask_to_text_start'),
        ('contacts', '0004_opt_out_reasons'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalMatrixRule',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(help_text='Whoever wonders why a message was stopped reads it.', max_length=120)),
                ('event', models.CharField(help_text='Name of an event on the timeline, e.g. order.refunded.', max_length=120, verbose_name='fact')),
                ('where', models.JSONField(blank=True, default=list, help_text='Comparisons that must all hold, e.g. [{"path": "total", "op": "gt", "value": 100}]; none: any such event.', verbose_name='with properties')),
                ('journeys', models.JSONField(blank=True, default=list, help_text='Keys of journeys that stop; empty: all of them.')),
                ('topics', models.JSONField(blank=True, default=list, help_text='Keys of topics that stop; empty: all of them.')),
                ('classes', models.JSONField(blank=True, default=list, help_text='Classes that stop; empty: all but transactional and one-time codes.')),
                ('channels', models.JSONField(blank=True, default=list, help_text='Channels that stop; empty: all of them.')),
                ('days', models.PositiveIntegerField(default=0, help_text='Counted from the fact; 0: until it is lifted.', validators=[django.core.validators.MaxValueValidator(3650)], verbose_name='for days')),
                ('lifted_by', models.CharField(blank=True, help_text='Event that ends it earlier, e.g. case.closed; empty: nothing does.', max_length=120)),
                ('enabled', models.BooleanField(default=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('brand', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contacts.brand')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical suppression rule',
                'verbose_name_plural': 'historical suppression matrix',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='MatrixRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Whoever wonders why a message was stopped reads it.', max_length=120)),
                ('event', models.CharField(help_text='Name of an event on the timeline, e.g. order.refunded.', max_length=120, verbose_name='fact')),
                ('where', models.JSONField(blank=True, default=list, help_text='Comparisons that must all hold, e.g. [{"path": "total", "op": "gt", "value": 100}]; none: any such event.', verbose_name='with properties')),
                ('journeys', models.JSONField(blank=True, default=list, help_text='Keys of journeys that stop; empty: all of them.')),
                ('topics', models.JSONField(blank=True, default=list, help_text='Keys of topics that stop; empty: all of them.')),
                ('classes', models.JSONField(blank=True, default=list, help_text='Classes that stop; empty: all but transactional and one-time codes.')),
                ('channels', models.JSONField(blank=True, default=list, help_text='Channels that stop; empty: all of them.')),
                ('days', models.PositiveIntegerField(default=0, help_text='Counted from the fact; 0: until it is lifted.', validators=[django.core.validators.MaxValueValidator(3650)], verbose_name='for days')),
                ('lifted_by', models.CharField(blank=True, help_text='Event that ends it earlier, e.g. case.closed; empty: nothing does.', max_length=120)),
                ('enabled', models.BooleanField(default=True)),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='contacts.brand')),
            ],
            options={
                'verbose_name': 'suppression rule',
                'verbose_name_plural': 'suppression matrix',
                'constraints': [models.CheckConstraint(condition=models.Q(('event', ''), _negated=True), name='matrix_rule_has_a_fact'), models.CheckConstraint(condition=models.Q(('lifted_by', models.F('event')), _negated=True), name='matrix_rule_lifted_by_another_fact'), models.CheckConstraint(condition=models.Q(('channels', []), ('classes', []), ('journeys', []), ('topics', []), _negated=True), name='matrix_rule_stops_something')],
            },
        ),
    ]
