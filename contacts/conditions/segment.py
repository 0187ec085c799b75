"""Whether the person is one of a group."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q

from contacts.base import Condition, ContactFacts, Needs, conditions
from contacts.models import Membership


@conditions.register
class SegmentCondition(Condition):
    """True while the person is in a segment, as of its last refresh. Segments can be built of segments this way."""

    key = "segment"
    title = "Segment"

    class Config(forms.Form):
        """Which segment."""

        segment = forms.SlugField(help_text="Key of the segment, e.g. lapsed.")

    def needs(self, config: Mapping[str, Any]) -> Needs:
        return Needs(segments=frozenset({config["segment"]}))

    def holds(self, config: Mapping[str, Any], facts: ContactFacts, now: datetime) -> bool:
        return config["segment"] in facts.segments

    def as_q(self, config: Mapping[str, Any], now: datetime) -> Q:
        live = Membership.objects.filter(contact=OuterRef("pk"), segment__key=config["segment"], left_at=None)
        return Q(Exists(live))
