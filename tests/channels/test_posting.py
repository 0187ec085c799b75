"""Webhooks against a real server: signed, retried as the answer says, and only to where they may go."""

import base64
import hashlib
import hmac
import os
import time

import pytest

from channels import wires
from channels.base import CannotTell, Receipt, channels
from channels.kinds.webhook import new_secret
from tests.channels import servers
from tests.channels.sending import failed, hand_over, one, outgoing
from tests.channels.servers import Answer

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


@pytest.fixture(autouse=True)
def sandbox(settings):
    settings.DELIVERY = "sandbox"


def config(url: str, **more) -> dict:
    return {"url": url, "secret": SECRET, "timeout": 5, **more}


def hook(number: int = 1, **metadata):
    return outgoing(number, "", body="Hello", metadata=metadata)


def genuine(request: servers.Request, secret: str = SECRET) -> bool:
    """As a receiver checks it, by the text of Standard Webhooks 1.0."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return expected in request.headers["webhook-signature"].split(" ")


class TestWhatArrives:
    def test_it_is_signed_and_says_who_and_what(self, web):
        person = {
            "id": 4,
            "external_id": "u4",
            "email": "ada@example.test",
            "attributes": {"plan": "pro", "name": "Zoë"},
        }
        assert one("webhook", config(web.url + "/hook"), hook(9, contact=person, template="welcome")) == Receipt(
            "visit:9"
        )
        [request] = web.requests
        assert (request.method, request.path, request.headers["Content-Type"]) == ("POST", "/hook", "application/json")
        assert request.json == {
            "id": 9,
            "key": "visit:9",
            "template": "welcome",
            "contact": person,
            "content": {"body": "Hello"},
        }
        assert genuine(request)
        assert request.headers["webhook-id"] == "visit:9"
        assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60

    def test_another_secret_does_not_fit(self, web):
        one("webhook", config(web.url), hook())
        assert not genuine(web.requests[0], new_secret())

    def test_made_up_secrets_differ_and_fit(self, web):
        secret = new_secret()
        one("webhook", config(web.url, secret=secret), hook())
        assert genuine(web.requests[0], secret)
        assert secret != new_secret()

    def test_a_thousand_leave_on_few_connections_each_once(self, web):
        found = hand_over("webhook", config(web.url), [hook(n) for n in range(1000)], 8)
        assert all(isinstance(outcome, Receipt) for outcome in found.values())
        assert sorted(request.json["id"] for request in web.requests) == list(range(1000))
        assert web.connections <= 8

    def test_the_next_batch_uses_them_again(self, web):
        for n in range(4):
            one("webhook", config(web.url), hook(n))
        assert web.connections == 1

    def test_no_more_than_allowed_at_once(self, web):
        running, most = [], []

        def answer(request):
            running.append(1)
            most.append(len(running))
            time.sleep(0.02)
            running.pop()
            return Answer()

        web.answer = answer
        hand_over("webhook", config(web.url), [hook(n) for n in range(20)], 3)
        assert max(most) == 3


class TestAnswers:
    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    def test_any_2xx_is_taken(self, web, status):
        web.answer = lambda request: Answer(status)
        assert one("webhook", config(web.url), hook()) == Receipt("visit:1")

    @pytest.mark.parametrize(("status", "outcome"), [
        (400, ("http_400", True, False)), (401, ("http_401", True, False)), (404, ("http_404", True, False)), (410, ("http_410", True, False)),
        (408, ("http_408", False, False)), (429, ("rate_limited", False, False)), (500, ("http_500", False, False)), (503, ("http_503", False, False)),
    ])  # fmt: skip
    def test_what_other_answers_mean(self, web, status, outcome):
        web.answer = lambda request: Answer(status)
        assert failed(one("webhook", config(web.url), hook())) == outcome

    def test_a_redirect_is_not_followed(self, web):
        web.answer = lambda request: Answer(307, headers={"Location": f"{web.url}/elsewhere"})
        assert failed(one("webhook", config(web.url), hook())) == ("http_307", True, False)
        assert len(web.requests) == 1

    def test_one_bad_answer_is_nobody_elses(self, web):
        web.answer = lambda request: Answer(500 if request.json["id"] % 10 == 0 else 200)
        found = hand_over("webhook", config(web.url), [hook(n) for n in range(100)], 8)
        assert {n for n, outcome in found.items() if not isinstance(outcome, Receipt)} == set(range(0, 100, 10))

    def test_a_long_answer_is_not_read_to_its_end(self, web):
        web.answer = lambda request: Answer(200, b"x" * 3_000_000)
        assert one("webhook", config(web.url), hook()) == Receipt("visit:1")

    def test_an_answer_that_breaks_off_after_its_status_is_an_answer(self, web):
        web.answer = lambda request: Answer(200, b"short", headers={"Content-Length": "3000"}, hang_up=False)
        assert one("webhook", config(web.url, timeout=1), hook()) == Receipt("visit:1")


class TestNoAnswer:
    def test_nobody_there_is_tried_again(self):
        found = hand_over("webhook", config(f"http://127.0.0.1:{servers.unused_port()}"), [hook(n) for n in range(5)])
        assert {failed(outcome) for outcome in found.values()} == {("unreachable", False, False)}

    def test_a_name_that_leads_nowhere_is_tried_again(self):
        assert failed(one("webhook", config("http://nowhere.invalid/"), hook())) == ("unreachable", False, False)

    def test_a_time_out_leaves_it_open_whether_it_was_taken(self, web):
        web.answer = lambda request: Answer(after=1.5)
        assert failed(one("webhook", config(web.url, timeout=0.5), hook())) == ("no_answer", False, True)

    def test_so_does_a_hang_up(self, web):
        web.answer = lambda request: Answer(hang_up=True)
        assert failed(one("webhook", config(web.url), hook())) == ("no_answer", False, True)

    def test_a_certificate_of_nobody_is_never_trusted(self, tmp_path):
        with servers.of_nobody(tmp_path) as port:
            found = hand_over("webhook", config(f"https://127.0.0.1:{port}/"), [hook(n) for n in range(3)])
            assert {failed(outcome) for outcome in found.values()} == {("unreachable", False, False)}

    def test_a_server_that_speaks_something_else(self):
        with servers.script(lambda file: (file.read(9999), file.write(b"220 smtp here\r\n"))) as port:
            assert failed(one("webhook", config(f"http://127.0.0.1:{port}/"), hook())) == ("no_answer", False, True)

    def test_a_connection_closed_between_batches_is_not_used(self, web):
        web.answer = lambda request: Answer(headers={"Connection": "close"})
        for n in range(3):
            assert one("webhook", config(web.url), hook(n)) == Receipt(f"visit:{n}")

    def test_a_caller_that_stops_listening_stops_what_has_not_begun(self, web):
        outcomes = channels["webhook"].send(config(web.url), [hook(n) for n in range(50)], 1)
        next(iter(outcomes))
        outcomes.close()
        assert len(web.requests) < 5


class TestWhereTheyMayGo:
    PRIVATE = "http://10.0.0.1/", "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data/", "http://[fd00::1]/"

    @pytest.mark.parametrize("url", ["http://192.0.2.1/", "http://10.0.0.1/", "http://93.184.216.34/"])
    def test_the_sandbox_leaves_this_machine_never(self, url):
        assert failed(one("webhook", config(url), hook())) == ("address_refused", True, False)

    @pytest.mark.parametrize("url", PRIVATE)
    def test_live_never_goes_into_the_own_network(self, settings, url):
        settings.DELIVERY = "live"
        assert failed(one("webhook", config(url), hook())) == ("address_refused", True, False)

    @pytest.mark.parametrize(
        "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0"]
    )
    def test_nor_to_this_machine_however_it_is_spelt(self, settings, web, host):
        settings.DELIVERY = "live"
        port = web.url.rpartition(":")[2]
        code, _, maybe_sent = failed(one("webhook", config(f"http://{host}:{port}/"), hook()))
        assert code in ("address_refused", "unreachable", "unsendable")
        assert not maybe_sent
        assert not web.requests

    def test_unless_an_operator_allows_it(self, settings, web):
        settings.DELIVERY = "live"
        assert one("webhook", config(web.url, allow_private=True), hook()) == Receipt("visit:1")

    def test_an_account_that_is_broken_says_so(self, web):
        assert failed(one("webhook", config(web.url, secret="whsec_???"), hook())) == ("unsendable", True, False)
        assert failed(one("webhook", {"url": web.url}, hook())) == ("unsendable", True, False)


class TestLookUp:
    def look_up(self, web, key="visit:1/2"):
        return channels["webhook"].look_up(config(web.url, lookup_url=web.url + "/seen/", timeout=1), 1, key, "", None)

    def test_taken_or_never_came(self, web):
        assert self.look_up(web) == Receipt("visit:1/2")
        assert web.requests[0].path == "/seen/visit%3A1%2F2"
        web.answer = lambda request: Answer(404)
        assert self.look_up(web) is None

    @pytest.mark.parametrize("answer", [Answer(500), Answer(403), Answer(302), Answer(after=1.5), Answer(hang_up=True)])
    def test_all_else_tells_nothing(self, web, answer):
        web.answer = lambda request: answer
        with pytest.raises(CannotTell):
            self.look_up(web)

    def test_without_an_address_there_is_none(self, web):
        with pytest.raises(CannotTell, match="no look-up address"):
            channels["webhook"].look_up(config(web.url), 1, "k", "", None)


def test_a_forked_worker_opens_connections_of_its_own(web):
    one("webhook", config(web.url), hook())
    if not (child := os.fork()):
        os._exit(0 if one("webhook", config(web.url), hook(2)) == Receipt("visit:2") else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert one("webhook", config(web.url), hook(3)) == Receipt("visit:3")
    assert web.connections == 2


def test_after_closing_twice_it_posts_over_a_new_connection(web):
    assert one("webhook", config(web.url), hook(1)) == Receipt("visit:1")
    wires.close()
    wires.close()
    assert one("webhook", config(web.url), hook(2)) == Receipt("visit:2")
    assert web.connections == 2
