"""A journey says how important its messages are among those of others."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('journeys', '0002_published_designs'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicaljourney',
            name='priority',
            field=models.PositiveSmallIntegerField(choices=[(1, 'low'), (2, 'normal'), (3, 'high'), (4, 'urgent')], default=2, help_text='When several journeys want to write to one person and a frequency cap has few slots left, the highest priority gets them. A change holds for messages that are asked for from then on.'),
        ),
        migrations.AddField(
            model_name='journey',
            name='priority',
            field=models.PositiveSmallIntegerField(choices=[(1, 'low'), (2, 'normal'), (3, 'high'), (4, 'urgent')], default=2, help_text='When several journeys want to write to one person and a frequency cap has few slots left, the highest priority gets them. A change holds for messages that are asked for from then on.'),
        ),
    ]
