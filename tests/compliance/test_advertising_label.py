"""J11 at the door: words that were written for everybody reach somebody in a country that asks advertising for a label."""

from datetime import timedelta

import pytest

from channels.models import Message, TemplateVersion
from compliance import gate
from compliance.whatif import evaluate
from contacts.models import Contact
from tests.builders import NOW, account, approve, consent, contact, message, template
from tests.compliance.laws import RULES

DAY = timedelta(days=1)
CLEARED, REFUSED = ("allow", ""), ("deny", "missing_label")
MORNING = NOW.replace(hour=3)
"""10:00 in Viet Nam, noon in Korea: no law's hours are closed."""


def person(name: str = "linh", country: str = "VN", phone: str = "+84912345678", **fields) -> Contact:
    found = contact(name, phone=phone, email=f"{name}@example.test", country=country, **fields)
    consent(found, "sms", now=NOW - 30 * DAY)
    consent(found, "email", now=NOW - 30 * DAY)
    return found


def words(body: str, channel: str = "sms", **fields):
    content = {"body": body} if channel == "sms" else {"subject": body, "text": "Hello"}
    return template(f"offer-{channel}", channel=channel, content=content, **fields)


def judged(one: Message) -> tuple[str, str]:
    gate.release(MORNING)
    [found] = gate.explain(one)
    return found.outcome, found.reason


def asked(who: Contact, about, **fields) -> Message:
    return message(who, about, now=MORNING, **fields)


@pytest.mark.django_db
class TestThroughTheGate:
    @pytest.fixture(autouse=True)
    def senders(self) -> None:
        account("sms")
        account("email")

    @pytest.mark.parametrize("channel", ["sms", "email"])
    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ("Acme: 20% off", REFUSED),
            ("[QC] Acme: 20% off", CLEARED),
            (" [ad] Acme", CLEARED),
            ("Acme: 20% off [QC]", REFUSED),
        ],
    )
    def test_j11_a_version_for_everybody(self, channel: str, body: str, expected: tuple) -> None:
        one = asked(person(), words(body, channel))
        assert judged(one) == expected
        if expected == REFUSED:
            assert gate.explain(one)[-1].trace()[0].why == (
                "Version 1 lacks its label: advertising to Vietnam begins with [QC] or [AD] (Decree 91/2020/ND-CP, art. 15)."
            )

    def test_everybody_else_gets_the_same_words(self) -> None:
        offer = words("Acme: 20% off")
        assert judged(asked(person("ada", "GB", "+447700900023"), offer)) == CLEARED

    def test_what_is_no_advertising_needs_no_label(self) -> None:
        assert judged(asked(person(), words("Your parcel is here", message_class="transactional"))) == CLEARED

    @pytest.mark.parametrize(
        "fields",
        [
            {"country": "", "phone": "+84912345678"},
            {"country": "GB", "phone": "+84912345678"},
            {"phone": "+447700900023"},
        ],
        ids=["a number alone", "a number elsewhere", "an address elsewhere"],
    )
    def test_whoever_may_be_there_counts(self, fields: dict) -> None:
        assert judged(asked(person(**fields), words("Acme: 20% off"))) == REFUSED

    def test_korea_has_its_own(self) -> None:
        minji = person("minji", "KR", "+821012345678")
        offer = words("[QC] Acme: 20% off")
        assert judged(asked(minji, offer)) == REFUSED
        version = TemplateVersion.objects.create(
            template=offer, number=2, locale="ko", author_id=offer.versions.get().author_id, submitted_at=NOW,
            content={"body": "(광고) Acme"}, state="approved", message_class="marketing",
        )  # fmt: skip
        approve(version)
        Contact.objects.filter(pk=minji.pk).update(locale="ko-KR")
        assert judged(asked(minji, offer, context={"n": 2})) == CLEARED


@pytest.mark.parametrize(
    ("country", "given", "reason"),
    [
        ("VN", {"begins_with": "Sale"}, "missing_label"),
        ("VN", {"begins_with": "[QC] Sale"}, ""),
        ("VN", {}, ""),
        ("VN", {"begins_with": "Sale", "class": "transactional"}, ""),
        ("VN", {"begins_with": "Sale", "channel": "email"}, "missing_label"),
        ("VN", {"begins_with": "Sale", "channel": "push"}, ""),
        ("KR", {"begins_with": "Sale"}, "missing_label"),
        ("KR", {"begins_with": "(광고) Sale"}, ""),
        ("TH", {"begins_with": "Sale"}, ""),
    ],
)
def test_what_if(country: str, given: dict, reason: str) -> None:
    case = {"now": "2026-11-24T03:00:00Z", "contact": {"country": country}, "message": given}
    found = evaluate(case, RULES)
    assert (found["reason"], found["decision"]) == (reason, "block" if reason else "allow")
