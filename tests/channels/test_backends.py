"""E-mail through anymail's real backends, against a web server that answers as the provider does."""

import json
from email import message_from_bytes
from urllib.parse import parse_qs

import pytest

from channels.base import Receipt
from channels.mail.backends import PROVIDERS, connect, make, token_of
from tests.channels import servers
from tests.channels.sending import failed, hand_over, one, outgoing
from tests.channels.servers import Answer

UNSUBSCRIBE = {
    "List-Unsubscribe": "<https://shop.example/u/abc>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}


INACTIVE = (
    "You tried to send to a recipient that has been marked as inactive.\nFound inactive addresses: ada@example.test.\n"
    "Inactive recipients are ones that have generated a hard bounce or a spam complaint."
)


def mail(number: int = 1, to: str = "ada@example.test", **words):
    return outgoing(
        number, to, headers=UNSUBSCRIBE, **({"subject": "Grüße", "text": "Hello", "html": "<p>Hello</p>"} | words)
    )


def config(backend: str, url: str, **options) -> dict:
    return {
        "backend": backend,
        "from_email": "Acorn Shop <hello@shop.example>",
        "reply_to": "help@shop.example",
        "api_key": "key-1",
        "options": {"api_url": url, **options},
    }


def postmark(web, **more) -> dict:
    return config("postmark", web.url, **more)


def taken_by_postmark(request: servers.Request) -> Answer:
    return Answer(
        200,
        {
            "To": request.json["To"],
            "SubmittedAt": "2026-11-24T12:00:00Z",
            "MessageID": f"id-{request.json['Metadata']['waymark']}",
            "ErrorCode": 0,
            "Message": "OK",
        },
    )


class TestPostmark:
    @pytest.fixture(autouse=True)
    def answers(self, web):
        web.answer = taken_by_postmark

    def test_what_arrives(self, web):
        assert one("email", postmark(web), mail(7)) == Receipt(f"id-{token_of(7)}")
        [request] = web.requests
        assert (request.path, request.headers["X-Postmark-Server-Token"]) == ("/email", "key-1")
        sent = request.json
        assert (sent["From"], sent["To"], sent["ReplyTo"]) == (
            "Acorn Shop <hello@shop.example>",
            "ada@example.test",
            "help@shop.example",
        )
        assert (sent["Subject"], sent["TextBody"], sent["HtmlBody"]) == ("Grüße", "Hello", "<p>Hello</p>")
        headers = [(header["Name"], header["Value"]) for header in sent["Headers"]]
        assert set(UNSUBSCRIBE.items()) <= set(headers)
        assert len(headers) == len({name.lower() for name, _ in headers})
        assert ("X-Waymark-Message", "7") in headers
        assert sent["Metadata"] == {"waymark": token_of(7)}

    def test_many_leave_on_few_connections_each_once(self, web):
        found = hand_over("email", postmark(web), [mail(n) for n in range(40)], 4)
        assert {n: outcome.provider_id for n, outcome in found.items()} == {n: f"id-{token_of(n)}" for n in range(40)}
        assert web.connections <= 4

    @pytest.mark.parametrize(("answer", "outcome"), [
        (Answer(422, {"ErrorCode": 300, "Message": "Invalid 'To' address: 'ada@example.test'."}), ("recipient_refused", True, False)),
        (Answer(422, {"ErrorCode": 300, "Message": "Invalid 'From' address: 'hello@shop.example'."}), ("http_422", True, False)),
        (Answer(422, {"ErrorCode": 406, "Message": INACTIVE}), ("recipient_refused", True, False)),
        (Answer(422, {"ErrorCode": 406, "Message": "A wording of tomorrow that nobody can parse."}), ("http_422", True, False)),
        (Answer(401, {"ErrorCode": 10, "Message": "Bad or missing API token"}), ("auth_failed", False, False)),
        (Answer(429, {"ErrorCode": 429, "Message": "Rate limit exceeded"}), ("rate_limited", False, False)),
        (Answer(500, {"ErrorCode": 500, "Message": "Internal error"}), ("http_500", False, False)),
        (Answer(503, "<html>busy</html>"), ("http_503", False, False)),
        (Answer(200, "not json"), ("odd_answer", False, True)),
        (Answer(hang_up=True), ("no_answer", False, True)),
    ])  # fmt: skip
    def test_what_its_answers_mean(self, web, answer, outcome):
        web.answer = lambda request: answer
        assert failed(one("email", postmark(web), mail())) == outcome

    def test_a_time_out_leaves_it_open_whether_it_was_taken(self, web):
        web.answer = lambda request: Answer(after=1)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("anymail.backends.base_requests.AnymailRequestsBackend.__init__", impatient())
            assert failed(one("email", postmark(web), mail())) == ("no_answer", False, True)

    @pytest.mark.parametrize("url", ["http://nowhere.invalid/", "unused"])
    def test_nobody_there_is_tried_again(self, url):
        url = f"http://127.0.0.1:{servers.unused_port()}/" if url == "unused" else url
        found = hand_over("email", config("postmark", url), [mail(1), mail(2)], 2)
        assert {failed(outcome) for outcome in found.values()} == {("unreachable", False, False)}

    def test_a_bad_message_stops_only_itself(self, web):
        batch = [
            mail(1),
            mail(2, "nobody"),
            mail(3, subject="x\nBcc: eve@example.test"),
            mail(4, text="", html=" "),
            mail(5),
        ]
        found = hand_over("email", postmark(web), batch, 1)
        assert [failed(found[n]) for n in (2, 3, 4)] == [
            (code, True, False) for code in ("invalid_address", "header_injection", "empty")
        ]
        assert len(web.requests) == 2

    def test_the_next_one_is_sent_after_a_refusal(self, web):
        web.answer = lambda request: (
            Answer(422, {"ErrorCode": 300, "Message": "no"})
            if "bad" in request.json["To"]
            else taken_by_postmark(request)
        )
        found = hand_over("email", postmark(web), [mail(1, "bad@example.test"), mail(2)], 1)
        assert failed(found[1])[1]
        assert isinstance(found[2], Receipt)


class TestMailgun:
    def test_what_arrives(self, web):
        web.answer = lambda request: Answer(
            200, {"id": "<20261124.1@mg.shop.example>", "message": "Queued. Thank you."}
        )
        receipt = one("email", config("mailgun", web.url, sender_domain="mg.shop.example"), mail(7))
        assert receipt == Receipt("<20261124.1@mg.shop.example>")
        [request] = web.requests
        assert request.path == "/mg.shop.example/messages"
        body = request.body.decode()
        form = (
            {name: values[0] for name, values in parse_qs(body).items()}
            if "boundary" not in request.headers["Content-Type"]
            else parts(request)
        )
        assert (form["to"], form["subject"], form["text"], form["html"]) == (
            "ada@example.test",
            "Grüße",
            "Hello",
            "<p>Hello</p>",
        )
        assert form["h:List-Unsubscribe"] == UNSUBSCRIBE["List-Unsubscribe"]
        assert (
            json.loads(form["v:waymark"]) == token_of(7)
            if form["v:waymark"].startswith('"')
            else form["v:waymark"] == token_of(7)
        )

    def test_a_forbidden_domain_is_the_operators_to_mend(self, web):
        web.answer = lambda request: Answer(401, "Forbidden")
        assert failed(one("email", config("mailgun", web.url, sender_domain="mg.shop.example"), mail())) == (
            "auth_failed",
            False,
            False,
        )


class TestSendGrid:
    def test_what_arrives(self, web):
        web.answer = lambda request: Answer(202, "", headers={"X-Message-Id": "filter-1"})
        receipt = one("email", config("sendgrid", web.url), mail(7))
        assert isinstance(receipt, Receipt)
        [request] = web.requests
        assert request.path == "/mail/send"
        sent = request.json
        assert sent["from"] == {"email": "hello@shop.example", "name": "Acorn Shop"}
        assert [part["type"] for part in sent["content"]] == ["text/plain", "text/html"]
        [person] = sent["personalizations"]
        assert person["to"] == [{"email": "ada@example.test"}]
        headers = {**sent.get("headers", {}), **person.get("headers", {})}
        assert headers["List-Unsubscribe"] == UNSUBSCRIBE["List-Unsubscribe"]
        told = {**sent.get("custom_args", {}), **person.get("custom_args", {})}
        assert told["waymark"] == token_of(7)
        assert told["anymail_id"] == receipt.provider_id

    def test_bad_requests_are_final(self, web):
        web.answer = lambda request: Answer(
            400, {"errors": [{"message": "The from address does not match a verified Sender Identity."}]}
        )
        assert failed(one("email", config("sendgrid", web.url), mail())) == ("http_400", True, False)


def test_a_provider_that_cannot_carry_our_id_gets_the_mail_without_it(web):
    """Scaleway takes no metadata: the callback is matched by its own id then."""
    web.answer = lambda request: Answer(
        200,
        {
            "emails": [
                {
                    "id": "e1",
                    "message_id": "m1",
                    "status": "new",
                    "mail_rcpt": "ada@example.test",
                    "mail_from": "hello@shop.example",
                }
            ]
        },
    )
    made = config("scaleway", web.url + "/", project_id="p1")
    assert isinstance(one("email", made, mail(1)), Receipt)
    assert len(web.requests) == 1


class TestOtherBackends:
    def test_django_smtp_speaks_to_a_real_server(self, post):
        made = {
            "backend": "other",
            "backend_path": "django.core.mail.backends.smtp.EmailBackend",
            "host": "127.0.0.1",
            "port": post.port,
            "from_email": "hello@shop.example",
        }
        receipts = [one("email", made, mail(n)) for n in (1, 2)]
        assert [message_from_bytes(arrived.data)["Message-ID"] for arrived in post.mails] == [
            receipt.provider_id for receipt in receipts
        ]
        assert post.connections == 1

    @pytest.mark.parametrize(
        ("answer", "outcome"),
        [("550 5.1.1 no such user", ("smtp_550", True, False)), ("450 4.2.0 greylisted", ("smtp_450", False, False))],
    )
    def test_its_refusals_are_understood(self, post, answer, outcome):
        post.on_recipient = lambda address: answer
        made = {
            "backend": "other",
            "backend_path": "django.core.mail.backends.smtp.EmailBackend",
            "host": "127.0.0.1",
            "port": post.port,
            "from_email": "hello@shop.example",
        }
        assert failed(one("email", made, mail())) == outcome

    def test_nobody_there(self):
        made = {
            "backend": "other",
            "backend_path": "django.core.mail.backends.smtp.EmailBackend",
            "host": "127.0.0.1",
            "port": servers.unused_port(),
            "from_email": "hello@shop.example",
        }
        assert failed(one("email", made, mail())) == ("unreachable", False, False)

    @pytest.mark.parametrize("path", ["no.such.module.EmailBackend", "channels.mail.mime.Nothing", "nothing"])
    def test_a_path_that_leads_nowhere_waits_for_an_operator(self, path):
        found = hand_over(
            "email", {"backend": "other", "backend_path": path, "from_email": "hello@shop.example"}, [mail(1), mail(2)]
        )
        assert {failed(outcome) for outcome in found.values()} == {("misconfigured", False, False)}


@pytest.mark.parametrize("provider", sorted(set(PROVIDERS) - {"amazon_ses"}))
def test_every_provider_of_the_list_can_be_made_with_a_key(provider):
    needed = {
        "mailjet": {"secret_key": "s"},
        "postal": {"api_url": "https://postal.example"},
        "scaleway": {"project_id": "p"},
        "unisender_go": {"api_url": "https://go1.unisender.ru/ru/transactional/api/v1"},
    }
    made = make({"backend": provider, "api_key": "key-1", "options": needed.get(provider, {})})
    assert made.esp_name
    connect(
        {
            "backend": provider,
            "api_key": "key-1",
            "options": needed.get(provider, {}),
            "from_email": "hello@shop.example",
        }
    ).close()


def parts(request: servers.Request) -> dict[str, str]:
    """The fields of a multipart form."""
    whole = message_from_bytes(f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode() + request.body)
    return {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True).decode()
        for part in whole.get_payload()
    }


def impatient():
    """Anymail's backend with half a second of patience."""
    from anymail.backends.base_requests import AnymailRequestsBackend

    made = AnymailRequestsBackend.__init__

    def init(self, *args, **options):
        made(self, *args, **options)
        self.timeout = 0.3

    return init
