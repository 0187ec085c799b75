"""The audit chain. Links and what erased rows left behind never change; a note goes only when it becomes a link."""

from django.db import migrations, models

from config.ledger import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('compliance', '0005_privacy_requests'),
        ('config', '0001_initial'),
        ('contacts', '0004_opt_out_reasons'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditMark',
            fields=[
                ('name', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('upto', models.BigIntegerField(default=0, help_text='The last ID that is done.')),
                ('bound', models.BigIntegerField(default=0, help_text='The ID up to which the next seal goes, once all its writers are done.')),
                ('writers', models.JSONField(default=list, help_text='Transactions that may still commit rows up to the bound.')),
                ('due_at', models.DateTimeField(help_text='Not before this instant.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='AuditNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('kind', models.CharField(max_length=60)),
                ('actor', models.BigIntegerField(help_text='ID of the user; empty: the product itself.', null=True)),
                ('subject_type', models.CharField(blank=True, help_text='What it is about, e.g. compliance.stop.', max_length=60)),
                ('subject_id', models.CharField(blank=True, max_length=64)),
                ('payload', models.JSONField(default=dict)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('at', models.DateTimeField()),
                ('kind', models.CharField(max_length=60)),
                ('actor', models.BigIntegerField(help_text='ID of the user; empty: the product itself.', null=True)),
                ('subject_type', models.CharField(blank=True, help_text='What it is about, e.g. compliance.stop.', max_length=60)),
                ('subject_id', models.CharField(blank=True, max_length=64)),
                ('payload', models.JSONField(default=dict)),
                ('number', models.BigIntegerField(help_text='1, 2, 3 … without gaps.', primary_key=True, serialize=False)),
                ('previous', models.CharField(blank=True, help_text='Hash of the entry before; empty for the first.', max_length=64)),
                ('hash', models.CharField(max_length=64)),
            ],
            options={
                'verbose_name_plural': 'audit entries',
                'ordering': ['-number'],
                'indexes': [models.Index(fields=['kind', 'number'], name='audit_by_kind'), models.Index(fields=['subject_type', 'subject_id', 'number'], name='audit_by_subject'), models.Index(condition=models.Q(('actor__isnull', False)), fields=['actor', 'number'], name='audit_by_actor')],
            },
        ),
        migrations.CreateModel(
            name='ErasedRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('table', models.CharField(max_length=60)),
                ('row_id', models.BigIntegerField()),
                ('hash', models.CharField(max_length=64)),
                ('personal', models.CharField(help_text='Keyed digest of its personal columns.', max_length=43)),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('table', 'row_id'), name='one_erasure_per_row')],
            },
        ),
        AppendOnly("compliance_auditentry"),
        AppendOnly("compliance_auditnote", delete=False),
        AppendOnly("compliance_erasedrow"),
    ]
