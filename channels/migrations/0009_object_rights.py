"""Rights that can be given on one brand, template or journey; and rights of their own for tests and consents by hand."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0008_in_app_messages'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='messagetemplate',
            options={'ordering': ['name'], 'permissions': [('send_test', 'Can send tests'), ('submit_messagetemplate', 'Can submit versions of the template'), ('approve_messagetemplate', 'Can approve versions of the template'), ('send_test_messagetemplate', 'Can send tests of the template')]},
        ),
    ]
