"""What providers say of the templates that they approve."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0006_message_priority'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProviderTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text="The provider's name of it, e.g. its content SID.", max_length=100)),
                ('status', models.CharField(blank=True, help_text="The provider's word; empty: not asked yet.", max_length=30)),
                ('category', models.CharField(blank=True, help_text='marketing, utility or authentication.', max_length=30)),
                ('reason', models.CharField(blank=True, help_text='Why it was rejected, or could not be asked about.', max_length=500)),
                ('checked_at', models.DateTimeField(null=True)),
                ('next_check_at', models.DateTimeField(help_text='Empty: at once.', null=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='channels.account')),
            ],
            options={
                'ordering': ['account', 'name'],
                'indexes': [models.Index(fields=['next_check_at'], name='provider_templates_due')],
                'constraints': [models.UniqueConstraint(fields=('account', 'name'), name='one_provider_template_per_name')],
            },
        ),
    ]
