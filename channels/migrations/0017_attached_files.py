"""Files that mails carry: their bytes never change, and what was submitted with them keeps them."""

import django.db.models.deletion
import django.db.models.functions.text
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from config.ledger import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0016_tests_are_messages'),
        ('contacts', '0009_brand_language'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalStoredFile',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(help_text='As its recipients see it.', max_length=100)),
                ('content_type', models.CharField(editable=False, max_length=100, verbose_name='type')),
                ('size', models.PositiveIntegerField(editable=False, help_text='In bytes.')),
                ('sha256', models.CharField(db_index=True, editable=False, max_length=64, verbose_name='SHA-256')),
                ('uploaded_at', models.DateTimeField(editable=False)),
                ('retired_at', models.DateTimeField(editable=False, help_text='New versions cannot name it from then on.', null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('brand', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contacts.brand')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('uploaded_by', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical file',
                'verbose_name_plural': 'historical files',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='StoredFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='As its recipients see it.', max_length=100)),
                ('content_type', models.CharField(editable=False, max_length=100, verbose_name='type')),
                ('size', models.PositiveIntegerField(editable=False, help_text='In bytes.')),
                ('sha256', models.CharField(db_index=True, editable=False, max_length=64, verbose_name='SHA-256')),
                ('uploaded_at', models.DateTimeField(editable=False)),
                ('retired_at', models.DateTimeField(editable=False, help_text='New versions cannot name it from then on.', null=True)),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='contacts.brand')),
                ('uploaded_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('data', models.BinaryField()),
            ],
            options={
                'verbose_name': 'file',
                'ordering': ['name', '-id'],
            },
        ),
        migrations.CreateModel(
            name='AttachmentUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attachment_uses', to='channels.templateversion')),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='channels.storedfile')),
            ],
            options={
                'ordering': ['version', 'position'],
            },
        ),
        migrations.AddConstraint(
            model_name='storedfile',
            constraint=models.UniqueConstraint(models.F('brand'), django.db.models.functions.text.Lower('name'), condition=models.Q(('retired_at', None)), name='one_file_per_name', violation_error_message='This brand has a file of this name; retire that one first, or give this one another name.'),
        ),
        migrations.AddConstraint(
            model_name='storedfile',
            constraint=models.CheckConstraint(condition=models.Q(('size__gt', 0)), name='files_are_not_empty'),
        ),
        migrations.AddConstraint(
            model_name='attachmentuse',
            constraint=models.UniqueConstraint(fields=('version', 'file'), name='one_use_per_file'),
        ),
        AppendOnly(
            "channels_storedfile",
            columns=("brand_id", "name", "content_type", "size", "sha256", "uploaded_at", "uploaded_by_id", "data"),
            delete=False,
        ),
        AppendOnly("channels_attachmentuse"),
    ]
