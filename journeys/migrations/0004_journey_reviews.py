"""Who answers for a journey, and who wrote in a version."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('journeys', '0003_priorities'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='historicaljourney',
            name='compliance_reviewer',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='Who is told when its review waits, whatever policies say.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicaljourney',
            name='technical_owner',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='Who mends it when it breaks.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='journey',
            name='compliance_reviewer',
            field=models.ForeignKey(blank=True, help_text='Who is told when its review waits, whatever policies say.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='journey',
            name='technical_owner',
            field=models.ForeignKey(blank=True, help_text='Who mends it when it breaks.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='version',
            name='author',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='version',
            name='editors',
            field=models.JSONField(editable=False, help_text='IDs of all who wrote in it: none of them decides about it.', null=True),
        ),
    ]
