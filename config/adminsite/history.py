"""What a thing was, who changed it, when and why; and the way back to an earlier state."""

import json
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import ForeignKey, JSONField, Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import capfirst
from simple_history.admin import SimpleHistoryAdmin
from simple_history.template_utils import HistoricalRecordContextHelper

from config import history
from config.adminsite.options import ModelAdmin

SHOWN = 300
"""Characters of a change in the list; of longer ones, those around the first difference."""


@dataclass(frozen=True)
class Difference:
    """A field that an earlier state says differently."""

    name: str
    then: str
    now: str


class Told(HistoricalRecordContextHelper):
    """What a line of the history says: JSON as people write it, instead of Python's way."""

    def prepare_delta_change_value(self, change: Any, value: Any) -> Any:
        if value is None or isinstance(self.model._meta.get_field(change.field), JSONField):
            return written(value)
        return super().prepare_delta_change_value(change, value)


class HistoryAdmin(SimpleHistoryAdmin, ModelAdmin):
    """For models that keep their history: who changed what, when and why; with the way back.

    `weighty` are fields that decide what goes out: who changes one of them must say why.
    """

    weighty: tuple[str, ...] = ()

    change_form_template = "admin/waymark/change_form.html"
    object_history_list_template = "admin/waymark/history_list.html"
    restore_title = "Restore this state"
    restore_help = (
        "What can be edited becomes what it was then, if that is still allowed; the change is in the history too."
    )

    def get_historical_record_context_helper(self, request: HttpRequest, historical_record: Any) -> Told:
        """How changes are written in the list; of JSON enough to see what is around them."""
        return Told(self.model, historical_record, max_displayed_delta_change_chars=SHOWN)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        history.because(obj, request.POST.get("change_reason", ""))
        super().save_model(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """The reason is that of its parts too."""
        for part in formset.forms:
            history.because(part.instance, request.POST.get("change_reason", ""))
        super().save_formset(request, form, formset, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Its last state stays in the history, with the reason."""
        super().delete_model(request, history.because(obj, request.POST.get("change_reason", ""), request.user))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Of what decides what goes out, not without a reason."""
        if request.method == "POST" and self.weighty and not request.POST.get("change_reason", "").strip():
            messages.error(request, "Say why you delete it: it decides what goes out.")
            return HttpResponseRedirect(request.path)
        told = {"keeps_history": True, "weighty": self.weighty}
        response: HttpResponse = super().delete_view(request, object_id, {**told, **(extra_context or {})})
        return response

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """Of a thing that is there, one that asks why where something weighty is changed."""
        made = super().get_form(request, obj, change=change, **options)
        if not (self.weighty and obj):
            return made
        told = {"weighty": self.weighty, "reason": request.POST.get("change_reason", "")}
        return type(made.__name__, (Weighed, made), told)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        """What was given as the reason stays in the form when something else has to be mended."""
        told = {"change_reason": request.POST.get("change_reason", ""), "weighty": self.weighty}
        return super().render_change_form(request, {**context, **told}, *args, **options)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The list says itself where its dates lead to, for everybody; the theme's hint is for who may restore."""
        return super().history_view(request, object_id, {"revert_disabled": True, **(extra_context or {})})

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """An earlier state beside today's (GET), or back to it (POST). Raises PermissionDenied, Http404."""
        records = self.model.history.filter(pk=version_id if version_id.isdecimal() and len(version_id) < 19 else 0)
        record = records.select_related("history_user").filter(**{self.opts.pk.attname: object_id}).first()
        if record is None:
            raise Http404
        now = self.model._default_manager.filter(pk=object_id).first()
        thing = now or record.instance
        if not self.has_view_permission(request, thing):
            raise PermissionDenied
        may_restore = now is not None and self.has_restore_permission(request, now)
        if request.method == "POST":
            if not may_restore:
                raise PermissionDenied
            return HttpResponseRedirect(self.restore(request, now, record) or request.path)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{thing}, as it was",
            "opts": self.opts,
            "original": thing,
            "record": record,
            "differences": self.differences(record, now),
            "may_restore": may_restore,
            "restore_title": self.restore_title,
            "restore_help": self.restore_help,
            "back": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_history", args=[object_id]),
        }
        return render(request, "admin/waymark/earlier.html", {**context, **(extra_context or {})})

    def differences(self, record: Any, now: Any) -> list[Difference]:
        """What the record says differently than the thing does now; of what is gone, all that it said."""
        return differences(record, now)

    def has_restore_permission(self, request: HttpRequest, thing: Any) -> bool:
        """Whether this reader may go back; asked of the thing as it is, not as it was."""
        return self.has_change_permission(request, thing)

    def restore(self, request: HttpRequest, thing: Any, record: Any) -> str:
        """Save what the form can edit as it was then, if the form would take it. Returns where to go on; empty: stay."""
        form = self._as_it_was(request, thing, record)
        if not form.is_valid():
            for sentence in _sentences(form):
                messages.error(request, sentence)
            return ""
        with transaction.atomic():
            self.save_model(request, form.save(commit=False), form, change=True)
            form.save_m2m()
        self.log_change(request, thing, f"Restored the state of {record.history_date:%Y-%m-%d %H:%M} UTC.")
        messages.success(request, f"{thing} is again as it was on {record.history_date:%d %B %Y}.")
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[thing.pk])

    def _as_it_was(self, request: HttpRequest, thing: Any, record: Any) -> forms.ModelForm:
        """The form of today's thing, filled in with what it said then."""
        made = self.get_form(request, thing, change=True)
        fresh = self.model._default_manager.get(pk=thing.pk)
        for field in record.tracked_fields:
            setattr(fresh, field.attname, getattr(record, field.attname))
        then = {name: list(ids) for name, ids in _links(record).items() if name in made.base_fields}
        return made(_typed(made(instance=fresh)) | then, instance=self.model._default_manager.get(pk=thing.pk))


class Weighed(forms.ModelForm):
    """A form that asks why, where one of its `weighty` fields is changed."""

    weighty: tuple[str, ...] = ()
    reason = ""

    def clean(self) -> dict[str, Any]:
        """Refuses a change without a reason."""
        data: dict[str, Any] = super().clean() or {}
        changed = [name for name in self.weighty if name in self.changed_data and self._differs(name, data)]
        if changed and not self.reason.strip():
            labels = ", ".join(f"“{self.fields[name].label or capfirst(name)}”" for name in changed)
            self.add_error(
                None, f"Say why you change {labels}: it decides what goes out. The reason is asked for below."
            )
        return data

    def _differs(self, name: str, data: dict[str, Any]) -> bool:
        """Some fields call a list changed that is only written in another way."""
        return name in self.errors or data.get(name) != getattr(self.instance, name)


def differences(record: Any, now: Model | None) -> list[Difference]:
    """What the record says differently than the thing does now; of what is gone, all that it said."""
    found = []
    for field in record.tracked_fields:
        then, today = (_said(field, row) if row else "" for row in (record, now))
        if then != today:
            found.append(Difference(str(field.verbose_name).capitalize(), then, today))
    for name, ids in _links(record).items():
        model: Any = record.instance_type._meta.get_field(name).related_model
        today_ids = _linked(now, name)
        if set(ids) != today_ids:
            found.append(Difference(capfirst(name.replace("_", " ")), _names(model, ids), _names(model, today_ids)))
    return found


def _links(record: Any) -> dict[str, set[int]]:
    """Ids of what the thing was linked with then, by the name of the field."""
    found = {}
    for field in getattr(record, "_history_m2m_fields", ()):
        column = field.m2m_reverse_field_name()
        found[field.name] = set(getattr(record, field.name).values_list(f"{column}_id", flat=True))
    return found


def _linked(now: Any, name: str) -> set[int]:
    return set(getattr(now, name).order_by().values_list("pk", flat=True)) if now else set()


def _names(model: Any, ids: set[int]) -> str:
    return "\n".join(sorted(map(str, model._default_manager.filter(pk__in=ids))))


def _said(field: Any, row: Any) -> str:
    """A field's value for reading; empty where there is none."""
    value = getattr(row, field.attname)
    if value is None:
        return ""
    if isinstance(field, ForeignKey):
        return str(field.remote_field.model._default_manager.filter(pk=value).first() or value)
    if isinstance(field, JSONField):
        return written(value)
    return str(dict(field.flatchoices).get(value, value) if field.choices else value)


def written(value: Any) -> str:
    """A value of a JSON field for reading: texts as they are, also several by name; the rest as JSON. In the same order on any database."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
        return "\n".join(f"{name}: {value[name]}" for name in sorted(value))
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


def _typed(form: forms.BaseForm) -> dict[str, Any]:
    """What a browser would send if the form were saved as it stands."""
    data: dict[str, Any] = {}
    for bound in form:
        widget: Any = bound.field.widget
        value = bound.value()
        if isinstance(widget, forms.MultiWidget):
            data |= {f"{bound.html_name}_{number}": part for number, part in enumerate(widget.decompress(value) or ())}
        elif hasattr(widget, "spread"):
            data |= widget.spread(bound.html_name, value)
        elif value is not None:
            data[bound.html_name] = value
    return data


def _sentences(form: forms.BaseForm) -> list[str]:
    return [f"{form.fields[name].label}: {text}" if name in form.fields else str(text)
            for name, texts in form.errors.items() for text in texts]  # fmt: skip
