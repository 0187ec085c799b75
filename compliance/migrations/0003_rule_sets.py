"""A rule set that was activated never changes: the database refuses it."""

from django.db import migrations

from compliance.law.sealing import SealRuleSets


class Migration(migrations.Migration):
    dependencies = [("compliance", "0002_append_only")]

    operations = [
        SealRuleSets(),
    ]
