"""Templates that a provider must approve as well: which there are, and what it says of each, asked for again and again."""

from datetime import datetime, timedelta
from logging import getLogger
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Min, Q

from channels import signals
from channels.base import CannotTell, channels
from channels.models import Account, ProviderTemplate, TemplateVersion
from config import bulk
from config.egress import is_loopback

log = getLogger("waymark.delivery")

BATCH = 50
SETTLED = timedelta(hours=1)
"""How often an approved template is asked about: it may be paused, or put into another category, at any time."""
OPEN = timedelta(minutes=10)
UNREACHABLE = timedelta(minutes=5)
GONE = (TemplateVersion.State.REJECTED, TemplateVersion.State.RETIRED)


def follow(brand_id: int, channel: str) -> None:
    """From now on ask about every template of the provider that versions of this brand and channel speak of."""
    kind = channels.get(channel)
    if kind is None or not kind.approves_templates:
        return
    versions = TemplateVersion.objects.filter(template__brand=brand_id, template__channel=channel)
    contents = versions.exclude(state__in=GONE).values_list("content", flat=True)
    names = sorted({name for content in contents if (name := kind.provider_template(content))})
    accounts = Account.objects.filter(brand=brand_id, channel=channel).order_by("pk").values_list("pk", flat=True)
    rows = [_row(account, name) for account in accounts for name in names]
    bulk.insert(ProviderTemplate, rows, ignore_conflicts=True)


def due(now: datetime) -> datetime | None:
    """When the next template is asked about; new ones at once."""
    if ProviderTemplate.objects.filter(next_check_at=None).exists():
        return now
    found: datetime | None = ProviderTemplate.objects.aggregate(due=Min("next_check_at"))["due"]
    return found


def refresh(now: datetime) -> int:
    """Ask about the templates whose time has come; how many those were."""
    claimed = _claim(now)
    rows = ProviderTemplate.objects.filter(pk__in=claimed).select_related("account").order_by("pk")
    for found in rows:
        ask(found, now)
    return len(claimed)


def ask(found: ProviderTemplate, now: datetime) -> bool:
    """Ask the provider about this template now, and tell the floors above what has changed; False if it did not answer.

    While DELIVERY is not live nobody is asked, unless the provider is this machine.
    """
    kind, account = channels.get(found.account.channel), found.account
    if kind is None or not _may_ask(account):
        return False
    try:
        said = kind.standing(account.config, found.name)
    except CannotTell as problem:
        log.warning("The template %s of the account %s cannot be asked about: %s", found.name, account.key, problem)
        _write(found, reason=str(problem)[:500], next_check_at=now + UNREACHABLE)
        return False
    changed = (said.status, said.category) != (found.status, found.category)
    next_check_at = now + (SETTLED if said.status == "approved" else OPEN)
    news = {"status": said.status[:30], "category": said.category[:30], "reason": said.reason[:500]}
    with transaction.atomic():
        _write(found, **news, checked_at=now, next_check_at=next_check_at)
        if changed:
            signals.provider_template_changed.send(sender=ProviderTemplate, template=found, now=now)
    return True


def _may_ask(account: Account) -> bool:
    base = str(account.config.get("content_base") or "")
    return settings.DELIVERY == "live" or is_loopback(urlsplit(base).hostname or "")


def _write(found: ProviderTemplate, **columns: object) -> None:
    for name, value in columns.items():
        setattr(found, name, value)
    found.save(update_fields=list(columns))


def _claim(now: datetime) -> list[int]:
    """Move their next look ahead first, so that two workers do not ask about the same template."""
    with transaction.atomic():
        waiting = ProviderTemplate.objects.filter(Q(next_check_at=None) | Q(next_check_at__lte=now)).order_by("pk")
        locked = waiting.select_for_update(skip_locked=True, of=("self",), no_key=True)
        ids = list(locked.values_list("pk", flat=True)[:BATCH])
        ProviderTemplate.objects.filter(pk__in=ids).update(next_check_at=now + OPEN)
    return ids


def _row(account_id: int, name: str) -> dict[str, object]:
    return {
        "account_id": account_id, "name": name[:100], "status": "", "category": "", "reason": "",
        "checked_at": None, "next_check_at": None,
    }  # fmt: skip
