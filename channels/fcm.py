"""Firebase Cloud Messaging over its HTTP v1 API: a token of the service account, then one call a message, many at once."""

import base64
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import aiohttp
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from channels import wires
from channels.base import Outgoing, Receipt, SendError
from channels.wires import Outcome
from config import clock, durations
from config.bulk import dumps

API_BASE = "https://fcm.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LONGEST = 4096
"""Bytes of a message's payload (https://firebase.google.com/docs/cloud-messaging)."""
LONGEST_ANSWER = 16_384
EARLY = 120.0
"""Seconds before its end at which a token is no longer used: a batch must not outlive it."""

# https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
PERMANENT = {"INVALID_ARGUMENT": "invalid_argument", "SENDER_ID_MISMATCH": "sender_mismatch"}
TRANSIENT = {"QUOTA_EXCEEDED": "rate_limited", "UNAVAILABLE": "http_503", "INTERNAL": "http_500"}
ACCOUNT = {"THIRD_PARTY_AUTH_ERROR", "UNAUTHENTICATED", "PERMISSION_DENIED"}

_tokens: dict[str, tuple[str, float]] = {}
"""Access tokens of this process by service account, with when they end (monotonic)."""


def service_account(text: str) -> dict[str, Any]:
    """The key file that Google gives out, checked. Raises ValueError with a sentence."""
    try:
        found = json.loads(text)
        missing = [name for name in ("client_email", "private_key", "token_uri") if not found.get(name)]
    except (ValueError, AttributeError, TypeError):
        raise ValueError("This is not the JSON of a service account's key file.") from None
    if missing:
        raise ValueError(f"The service account has no {missing[0]}; download its key file as JSON again.")
    _key(str(found["private_key"]))
    return dict(found)


def send_all(config: Mapping[str, Any], batch: Sequence[Outgoing], concurrency: int) -> Iterator[Outcome]:
    """Hand the batch over; yields outcomes as they are known and never raises for a message."""
    if not batch:
        return
    try:
        account = service_account(config.get("service_account") or "")
        token = _token(config, account)
    except ValueError as error:
        yield from ((message, SendError("auth_failed", str(error))) for message in batch)
        return
    except SendError as error:
        yield from ((message, error) for message in batch)
        return
    project = config.get("project_id") or account.get("project_id") or ""
    url = f"{(config.get('api_base') or API_BASE).rstrip('/')}/v1/projects/{quote(project, safe='')}/messages:send"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json; charset=utf-8"}

    async def one(session: aiohttp.ClientSession, message: Outgoing) -> Receipt:
        return await _posted(session, config, url, headers, message)

    for message, outcome in wires.hand_over(config, batch, concurrency, one):
        if isinstance(outcome, SendError) and outcome.code == "auth_failed":
            _tokens.pop(_name(account), None)
        yield message, outcome


async def _posted(
    session: aiohttp.ClientSession, config: Mapping[str, Any], url: str, headers: Mapping[str, str], message: Outgoing
) -> Receipt:
    """Raises SendError, and what aiohttp raises."""
    body = dumps({"message": body_of(message)}).encode()
    if len(body) > LONGEST:
        raise SendError(
            "too_long", f"A push message has room for {LONGEST} bytes, this has {len(body)}.", permanent=True
        )
    async with session.post(
        url, data=body, headers=headers, timeout=wires.timeout(config), allow_redirects=False
    ) as answer:
        said = _json(await answer.content.read(LONGEST_ANSWER))
        if answer.status == 200 and said.get("name"):
            return Receipt(str(said["name"]))
        if answer.status == 200:
            raise SendError("no_answer", "FCM's answer names no message.", maybe_sent=True)
        raise _refusal(answer.status, said)


def body_of(message: Outgoing) -> dict[str, Any]:
    """The message as FCM takes it. The link is told to the app in `data.link`; browsers open it by themselves."""
    words = message.content
    shown = {name: words[name] for name in ("title", "body", "image") if words.get(name)}
    data = {**json.loads(words.get("payload") or "{}"), "message": str(message.id)}
    found: dict[str, Any] = {"token": message.to, "notification": shown, "data": data}
    aps: dict[str, Any] = {}
    android: dict[str, Any] = {}
    if link := words.get("action"):
        data["link"] = link
        if link.startswith("https://"):
            found["webpush"] = {"fcm_options": {"link": link}}
    if words.get("badge"):
        aps["badge"] = int(words["badge"])
        android["notification"] = {"notification_count": int(words["badge"])}
    if words.get("image"):
        aps["mutable-content"] = 1
    if aps:
        found["apns"] = {"payload": {"aps": aps}}
    if words.get("ttl"):
        life = seconds(words["ttl"])
        android["ttl"] = f"{life}s"
        found.setdefault("apns", {})["headers"] = {"apns-expiration": str(int(clock.now().timestamp()) + life)}
        found.setdefault("webpush", {})["headers"] = {"TTL": str(life)}
    if android:
        found["android"] = android
    return found


def seconds(life: str) -> int:
    """`3600` and `1h` are the same. Raises ValueError."""
    return int(life) if life.isdecimal() else int(durations.parse(life).total_seconds())


def _refusal(status: int, said: Mapping[str, Any]) -> SendError:
    error = said.get("error") if isinstance(said.get("error"), dict) else {}
    assert isinstance(error, dict)
    details = [one for one in error.get("details") or () if isinstance(one, dict)]
    code = next((str(one["errorCode"]) for one in details if one.get("errorCode")), "") or str(
        error.get("status") or ""
    )
    sentence = f"{status} {code}: {error.get('message') or ''}"
    if code == "UNREGISTERED" or _blames_the_token(details):
        # Not final: the door knows then that this device is gone, and takes the next one, or refuses.
        return SendError("token_invalid", sentence)
    if code in PERMANENT:
        return SendError(PERMANENT[code], sentence, permanent=True)
    if code in ACCOUNT or status in (401, 403):
        return SendError("auth_failed", sentence)
    if code in TRANSIENT or status in (408, 429) or status >= 500:
        return SendError(TRANSIENT.get(code) or ("rate_limited" if status == 429 else f"http_{status}"), sentence)
    return SendError(f"fcm_{code.lower() or status}", sentence, permanent=True)


def _blames_the_token(details: Sequence[Mapping[str, Any]]) -> bool:
    blamed = [field for one in details for field in one.get("fieldViolations") or () if isinstance(field, dict)]
    return any(field.get("field") == "message.token" for field in blamed)


def _token(config: Mapping[str, Any], account: Mapping[str, Any]) -> str:
    """The account's access token, of this process' cache or asked for. Raises SendError; nothing has left then."""
    name = _name(account)
    token, ends = _tokens.get(name, ("", 0.0))
    if ends > time.monotonic():
        return token
    assertion = _assertion(account, int(clock.now().timestamp()))
    form = {"grant_type": GRANT_TYPE, "assertion": assertion}
    try:
        status, said = wires.ask(config, lambda session: _asked(session, config, str(account["token_uri"]), form))
    except Exception as error:
        raise SendError(
            "unreachable", f"Google's token server did not answer: {type(error).__name__}: {error}"
        ) from error
    if status != 200 or not said.get("access_token"):
        why = said.get("error_description") or said.get("error") or "no token"
        raise SendError(
            "auth_failed" if status < 500 else f"http_{status}", f"Google's token server says {status}: {why}"
        )
    _tokens[name] = str(said["access_token"]), time.monotonic() + float(said.get("expires_in") or 3600) - EARLY
    return _tokens[name][0]


async def _asked(
    session: aiohttp.ClientSession, config: Mapping[str, Any], url: str, form: Mapping[str, str]
) -> tuple[int, dict[str, Any]]:
    async with session.post(url, data=form, timeout=wires.timeout(config), allow_redirects=False) as answer:
        return answer.status, _json(await answer.content.read(LONGEST_ANSWER))


def _assertion(account: Mapping[str, Any], now: int) -> str:
    """A JWT (RFC 7523) that the service account signs for an hour (RS256)."""
    claims = {
        "iss": account["client_email"], "scope": SCOPE, "aud": account["token_uri"], "iat": now, "exp": now + 3600,
    }  # fmt: skip
    header = {"alg": "RS256", "typ": "JWT", "kid": account.get("private_key_id") or ""}
    signed = b".".join(_b64(dumps(part).encode()) for part in (header, claims))
    signature = _key(str(account["private_key"])).sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return (signed + b"." + _b64(signature)).decode()


@lru_cache(maxsize=32)
def _key(pem: str) -> rsa.RSAPrivateKey:
    """Raises ValueError."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        raise ValueError("The private key of the service account cannot be read.") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("The private key of the service account is no RSA key.")
    return key


def _name(account: Mapping[str, Any]) -> str:
    """What tells service accounts apart in the cache; a new key asks for a new token."""
    return sha256(dumps([account["client_email"], account["token_uri"], account["private_key"]]).encode()).hexdigest()


def _b64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _json(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def forget() -> None:
    """Forget all access tokens (tests)."""
    _tokens.clear()
