"""What people write to us is kept, once per provider's id."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0002_sealed_versions'),
        ('contacts', '0004_opt_out_reasons'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='InboundMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=20)),
                ('sender', models.CharField(help_text='The address that it came from.', max_length=320)),
                ('recipient', models.CharField(blank=True, help_text='The number of ours that it was sent to.', max_length=320)),
                ('body', models.TextField(blank=True)),
                ('provider_id', models.CharField(max_length=200)),
                ('received_at', models.DateTimeField()),
                ('opt_out_type', models.CharField(blank=True, help_text='STOP, START or HELP if the provider has understood, and answered, it itself.', max_length=20)),
                ('understood', models.CharField(blank=True, choices=[('', 'not read yet'), ('stop', 'an opt-out'), ('start', 'an opt-in'), ('help', 'asks for help'), ('answer', 'an answer to our question'), ('ambiguous', 'perhaps an opt-out'), ('none', 'nothing of these')], max_length=10, verbose_name='understood as')),
                ('why', models.CharField(blank=True, help_text='What it was understood by.', max_length=200)),
                ('reviewed_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='channels.account')),
                ('contact', models.ForeignKey(help_text='Who wrote it.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='inbound_messages', to='contacts.contact')),
                ('reviewed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'permissions': [('review_inboundmessage', 'Can decide whether a message is an opt-out')],
                'indexes': [models.Index(condition=models.Q(('reviewed_at', None), ('understood', 'ambiguous')), fields=['received_at'], name='inbound_to_review')],
                'constraints': [models.UniqueConstraint(fields=('account', 'provider_id'), name='one_inbound_message_per_provider_id')],
            },
        ),
    ]
