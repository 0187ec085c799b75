"""Messages that chat widgets fetch."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0017_attached_files'),
        ('contacts', '0009_brand_language'),
    ]

    operations = [
        migrations.CreateModel(
            name='ChatMessage',
            fields=[
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='chat', serialize=False, to='channels.message')),
                ('content', models.JSONField(help_text='The rendered text, and its quick replies, each with label and value.')),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(help_text='Not shown from then on.', null=True)),
                ('read_at', models.DateTimeField(null=True)),
                ('answered_at', models.DateTimeField(help_text='When one of its quick replies was chosen.', null=True)),
                ('brand', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='contacts.brand')),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='chat_messages', to='contacts.contact')),
            ],
            options={
                'ordering': ['-created_at'],
                'permissions': [('open_chat', "Can make tokens that open a person's chat")],
                'indexes': [models.Index(fields=['contact', 'brand', '-created_at'], name='chat_of_contact')],
            },
        ),
    ]
