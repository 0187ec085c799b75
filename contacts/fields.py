"""Form fields of conditions: they check what they are given, and keep it as it is."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from contacts import comparisons

EVENT = re.compile(r"[^\s*]{1,198}(\.\*)?")


class EventNameField(forms.CharField):
    """The name of an event on the timeline; `message.*` means all of a family."""

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        if text and not EVENT.fullmatch(text):
            raise ValidationError(
                f"{text!r:.80} is not an event's name; write for example order.completed, without spaces."
            )
        return text


class ComparisonsField(forms.JSONField):
    """Comparisons of an event's properties, all of which must hold."""

    def clean(self, value: Any) -> Any:
        found = super().clean(value) or []
        if not isinstance(found, list):
            raise ValidationError(
                'Write a list of comparisons, for example [{"path": "total", "op": "gt", "value": 100}].'
            )
        if problems := comparisons.check(found):
            raise ValidationError(problems)
        return found


class AnyValueField(forms.Field):
    """A JSON value of any type, left as it is: a text is not read as JSON, so that `"100"` stays a text."""
