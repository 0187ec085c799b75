"""Messages that apps fetch."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0007_provider_templates'),
        ('contacts', '0007_device_tokens'),
    ]

    operations = [
        migrations.CreateModel(
            name='InAppMessage',
            fields=[
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='in_app', serialize=False, to='channels.message')),
                ('content', models.JSONField(help_text='The rendered fields: title, body, label, link.')),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(help_text='Not shown from then on.', null=True)),
                ('read_at', models.DateTimeField(null=True)),
                ('clicked_at', models.DateTimeField(null=True)),
                ('dismissed_at', models.DateTimeField(help_text='Not shown from then on.', null=True)),
                ('brand', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='contacts.brand')),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='in_app_messages', to='contacts.contact')),
            ],
            options={
                'ordering': ['-created_at'],
                'permissions': [('open_inbox', "Can make tokens that open a person's inbox")],
                'indexes': [models.Index(fields=['contact', 'brand', '-created_at'], name='inbox_of_contact')],
            },
        ),
    ]
