"""Of one person's messages that are due together the most important one is judged first."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0005_sender_limits'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='priority',
            field=models.PositiveSmallIntegerField(choices=[(1, 'low'), (2, 'normal'), (3, 'high'), (4, 'urgent')], default=2, help_text='Among the messages of one person that are due together.'),
        ),
    ]
