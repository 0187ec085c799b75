"""The answer of the databases. PostgreSQL computes it itself; SQLite, a database of one process, asks `memory`."""

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.backends.signals import connection_created
from django.db.models import BooleanField, F, Func, Q
from django.db.models.expressions import Combinable
from django.dispatch import receiver

from contacts.comparisons.memory import compare
from contacts.comparisons.values import instant, is_number

SQL = tuple[str, list[Any]]


def as_q(comparisons: Iterable[Mapping[str, Any]], document: str | Combinable) -> Q:
    """All (checked) comparisons as a filter on a JSON column or expression, e.g. `as_q(where, "properties")`."""
    found = Q()
    for one in comparisons:
        found &= Q(Compare(document, comparison=json.dumps(one, sort_keys=True)))
    return found


class Compare(Func):
    """One comparison (as JSON) of a JSON document: true or false, never NULL."""

    arity = 1
    output_field = BooleanField()

    def __init__(self, document: str | Combinable, *, comparison: str) -> None:
        super().__init__(F(document) if isinstance(document, str) else document)
        self.comparison = comparison

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        document, params = compiler.compile(self.source_expressions[0])
        return f"waymark_compare({document}, %s)", [*params, self.comparison]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> SQL:
        found, params = compiler.compile(self.source_expressions[0])
        comparison = _parsed(self.comparison)
        for part in comparison["path"].split("."):
            found, params = f"({found} -> %s::text)", [*params, part]
        return _ANSWERS[comparison["op"]](found, list(params), comparison.get("value"))


@functools.lru_cache(maxsize=1024)
def _parsed(comparison: str) -> Mapping[str, Any]:
    parsed: Mapping[str, Any] = json.loads(comparison)
    return parsed


@receiver(connection_created)
def _teach_sqlite(connection: Any, **rest: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function("waymark_compare", 2, _compare, deterministic=True)


def _compare(document: str | None, comparison: str) -> bool:
    mapping = json.loads(document) if document else {}
    return compare(_parsed(comparison), mapping if isinstance(mapping, dict) else {})


# -- PostgreSQL: from the value found (SQL of type jsonb, with its parameters) to a boolean ------------------------------


def _in(found: str, params: list[Any], values: Iterable[Any]) -> SQL:
    """Equal to one of the values: texts as such, numbers also in texts that read like one, true and false as such."""
    values = list(values)
    texts = [value for value in values if isinstance(value, str)]
    numbers = [json.dumps(value) for value in values if is_number(value)]
    words = [json.dumps(value) for value in values if isinstance(value, bool)]
    options: list[SQL] = []
    if texts:
        options.append(
            (f"(jsonb_typeof({found}) = 'string' AND {found} #>> '{{}}' = ANY(%s::text[]))", [*params, *params, texts])
        )
    if numbers:
        options.append((f"waymark_number({found}) = ANY(%s::numeric[])", [*params, numbers]))
    if words:
        options.append(
            (f"(jsonb_typeof({found}) = 'boolean' AND {found} #>> '{{}}' = ANY(%s::text[]))", [*params, *params, words])
        )
    return f"COALESCE({' OR '.join(sql for sql, _ in options)}, false)", [p for _, some in options for p in some]


def _is(found: str, params: list[Any], value: Any) -> SQL:
    return _in(found, params, [value])


def _is_not(found: str, params: list[Any], value: Any) -> SQL:
    sql, params = _is(found, params, value)
    return f"NOT {sql}", params


def _contains(found: str, params: list[Any], value: Any) -> SQL:
    item, item_params = _in("item", [], [value])
    in_list = f"EXISTS (SELECT 1 FROM jsonb_array_elements({found}) AS item WHERE {item})"  # noqa: S608
    in_text = f"strpos({found} #>> '{{}}', %s) > 0" if isinstance(value, str) else "false"
    text_params = [*params, value] if isinstance(value, str) else []
    sql = f"CASE jsonb_typeof({found}) WHEN 'array' THEN {in_list} WHEN 'string' THEN {in_text} ELSE false END"
    return sql, [*params, *params, *item_params, *text_params]


def _starts_with(found: str, params: list[Any], value: str) -> SQL:
    sql = f"COALESCE(jsonb_typeof({found}) = 'string' AND starts_with({found} #>> '{{}}', %s), false)"
    return sql, [*params, *params, value]


def _ordered(sign: str) -> Callable[[str, list[Any], Any], SQL]:
    return lambda found, params, value: (
        f"COALESCE(waymark_number({found}) {sign} %s::numeric, false)",
        [*params, json.dumps(value)],
    )


def _timed(sign: str) -> Callable[[str, list[Any], Any], SQL]:
    return lambda found, params, value: (
        f"COALESCE(waymark_instant({found}) {sign} %s::timestamptz, false)",
        [*params, instant(value)],
    )


_ANSWERS: Mapping[str, Callable[[str, list[Any], Any], SQL]] = {
    "is": _is,
    "is_not": _is_not,
    "gt": _ordered(">"),
    "gte": _ordered(">="),
    "lt": _ordered("<"),
    "lte": _ordered("<="),
    "contains": _contains,
    "starts_with": _starts_with,
    "in": _in,
    "exists": lambda found, params, value: (f"COALESCE({found} <> 'null'::jsonb, false)", params),
    "not_exists": lambda found, params, value: (f"COALESCE({found} = 'null'::jsonb, true)", params),
    "before": _timed("<"),
    "after": _timed(">"),
}
