"""Form fields of the admin."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput


class ReadableJSONField(forms.JSONField):
    """JSON, shown indented; what is not JSON is refused with its line and column."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, InvalidJSONInput):  # shown again as it was typed
            return str(value)
        return json.dumps(value, indent=2, ensure_ascii=False)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip():
            try:
                json.loads(value)
            except json.JSONDecodeError as error:
                raise ValidationError(f"This is not JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from error
        return super().to_python(value)

