"""The language of a brand, for people whose own is unknown or has no version."""

from django.db import migrations, models

import contacts.locales


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0008_object_rights'),
    ]

    operations = [
        migrations.AddField(
            model_name='brand',
            name='default_locale',
            field=models.CharField(blank=True, help_text='For people whose own language is unknown or has no version, e.g. en-GB. Empty: the version for everyone.', max_length=20, validators=[contacts.locales.validate], verbose_name='default language'),
        ),
        migrations.AddField(
            model_name='historicalbrand',
            name='default_locale',
            field=models.CharField(blank=True, help_text='For people whose own language is unknown or has no version, e.g. en-GB. Empty: the version for everyone.', max_length=20, validators=[contacts.locales.validate], verbose_name='default language'),
        ),
    ]
