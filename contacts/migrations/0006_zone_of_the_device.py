"""A time zone may be known from the person's device."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0005_merges'),
    ]

    operations = [
        migrations.AlterField(
            model_name='contact',
            name='timezone_source',
            field=models.CharField(blank=True, choices=[('', 'unknown'), ('person', 'set by the person'), ('device', "the person's device"), ('address', 'postal address'), ('phone', 'phone number'), ('country', 'country')], default='', max_length=10),
        ),
    ]
