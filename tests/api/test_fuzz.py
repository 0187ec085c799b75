"""Whatever is sent, right or wrong: the API answers as its schema says, and never with a server error."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from channels import models, revisions
from channels.models import BlockVersion, ContentBlock, Message, SeedList, StoredFile, TemplateVersion
from compliance import gate
from compliance.models import CopyRetention, Decision, Review, ReviewComment, ReviewPolicy, UrgentRelease
from config import clock
from config.models import SCOPES
from config.wsgi import application
from contacts.models import Contact
from journeys.models import Enrolment, Version
from tests import builders
from tests.api.cast import marketer, token
from tests.api.test_schema import FILE
from tests.builders import NOW
from tests.journeys import driving

pytestmark = pytest.mark.django_db
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance, unsupported_method]  # fmt: skip
EXAMPLES = {GenerationMode.POSITIVE: 15, GenerationMode.NEGATIVE: 10}
schema = schemathesis.openapi.from_path(str(FILE))
schema.app = application
OPERATIONS = {operation.label: operation for result in schema.get_all_operations() if (operation := result.ok())}


@pytest.fixture
def connection_kept() -> Iterator[None]:
    """The end of a request leaves the test's transaction open, as with Django's own test client."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def secret(db, connection_kept) -> str:
    """A token that may do everything, in a house where there is one of each."""
    nobody = builders.contact()
    ada = builders.contact("ada", email="ada@example.test", phone="+12125550023", plan="pro")
    builders.account("email")
    builders.consent(ada)
    driving.live(driving.step("wait", for_="3d"))
    driving.happens(ada, total=5)
    builders.message(ada, builders.template())
    gate.release(NOW)
    maria = marketer()
    footer = ContentBlock.objects.create(brand=builders.brand(), key="footer", name="Footer")
    BlockVersion.objects.create(block=footer, number=1, source="<p>Acme</p>", author=maria)
    builders.stored_file("old.txt")
    UrgentRelease.objects.create(
        review=Review.objects.get(kind="template"), reason="A recall.", asked_by=builders.user("oscar"), asked_at=NOW,
        until=NOW + timedelta(hours=4), ended_at=NOW,
    )  # fmt: skip
    ReviewComment.objects.create(review=Review.objects.latest("id"), author=maria, text="Really?", created_at=NOW)
    SeedList.objects.create(brand=builders.brand(), name="Old", channel="sms", addresses=["+12125550023"])
    models.Tester.objects.create(contact=nobody, because="Ben of QA.", marked_at=NOW, marked_by=maria)
    CopyRetention.objects.create(brand=builders.brand(), message_class="marketing", days=365)
    maria.is_superuser = True
    maria.save()
    return token(maria, *SCOPES)


BODIES = {
    "POST /api/contacts/": {"external_id": "grace"},
    "POST /api/inbox-tokens/": {"external_id": "ada", "brand": "acme"},
    "POST /api/chat-tokens/": {"external_id": "ada", "brand": "acme"},
    "POST /api/contacts/{id}/confirmations/": {
        "brand": "acme",
        "topic": "news",
        "channel": "email",
        "wording": "2026-01",
    },
    "POST /api/templates/": {"key": "weekly", "name": "Weekly", "brand": "acme", "channel": "email", "topic": "news"},
    "PATCH /api/templates/{key}/": {"name": "Weekly"},
    "POST /api/template-versions/": {"template": "hello", "content": {"subject": "Hi", "text": "Hi"}},
    "POST /api/content-blocks/": {"key": "header", "name": "Header", "brand": "acme"},
    "POST /api/files/": {"brand": "acme", "name": "terms.txt", "upload": b"Terms."},
    "POST /api/template-versions/{id}/preview/": {},
    "POST /api/review-policies/": {"name": "SMS", "channels": ["sms"], "steps": [{"name": "Legal"}]},
    "PATCH /api/review-policies/{id}/": {"valid_days": 30, "reason": "As counsel advised."},
    "POST /api/template-versions/{id}/tests/": {},
    "POST /api/journeys/{key}/pause/": {"reason": "Wrong price."},
    "POST /api/journeys/{key}/resume/": {"reason": "Right price."},
    "POST /api/seed-lists/": {"brand": "acme", "name": "Team", "channel": "email", "addresses": ["ana@acme.test"]},
    "PATCH /api/seed-lists/{id}/": {"name": "Colleagues"},
    "POST /api/testers/": {"external_id": "ada", "because": "Ada of QA."},
    "POST /api/copy-retention/": {"brand": "acme", "message_class": "otp", "days": 30},
    "PATCH /api/copy-retention/{id}/": {"days": 60},
}


KEYS = {"journeys": "welcome", "templates": "hello"}
MODELS: dict[str, Any] = {
    "contacts": Contact,
    "enrolments": Enrolment,
    "messages": Message,
    "decisions": Decision,
    "journey-versions": Version,
    "template-versions": TemplateVersion,
    "content-blocks": ContentBlock,
    "block-versions": BlockVersion,
    "files": StoredFile,
    "reviews": Review,
    "seed-lists": SeedList,
    "testers": models.Tester,
    "copy-retention": CopyRetention,
    "review-comments": ReviewComment,
    "urgent-releases": UrgentRelease,
    "review-policies": ReviewPolicy,
}


def real(path: str) -> dict[str, Any]:
    """The name, in the path, of the one row there is (or of the newest)."""
    resource = path.split("/")[2]
    if resource in KEYS:
        return {"key": KEYS[resource]}
    rows = MODELS[resource].objects
    row = rows.filter(external_id="ada").first() if resource == "contacts" else rows.order_by("-id").first()
    return {"id": row.pk if row else 1}  # all of them may be deleted by now


def right_body(label: str, made_up: Any) -> Any:
    """A body that names rows that there are, for those addresses that need one."""
    if label.endswith("/merge/"):
        return {"other": Contact.objects.get(external_id="").pk}
    if label == "POST /api/block-versions/":
        return {"block": ContentBlock.objects.earliest("id").pk, "source": "<p>Acme</p>"}
    if label == "PATCH /api/block-versions/{id}/":
        latest = BlockVersion.objects.order_by("-id").first()  # which may be deleted by now
        return {"source": "<p>Acme Ltd</p>", "revision": revisions.of(latest) if latest else "0"}
    if label == "POST /api/urgent-releases/":
        until = clock.now() + timedelta(hours=1)
        return {"review": Review.objects.latest("id").pk, "reason": "A recall.", "until": until.isoformat()}
    return BODIES.get(label, made_up)


@pytest.mark.parametrize("label", OPERATIONS)
def test_it_keeps_its_word(secret, label) -> None:
    operation = OPERATIONS[label]
    right, wrong = (answers(operation, mode, secret) for mode in EXAMPLES)
    assert right & {200, 201, 204, 409}
    assert 401 not in right | wrong


def answers(operation: schemathesis.APIOperation, mode: GenerationMode, secret: str) -> set[int]:
    """Send what fits the schema, or what does not; check every answer, and return which statuses there were."""
    statuses = set()

    @hypothesis.settings(
        max_examples=EXAMPLES[mode], deadline=None, database=None, derandomize=True,
        phases=[hypothesis.Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def send(case: schemathesis.Case, known: bool) -> None:
        if known:
            case.path_parameters = case.path_parameters and real(operation.path)
            case.body = right_body(operation.label, case.body) if mode is GenerationMode.POSITIVE else case.body
        response = case.call(headers={"Authorization": f"Bearer {secret}"})
        case.validate_response(response, checks=CHECKS)
        statuses.add(response.status_code)

    send()
    return statuses


def test_every_operation_is_tried() -> None:
    assert len(OPERATIONS) == sum(len(verbs) for verbs in schema.raw_schema["paths"].values()) > 10
