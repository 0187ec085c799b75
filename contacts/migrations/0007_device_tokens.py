"""Devices are addresses too."""

from django.db import migrations, models

KINDS = [('email', 'e-mail'), ('phone', 'phone'), ('push', 'device')]


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0006_zone_of_the_device'),
    ]

    operations = [
        migrations.AlterField(
            model_name='address',
            name='kind',
            field=models.CharField(choices=KINDS, max_length=10),
        ),
        migrations.AlterField(
            model_name='suppression',
            name='address_kind',
            field=models.CharField(choices=KINDS, max_length=10),
        ),
    ]
