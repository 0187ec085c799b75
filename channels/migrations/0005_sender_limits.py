"""What carriers and providers allow a sender: registration, people in 24 hours, messages a day."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0004_review_states'),
        ('contacts', '0004_opt_out_reasons'),
    ]

    operations = [
        migrations.AddField(
            model_name='account',
            name='daily_limit',
            field=models.PositiveIntegerField(default=0, help_text='Messages a day as US carriers count them, from midnight in Los Angeles, e.g. 2000; 0 means no limit.', verbose_name='limit per day'),
        ),
        migrations.AddField(
            model_name='account',
            name='recipients_limit',
            field=models.PositiveIntegerField(default=0, help_text="Different people in any 24 hours, as WhatsApp's tiers: 250, 2000, 10000, 100000; 0 means no limit.", verbose_name='people in 24 hours'),
        ),
        migrations.AddField(
            model_name='account',
            name='registration',
            field=models.CharField(choices=[('not_needed', 'not needed'), ('pending', 'applied for'), ('registered', 'registered'), ('rejected', 'rejected')], default='not_needed', help_text='With carriers (10DLC, toll-free verification). Nothing leaves while it is applied for or rejected.', max_length=10),
        ),
        migrations.AddField(
            model_name='historicalaccount',
            name='daily_limit',
            field=models.PositiveIntegerField(default=0, help_text='Messages a day as US carriers count them, from midnight in Los Angeles, e.g. 2000; 0 means no limit.', verbose_name='limit per day'),
        ),
        migrations.AddField(
            model_name='historicalaccount',
            name='recipients_limit',
            field=models.PositiveIntegerField(default=0, help_text="Different people in any 24 hours, as WhatsApp's tiers: 250, 2000, 10000, 100000; 0 means no limit.", verbose_name='people in 24 hours'),
        ),
        migrations.AddField(
            model_name='historicalaccount',
            name='registration',
            field=models.CharField(choices=[('not_needed', 'not needed'), ('pending', 'applied for'), ('registered', 'registered'), ('rejected', 'rejected')], default='not_needed', help_text='With carriers (10DLC, toll-free verification). Nothing leaves while it is applied for or rejected.', max_length=10),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('cleared_at__isnull', False)), fields=['account', 'cleared_at', 'contact'], name='messages_by_account'),
        ),
    ]
