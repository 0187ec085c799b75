"""Testers, whose inboxes in apps and chats get tests."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0019_submitted_for_good'),
        ('contacts', '0010_history_of_sources'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Tester',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('because', models.CharField(help_text='Whose account it is, and what is tested there.', max_length=300, verbose_name='whose it is')),
                ('marked_at', models.DateTimeField()),
                ('contact', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='tester', to='contacts.contact')),
                ('marked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={'ordering': ['-id']},
        ),
        migrations.AddField(
            model_name='testsend',
            name='inbox',
            field=models.ForeignKey(help_text="Where people's apps fetch the messages: whose inbox it goes to. The gate asks whether it is a tester's.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tests_received', to='contacts.contact'),
        ),
        migrations.AlterField(
            model_name='inboundmessage',
            name='understood',
            field=models.CharField(blank=True, choices=[('', 'not read yet'), ('stop', 'an opt-out'), ('start', 'an opt-in'), ('help', 'asks for help'), ('answer', 'an answer to our question'), ('ambiguous', 'perhaps an opt-out'), ('none', 'nothing of these'), ('test', 'an answer to a test')], max_length=10, verbose_name='understood as'),
        ),
    ]
