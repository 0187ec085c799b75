"""Unfold's settings: name, colours, and the sidebar, which shows each reader only what exists and what they may see."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True)
class Item:
    """A line of the sidebar: the list of a model (`app.model`), or a page by its URL name and permission; `anywhere`: it
    is also for those who have the permission only for some things, and shows them only these."""

    title: str
    icon: str
    model: str = ""
    page: str = ""
    permission: str = ""
    anywhere: bool = False


SECTIONS: dict[str, tuple[Item, ...]] = {
    "Work": (
        Item("Home", "home", page="admin:index"),
        Item("Notices", "notifications", page="admin:notices"),
        Item("Review queue", "rule", page="admin:review_queue", permission="compliance.view_review", anywhere=True),
        Item(
            "Possible opt-outs", "unsubscribe", page="admin:optout_queue", permission="channels.review_inboundmessage"
        ),
    ),
    "Engage": (
        Item("Journeys", "route", "journeys.journey"),
        Item("Enrolments", "directions_walk", "journeys.enrolment"),
        Item("Templates", "draft", "channels.messagetemplate"),
        Item("Content blocks", "widgets", "channels.contentblock"),
        Item("Files", "attach_file", "channels.storedfile"),
        Item("Seed lists", "forward_to_inbox", "channels.seedlist"),
        Item("Testers", "experiment", "channels.tester"),
        Item("Messages", "send", "channels.message"),
        Item("In-app messages", "mark_chat_unread", "channels.inappmessage"),
        Item("Chat messages", "forum", "channels.chatmessage"),
        Item("Inbound messages", "move_to_inbox", "channels.inboundmessage"),
    ),
    "Audience": (
        Item("Contacts", "group", "contacts.contact"),
        Item("Segments", "filter_alt", "contacts.segment"),
        Item("Events", "timeline", "contacts.event"),
    ),
    "Compliance": (
        Item("Reviews", "fact_check", "compliance.review"),
        Item("Review policies", "checklist", "compliance.reviewpolicy"),
        Item("Approvals", "approval", "compliance.approval"),
        Item("What if?", "psychology_alt", page="admin:what_if", permission="compliance.view_decision"),
        Item("Rule sets", "balance", "compliance.ruleset"),
        Item("Emergencies", "crisis_alert", page="admin:emergencies", permission="compliance.view_ruleset"),
        Item("House policies", "policy", "compliance.housepolicy"),
        Item("Quiet hours", "bedtime", "compliance.quiethours"),
        Item("Frequency caps", "speed", "compliance.frequencycap"),
        Item("Suppression matrix", "rule", "compliance.matrixrule"),
        Item("Retention of copies", "auto_delete", "compliance.copyretention"),
        Item("Kill switch", "front_hand", "compliance.stop"),
        Item("Decisions", "gavel", "compliance.decision"),
        Item("Audit log", "link", "compliance.auditentry"),
        Item("Topics", "label", "contacts.topic"),
        Item("Consent ledger", "verified_user", "contacts.consent"),
        Item("Withdrawn wordings", "history_edu", "compliance.withdrawnwording"),
        Item("Suppressions", "block", "contacts.suppression"),
        Item("Requests (GDPR)", "privacy_tip", "compliance.privacyrequest"),
        Item("Erasures", "person_remove", "compliance.erasurerecord"),
    ),
    "Analytics": (
        Item("Performance", "monitoring", page="admin:performance", permission="journeys.view_journey", anywhere=True),
    ),
    "Operations": (
        Item("Brands", "storefront", "contacts.brand"),
        Item("Channels & senders", "hub", "channels.account"),
        Item("Provider templates", "fact_check", "channels.providertemplate"),
        Item("Sandbox inbox", "inbox", "channels.sandboxmessage"),
        Item("Sources", "input", "contacts.source"),
        Item("Rejected events", "report", "contacts.rejectedevent"),
        Item("Jobs & queues", "manufacturing", page="admin:operations", permission="config.view_operations"),
        Item("API tokens", "key", "config.apitoken"),
        Item("Users", "person", "auth.user"),
        Item("Roles", "badge", "auth.group"),
    ),
}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sections with the items that this reader may see; what no floor provides (yet) is left out."""
    links = {item: link for items in SECTIONS.values() for item in items if (link := _link(request, item))}
    here = _here(request.path, links.values())
    sections: list[dict[str, Any]] = []
    for title, items in SECTIONS.items():
        lines = [
            {"title": item.title, "icon": item.icon, "link": links[item], "active": links[item] == here}
            for item in items
            if item in links
        ]
        sections.append({"title": title, "separator": bool(sections), "items": lines})
    return sections


def _here(path: str, links: Iterable[str]) -> str:
    """The link below which the page lies; the longest one, since the review queue lies below the approvals."""
    home = reverse("admin:index")
    return max(
        (link for link in links if path == link or (link != home and path.startswith(link))), key=len, default=""
    )


def _link(request: HttpRequest, item: Item) -> str:
    """Where the item leads; empty if this reader must not go there, or nothing is there."""
    if item.model:
        return _list_of(request, item.model)
    from config.permissions import somewhere  # its models are there later than the settings

    held = request.user.has_perm(item.permission) or (item.anywhere and somewhere(request.user, item.permission))
    if item.permission and not held:
        return ""
    try:
        return reverse(item.page)
    except NoReverseMatch:
        return ""


def _list_of(request: HttpRequest, label: str) -> str:
    from django.contrib.admin import site  # settings are read before the admin can be

    model = apps.get_model(label)
    if not site.is_registered(model) or not site.get_model_admin(model).has_view_permission(request):
        return ""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def environment(request: HttpRequest) -> tuple[str, str]:
    """The label at the top of each page: where one is, and whether messages reach real people; and its colour."""
    colours = {("production", "live"): "success", ("production", "sandbox"): "warning"}
    usual = "danger" if settings.DELIVERY == "live" else "info"
    colour = colours.get((settings.ENVIRONMENT, settings.DELIVERY), usual)
    return f"{settings.ENVIRONMENT} · {settings.DELIVERY}", colour


def title_prefix(request: HttpRequest) -> str:
    """Before the page title in the browser's tab, so that two environments cannot be mixed up."""
    return "" if settings.ENVIRONMENT == "production" else f"[{settings.ENVIRONMENT}]"


def _file(path: str) -> Callable[[HttpRequest], str]:
    return lambda request: static(path)


_TEAL = {
    "50": "#f0fdfa", "100": "#ccfbf1", "200": "#99f6e4", "300": "#5eead4", "400": "#2dd4bf", "500": "#14b8a6",
    "600": "#0f766e", "700": "#115e59", "800": "#134e4a", "900": "#10403d", "950": "#042f2e",
}  # fmt: skip

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Waymark",
    "SITE_HEADER": "Waymark",
    "SITE_SUBHEADER": "Marketing operations",
    "SITE_URL": None,
    "SITE_ICON": _file("waymark/logo.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _file("waymark/logo.svg")}],
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "config.sidebar.environment",
    "ENVIRONMENT_TITLE_PREFIX": "config.sidebar.title_prefix",
    "COLORS": {"primary": _TEAL},
    "STYLES": [_file(f"waymark/{name}.css") for name in ("admin", "messages", "figures", "journeys", "diagram", "law")],
    "SCRIPTS": [_file("waymark/admin.js")],
    # Never all models: searching a million contacts that way takes minutes.
    "COMMAND": {"search_models": False, "search_callback": "contacts.admin.search.command"},
    "SIDEBAR": {"show_search": True, "command_search": True, "navigation": navigation},
}
