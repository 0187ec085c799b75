"""A revoked token stays, with when and why. The columns may be empty, so that SQLite need not make the table anew."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('config', '0003_people_and_roles_history'),
    ]

    operations = [
        migrations.AddField(
            model_name='apitoken',
            name='revoked_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='apitoken',
            name='revoked_because',
            field=models.CharField(editable=False, max_length=100, null=True),
        ),
    ]
