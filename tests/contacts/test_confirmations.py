"""Double opt-in: asked, pending, confirmed by the person, once. F02 and F04 are cases of the compliance table."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client

from channels.models import Message
from compliance import gate
from config import clock
from contacts import confirmations, consents
from contacts.models import Consent, ConsentState, Contact, Event
from tests.builders import NOW, account, contact, message, template, topic
from tests.racing import at_once

DAY = timedelta(days=1)


@pytest.fixture
def ada(db: None) -> Contact:
    return contact("ada", email="ada@example.test")


def asked(person: Contact, now=NOW, **more) -> str:
    return confirmations.request(person.pk, topic(), "email", source="sign-up form", now=now, wording="form v2", **more)


def visit(url: str, now=NOW, method: str = "get"):
    """A browser without a cookie, and CSRF enforced as in life."""
    browser = Client(enforce_csrf_checks=True, headers={"user-agent": "Firefox"})
    with clock.at(now):
        return getattr(browser, method)(urlsplit(url).path)


def state() -> str:
    return ConsentState.objects.get().state


def judged(person: Contact, now=NOW) -> tuple[str, str]:
    """What becomes of a marketing mail to this person."""
    account("sms")
    account("email")
    about = template(f"offer-{Message.objects.count()}", content={"subject": "Hi", "text": "Hi"})
    one = message(person, about, now=now)
    gate.release(now)
    one.refresh_from_db()
    return one.state, one.reason


class TestAsking:
    def test_f02_until_it_is_confirmed_nothing_is_sent(self, ada) -> None:
        asked(ada)
        assert state() == "pending"
        assert judged(ada) == ("blocked", "consent_pending")

    def test_a_journey_can_send_the_link(self, ada) -> None:
        url = asked(ada)
        told = Event.objects.get(name="confirmation.requested").properties
        assert told["confirm_url"] == url
        assert (told["topic"], told["channel"]) == ("news", "email")
        assert told["expires_at"] == (NOW + 7 * DAY).isoformat()

    def test_what_is_allowed_already_stays_allowed(self, ada) -> None:
        consents.grant(
            ada.pk, topic().pk, "email", basis="implied_purchase", source="shop", wording="v1", now=NOW - DAY
        )
        url = asked(ada)
        assert (state(), ConsentState.objects.get().basis) == ("granted", "implied_purchase")
        visit(url, method="post")
        assert ConsentState.objects.get().basis == "express_written"

    @pytest.mark.parametrize("lapsed", [{"expires_at": NOW}, {"wording": "", "proof": {}}])
    def test_what_does_not_count_any_more_is_pending(self, ada, lapsed: dict) -> None:
        said = {"basis": "express", "source": "shop", "wording": "v1", "now": NOW - DAY, **lapsed}
        consents.grant(ada.pk, topic().pk, "email", **said)
        asked(ada)
        assert state() == "pending"


class TestConfirming:
    def test_looking_changes_nothing(self, ada) -> None:
        url = asked(ada)
        for method in ("get", "head"):
            answer = visit(url, method=method)
            assert answer.status_code == 200
            assert answer["Cache-Control"].startswith("max-age=0")
        page = visit(url)
        assert "News" in page.content.decode()
        assert "default-src 'none'" in page["Content-Security-Policy"]
        assert state() == "pending"

    def test_the_button_confirms_with_its_proof(self, ada) -> None:
        answer = visit(asked(ada), NOW + DAY, "post")
        assert answer.status_code == 200
        assert "it is confirmed" in answer.content.decode()
        assert not answer.cookies
        line = Consent.objects.get(state="granted")
        assert (line.basis, line.wording, line.source) == ("express_written", "form v2", "confirmation link")
        assert line.occurred_at == NOW + DAY
        assert (line.proof["ip"], line.proof["user_agent"]) == ("127.0.0.1", "Firefox")
        assert line.proof["asked_at"] == NOW.isoformat()
        assert ConsentState.objects.get().flaw == ""
        assert judged(ada, NOW + DAY)[1] != "consent_pending"
        assert Event.objects.filter(name="consent.granted").count() == 1

    def test_again_is_no_error_and_no_second_line(self, ada) -> None:
        url = asked(ada)
        for days in (0, 1, 30):
            answer = visit(url, NOW + days * DAY, "post")
            assert (answer.status_code, "it is confirmed" in answer.content.decode()) == (200, True)
        assert "it is confirmed" in visit(url).content.decode()
        assert Consent.objects.filter(state="granted").count() == 1

    def test_in_the_very_instant_in_which_it_was_asked(self, ada) -> None:
        url = asked(ada, NOW.replace(microsecond=5))
        visit(url, NOW.replace(microsecond=5), "post")
        assert state() == "granted"

    def test_f04_an_expired_link_leaves_it_pending(self, ada) -> None:
        url = asked(ada)
        assert visit(url, NOW + 7 * DAY - timedelta(seconds=1)).status_code == 200
        for method in ("get", "post"):
            answer = visit(url, NOW + 7 * DAY, method)
            assert (answer.status_code, "has expired" in answer.content.decode()) == (410, True)
        assert state() == "pending"
        assert judged(ada, NOW + 8 * DAY) == ("blocked", "consent_pending")
        again = asked(ada, NOW + 8 * DAY)
        assert again != url
        assert visit(again, NOW + 9 * DAY, "post").status_code == 200
        assert state() == "granted"

    def test_the_days_can_be_chosen(self, ada) -> None:
        url = asked(ada, valid_for=timedelta(hours=1))
        assert visit(url, NOW + timedelta(hours=1), "post").status_code == 410

    def test_who_withdrew_since_is_not_opted_in_by_an_old_link(self, ada) -> None:
        url = asked(ada)
        consents.withdraw(ada.pk, topic().pk, "email", source="preference centre", now=NOW + DAY)
        answer = visit(url, NOW + 2 * DAY, "post")
        assert (answer.status_code, "no longer valid" in answer.content.decode()) == (410, True)
        assert state() == "withdrawn"
        visit(asked(ada, NOW + 3 * DAY), NOW + 3 * DAY, "post")
        assert state() == "granted"

    def test_a_confirmed_one_that_was_withdrawn_does_not_come_back(self, ada) -> None:
        url = asked(ada)
        visit(url, NOW, "post")
        consents.withdraw(ada.pk, topic().pk, "email", source="preference centre", now=NOW + DAY)
        assert visit(url, NOW + 2 * DAY, "post").status_code == 410
        assert state() == "withdrawn"

    def test_somebody_who_is_gone(self, ada) -> None:
        question = confirmations.Question(4711, topic().pk, "email", "express", "", NOW, NOW + DAY)
        assert visit(question.url, method="post").status_code == 410
        assert not Consent.objects.exists()


class TestForgery:
    def test_a_changed_link_is_refused(self, ada) -> None:
        url = asked(ada)
        packed, _, signature = url.rpartition("/")[2].partition(".")
        other = confirmations.Question(ada.pk, topic().pk, "sms", "express", "", NOW, NOW + 9 * DAY).token
        for token in (
            f"{packed}.forged",
            packed,
            "x",
            "x.y",
            f"{other.partition('.')[0]}.{signature}",
            f"é.{signature}",
        ):
            for method in ("get", "post"):
                assert visit(f"/confirm/{token}", method=method).status_code == 404, token
        assert state() == "pending"

    @pytest.mark.parametrize("text", ["[]", "nonsense", "[1, 2]", "{}"])
    def test_signed_nonsense_is_none(self, text: str) -> None:
        packed = confirmations._packed(text)
        assert confirmations.read(f"{packed}.{confirmations.sign('confirm', packed)}") is None

    def test_what_is_in_a_link_comes_out_of_it(self) -> None:
        question = confirmations.Question(7, 3, "sms", "express", "Förm v2", NOW, NOW + DAY)
        assert confirmations.read(question.token) == question


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_are_one_yes() -> None:
    person = contact("ada", email="ada@example.test")
    question = confirmations.read(asked(person).rpartition("/")[2])
    at_once(*[lambda: confirmations.confirm(question, NOW + DAY, {}) for _ in range(4)])
    assert Consent.objects.filter(state="granted").count() == 1
