"""Template filters of the admin pages: instants in words."""

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.db.models import Model
from django.template.defaultfilters import date
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config import durations

register = template.Library()
_UNITS = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
    ("second", timedelta(seconds=1)),
)


@register.filter
def moment(instant: datetime | None) -> str | SafeString:
    """`24 Nov 2026, 13:05` in the reader's zone, with the exact instant for machines; empty for None."""
    if instant is None:
        return ""
    here = timezone.localtime(instant)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', instant.isoformat(), date(here, "r"), date(here, "j M Y, H:i")
    )


@register.filter
def clock(instant: datetime) -> SafeString:
    """`13:05` in the reader's zone."""
    here = timezone.localtime(instant)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', instant.isoformat(), date(here, "r"), date(here, "H:i")
    )


@register.filter
def there(instant: datetime, zone: ZoneInfo | None) -> str:
    """The person's own wall clock, `07:05 there`, or with its date if that is another one; empty if it is the reader's."""
    if zone is None:
        return ""
    own, here = instant.astimezone(zone), timezone.localtime(instant)
    if own.utcoffset() == here.utcoffset():
        return ""
    return f"{date(own, 'H:i' if own.date() == here.date() else 'j M, H:i')} there"


@register.filter
def ago(instant: datetime | None, now: datetime) -> str:
    """`3 minutes ago`, in the largest whole unit; empty for None."""
    if instant is None:
        return ""
    passed = now - instant
    for name, unit in _UNITS:
        if number := passed // unit:
            return f"{number} {name}{'' if number == 1 else 's'} ago"
    return "just now"


@register.filter
def pretty(value: Any) -> str:
    """JSON, indented, for reading."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@register.filter
def page_of(thing: Model | None) -> str:
    """The address of the thing's page in the admin; empty if it has none."""
    if thing is None:
        return ""
    try:
        return reverse(f"admin:{thing._meta.app_label}_{thing._meta.model_name}_change", args=[thing.pk])
    except NoReverseMatch:
        return ""


@register.filter
def day(instant: datetime) -> str:
    """`24 November 2026` in the reader's zone."""
    return date(timezone.localtime(instant), "j F Y")


@register.filter
def said(value: Any) -> str:
    """A JSON value in one line: a text as it is, `yes` and `no`, else JSON."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


@register.filter
def lasting(text: str) -> str:
    """`21d` as people say it: 3 weeks; what is no duration as it is."""
    try:
        return durations.words(durations.parse(text))
    except ValueError:
        return text


@register.filter
def exactly(instant: datetime | None) -> str:
    """`2026-11-24 13:05:09 +00:00`, for documents that are read anywhere; empty for None."""
    return timezone.localtime(instant).isoformat(" ", "seconds") if instant else ""
