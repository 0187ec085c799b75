"""Why an urgent release was ended. The column may be empty, so that SQLite need not make the table anew."""

from django.db import migrations, models

from config.ledger import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('compliance', '0017_reviews_stay_as_asked'),
        ('config', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='urgentrelease',
            name='ended_because',
            field=models.CharField(editable=False, max_length=300, null=True),
        ),
        AppendOnly(
            "compliance_urgentrelease",
            only_when="OLD.ended_at IS NOT NULL",
            columns=("ended_at", "ended_by_id", "ended_because"),
            delete=False,
            widens=("ended_at", "ended_by_id"),
            name="ended_once",
        ),
    ]
