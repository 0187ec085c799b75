"""A full cap may end the journey for a person."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('compliance', '0011_suppression_matrix'),
    ]

    operations = [
        migrations.AlterField(
            model_name='frequencycap',
            name='action',
            field=models.CharField(choices=[('defer', 'wait for a free slot'), ('skip', 'do not send it'), ('end', 'do not send it, and end the journey for this person')], default='defer', help_text='What happens to a message.', max_length=5, verbose_name='when it is full'),
        ),
        migrations.AlterField(
            model_name='historicalfrequencycap',
            name='action',
            field=models.CharField(choices=[('defer', 'wait for a free slot'), ('skip', 'do not send it'), ('end', 'do not send it, and end the journey for this person')], default='defer', help_text='What happens to a message.', max_length=5, verbose_name='when it is full'),
        ),
    ]
