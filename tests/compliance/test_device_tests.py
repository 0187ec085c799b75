"""Tests of push messages go to colleagues' devices over FCM, and a device without the app is told of at once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.urls import reverse

from channels import archive
from channels.models import Message, SeedList, TemplateVersion
from compliance import erasure, gate, seeds
from config import clock
from contacts.models import Address, Event
from tests import staff
from tests.api.cast import Caller, caller, marketer
from tests.builders import NOW, account, address, brand, contact, template, user
from tests.channels import servers
from tests.channels.firebase import DEVICE, OTHER, config, google, refusal

pytestmark = pytest.mark.django_db
WORDS = {"title": "Back in stock, {{ contact.first_name }}", "body": "The red shoe."}


@pytest.fixture
def web() -> Iterator[servers.Web]:
    """Google's servers."""
    with servers.web() as found:
        yield found


@pytest.fixture
def version(settings, web) -> TemplateVersion:
    settings.DELIVERY = "sandbox"  # which lets requests to this machine through
    web.answer = google()
    account("push", config=config(web))
    return TemplateVersion.objects.get(template=template("offer", channel="push", content=WORDS))


@pytest.fixture
def phones(version) -> SeedList:
    return SeedList.objects.create(brand=brand(), name="Phones", channel="push", addresses=[DEVICE, OTHER])


@pytest.fixture
def maria():
    return marketer()


@pytest.fixture
def marketing(maria) -> Caller:
    return caller(maria)


def asked(version: TemplateVersion, phones: SeedList, user) -> list[Message]:
    with clock.at(NOW):
        ids = seeds.ask(version, phones, None, user, NOW)
        gate.release(NOW)
    return list(Message.objects.filter(pk__in=ids).select_related("test").order_by("pk"))


def arrived(web) -> dict[str, dict]:
    posted = [request.json["message"] for request in web.requests if request.path != "/token"]
    return {one["token"]: one["notification"] for one in posted}


def test_each_device_gets_it_marked_through_the_gate(version, phones, maria, web) -> None:
    first, second = asked(version, phones, maria)
    notification = {"title": "[Test] Back in stock, Sam", "body": "The red shoe."}
    assert arrived(web) == {DEVICE: notification, OTHER: notification}
    assert (first.state, second.state) == ("sent", "sent")
    [decision] = gate.explain(first)
    assert decision.outcome == "allow"
    assert archive.shown(first.pk) == {**notification, "to": DEVICE}
    assert not Event.objects.exists()


def test_a_device_without_the_app_is_told_of_at_once(version, phones, maria, web) -> None:
    """No next device, no second try: whoever looks at the card knows what to do."""
    web.answer = google(gone=(OTHER,))
    first, second = asked(version, phones, maria)
    assert (first.state, second.state, second.reason) == ("sent", "failed", "token_invalid")
    why = "The app is gone from this device, so take its token off the seed list. The provider says: 404 UNREGISTERED: No."
    assert seeds.why([first, second]) == {first.pk: "", second.pk: why}
    sent = len(web.requests)
    gate.release(NOW + timedelta(minutes=5))
    assert len(web.requests) == sent


def test_a_colleague_s_own_contact_keeps_its_device(version, phones, maria, web) -> None:
    """What a test finds out is a word about the seed; a person's address is judged by messages to the person."""
    ada = contact("ada")
    address(ada, "push", OTHER)
    web.answer = google(gone=(OTHER,))
    asked(version, phones, maria)
    assert Address.objects.get().validity != "invalid"


def test_what_fcm_cannot_say_now_is_tried_again(version, phones, maria, web) -> None:
    web.answer = lambda request: google()(request) if request.path == "/token" else refusal(503, "UNAVAILABLE")
    first, _ = asked(version, phones, maria)
    assert first.state == "pending"


def test_erasing_a_person_takes_their_device_off_the_list(version, phones, maria) -> None:
    ada = contact("ada")
    address(ada, "push", DEVICE)
    asked(version, phones, maria)
    erasure.erase([ada.pk], user("dpo", "contacts.delete_contact"), "Request.", NOW)
    phones.refresh_from_db()
    assert phones.addresses == [OTHER]
    assert [one.test.recipient for one in Message.objects.all()] == [OTHER]


def test_lists_of_devices_name_the_line_that_is_none(version, marketing) -> None:
    page = reverse("admin:channels_seedlist_add")
    form = {"brand": brand().pk, "name": "Phones", "channel": "push", "addresses": f"{DEVICE}\n\nmy phone\nyours"}
    html = staff.client("Marketer").post(page, form).content.decode()
    assert "Line 3: &#x27;my phone&#x27; is not a device token" in html
    assert "Line 4: &#x27;yours&#x27; is not a device token" in html
    assert staff.client("Marketer", "eve").post(page, {**form, "addresses": f"{DEVICE}\n{DEVICE}\n"}).status_code == 302
    assert SeedList.objects.get().addresses == [DEVICE]
    body = {"brand": "acme", "name": "Pads", "channel": "push", "addresses": [DEVICE, "x"]}
    status, told = marketing.post("seed-lists/", body)
    assert (status, [line[:8] for line in told["addresses"]]) == (400, ["Line 2: "])


def test_the_api_sends_it_and_tells_what_became_of_it(version, phones, marketing: Caller, web) -> None:
    web.answer = google(gone=(OTHER,))
    where = f"template-versions/{version.pk}/tests/"
    assert marketing.post(where, {"seed_list": phones.pk})[0] == 201
    gate.release(clock.now())
    rows = {row["recipient"]: (row["state"], row["why"][:15]) for row in marketing.rows(where)}
    assert rows == {DEVICE: ("sent", ""), OTHER: ("failed", "The app is gone")}


def test_the_card_names_a_device_by_its_ends(version, phones, maria) -> None:
    token = "dev3:" + "a" * 150 + "the-end"
    phones.addresses = [token]
    asked(version, phones, maria)
    html = staff.client("Marketer").get(reverse("admin:channels_templateversion_change", args=[version.pk]))
    assert f"{token[:16]}…{token[-8:]}" in html.content.decode()
    assert token not in html.content.decode()
