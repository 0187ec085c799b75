"""Who may do what: one table of roles, written into Django's groups after every `migrate`.

The groups are the product's own: what was changed in them by hand is set back. For other needs, make a group of your own.
Permissions of higher floors are named as strings.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.models import Group, Permission
from django.db import transaction

_CONTACTS = "contacts: brand topic contact address consent consentstate event segment membership"
_CHANNELS = (
    "channels: messagetemplate templateversion contentblock blockversion storedfile message renderedcopy inboundmessage"
    " providertemplate inappmessage chatmessage seedlist tester"
)
_JOURNEYS = "journeys: journey version step enrolment visit"
_DECISIONS = (
    "compliance: approval review reviewstep reviewcomment urgentrelease decision stop ruleset lawrow ban statutorycap"
)
_POLICIES = (
    "compliance: quiethours frequencycap housepolicy matrixrule withdrawnwording reviewpolicy policystep copyretention"
)
_PRIVACY = "compliance: privacyrequest erasurerecord"

# role → verb → models by app; a verb of its own name is a permission as it stands.
TABLE: dict[str, dict[str, tuple[str, ...]]] = {
    "Marketer": {
        "view": (_CONTACTS, _CHANNELS, _JOURNEYS, _DECISIONS, _POLICIES, "contacts: suppression", "channels: sandboxmessage"),
        "add": ("contacts: segment address", "channels: messagetemplate templateversion contentblock blockversion storedfile seedlist", "journeys: journey version step"),
        "change": ("contacts: segment contact address", "channels: messagetemplate templateversion contentblock blockversion storedfile seedlist", "journeys: journey version step"),
        "delete": ("contacts: segment address", "channels: templateversion blockversion storedfile seedlist", "journeys: version step"),
        "may": ("journeys.publish_journey", "journeys.change_enrolment", "channels.submit_templateversion", "compliance.break_glass", "compliance.add_reviewcomment", "channels.send_test", "channels.submit_blockversion"),
    },
    "Legal reviewer": {
        "view": (_CONTACTS, _CHANNELS, _JOURNEYS, _DECISIONS, _POLICIES, "contacts: suppression source rejectedevent", "channels: account sandboxmessage", "compliance: auditentry", _PRIVACY),
        "add": (_POLICIES, "compliance: stop privacyrequest", "contacts: suppression topic consent", "channels: contentblock blockversion"),
        "change": (_POLICIES, "compliance: stop privacyrequest", "contacts: suppression topic consentstate", "channels: contentblock blockversion"),
        "delete": (_POLICIES, "contacts: contact", "channels: blockversion"),
        "may": ("compliance.decide_approval", "compliance.break_glass", "compliance.change_rules", "channels.review_inboundmessage", "compliance.export_evidence", "compliance.export_personal_data", "compliance.ask_again", "contacts.merge_contact", "contacts.override_consent", "channels.send_test", "channels.change_locked_block", "channels.submit_blockversion"),
    },
    "Operator": {
        "view": (_CONTACTS, _CHANNELS, _JOURNEYS, _DECISIONS, _POLICIES, "contacts: suppression source rejectedevent eventbatch", "channels: account sandboxmessage", "config: apitoken heartbeat fault", "compliance: auditentry"),
        "add": ("channels: account tester", "contacts: source", "compliance: stop", "config: apitoken"),
        "change": ("channels: account message providertemplate", "contacts: source", "compliance: stop", "journeys: enrolment"),
        "delete": ("channels: tester", "config: apitoken"),
        "may": ("config.view_operations", "contacts.merge_contact"),
    },
    "Support agent": {
        "view": ("contacts: brand topic contact address consent consentstate event suppression", "channels: message renderedcopy inboundmessage inappmessage chatmessage messagetemplate templateversion", "compliance: decision privacyrequest", "journeys: journey enrolment visit"),
        "add": ("compliance: privacyrequest",),
        "change": ("contacts: consentstate",),
        "may": ("channels.review_inboundmessage",),
    },
    "Analyst": {
        "view": (_CONTACTS, _CHANNELS, _JOURNEYS, _DECISIONS, _POLICIES, "contacts: suppression"),
    },
}  # fmt: skip
ADMINISTRATOR = "Administrator"
OURS = ("config", "contacts", "channels", "compliance", "journeys", "analytics", "auth")


def permissions(role: str) -> set[str]:
    """The permissions of a role, as `app.codename`. Raises KeyError for an unknown one."""
    return set(_named(TABLE[role]))


def sync() -> None:
    """Make the groups and give each exactly its permissions. What does not exist (yet) is left out. Idempotent."""
    known = {f"{app}.{codename}": pk for app, codename, pk in _known()}
    with transaction.atomic():
        for role in (*TABLE, ADMINISTRATOR):
            wanted = set(known) if role == ADMINISTRATOR else permissions(role)
            _give(role, {known[name] for name in wanted & known.keys()})


def after_migrate(app_config: AppConfig, **_: Any) -> None:
    """Receiver of `post_migrate`: acts once, when the permissions of the last app have been made."""
    if app_config is [found for found in apps.get_app_configs() if found.models_module][-1]:
        sync()


def _named(verbs: dict[str, tuple[str, ...]]) -> Iterator[str]:
    for verb, lines in verbs.items():
        for line in lines:
            app, _, models = line.partition(": ")
            yield from [line] if verb == "may" else (f"{app}.{verb}_{model}" for model in models.split())


def _known() -> Any:
    ours = Permission.objects.filter(content_type__app_label__in=OURS)
    return ours.order_by().values_list("content_type__app_label", "codename", "pk")


def _give(role: str, wanted: set[int]) -> None:
    group, _ = Group.objects.get_or_create(name=role)
    if wanted != set(group.permissions.order_by().values_list("pk", flat=True)):
        group.permissions.set(wanted)
