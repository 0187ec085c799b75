"""Becoming one of a group lets a person in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from contacts.base import Needs, PastEvent
from journeys.base import Trigger, triggers
from journeys.fields import SegmentKeyField

ENTERED = "segment.entered"


@triggers.register
class SegmentTrigger(Trigger):
    """Starts the journey when the person enters a segment. Those who are in it already when you publish do not enter."""

    key = "segment"
    title = "Entry into a segment"
    icon = "group_add"

    class Config(forms.Form):
        """Which segment."""

        segment = SegmentKeyField(help_text="Key of the segment, e.g. lapsed.")

    def event_names(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        return (ENTERED,)

    def needs(self, config: Mapping[str, Any]) -> Needs | None:
        return None

    def segment_key(self, config: Mapping[str, Any]) -> str:
        return str(config.get("segment") or "")

    def summary(self, config: Mapping[str, Any]) -> str:
        return self.segment_key(config)

    def concerns(self, config: Mapping[str, Any], event: PastEvent, now: datetime) -> bool:
        return bool(event.properties.get("segment") == config["segment"])
