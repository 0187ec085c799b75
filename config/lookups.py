"""`field__among=[…]`: is it in this long list? One parameter, whatever its length.

Django's `in` binds every item by itself: 1,000 ids cost milliseconds of CPU, and SQLite refuses more than 32,766. Here
PostgreSQL gets `= ANY(array)`, SQLite `IN (SELECT value FROM json_each(…))`. For ids and texts.
"""

import json
from typing import Any

from django.db.models import Field, ForeignObject, Lookup

from config import arrays


@ForeignObject.register_lookup  # relations do not inherit the lookups of fields
@Field.register_lookup
class Among(Lookup):
    """`Contact.objects.filter(pk__among=ids)`. An empty list finds nothing."""

    lookup_name = "among"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> tuple[str, Any]:
        if connection.vendor == "postgresql":
            return f"%s{self._cast(connection)}", [arrays.literal(value)]
        return "%s", [json.dumps(list(value))]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.get_db_prep_lookup(self.rhs, connection)
        form = "{} = ANY({})" if connection.vendor == "postgresql" else "{} IN (SELECT value FROM json_each({}))"
        return form.format(left, right), [*left_params, *right_params]

    def _cast(self, connection: Any) -> str:
        """varchar(n) goes as text, else long items would be cut and then found."""
        kind = self.lhs.output_field.db_type(connection) or "text"
        return "::text[]" if kind.startswith("varchar") else f"::{kind}[]"
