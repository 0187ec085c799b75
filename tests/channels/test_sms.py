"""SMS through Twilio's real client, against a server that answers as Twilio does."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import RequestFactory
from django.urls import ResolverMatch
from twilio.request_validator import RequestValidator

from channels import segments, twilio
from channels.base import CannotTell, Receipt, channels
from config import clock
from config.crypto import sign
from tests.channels import servers
from tests.channels.sending import failed, hand_over, one, outgoing
from tests.channels.servers import Answer

SID, TOKEN = "AC" + "a1" * 16, "secret-token"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def config(web, **more) -> dict:
    return {"account_sid": SID, "auth_token": TOKEN, "from_number": "+15550001111", "api_base": web.url, **more}


def sms(number: int = 1, body: str = "Hello", to: str = "+33612345678", **metadata):
    return outgoing(number, to, body=body, metadata=metadata)


def created(request: servers.Request) -> Answer:
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    return Answer(201, message(f"SM{form['Body'][-1] * 32}", to=form["To"], body=form["Body"]))


def message(
    sid: str, *, to: str = "+33612345678", body: str = "Hello", at: datetime = NOW, direction: str = "outbound-api"
) -> dict:
    """A message as Twilio shows it."""
    return {
        "sid": sid, "account_sid": SID, "to": to, "from": "+15550001111", "body": body, "status": "queued", "direction": direction,
        "date_created": format_datetime(at), "date_updated": format_datetime(at), "date_sent": None, "error_code": None,
        "error_message": None, "num_segments": "1", "num_media": "0", "api_version": "2010-04-01", "price": None, "price_unit": "USD",
        "messaging_service_sid": None, "uri": f"/2010-04-01/Accounts/{SID}/Messages/{sid}.json", "subresource_uris": {},
    }  # fmt: skip


def refusal(status: int, code: int, words: str) -> Answer:
    return Answer(
        status,
        {"code": code, "message": words, "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status},
    )


@pytest.fixture(autouse=True)
def answers(web):
    web.answer = created


class TestSending:
    def test_it_leaves_as_twilio_expects_it(self, web):
        assert one("sms", config(web), sms(body="Grüße 1")) == Receipt("SM" + "1" * 32)
        [request] = web.requests
        assert request.path == f"/2010-04-01/Accounts/{SID}/Messages.json"
        assert request.headers["Authorization"].startswith("Basic ")
        assert parse_qs(request.body.decode()) == {
            "To": ["+33612345678"],
            "From": ["+15550001111"],
            "Body": ["Grüße 1"],
        }

    def test_a_messaging_service_chooses_the_sender(self, web):
        one("sms", config(web, from_number="", messaging_service_sid="MG" + "b2" * 16), sms())
        form = parse_qs(web.requests[0].body.decode())
        assert form["MessagingServiceSid"] == ["MG" + "b2" * 16]
        assert "From" not in form

    def test_each_names_its_own_callback_that_only_it_can_know(self, web, settings):
        settings.BASE_URL = "https://mail.shop.example"
        one("sms", config(web), sms(7, account="twilio-main"))
        url = urlsplit(parse_qs(web.requests[0].body.decode())["StatusCallback"][0])
        assert (url.netloc, url.path) == ("mail.shop.example", "/webhooks/twilio/twilio-main/status")
        assert parse_qs(url.query) == {"m": [f"7.{sign('twilio', 'twilio-main:7')}"]}

    def test_twilio_gets_no_callback_that_it_cannot_reach(self, settings):
        settings.BASE_URL = "http://localhost:8000"
        assert twilio.callback_url({"account_sid": SID}, sms(7, account="main")) == ""

    def test_many_leave_on_few_connections_each_once(self, web):
        found = hand_over("sms", config(web), [sms(n, f"Text {n}") for n in range(40)], 4)
        assert all(isinstance(outcome, Receipt) for outcome in found.values())
        assert len({parse_qs(request.body.decode())["Body"][0] for request in web.requests}) == 40
        assert web.connections <= 4


class TestRefusals:
    @pytest.mark.parametrize(("answer", "outcome"), [
        (refusal(400, 21610, "Attempt to send to unsubscribed recipient"), ("opted_out", True, False)),
        (refusal(400, 21211, "Invalid 'To' Phone Number"), ("invalid_number", True, False)),
        (refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit"), ("too_long", True, False)),
        (refusal(400, 21999, "Something new"), ("twilio_21999", True, False)),
        (refusal(429, 20429, "Too Many Requests"), ("rate_limited", False, False)),
        (refusal(401, 20003, "Authenticate"), ("auth_failed", False, False)),
        (refusal(400, 21606, "The 'From' phone number is not valid for this account"), ("sender_refused", False, False)),
        (refusal(400, 21611, "This 'From' number has exceeded the maximum number of queued messages"), ("queue_full", False, False)),
        (Answer(500, {"code": 20500, "message": "Internal Server Error", "status": 500}), ("http_500", False, False)),
        (Answer(503, "<html>Service Unavailable</html>"), ("http_503", False, False)),
        (Answer(429, ""), ("rate_limited", False, False)),
        (Answer(201, "not json"), ("no_answer", False, True)),
    ])  # fmt: skip
    def test_what_its_answers_mean(self, web, answer, outcome):
        web.answer = lambda request: answer
        assert failed(one("sms", config(web), sms())) == outcome

    def test_one_refused_number_is_nobody_elses(self, web):
        web.answer = lambda request: refusal(400, 21610, "unsubscribed") if b"99" in request.body else created(request)
        found = hand_over("sms", config(web), [sms(1), sms(2, to="+33699999999"), sms(3)], 1)
        assert failed(found[2]) == ("opted_out", True, False)
        assert isinstance(found[1], Receipt)
        assert isinstance(found[3], Receipt)

    @pytest.mark.parametrize(("body", "code"), [("", "empty"), (" \n", "empty"), ("x" * 1601, "too_long")])
    def test_what_twilio_would_refuse_is_not_even_sent(self, web, body, code):
        assert failed(one("sms", config(web), sms(body=body))) == (code, True, False)
        assert not web.requests


class TestNoAnswer:
    def test_nobody_there_is_tried_again(self, web):
        assert failed(one("sms", config(web, api_base=f"http://127.0.0.1:{servers.unused_port()}"), sms())) == (
            "unreachable",
            False,
            False,
        )

    def test_a_name_that_leads_nowhere_is_tried_again(self, web):
        assert failed(one("sms", config(web, api_base="http://nowhere.invalid"), sms())) == (
            "unreachable",
            False,
            False,
        )

    def test_a_time_out_leaves_it_open_whether_it_was_taken(self, web, monkeypatch):
        monkeypatch.setattr(twilio, "TIMEOUT", 0.3)
        web.answer = lambda request: Answer(after=1)
        assert failed(one("sms", config(web), sms())) == ("no_answer", False, True)

    def test_so_does_a_hang_up(self, web):
        web.answer = lambda request: Answer(hang_up=True)
        assert failed(one("sms", config(web), sms())) == ("no_answer", False, True)


@pytest.mark.django_db
class TestLookUp:
    def look_up(self, web, listed, *, since=NOW, now=NOW + timedelta(minutes=5)):
        web.answer = lambda request: Answer(
            200, {"messages": listed, "next_page_uri": None, "page": 0, "page_size": 100, "uri": "/x"}
        )
        with clock.at(now):
            return channels["sms"].look_up(config(web), 1, "visit:1", "+33612345678", since)

    def test_the_one_message_since_then_is_it(self, web):
        assert self.look_up(web, [message("SM1"), message("SM0", at=NOW - timedelta(hours=1))]) == Receipt("SM1")
        assert parse_qs(urlsplit(web.requests[0].path).query)["To"] == ["+33612345678"]

    def test_none_once_the_list_is_final_means_never(self, web):
        assert (
            self.look_up(web, [message("SM0", at=NOW - timedelta(hours=1)), message("SM1", direction="inbound")])
            is None
        )

    def test_none_so_soon_tells_nothing(self, web):
        with pytest.raises(CannotTell, match="not final"):
            self.look_up(web, [], now=NOW + timedelta(seconds=30))

    def test_two_candidates_tell_nothing(self, web):
        with pytest.raises(CannotTell, match="2 messages"):
            self.look_up(web, [message("SM1"), message("SM2")])

    def test_a_list_that_may_go_on_tells_nothing(self, web):
        with pytest.raises(CannotTell):
            self.look_up(web, [message(f"SM{n}", direction="inbound") for n in range(100)])

    def test_no_answer_tells_nothing(self, web):
        web.answer = lambda request: Answer(500)
        with pytest.raises(CannotTell, match="did not answer"):
            channels["sms"].look_up(config(web), 1, "visit:1", "+33612345678", NOW)


class TestCallbacks:
    PATH = "/webhooks/twilio/main/status"

    def request(
        self, form: dict, *, query: str = "", token: str = TOKEN, signed_url: str = "", signed_form: dict | None = None
    ):
        url = signed_url or f"https://mail.shop.example{self.PATH}{query}"
        signature = RequestValidator(token).compute_signature(url, signed_form or form)
        found = RequestFactory().post(self.PATH + query, form, headers={"X-Twilio-Signature": signature})
        found.resolver_match = ResolverMatch(lambda: None, (), {"account": "main"})
        return found

    @pytest.fixture(autouse=True)
    def address(self, settings):
        settings.BASE_URL = "https://mail.shop.example"

    FORM = {
        "MessageSid": "SM1",
        "MessageStatus": "delivered",
        "To": "+33612345678",
        "AccountSid": SID,
        "ApiVersion": "2010-04-01",
    }

    @pytest.mark.parametrize("query", ["", "?m=7.abc", "?m=7.a%2Bb&x=1"])
    def test_one_of_twilios_own_is_believed(self, web, query):
        assert channels["sms"].verify(self.request(self.FORM, query=query), config(web))

    def test_a_forged_one_is_not(self, web):
        known = config(web)
        assert not channels["sms"].verify(self.request(self.FORM, token="guessed"), known)
        assert not channels["sms"].verify(
            self.request(self.FORM, signed_url="https://other.example/webhooks/twilio/main/status"), known
        )
        assert not channels["sms"].verify(
            self.request(self.FORM, signed_form={**self.FORM, "MessageStatus": "failed"}), known
        )
        assert not channels["sms"].verify(self.request(self.FORM), {**known, "auth_token": ""})
        assert not channels["sms"].verify(RequestFactory().post(self.PATH, self.FORM), known)

    @pytest.mark.parametrize(("form", "status", "reason"), [
        ({"MessageStatus": "delivered"}, "delivered", ""), ({"MessageStatus": "sent"}, "taken", ""), ({"MessageStatus": "queued"}, "taken", ""),
        ({"MessageStatus": "undelivered", "ErrorCode": "30005"}, "failed", "invalid_number"),
        ({"MessageStatus": "failed", "ErrorCode": "30008"}, "failed", "twilio_30008"), ({"MessageStatus": "read"}, "opened", ""),
        ({"MessageStatus": "teleported"}, "teleported", ""), ({"MessageStatus": "failed", "ErrorCode": "soon"}, "failed", ""),
    ])  # fmt: skip
    def test_what_its_words_mean(self, web, form, status, reason):
        [update] = channels["sms"].parse(self.request({"MessageSid": "SM1", **form}), config(web), NOW)
        assert (update.provider_id, update.status, update.reason, update.occurred_at) == ("SM1", status, reason, NOW)
        assert update.key == f"SM1:{form['MessageStatus']}"

    def test_our_own_id_is_only_believed_with_our_signature(self, web):
        def told(query):
            return channels["sms"].parse(self.request(self.FORM, query=query), config(web), NOW)[0].message_id

        assert told(f"?m=7.{sign('twilio', 'main:7')}") == 7
        assert told(f"?m=8.{sign('twilio', 'main:7')}") == 0
        assert told(f"?m=7.{sign('twilio', 'other:7')}") == 0
        assert told("?m=7") == told("?m=") == told("") == told("?m=²." + sign("twilio", "main:²")) == 0

    @pytest.mark.parametrize("form", [{}, {"MessageSid": "SM1"}, {"MessageStatus": "sent"}])
    def test_a_callback_without_a_message_is_told_so(self, web, form):
        with pytest.raises(ValueError, match="no MessageSid or no MessageStatus"):
            channels["sms"].parse(self.request(form), config(web), NOW)


def test_amounts_keep_to_the_cheap_alphabet() -> None:
    words = channels["sms"].rendered({"body": "Summe {{ x }}"}, lambda name, source: "Summe 1\u202f234,50\u00a0€")
    assert words == {"body": "Summe 1 234,50 €"}
    assert segments.count(words["body"]).encoding == "GSM-7"
