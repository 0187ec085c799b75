"""What providers with conditions of their own (WhatsApp) know of the content and the conversation of a batch's messages."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db.models import Max, Q

from channels import outbox
from channels.base import channels
from channels.models import Account, InboundMessage, Message, MessageTemplate, ProviderTemplate, TemplateVersion
from compliance.base import VersionFact
from compliance.claims import Claimed, people
from compliance.rules.conversation import WINDOW

UNASKED = "pending"
"""Of a template that the provider has not been asked about nobody knows that it is approved."""


def as_providers_see(
    versions: dict[int, dict[str, VersionFact]], batch: Sequence[Claimed], accounts: Mapping[tuple[int, str], Account]
) -> dict[int, dict[str, VersionFact]]:
    """The versions with the provider's word on them; two queries, and none if no channel of the batch needs it.

    What the provider calls marketing is judged as marketing, whatever its author took it for.
    """
    about = {one.template_id: one for one in batch if channels[one.channel].approves_templates}
    if not about:
        return versions
    names = _names([fact.id for pk in about for fact in versions.get(pk, {}).values()])
    mine = {account.pk for account in accounts.values() if channels[account.channel].approves_templates}
    rows = ProviderTemplate.objects.filter(account__in=mine, name__in=[name for name in names.values() if name])
    said = {(account, name): (status, category) for account, name, status, category in rows.order_by().values_list(
        "account_id", "name", "status", "category"
    )}  # fmt: skip
    found = dict(versions)
    for template_id, one in about.items():
        account = accounts.get((one.brand_id, one.channel))
        found[template_id] = {
            locale: _seen(fact, names.get(fact.id, ""), said, account)
            for locale, fact in versions.get(template_id, {}).items()
        }
    return found


def heard(batch: Sequence[Claimed], now: datetime) -> dict[tuple[int, int, str], datetime]:
    """When people last wrote to a brand, by contact, brand and channel, within the window in which they may be answered freely."""
    contact_ids = people([one for one in batch if channels[one.channel].approves_templates])
    if not contact_ids:
        return {}
    within = InboundMessage.objects.filter(
        contact_id__among=list(contact_ids), channel__in=_channels(), received_at__gt=now - WINDOW
    )
    rows = within.order_by().values_list("contact_id", "account__brand_id", "channel").annotate(Max("received_at"))
    return {(int(contact_id or 0), brand_id, channel): last for contact_id, brand_id, channel, last in rows}


def judge_again(template: ProviderTemplate, now: datetime) -> None:
    """The provider says something new of a template: what waited for that is judged at once, what was cleared anew."""
    of_account = Q(channel=template.account.channel, brand_id=template.account.brand_id)
    waiting = Message.objects.filter(of_account, state=Message.State.PENDING, reason="template_status")
    waiting.update(due_at=now)
    outbox.recall(of_account & Q(template__in=_speaking_of(template)), now)


def _names(version_ids: Collection[int]) -> dict[int, str]:
    """The provider's template of each version; empty for words of one's own."""
    rows = TemplateVersion.objects.filter(id__in=version_ids).values_list("id", "template__channel", "content")
    return {pk: channels[channel].provider_template(content) for pk, channel, content in rows}


def _seen(
    fact: VersionFact, name: str, said: Mapping[tuple[int, str], tuple[str, str]], account: Account | None
) -> VersionFact:
    if not name:
        return replace(fact, free_form=True)
    status, category = said.get((account.pk, name), ("", "")) if account else ("", "")
    message_class = "marketing" if category == "marketing" else fact.message_class
    return replace(fact, provider_status=status or _unasked(), message_class=message_class)


def _unasked() -> str:
    """The sandbox takes every template: nobody is asked about it."""
    return UNASKED if settings.DELIVERY == "live" else ""


def _speaking_of(template: ProviderTemplate) -> list[int]:
    kind = channels[template.account.channel]
    versions = TemplateVersion.objects.filter(
        template__in=MessageTemplate.objects.filter(brand=template.account.brand_id, channel=kind.key),
        state=TemplateVersion.State.APPROVED,
    )
    rows = versions.values_list("template_id", "content")
    return [pk for pk, content in rows if kind.provider_template(content) == template.name]


def _channels() -> list[str]:
    return [kind.key for kind in channels if kind.approves_templates]
