"""The ledgers of this floor are append-only: the database refuses to change or delete their rows."""

from django.db import migrations

from config.ledger import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("compliance", "0001_initial"), ("config", "0001_initial")]

    operations = [
        AppendOnly("compliance_decision"),
    ]
