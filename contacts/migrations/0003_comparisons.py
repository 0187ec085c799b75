"""How PostgreSQL reads a JSON value as a number or as an instant: as contacts.comparisons.values does in memory."""

from django.db import migrations

from contacts.comparisons.values import INSTANT, NUMBER

NUMBERS = f"""
CREATE OR REPLACE FUNCTION waymark_number(value jsonb) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE jsonb_typeof(value)
        WHEN 'number' THEN (value #>> '{{}}')::numeric
        WHEN 'string' THEN CASE WHEN (value #>> '{{}}') ~ '{NUMBER}' THEN (value #>> '{{}}')::numeric END
    END
$$"""

INSTANTS = f"""
CREATE OR REPLACE FUNCTION waymark_instant(value jsonb) RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE said text := value #>> '{{}}';
BEGIN
    IF jsonb_typeof(value) IS DISTINCT FROM 'string' OR said !~ '{INSTANT}' THEN
        RETURN NULL;
    END IF;
    IF said !~ '(Z|[+-][0-9]{{2}}:?[0-9]{{2}})$' THEN
        said := said || ' UTC';
    END IF;
    RETURN regexp_replace(said, '(\\.[0-9]{{6}})[0-9]+', '\\1')::timestamptz;
EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format THEN
    RETURN NULL;
END $$"""


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in (NUMBERS, INSTANTS):
            schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in ("waymark_number", "waymark_instant"):
            schema_editor.execute(f"DROP FUNCTION {name}(jsonb)", params=None)


class Migration(migrations.Migration):
    dependencies = [("contacts", "0002_append_only")]

    operations = [migrations.RunPython(make, drop)]
