"""What is noted without anybody asking for it: changes of policies, roles, people, tokens, versions and journeys.

The rows are rare and written by people, one at a time; what bypasses `save()` (a stop that is lifted, a rule set that is
activated) notes itself in its verb.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db import connection, models
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from simple_history.models import HistoricalRecords

from compliance.chain import kinds
from compliance.chain.canonical import runs
from compliance.chain.notes import append, because
from compliance.chain.viewing import exported
from compliance.models import AuditNote
from config import clock
from contacts import signals

LONGEST = 120
"""Longer texts may hold anything, so that only the name of their field is noted."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Notes `<word>.added`, `.changed` and `.removed`; or, where `move` is given, only that, and only for changes.

    Without `fields`, every column counts. `ends` is noted instead of `move` once its state is `retired`.
    """

    word: str
    fields: tuple[str, ...] = ()
    move: str = ""
    ends: str = ""


WATCHED: dict[str, Watch] = {
    **dict.fromkeys(
        (
            "compliance.QuietHours",
            "compliance.FrequencyCap",
            "compliance.HousePolicy",
            "compliance.ReviewPolicy",
            "compliance.PolicyStep",
            "compliance.MatrixRule",
            "compliance.WithdrawnWording",
            "contacts.Topic",
            "contacts.Brand",
        ),
        Watch("policy"),
    ),
    "compliance.CopyRetention": Watch("policy", ("brand_id", "message_class", "days")),
    "channels.Account": Watch("account"),
    "channels.TemplateVersion": Watch("version", ("state",), move="version.moved"),
    "channels.StoredFile": Watch("file", ("brand_id", "name", "sha256", "size", "retired_at")),
    "channels.BlockVersion": Watch("block", ("state",), move="block.moved"),
    "journeys.Journey": Watch("journey", ("state",), move="journey.moved"),
    "journeys.Version": Watch("journey", ("state",), move="journey.published", ends="journey.retired"),
    "contacts.Source": Watch("source", ("brand_id", "enabled", "consent_grants")),
    "auth.Group": Watch("role", ("name",)),
    "auth.User": Watch("user", ("is_active", "is_staff", "is_superuser", "password")),
    "compliance.Review": Watch("review", ("state",), move="review.moved"),
    "compliance.UrgentRelease": Watch(
        "urgent", ("review_id", "asked_by_id", "until", "confirmed_by_id", "ended_by_id", "ended_at")
    ),
    "config.ApiToken": Watch("token", ("user_id", "scopes", "expiry", "revoked_at")),
}
"""Models by name, since two of the floors above are among them."""
_BEFORE = "_audit_before"


def connect() -> None:
    """Called once, when all apps are ready."""
    for label in WATCHED:
        pre_save.connect(_before, sender=label, dispatch_uid=f"audit {label}")
        post_save.connect(_saved, sender=label, dispatch_uid=f"audit {label}")
        post_delete.connect(_removed, sender=label, dispatch_uid=f"audit {label}")
    post_save.connect(_stop_set, sender="compliance.Stop", dispatch_uid="audit stop")
    post_save.connect(_decided, sender="compliance.Approval", dispatch_uid="audit approval")
    for label in ("auth.User_groups", "auth.User_user_permissions", "auth.Group_permissions"):
        m2m_changed.connect(_given, sender=_through(label), dispatch_uid=f"audit {label}")
    for label in ("guardian.UserObjectPermission", "guardian.GroupObjectPermission"):
        post_save.connect(_object_permission, sender=label, dispatch_uid=f"audit {label}")
        post_delete.connect(_object_permission, sender=label, dispatch_uid=f"audit {label}")
    signals.suppressions_lifted.connect(_lifted, dispatch_uid="audit lifted")
    signals.suppressions_exported.connect(_list_taken, dispatch_uid="audit suppressions")


def actor() -> int | None:
    """The user whose request is being answered, if any."""
    user = getattr(getattr(HistoricalRecords.context, "request", None), "user", None)
    return int(user.pk) if user is not None and user.pk else None


def _note(kind: str, subject: models.Model, payload: dict[str, Any], by: int | None = None) -> None:
    append(kind, now=clock.now(), actor=by or actor(), subject=subject, payload=payload)


def _before(sender: Any, instance: models.Model, raw: bool = False, update_fields: Any = None, **_: Any) -> None:
    """Keep what the row was; nothing to do where no watched column is written (a log-in writes only its date)."""
    watch = WATCHED[sender._meta.label]
    written = not (watch.fields and update_fields is not None and not {*watch.fields} & {*update_fields})
    if raw or not written or instance._state.adding:
        setattr(instance, _BEFORE, None)
        return
    setattr(instance, _BEFORE, sender._default_manager.filter(pk=instance.pk).values(*_columns(sender, watch)).first())


def _saved(sender: Any, instance: models.Model, created: bool, raw: bool = False, **_: Any) -> None:
    watch = WATCHED[sender._meta.label]
    if created:
        if not watch.move and _ready():
            fields = [sender._meta.get_field(name) for name in _columns(sender, watch)]
            told = {f.attname: _plain(getattr(instance, f.attname)) for f in fields if _may_be_told(f)}
            _note(f"{watch.word}.added", instance, {**told, **_why(instance)})
        return
    before = getattr(instance, _BEFORE, None)
    if before and (changed := _changes(sender, before, instance)):
        over = watch.ends and getattr(instance, "state", "") == "retired"
        kind = watch.ends if over else watch.move or f"{watch.word}.changed"
        _note(kind, instance, {**changed, **_why(instance)})


def _removed(sender: Any, instance: models.Model, **_: Any) -> None:
    watch = WATCHED[sender._meta.label]
    if not watch.move:
        _note(f"{watch.word}.removed", instance, _why(instance))


def _why(instance: models.Model) -> dict[str, str]:
    return because(getattr(instance, "_change_reason", None))


def _stop_set(instance: Any, created: bool, **_: Any) -> None:
    if created:
        told = {"scope": instance.scope, "value": instance.value, **because(instance.reason)}
        _note("stop.set", instance, told, instance.set_by_id)


def _decided(instance: Any, created: bool, **_: Any) -> None:
    if created:
        told = {"review": instance.review_id, "step": instance.step, "version": instance.version_id}
        what = {"fingerprint": instance.fingerprint, "author": instance.author_id, "approved": instance.approved}
        _note("approval.decided", instance, {**told, **what, "verdict": instance.verdict}, instance.approver_id)


def _given(instance: models.Model, action: str, model: Any, pk_set: set[int] | None, **_: Any) -> None:
    """Roles of a person, permissions of a role or a person."""
    word = {"post_add": "given", "post_remove": "taken", "post_clear": "cleared"}.get(action)
    if word and (pk_set or action == "post_clear") and _ready():
        _note(
            "permission.changed",
            instance,
            {word: model._meta.label_lower, "ids": runs(sorted(pk_set or ())), **_why(instance)},
        )


def _object_permission(instance: Any, **signal: Any) -> None:
    """A right on one brand, journey or template, to a person or a group."""
    if not signal.get("created", True):
        return
    permission = instance.permission
    holder = {"user": instance.user_id} if hasattr(instance, "user_id") else {"group": instance.group_id}
    told = {"permission": permission.codename, "object": f"{instance.content_type_id}:{instance.object_pk}", **holder}
    subject = (f"{permission.content_type.app_label}.{permission.content_type.model}", str(instance.object_pk))
    payload = {**told, "given" if "created" in signal else "taken": "object", **_why(instance)}
    append("permission.changed", now=clock.now(), actor=actor(), subject=subject, payload=payload)


def _lifted(ids: list[int], now: datetime, **_: Any) -> None:
    append(
        kinds.LIFTED, now=now, actor=actor(), subject=("contacts.suppression", str(ids[0])), payload={"ids": runs(ids)}
    )


def _list_taken(rows: int, now: datetime, **_: Any) -> None:
    """One entry for the whole list: it holds keyed hashes, and whoever has the key knows the people again."""
    exported(actor(), ("contacts.suppression", ""), now, rows=rows, what="suppressions")


def _changes(model: Any, before: dict[str, Any], instance: models.Model) -> dict[str, Any]:
    """Old and new values where they may be told, else only the names of what changed."""
    changed: dict[str, Any] = {}
    touched = []
    for name, old in before.items():
        new = getattr(instance, name)
        if _plain(old) == _plain(new):
            continue
        if _may_be_told(model._meta.get_field(name)):
            changed[name] = [_plain(old), _plain(new)]
        else:
            touched.append(name)
    return {**({"changed": changed} if changed else {}), **({"touched": sorted(touched)} if touched else {})}


def _columns(model: Any, watch: Watch) -> list[str]:
    return list(watch.fields) or [f.attname for f in model._meta.concrete_fields if not f.primary_key]


def _may_be_told(field: Any) -> bool:
    """Neither secrets nor free text."""
    if isinstance(field, models.CharField) and not field.choices:
        return field.name != "password" and (field.max_length or LONGEST + 1) <= LONGEST
    return not isinstance(field, models.TextField)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | list | dict) else str(value)


def _through(label: str) -> Any:
    from django.apps import apps  # the models of all apps are there only when `connect` is called

    return apps.get_model(label)


_table_seen = False


def _ready() -> bool:
    """Whether the table is there: roles are also written by a `migrate` that stops before our migrations."""
    global _table_seen
    _table_seen = _table_seen or AuditNote._meta.db_table in connection.introspection.table_names()
    return _table_seen
