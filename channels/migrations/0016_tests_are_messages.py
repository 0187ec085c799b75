"""Test sends are messages without a person. The rows of those before go: who asked for which stands in the audit chain."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0015_test_sends'),
        ('contacts', '0009_brand_language'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.DeleteModel(name='TestSend'),
        migrations.AlterField(
            model_name='message',
            name='contact',
            field=models.ForeignKey(db_index=False, help_text='None: a test, to an address of our own. It belongs to nobody, so that nothing counts it.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='contacts.contact'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('contact__isnull', False), models.Q(('key__startswith', 'test:'), ('version__isnull', False)), _connector='OR'), name='only_tests_are_nobodys'),
        ),
        migrations.CreateModel(
            name='TestSend',
            fields=[
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='test', serialize=False, to='channels.message')),
                ('recipient', models.CharField(max_length=320)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reader', models.ForeignKey(help_text='As whom the words are read.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tests_read', to='contacts.contact')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='test_sends', to='channels.templateversion')),
            ],
            options={'ordering': ['-message_id']},
        ),
    ]
