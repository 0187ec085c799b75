"""Content blocks: pieces that templates share. A submitted version of one never changes."""

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from config.ledger import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0010_compiled_content'),
        ('contacts', '0009_brand_language'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ContentBlock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(help_text='Templates write {{ blocks.key }}.')),
                ('name', models.CharField(max_length=120)),
                ('format', models.CharField(choices=[('text', 'plain text'), ('html', 'HTML'), ('mjml', 'MJML')], default='html', help_text='HTML and plain text fit everywhere; MJML into MJML.', max_length=4)),
                ('locked', models.BooleanField(default=False, help_text='Legal text: only people who may change locked blocks write versions of it.')),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='contacts.brand')),
            ],
            options={
                'ordering': ['brand', 'name'],
                'permissions': [('change_locked_block', 'Can change locked content blocks (legal text)')],
            },
        ),
        migrations.CreateModel(
            name='BlockVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(editable=False)),
                ('locale', models.CharField(blank=True, help_text='Empty: for everyone without a version in their own language.', max_length=20)),
                ('source', models.TextField(help_text='May use variables and other blocks, as templates do.')),
                ('variants', models.JSONField(blank=True, default=list, help_text='Other content under conditions: [{when, source}]; the first that holds is used.')),
                ('state', models.CharField(choices=[('draft', 'draft'), ('submitted', 'waiting for approval'), ('in_review', 'in review'), ('approved', 'approved'), ('changes_requested', 'changes requested'), ('rejected', 'rejected'), ('retired', 'retired')], default='draft', editable=False, max_length=20)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('submitted_at', models.DateTimeField(editable=False, null=True)),
                ('author', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('block', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='channels.contentblock')),
            ],
            options={
                'ordering': ['block', '-number'],
                'permissions': [('submit_blockversion', 'Can submit versions of content blocks for approval')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalBlockVersion',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('number', models.PositiveIntegerField(editable=False)),
                ('locale', models.CharField(blank=True, help_text='Empty: for everyone without a version in their own language.', max_length=20)),
                ('source', models.TextField(help_text='May use variables and other blocks, as templates do.')),
                ('variants', models.JSONField(blank=True, default=list, help_text='Other content under conditions: [{when, source}]; the first that holds is used.')),
                ('state', models.CharField(choices=[('draft', 'draft'), ('submitted', 'waiting for approval'), ('in_review', 'in review'), ('approved', 'approved'), ('changes_requested', 'changes requested'), ('rejected', 'rejected'), ('retired', 'retired')], default='draft', editable=False, max_length=20)),
                ('created_at', models.DateTimeField(blank=True, editable=False)),
                ('submitted_at', models.DateTimeField(editable=False, null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('author', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('block', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='channels.contentblock')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical block version',
                'verbose_name_plural': 'historical block versions',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalContentBlock',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('key', models.SlugField(help_text='Templates write {{ blocks.key }}.')),
                ('name', models.CharField(max_length=120)),
                ('format', models.CharField(choices=[('text', 'plain text'), ('html', 'HTML'), ('mjml', 'MJML')], default='html', help_text='HTML and plain text fit everywhere; MJML into MJML.', max_length=4)),
                ('locked', models.BooleanField(default=False, help_text='Legal text: only people who may change locked blocks write versions of it.')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('brand', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contacts.brand')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical content block',
                'verbose_name_plural': 'historical content blocks',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='BlockUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='block_uses', to='channels.templateversion')),
                ('block_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='channels.blockversion')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('version', 'block_version'), name='one_use_per_block_version')],
            },
        ),
        migrations.AddConstraint(
            model_name='contentblock',
            constraint=models.UniqueConstraint(fields=('brand', 'key'), name='one_block_per_key'),
        ),
        migrations.AddConstraint(
            model_name='blockversion',
            constraint=models.UniqueConstraint(fields=('block', 'number'), name='one_block_version_per_number'),
        ),
        migrations.AddConstraint(
            model_name='blockversion',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'approved')), fields=('block', 'locale'), name='one_live_block_per_locale'),
        ),
        migrations.AddConstraint(
            model_name='blockversion',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'draft'), ('submitted_at__isnull', False), _connector='OR'), name='submitted_blocks_have_a_date'),
        ),
        AppendOnly(
            "channels_blockversion",
            only_when="OLD.state <> 'draft'",
            columns=("source", "variants", "locale", "block_id", "number", "author_id"),
        ),
        AppendOnly("channels_blockuse"),
    ]
