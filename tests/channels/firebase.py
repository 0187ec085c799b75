"""A service account for the tests, and a server that answers as Google's token server and FCM do."""

import base64
import json
from functools import cache
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.channels.servers import Answer, Request, Web

EMAIL = "waymark@acorn-shop.iam.gserviceaccount.example"
DEVICE, OTHER = "dev1:APA91bH-first_device", "dev2:APA91bH-second_device"


@cache
def _private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_file(token_uri: str, **more) -> str:
    """The JSON that Google gives out for a service account."""
    pem = _private().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    found = {
        "type": "service_account", "project_id": "acorn-shop", "private_key_id": "k1", "private_key": pem.decode(),
        "client_email": EMAIL, "token_uri": token_uri, **more,
    }  # fmt: skip
    return json.dumps(found)


def config(web: Web, **more) -> dict:
    """An account whose Google is this server."""
    return {"service_account": key_file(f"{web.url}/token"), "project_id": "", "api_base": web.url, **more}


def claims(request: Request) -> dict:
    """What the token server was told, once its signature is checked as Google does."""
    form = parse_qs(request.body.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    header, body, signature = form["assertion"][0].split(".")
    _private().public_key().verify(_raw(signature), f"{header}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256())
    assert json.loads(_raw(header)) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    return json.loads(_raw(body))


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def refusal(status: int, word: str, code: str = "", field: str = "") -> Answer:
    """An error as FCM's HTTP v1 API writes it."""
    details: list[dict] = []
    if code:
        details.append({"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code})
    if field:
        about = [{"field": field, "description": "Invalid registration token"}]
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": about})
    return Answer(status, {"error": {"code": status, "message": "No.", "status": word, "details": details}})


def google(gone: tuple[str, ...] = ()):
    """Answers of both servers; the devices in `gone` have the app no more."""

    def answer(request: Request) -> Answer:
        if request.path == "/token":
            return Answer(200, {"access_token": "ya29.one", "expires_in": 3599, "token_type": "Bearer"})
        if request.json["message"]["token"] in gone:
            return refusal(404, "NOT_FOUND", "UNREGISTERED")
        return Answer(200, {"name": f"projects/acorn-shop/messages/{request.json['message']['data']['message']}"})

    return answer
