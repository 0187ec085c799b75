"""Rights that can be given on one brand, template or journey; and rights of their own for tests and consents by hand."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0007_device_tokens'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='brand',
            options={'ordering': ['name'], 'permissions': [('view_in_brand', 'Can look at everything of the brand'), ('edit_in_brand', 'Can edit templates, segments and journeys of the brand'), ('submit_in_brand', 'Can submit work of the brand for approval'), ('approve_in_brand', 'Can approve work of the brand'), ('publish_in_brand', 'Can publish journeys of the brand'), ('send_test_in_brand', "Can send tests of the brand's templates")]},
        ),
        migrations.AlterModelOptions(
            name='consent',
            options={'ordering': ['-occurred_at', '-id'], 'permissions': [('override_consent', 'Can enter consents by hand, and lift suppressions')], 'verbose_name_plural': 'consent ledger'},
        ),
    ]
