"""Requests under the GDPR, proof of erasures (append-only), and who may export evidence and personal data."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from config.ledger import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('compliance', '0004_opt_out_scope'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='decision',
            options={'ordering': ['id'], 'permissions': [('export_evidence', 'Can export the evidence of a message or of a person')]},
        ),
        migrations.CreateModel(
            name='PrivacyRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('access', 'access (art. 15, 20)'), ('rectification', 'rectification (art. 16)'), ('erasure', 'erasure (art. 17)')], max_length=15)),
                ('address', models.CharField(blank=True, help_text='Mail address or number that they wrote from; goes with an erasure.', max_length=320)),
                ('received_at', models.DateTimeField(help_text='The month counts from here.')),
                ('extended_because', models.CharField(blank=True, help_text='Why it needs two further months; the person must be told so within the first.', max_length=300)),
                ('due_at', models.DateTimeField(db_index=True, editable=False)),
                ('note', models.TextField(blank=True, help_text='How it was answered; goes with an erasure.')),
                ('done_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('contact', models.ForeignKey(blank=True, help_text='Who it is about; empty if nobody with that address is known, and after an erasure.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='privacy_requests', to='contacts.contact')),
                ('done_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'request (GDPR)',
                'verbose_name_plural': 'requests (GDPR)',
                'ordering': ['due_at', 'id'],
                'permissions': [('export_personal_data', 'Can export everything that is known about a person')],
            },
        ),
        migrations.CreateModel(
            name='ErasureRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('contact_number', models.BigIntegerField(help_text='The number that the contact had; numbers are never used again.')),
                ('erased_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=300)),
                ('addresses', models.JSONField(default=list, help_text='Keyed hashes of the addresses: [{kind, digest}].')),
                ('consents', models.JSONField(default=list, help_text='What was allowed and taken back, without the person.')),
                ('blocked', models.JSONField(default=list, help_text='Messages that were waiting: [{message, template, reason}].')),
                ('counts', models.JSONField(default=dict, help_text='How many rows of each table went.')),
                ('erased_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('request', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='erasures', to='compliance.privacyrequest')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddConstraint(
            model_name='privacyrequest',
            constraint=models.CheckConstraint(condition=models.Q(('done_at', None), ('done_by__isnull', False), _connector='OR'), name='done_requests_have_a_doer'),
        ),
        AppendOnly('compliance_erasurerecord'),
    ]
