"""Rights that can be given on one journey."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('journeys', '0004_journey_reviews'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='journey',
            options={'ordering': ['name'], 'permissions': [('publish_journey', 'Can publish, pause and resume journeys'), ('submit_journey', 'Can submit versions of the journey'), ('approve_journey', 'Can approve versions of the journey')]},
        ),
    ]
