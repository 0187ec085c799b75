"""A walk over every page of the admin and every route of the API: one row of each model, and the address of each page."""

import re
from datetime import time, timedelta
from typing import Any

from django.contrib.admin import site
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from analytics.models import Tally
from channels import archive
from channels.models import (
    BlockVersion,
    ChatMessage,
    ContentBlock,
    InAppMessage,
    InboundMessage,
    Message,
    ProviderTemplate,
    SandboxMessage,
    SeedList,
    StoredFile,
    TemplateVersion,
    Tester,
)
from compliance.law import rule_sets
from compliance.models import (
    AuditEntry,
    CopyRetention,
    Decision,
    ErasureRecord,
    FrequencyCap,
    HousePolicy,
    LawRow,
    MatrixRule,
    PrivacyRequest,
    QuietHours,
    Review,
    ReviewComment,
    ReviewPolicy,
    Stop,
    UrgentRelease,
    WithdrawnWording,
)
from config.api_urls import router
from config.models import ApiToken
from contacts import merging, suppressions
from contacts.models import Consent, Event, Merge, RejectedEvent, Suppression
from journeys.models import Enrolment, Step
from tests import builders
from tests.builders import NOW
from tests.compliance.chains import settle
from tests.journeys import driving

LEFT_OUT = ("jsi18n", "login", "logout", "app_list", "view_on_site", "search")
"""Pages that belong to the frame of the admin itself."""

REVIEWED = {
    "review_resolve": "compliance_reviewcomment",
    "review_comment_reopen": "compliance_reviewcomment",
    "review_confirm": "compliance_urgentrelease",
    "review_end": "compliance_urgentrelease",
}
"""What the buttons of reviews take besides a review, or what it is about."""

API_MODELS = {
    "contact": "contacts_contact",
    "journey": "journeys_journey",
    "version": "journeys_version",
    "enrolment": "journeys_enrolment",
    "message": "channels_message",
    "messagetemplate": "channels_messagetemplate",
    "templateversion": "channels_templateversion",
    "contentblock": "channels_contentblock",
    "blockversion": "channels_blockversion",
    "seedlist": "channels_seedlist",
    "tester": "channels_tester",
    "storedfile": "channels_storedfile",
    "review": "compliance_review",
    "reviewcomment": "compliance_reviewcomment",
    "urgentrelease": "compliance_urgentrelease",
    "reviewpolicy": "compliance_reviewpolicy",
    "copyretention": "compliance_copyretention",
    "decision": "compliance_decision",
}
"""Whose id is in the address of a route, by the beginning of its name."""

BODIES = {"post review-comment": {"text": "Really?"}}
"""For routes that look at what is sent before they look at who sends it."""


def things() -> dict[str, Any]:
    """One row of each model, all of the brand `acme`: their keys, by the name of the model."""
    root = User.objects.create_superuser("maker")
    ada = builders.contact("ada", email="ada@example.test")
    builders.consent(ada)
    builders.event(ada)
    merging.merge(ada.pk, builders.contact("twin").pk, NOW, source="test")
    suppressions.add([suppressions.Suppress("x" * 43, "email", "bounce")], NOW)
    version = driving.live(driving.step("wait", for_="3d"))
    draft = driving.draft(driving.step("wait", for_="3d"))
    driving.happens(ada)
    template = builders.template()
    words = TemplateVersion.objects.create(template=template, number=2, author=root, content={"subject": "Hello"})
    builders.account("email")
    message = builders.message(ada, template)
    archive.keep([(message.pk, None, {"text": "Hello"})])
    made = [*_audience(), *_channels(message, words), *_compliance(root, message, ada), version.journey, draft, ada]
    made += [template, words, message, Enrolment.objects.get(), Step.objects.first(), root, Group.objects.first()]
    made += [*_blocks(root), *_reviews(root)]
    made += [Tally.objects.create(version=version, outcome="entered", hour=NOW, count=1)]
    settle()
    made += [AuditEntry.objects.first()]
    return {f"{row._meta.app_label}_{row._meta.model_name}": row.pk for row in made}


def _audience() -> list[Any]:
    shop = builders.source()
    rejected = RejectedEvent.objects.create(source=shop, received_at=NOW, reason="no name", payload={"type": "track"})
    token, _ = ApiToken.objects.create(user=User.objects.create_user("robot"), name="CRM", scopes=["contacts:read"])
    known = [Event.objects.first(), Consent.objects.get(), Suppression.objects.get()]
    return [shop, rejected, token, builders.brand(), builders.topic(), builders.segment(), *known]


def _channels(message: Message, words: TemplateVersion) -> list[Any]:
    sender = builders.account("sms")
    caught = SandboxMessage.objects.create(channel="email", sender="a@a.test", recipient="b@b.test", received_at=NOW)
    heard = InboundMessage.objects.create(
        account=sender, channel="sms", sender="+447700900001", body="Stop it?", provider_id="SM1", received_at=NOW
    )
    listed = ProviderTemplate.objects.create(account=sender, name="HX1")
    team = SeedList.objects.create(brand=sender.brand, name="Team", channel="sms", addresses=["+447700900002"])
    terms = StoredFile.objects.create(
        brand=sender.brand, name="terms.txt", content_type="text/plain", size=2, sha256="0" * 64, uploaded_at=NOW,
        uploaded_by=words.author, data=b"Hi",
    )  # fmt: skip
    lying = {"message": message, "contact": message.contact, "brand": sender.brand, "created_at": NOW}
    fetched = [
        InAppMessage.objects.create(**lying, content={"title": "Hi"}),
        ChatMessage.objects.create(**lying, content={"body": "Hi"}),
    ]
    tester = Tester.objects.create(contact=message.contact, because="Ada of QA.", marked_at=NOW, marked_by=words.author)
    return [sender, caught, heard, listed, team, tester, terms, *fetched]


def _blocks(root: User) -> list[Any]:
    footer = ContentBlock.objects.create(brand=builders.brand(), key="footer", name="Footer")
    return [footer, BlockVersion.objects.create(block=footer, number=1, source="<p>Bye</p>", author=root)]


def _reviews(root: User) -> list[Any]:
    """A review that waits, with a comment; somebody has asked to send it at once."""
    waiting = builders.template("waiting", state="submitted").versions.get()
    review = Review.objects.get(kind="template", object_id=waiting.pk)
    urgent = UrgentRelease.objects.create(
        review=review,
        fingerprint=review.fingerprint,
        reason="Recall.",
        asked_by=root,
        asked_at=NOW,
        until=NOW + timedelta(1),
    )
    comment = ReviewComment.objects.create(review=review, author=root, text="Really?", created_at=NOW)
    return [review, urgent, comment, ReviewPolicy.objects.create(name="Sweepstakes", words=["win"])]


def _compliance(root: User, message: Message, ada: Any) -> list[Any]:
    house = builders.brand()
    decision = Decision.objects.create(message=message, decided_at=NOW, outcome="allow", verdicts=[], evidence={})
    request = PrivacyRequest.objects.create(kind="access", contact=ada, received_at=NOW, due_at=NOW)
    erased = ErasureRecord.objects.create(contact_number=7, erased_at=NOW, erased_by=root, reason="Asked.")
    rules = rule_sets.copy_of_active(NOW, user=root)
    hours = {"start": time(21), "end": time(8)}
    return [
        decision,
        request,
        erased,
        rules,
        LawRow.objects.filter(rule_set=rules).first(),
        message.template.versions.get(number=1).approvals.get(),
        Stop.objects.create(scope="channel", value="sms", reason="Complaints.", set_by=root, set_at=NOW),
        HousePolicy.objects.create(brand=house),
        MatrixRule.objects.create(brand=house, name="Refund", event="order.refunded", channels=["sms"], days=7),
        WithdrawnWording.objects.create(wording="form v0", reason="Wrong.", withdrawn_at=NOW),
        QuietHours.objects.create(brand=house, channel="sms", classes=["marketing"], **hours),
        CopyRetention.objects.create(brand=house, message_class="marketing", days=365),
        FrequencyCap.objects.create(brand=house, name="Weekly", limit=3, days=7, classes=["marketing"]),
    ]


def pages(rows: dict[str, Any]) -> dict[str, str]:
    """Every page of the admin, by the name of its URL, with the address of one of each."""
    found = {}
    for pattern in _patterns():
        name = pattern.name
        if not name or name in LEFT_OUT:
            continue
        model = f"{pattern.opts.app_label}_{pattern.opts.model_name}" if pattern.opts else ""
        found[f"{name} {pattern.pattern}" if name in found else name] = _address(
            name, model, str(pattern.pattern), rows
        )
    return found


def _patterns() -> Any:
    for pattern in site.urls[0]:
        pattern.opts = None
        if getattr(pattern, "name", None):
            yield pattern
    for model, model_admin in site._registry.items():
        for pattern in model_admin.urls:
            pattern.opts = model._meta
            yield pattern


def _address(name: str, model: str, pattern: str, rows: dict[str, Any]) -> str:
    if name == "autocomplete":
        return reverse("admin:autocomplete") + "?app_label=journeys&model_name=journey&field_name=brand"
    if "simple_history" in name:
        latest = _history(model, rows[model])
        return reverse(f"admin:{name}", args=[rows[model], latest])
    given: dict[str, Any] = {"key": "wait", "table": "hours", "row_id": rows["compliance_lawrow"], "kind": "template"}
    given |= {"contact_id": rows["contacts_contact"]}
    if name == "send_test":
        model = "channels_templateversion"
    if name.startswith("review_"):
        model = REVIEWED.get(name, "compliance_review")
        given |= {"pk": Review.objects.get(pk=rows["compliance_review"]).object_id} if "kind" in pattern else {}
    keys = re.findall(r"<(?:\w+:)?(\w+)>", pattern)
    kwargs = {key: given.get(key, rows.get(model)) for key in keys}
    address = reverse(f"admin:{name}", kwargs=kwargs)
    return address + _query(name, rows)


def _history(model: str, pk: Any) -> int:
    from django.apps import apps

    return int(apps.get_model(model.replace("_", ".")).history.filter(id=pk).latest().pk)


def _query(name: str, rows: dict[str, Any]) -> str:
    """What some pages cannot do without."""
    if name == "contacts_contact_withdraw":
        told = Consent.objects.get()
        return f"?topic={told.topic_id}&channel={told.channel}"
    return {
        "contacts_contact_unmerge": f"?merge={Merge.objects.get().pk}",
        "channels_templateversion_add": f"?template={rows['channels_messagetemplate']}",
        "channels_blockversion_add": f"?block={rows['channels_contentblock']}",
        "channels_messagetemplate_add": "?channel=email",
        "channels_account_add": "?channel=email",
    }.get(name, "")


def routes(rows: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Every route of the API, by method and name: (method, address)."""
    found = {}
    for pattern in router.urls:
        actions = getattr(pattern.callback, "actions", None) or {}
        found |= {f"{method} {pattern.name}": (method, _path(pattern, rows)) for method in actions if method != "head"}
    return found


def opened(browser: Client, rows: dict[str, Any]) -> set[str]:
    """The names of what this browser gets through to; whatever that does is undone."""
    asked = {name: ("get", address) for name, address in pages(rows).items()} | routes(rows)
    return {name for name, (method, address) in asked.items() if _lets_in(browser, method, address, BODIES.get(name))}


def _lets_in(browser: Client, method: str, address: str, given: Any = None) -> bool:
    """Neither forbidden, nor not found, nor sent away to the home page because there is no such thing for this reader."""
    savepoint = transaction.savepoint()
    body = {"content_type": "application/json", "data": given or {}} if method in ("post", "patch") else {}
    response = getattr(browser, method)(address, **body)
    if response.status_code == 405:  # a verb behind a button
        response = browser.post(address)
    transaction.savepoint_rollback(savepoint)
    assert response.status_code < 500, address
    return response.status_code not in (403, 404) and response.get("Location") != reverse("admin:index")


def _path(pattern: Any, rows: dict[str, Any]) -> str:
    path = str(pattern.pattern).lstrip("^").rstrip("$").replace("\\Z", "")
    filled = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda part: str(_api_key(part[1], pattern.name, rows)), path)
    return f"/api/{filled}"


def _api_key(key: str, name: str, rows: dict[str, Any]) -> Any:
    model = API_MODELS[name.partition("-")[0]]
    if key == "key":
        return {"journeys_journey": "welcome", "channels_messagetemplate": "hello"}[model]
    return rows[model]
