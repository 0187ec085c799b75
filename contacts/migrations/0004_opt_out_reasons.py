"""More reasons for a suppression: no marketing, a doubt that somebody must look at, and the provider's own list."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0003_comparisons'),
    ]

    operations = [
        migrations.AlterField(
            model_name='suppression',
            name='reason',
            field=models.CharField(choices=[('opt_out', 'opted out'), ('bounce', 'hard bounce'), ('complaint', 'complaint'), ('manual', 'by hand'), ('legal', 'legal request'), ('erased', 'erased'), ('reassigned', 'number has a new owner'), ('no_marketing', 'wants no marketing'), ('review', 'may have opted out'), ('provider', 'blocked by the provider')], max_length=20),
        ),
    ]
