"""What the REST API accepts as words: fields of a channel's form, variables, variants of blocks."""

from typing import Any

from django import forms
from rest_framework import serializers

from channels import blocks, variables
from channels.base import channels
from channels.models import MessageTemplate
from config.permissions import visible
from contacts.models import Brand
from contacts.storable import storable

UNSTORABLE = "It has characters that cannot be stored: NUL, or half a character."
CONTENT_SCHEMA = {"type": "object", "additionalProperties": {}}


def content(template: MessageTemplate, given: dict[str, Any]) -> dict[str, Any]:
    """The fields as the channel's own form reads them. Raises ValidationError, with the field that each sentence is about."""
    if storable(given) != given:
        raise serializers.ValidationError({"content": [UNSTORABLE]})
    form = channels[template.channel].Content
    if problems := _misfits(form.base_fields, given):
        raise serializers.ValidationError({"content": problems})
    judged = form(given)
    if not judged.is_valid():
        told = [f"{name}: {error}" for name, errors in judged.errors.items() for error in errors]
        raise serializers.ValidationError({"content": told})
    return dict(judged.cleaned_data)


def _misfits(fields: dict[str, forms.Field], given: dict[str, Any]) -> list[str]:
    """Fields that the form does not have, and lists and objects where a text belongs."""
    unknown = [
        f"{name}: This channel has no such field; it has {', '.join(fields)}." for name in given if name not in fields
    ]
    several = (forms.JSONField, forms.MultipleChoiceField)
    odd = [
        f"{name}: It is a text or a number, not a list or an object."
        for name, value in given.items()
        if name in fields and isinstance(value, list | dict) and not isinstance(fields[name], several)
    ]
    return unknown + odd


def declared(value: list[Any]) -> list[Any]:
    """Variables as they may be declared. Raises ValidationError."""
    return _checked(value, variables.mistakes(value) if storable(value) == value else [UNSTORABLE])


def variants(value: list[Any]) -> list[Any]:
    """Variants of a block. Raises ValidationError."""
    return _checked(value, blocks.variant_mistakes(value) if storable(value) == value else [UNSTORABLE])


def brand(key: str, user: Any) -> Brand:
    """The brand of this key, if the user may see it. Raises ValidationError."""
    found = visible(Brand.objects.all(), user, "contacts.view_brand").filter(key=key).first()
    if found is None:
        raise serializers.ValidationError(f"There is no brand {key!r}.")
    return found


def _checked(value: list[Any], problems: list[str]) -> list[Any]:
    if problems:
        raise serializers.ValidationError(problems)
    return value
