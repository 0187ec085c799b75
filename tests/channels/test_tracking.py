"""Callbacks of mail providers in the shapes that they send, with the signatures that they make."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import RequestFactory

from channels.base import channels
from channels.mail.backends import token_of

PAYLOADS = Path(__file__).parents[1] / "providers"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
POSTMARK = {"backend": "postmark", "api_key": "server-token", "webhook_secret": "user:secret"}
MAILGUN = {
    "backend": "mailgun",
    "api_key": "key-1",
    "options": {"sender_domain": "mg.shop.example"},
    "webhook_options": {"webhook_signing_key": "signing-key"},
}


def payload(provider: str, name: str) -> Any:
    return json.loads((PAYLOADS / provider / f"{name}.json").read_text().replace("TOKEN", token_of(42)))


def request(body: Any, *, login: str = "", **headers: str):
    if login:
        headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RequestFactory().post(
        "/webhooks/anymail/main/x/tracking", raw, content_type="application/json", headers=headers
    )


def signed_by_mailgun(body: Any, key: str = "signing-key") -> Any:
    found = body["signature"]
    found["signature"] = hmac.new(
        key.encode(), f"{found['timestamp']}{found['token']}".encode(), hashlib.sha256
    ).hexdigest()
    return body


def verify(asked, config) -> bool:
    return channels["email"].verify(asked, config)


def parse(asked, config):
    return channels["email"].parse(asked, config, NOW)


class TestPostmark:
    def test_it_is_believed_with_the_accounts_own_password(self):
        body = payload("postmark", "delivered")
        assert verify(request(body, login="user:secret"), POSTMARK)
        assert not verify(request(body, login="user:guessed"), POSTMARK)
        assert not verify(request(body), POSTMARK)

    def test_an_account_without_a_password_believes_nobody(self):
        """Postmark signs nothing: anybody could tell that somebody unsubscribed."""
        assert not verify(request(payload("postmark", "delivered")), {"backend": "postmark", "api_key": "server-token"})
        assert not verify(
            request(payload("postmark", "delivered"), login=":"), {"backend": "postmark", "webhook_secret": ""}
        )

    @pytest.mark.parametrize(("name", "reason", "key"), [
        ("delivered", "", ""), ("bounced", "bounced", "901542550"), ("complained", "spam", "901542551"), ("clicked", "https://shop.example/sale", ""),
    ])  # fmt: skip
    def test_what_it_tells(self, name, reason, key):
        [update] = parse(request(payload("postmark", name)), POSTMARK)
        assert (update.status, update.reason, update.key) == (name, reason, key)
        assert update.provider_id == "883953f4-6105-42a2-a16a-77a8eac79483"
        assert update.message_id == 42
        assert update.occurred_at == NOW - timedelta(seconds=30)

    def test_a_delay_says_nothing_about_a_message_that_was_taken(self):
        assert parse(request(payload("postmark", "deferred")), POSTMARK) == []

    def test_a_clock_ahead_of_ours_is_not_believed(self):
        body = {**payload("postmark", "delivered"), "DeliveredAt": "2031-01-01T00:00:00Z"}
        assert parse(request(body), POSTMARK)[0].occurred_at == NOW

    @pytest.mark.parametrize(
        "token", ["42", "42.guessed", "", token_of(43).replace("43.", "42."), "²." + token_of(2)[2:], None, 42]
    )
    def test_an_id_of_ours_is_only_believed_with_our_signature(self, token):
        body = {**payload("postmark", "delivered"), "Metadata": {"waymark": token}}
        assert parse(request(body), POSTMARK)[0].message_id == 0


class TestMailgun:
    def test_it_is_believed_with_its_signature(self):
        assert verify(request(signed_by_mailgun(payload("mailgun", "delivered"))), MAILGUN)
        assert not verify(request(signed_by_mailgun(payload("mailgun", "delivered"), "guessed")), MAILGUN)
        assert not verify(request(payload("mailgun", "delivered")), MAILGUN)
        assert not verify(request({}), MAILGUN)
        assert not verify(request(b"\xff not json"), MAILGUN)

    def test_the_api_key_signs_where_there_is_no_other(self):
        body = signed_by_mailgun(payload("mailgun", "delivered"), "key-1")
        assert verify(request(body), {"backend": "mailgun", "api_key": "key-1"})
        assert not verify(request(body), {"backend": "mailgun"})

    @pytest.mark.parametrize(("name", "reason"), [("delivered", ""), ("bounced", "bounced"), ("unsubscribed", "")])
    def test_what_it_tells(self, name, reason):
        body = payload("mailgun", name)
        [update] = parse(request(signed_by_mailgun(body)), MAILGUN)
        assert (update.status, update.reason, update.key, update.message_id) == (
            name,
            reason,
            body["signature"]["token"],
            42,
        )
        assert update.provider_id == "<20261124115930.1.ABC@mg.shop.example>"


class TestSendGrid:
    @pytest.fixture
    def keys(self):
        return ec.generate_private_key(ec.SECP256R1())

    def config(self, keys) -> dict:
        shown = keys.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return {
            "backend": "sendgrid",
            "api_key": "SG.x",
            "webhook_options": {"tracking_webhook_verification_key": base64.b64encode(shown).decode()},
        }

    def signed(self, keys, raw: bytes, timestamp: str = "1795521570") -> dict[str, str]:
        signature = keys.sign(timestamp.encode() + raw, ec.ECDSA(hashes.SHA256()))
        return {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }

    def test_it_is_believed_with_its_signature(self, keys):
        raw = json.dumps(payload("sendgrid", "batch")).encode()
        config = self.config(keys)
        assert verify(request(raw, **self.signed(keys, raw)), config)
        assert not verify(request(raw + b" ", **self.signed(keys, raw)), config)
        assert not verify(request(raw, **self.signed(ec.generate_private_key(ec.SECP256R1()), raw)), config)
        assert not verify(request(raw), config)

    def test_a_batch_tells_of_each_what_matters(self, keys):
        found = parse(request(payload("sendgrid", "batch")), self.config(keys))
        assert [(update.provider_id, update.status, update.key) for update in found] == [
            ("<1.a@shop.example>", "delivered", "event-2"), ("<1.a@shop.example>", "opened", "event-3"),
            ("<2.b@shop.example>", "bounced", "event-4"), ("<3.c@shop.example>", "failed", "event-5"), ("<4.d@shop.example>", "complained", "event-6"),
        ]  # fmt: skip
        assert [update.message_id for update in found] == [42, 42, 0, 0, 0]

    def test_a_broken_key_believes_nobody(self):
        raw = b"[]"
        assert not verify(
            request(raw), {"backend": "sendgrid", "webhook_options": {"tracking_webhook_verification_key": "no key"}}
        )


class TestWhatMakesNoSense:
    @pytest.mark.parametrize(
        "config", [{"backend": "smtp"}, {"backend": "other"}, {"backend": "pigeon"}, {"backend": "scaleway"}]
    )
    def test_a_provider_without_callbacks_is_believed_nothing(self, config):
        assert not verify(request({}, login="user:secret"), {**config, "webhook_secret": "user:secret"})

    @pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"null", b'"text"', b'{"event-data": 5}', b"\xff"])
    def test_a_body_that_is_none_is_told_so(self, body):
        with pytest.raises(ValueError, match=r".+"):
            parse(request(body), MAILGUN)
