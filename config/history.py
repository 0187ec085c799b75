"""How histories are kept: never a secret in them, who and why also where no page is being answered, no row for nothing."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from simple_history.models import HistoricalRecords

from config import clock

LONGEST = 100
"""Characters of a reason, as the history tables keep it."""
BEGUN = "As it was when its history began."

_seen: set[str] = set()


class Records(HistoricalRecords):
    """Django-simple-history's, without a row for what writes none of the kept fields (a log-in writes its date only)."""

    def post_save(self, instance: Any, created: bool, using: Any = None, **signal: Any) -> None:
        written = signal.get("update_fields")
        kept = {name for field in self.fields_included(instance) for name in (field.name, field.attname)}
        if written is None or kept & {*written}:
            super().post_save(instance, created, using, **signal)

    def m2m_changed(
        self, instance: Any, action: str, attr: str, pk_set: set[int] | None, reverse: bool, **signal: Any
    ) -> None:
        """What is given to nobody leaves no row; what is given or taken from the other side, one for each whom it concerns."""
        if pk_set is not None and not pk_set:
            return
        if not reverse:
            super().m2m_changed(instance, action, attr, pk_set, False, **signal)
            return
        model = signal["model"]
        if pk_set is None:  # nobody says whom a clear concerns, and after it nobody is linked any more
            pk_set = _concerned(instance, action, attr, model)
        for thing in model._default_manager.filter(pk__in=pk_set).order_by("pk"):
            super().m2m_changed(thing, action, attr, pk_set, False, **signal)

    def create_historical_record(self, instance: Any, history_type: str, using: Any = None) -> None:
        """People and roles are also written by a `migrate` that stops before there is a table for their history."""
        table = getattr(instance, self.manager_name).model._meta.db_table
        if table not in _seen:
            _seen.update(connection.introspection.table_names())
        if table in _seen:
            super().create_historical_record(instance, history_type, using)


def _concerned(instance: Any, action: str, attr: str, model: Any) -> set[int]:
    """After a clear: those who were linked with `instance` before it, which is noted then."""
    kept = instance.__dict__.setdefault("_cleared", {})
    if action == "pre_clear":
        kept[model, attr] = set(
            model._default_manager.filter(**{attr: instance}).order_by().values_list("pk", flat=True)
        )
        return set()
    found: set[int] = kept.pop((model, attr), set())
    return found


def because(thing: Any, reason: str, user: Any = None) -> Any:
    """The thing, whose next save is kept with this reason, and as the act of `user` where no request says who it is."""
    thing._change_reason = reason.strip()[:LONGEST] or None
    if user is not None and user.pk:
        thing._history_user = user
    return thing


def given(reason: str, verb: str, longest: int = LONGEST) -> str:
    """The reason for what must not be done without one. Raises ValidationError if it is empty or too long."""
    found = reason.strip()
    if not found:
        raise ValidationError({"reason": f"Say why you {verb}; the reason is kept."})
    if len(found) > longest:
        raise ValidationError({"reason": f"A reason has at most {longest} characters; this one has {len(found)}."})
    return found


def begin(app: str, name: str, historical: str) -> Callable[[Any, Any], None]:
    """For a migration that gives a model its history: the state that everything is in now is the first to come back to.

    `historical` is the app of the history's table. A function for `RunPython`, after the table is made.
    """

    def write(apps: Any, schema_editor: Any) -> None:
        model, kept = apps.get_model(app, name), apps.get_model(historical, f"Historical{name}")
        columns = {field.attname for field in model._meta.concrete_fields} & {
            field.attname for field in kept._meta.concrete_fields
        }
        for row in model._base_manager.iterator():
            told = {column: getattr(row, column) for column in columns}
            first = kept(history_date=clock.now(), history_type="+", history_change_reason=BEGUN, **told)
            if hasattr(row, "steps"):
                first.steps = list(
                    row.steps.order_by("position", "pk").values("key", "kind", "title", "config", "exits")
                )
            first.save()
            for field in model._meta.many_to_many:
                _link(apps, historical, name, field, row, first)

    return write


def _link(apps: Any, historical: str, name: str, field: Any, row: Any, first: Any) -> None:
    kept = apps.get_model(historical, f"Historical{name}_{field.name}")
    through = field.remote_field.through
    rows = through._base_manager.filter(**{field.m2m_field_name(): row.pk})
    kept._base_manager.bulk_create(
        kept(history_id=first.pk, **{one.attname: getattr(link, one.attname) for one in through._meta.concrete_fields})
        for link in rows
    )
