"""Content blocks are reviewed like words, and another footer makes every message that holds it another message."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from channels.models import BlockVersion, ContentBlock, MessageTemplate, SandboxMessage, TemplateVersion
from compliance import gate, reviews
from compliance.models import PolicyStep, Review, ReviewPolicy
from config.ledger import unlocked
from tests import staff
from tests.builders import NOW, account, brand, consent, contact, message, topic, user

pytestmark = pytest.mark.django_db
DECIDE = "compliance.decide_approval"


@pytest.fixture
def maria():
    return user("maria", "channels.submit_templateversion", "channels.submit_blockversion")


@pytest.fixture
def lena():
    return user("lena", DECIDE)


@pytest.fixture
def footer(maria, lena) -> BlockVersion:
    account("sms")
    block = ContentBlock.objects.create(brand=brand(), key="foot", name="Foot", format="text")
    return approved(written(block, "Reply STOP to opt out.", maria), maria, lena)


@pytest.fixture
def offer(footer, maria, lena) -> TemplateVersion:
    about = MessageTemplate.objects.create(brand=brand(), key="offer", name="Offer", channel="sms", topic=topic())
    content = {"body": "Acme: hello. {{ blocks.foot }}"}
    return approved(
        TemplateVersion.objects.create(template=about, number=1, author=maria, content=content), maria, lena
    )


def written(block: ContentBlock, source: str, author, number: int = 1, **fields) -> BlockVersion:
    return BlockVersion.objects.create(block=block, number=number, source=source, author=author, **fields)


def approved(version, author, reviewer):
    reviews.submit(version, author, NOW)
    reviews.decide(version, reviewer, approved=True, now=NOW)
    version.refresh_from_db()
    return version


def sent(template: MessageTemplate, number: int = 1) -> tuple[str, str]:
    person = contact(f"u{number}", phone=f"+44770090{number:04}")
    consent(person, "sms")
    one = message(person, template)
    gate.release(NOW)
    one.refresh_from_db()
    return one.state, one.reason


def test_an_approved_block_is_in_the_words(offer) -> None:
    assert offer.compiled == {"body": "Acme: hello. Reply STOP to opt out."}
    assert sent(offer.template) == ("sent", "")
    assert SandboxMessage.objects.get().text == "Acme: hello. Reply STOP to opt out."


def test_nobody_approves_a_block_of_his_own(footer, maria) -> None:
    another = written(footer.block, "Reply STOP to leave.", maria, 2)
    reviews.submit(another, maria, NOW)
    maria.user_permissions.set([*maria.user_permissions.all(), *user("x", DECIDE).user_permissions.all()])
    again = type(maria).objects.get(pk=maria.pk)
    with pytest.raises(PermissionDenied, match="Nobody approves or refuses his own work"):
        reviews.decide(another, again, approved=True, now=NOW)


def test_another_footer_asks_again_for_every_message_that_holds_it(offer, footer, maria, lena) -> None:
    approved(written(footer.block, "Text STOP to end this.", maria, 2), maria, lena)
    footer.refresh_from_db()
    offer.refresh_from_db()
    renewed = offer.template.versions.get(number=2)
    assert (footer.state, offer.state, renewed.state) == ("retired", "retired", "submitted")
    assert renewed.compiled == {"body": "Acme: hello. Text STOP to end this."}
    review = reviews.live(renewed)
    assert review is not None
    assert review.because == "Changed: a content block."
    assert sent(offer.template) == ("blocked", "template_not_approved")
    reviews.decide(renewed, lena, approved=True, now=NOW)
    assert sent(offer.template, 2) == ("sent", "")
    assert SandboxMessage.objects.get().text == "Acme: hello. Text STOP to end this."


@pytest.mark.parametrize(
    ("body", "variables"),
    [
        ("Acme: {{ blocks.promise }} {{ blocks.foot }}", []),
        ("Acme: {{ contact.claim }}. {{ blocks.foot }}", [{"name": "contact.claim", "type": "text", "fallback": "a guarantee"}]),
    ],
)  # fmt: skip
def test_the_words_of_a_policy_are_found_wherever_they_are_said(footer, maria, lena, body, variables) -> None:
    promise = ContentBlock.objects.create(brand=brand(), key="promise", name="Promise", format="text")
    approved(written(promise, "It has a guarantee.", maria), maria, lena)
    claims = ReviewPolicy.objects.create(name="Claims", channels=["sms"], words=["guarantee"])
    PolicyStep.objects.create(policy=claims, name="Claims", approvers=2)
    about = MessageTemplate.objects.create(brand=brand(), key="offer", name="Offer", channel="sms", topic=topic())
    version = TemplateVersion.objects.create(
        template=about, number=1, author=maria, content={"body": body}, variables=variables
    )
    reviews.submit(version, maria, NOW)
    review = reviews.live(version)
    assert "Claims" in review.policies
    assert review.risks == ["It says “guarantee” (Claims)."]


def test_a_block_that_was_changed_around_everything(offer, footer) -> None:
    with unlocked():
        BlockVersion.objects.filter(pk=footer.pk).update(source="Buy more!")
    assert sent(offer.template) == ("blocked", "seal_broken")
    assert Review.objects.filter(kind="template", state="approved").count() == 1


def test_a_block_that_legal_withdraws_takes_its_messages_with_it(offer, footer, lena) -> None:
    reviews.retire(footer, lena, NOW, "A test.")
    assert sent(offer.template)[0] == "blocked"


def test_a_template_cannot_be_handed_in_with_a_block_that_nobody_approved(footer, maria) -> None:
    draft = ContentBlock.objects.create(brand=brand(), key="new", name="New", format="text")
    written(draft, "Hello", maria)
    about = MessageTemplate.objects.create(brand=brand(), key="n", name="N", channel="sms", topic=topic())
    content = {"body": "Acme: {{ blocks.new }} Reply STOP to opt out."}
    version = TemplateVersion.objects.create(template=about, number=1, author=maria, content=content)
    with pytest.raises(ValidationError, match="has no approved version"):
        reviews.submit(version, maria, NOW)


def test_its_page_has_the_buttons(footer) -> None:
    author = staff.user("Marketer", "anna")
    draft = written(footer.block, "Text STOP to end this.", author, 2)
    page = reverse("admin:channels_blockversion_change", args=(draft.pk,))
    browser, legal = staff.Client(), staff.client("Legal reviewer", "luc")
    browser.force_login(author)
    assert "Submit for approval" in browser.get(page).content.decode()
    html = browser.post(reverse("admin:review_submit", args=("block", draft.pk)), follow=True).content.decode()
    assert "Foot v2 waits for approval now." in html
    assert "Foot v2" in legal.get(reverse("admin:review_queue")).content.decode()
    html = legal.post(reverse("admin:review_approve", args=("block", draft.pk)), follow=True).content.decode()
    assert "Foot v2 is approved, and in use from now on." in html


def test_its_review_tells_variants_and_claims_in_words(maria) -> None:
    block = ContentBlock.objects.create(brand=brand(), key="offer", name="Offer", format="html")
    variants = [{"when": "contact.vip", "source": "<p>Free for <a href='https://a.example'>you</a></p>"}]
    new = written(block, "<p>Hello</p>", maria, variants=variants)
    reviews.submit(new, maria, NOW)
    review = Review.objects.get(kind="block", object_id=new.pk)
    html = staff.client("Legal reviewer").get(reverse("admin:compliance_review_change", args=(review.pk,)))
    told = html.content.decode()
    assert "If contact.vip\n&lt;p&gt;Free for" in told
    assert "&quot;when&quot;" not in told
    assert "<ins>https://a.example</ins>" in told
    assert "<ins>Free for you" in told


def test_its_review_shows_what_changed(footer, maria) -> None:
    new = written(footer.block, "Reply STOP to end.", maria, 2)
    reviews.submit(new, maria, NOW)
    review = Review.objects.get(kind="block", object_id=new.pk)
    page = reverse("admin:compliance_review_change", args=(review.pk,))
    html = staff.client("Legal reviewer").get(page).content.decode()
    assert "v1</strong> (in use) → <strong>v2" in html
    assert "Reply STOP to opt out." in html
    assert "Reply STOP to end." in html
