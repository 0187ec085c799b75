"""How lists of the REST API find what belongs to a person."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from contacts.models import FormerId


class PersonFilter(django_filters.CharFilter):
    """What belongs to the person with this id in other systems; an id from before a merge leads to who they are now.

    The index leaves out those without an id, and SQLite uses it only when the query says so.
    """

    def __init__(self, way: str = "") -> None:
        super().__init__(label="The person's id in your own systems, exactly; also one from before a merge.")
        self.way = way

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        former = FormerId.objects.filter(value=value).values_list("contact_id", flat=True).first()
        if former:
            return qs.filter(**{self.way or "pk": former})
        column = f"{self.way}__external_id" if self.way else "external_id"
        return qs.filter(**{column: value}).exclude(**{column: ""})
