"""Callbacks of mail providers, read by anymail's own webhook views: its validation, its normalised events."""

import warnings
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from anymail.exceptions import AnymailError, AnymailWarning, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.urls import get_resolver
from django.views import View

from channels.base import Update
from channels.mail.backends import token_of

# Words of anymail that mean nothing for a message that was already taken.
_SILENT = frozenset(
    {"queued", "sent", "deferred", "autoresponded", "subscribed", "inbound", "inbound_failed", "unknown"}
)
_OURS = {"rejected": "failed"}


def verify(request: HttpRequest, config: Mapping[str, Any]) -> bool:
    """Whether all validators of the provider's view accept the callback; a provider without any secret is refused."""
    try:
        view = _view(config)
        if view.warn_if_no_basic_auth and not view.basic_auth:
            return False
        view.run_validators(request)
    except (AnymailWebhookValidationFailure, AnymailError, ImproperlyConfigured, KeyError, ValueError):
        return False
    return True


def parse(request: HttpRequest, config: Mapping[str, Any], now: datetime) -> list[Update]:
    """The updates in a verified callback. Raises ValueError for a body that makes no sense."""
    try:
        events = _view(config).parse_events(request)
    except (AnymailError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"The callback cannot be read: {error!r}") from error
    return [_update(event, now) for event in events if event.event_type not in _SILENT]


def _update(event: AnymailTrackingEvent, now: datetime) -> Update:
    reason = event.reject_reason or ""
    if event.event_type == "clicked":
        reason = event.click_url or ""
    return Update(
        provider_id=str(event.message_id or ""),
        status=_OURS.get(event.event_type, event.event_type),
        occurred_at=min(event.timestamp, now) if event.timestamp else now,
        reason=reason,
        key=str(event.event_id or ""),
        message_id=_message_id(event.metadata or {}),
    )


def _message_id(metadata: Mapping[str, Any]) -> int:
    token = str(metadata.get("waymark") or "")
    number, _, _ = token.partition(".")
    return int(number) if number.isdecimal() and token == token_of(int(number)) else 0


def _view(config: Mapping[str, Any]) -> Any:
    """Anymail's tracking view of the account's provider, with the account's own secrets. Raises KeyError for none."""
    view = _view_class(config["backend"])
    options = dict(config.get("webhook_options") or {})
    if config.get("webhook_secret"):
        options["webhook_secret"] = config["webhook_secret"]
    if config.get("api_key"):
        # Mandrill, Mailgun and Unisender sign with the API key where there is no other.
        options.setdefault("api_key", config["api_key"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AnymailWarning)
        return view(**options)


@lru_cache(maxsize=32)
def _view_class(provider: str) -> type[View]:
    patterns: list[Any] = list(get_resolver("anymail.urls").url_patterns)
    for pattern in patterns:
        if pattern.name in (f"{provider}_tracking_webhook", f"{provider}_webhook"):
            found: type[View] = pattern.callback.view_class
            return found
    raise KeyError(provider)
