"""Form fields of the admin."""

import json
from typing import Any, NoReturn

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput


class ReadableJSONField(forms.JSONField):
    """JSON, shown indented; what is not JSON is refused with its line and column."""

    def __init__(self, *args: Any, **options: Any) -> None:
        # Models with a callable default ask for a second, hidden copy to compare with; the stored value serves as well.
        super().__init__(*args, **{**options, "show_hidden_initial": False})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, InvalidJSONInput):  # shown again as it was typed
            return str(value)
        return json.dumps(value, indent=2, ensure_ascii=False)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip() and not self.disabled:
            read_json(value)
        return super().to_python(value)


def read_json(text: str) -> Any:
    """What the text says. Raises ValidationError with the place, also for JSON that no database can keep."""
    try:
        value = json.loads(text, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()
        storable = "\\u0000" not in text
    except json.JSONDecodeError as error:
        raise ValidationError(f"This is not JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except (ValueError, RecursionError):
        storable = False
    if not storable:
        raise ValidationError(
            "This cannot be stored: it has a number that is none (NaN) or too long, a broken character, or too deep a nesting."
        )
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)
