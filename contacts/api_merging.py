"""REST API: two contacts that are one person, `/api/contacts/{id}/merge/`."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import serializers

from config.resources import BIGGEST_ID, Conflict
from contacts import merging
from contacts.models import Contact

SOURCE = "api"


class MergeSerializer(serializers.Serializer[Any]):
    """The contact that is the same person; it becomes part of the one in the address."""

    other = serializers.IntegerField(min_value=1, max_value=BIGGEST_ID, help_text="Our id of the other contact.")

    def validate_other(self, value: int) -> int:
        """Somebody else, who is known."""
        if value == self.context["kept"]:
            raise serializers.ValidationError("Nobody can be merged with themselves; write the id of another contact.")
        if not Contact.objects.filter(pk=value).exists():
            raise serializers.ValidationError(f"There is no contact {value}.")
        return value


def merge(kept: Contact, data: Any, by: int | None, now: datetime) -> None:
    """Merge the contact that the body names into this one. Raises ValidationError (400), Conflict (409)."""
    form = MergeSerializer(data=data, context={"kept": kept.pk})
    form.is_valid(raise_exception=True)
    try:
        merging.merge(kept.pk, form.validated_data["other"], now, source=SOURCE, by=by)
    except ValidationError as error:
        raise Conflict(error.messages[0]) from error
