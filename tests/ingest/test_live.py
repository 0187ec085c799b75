"""The real SDKs against a live server over a socket, and what only a socket shows."""

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from segment.analytics.client import Client

from contacts.models import AnonymousId, Contact, Event, RejectedEvent
from tests.builders import source

NODE = Path(__file__).parent / "node"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def shop():
    return source("key-1")


@pytest.mark.parametrize("gzip", [False, True])
def test_segments_python_sdk(live_server, gzip):
    errors = []
    sdk = Client(
        "key-1", host=live_server.url, gzip=gzip, on_error=lambda error, items: errors.append(error), max_retries=0
    )
    sdk.identify("py-1", {"email": "py@example.test", "plan": "pro"})
    sdk.track("py-1", "Order Completed", {"revenue": 12.5})
    sdk.page("py-1", "Docs", "Home", {"url": "https://shop.example.test/"})
    sdk.screen("py-1", "App", "Start")
    sdk.group("py-1", "g-1", {"name": "Acme"})
    sdk.alias("py-anon", "py-2")
    sdk.flush()
    sdk.join()
    assert errors == []
    assert sorted(Event.objects.values_list("name", flat=True)) == [
        "contact.aliased", "contact.identified", "group.joined", "order.completed", "page.viewed", "screen.viewed",
    ]  # fmt: skip
    contact = Contact.objects.get(external_id="py-1")
    assert contact.attributes["plan"] == "pro"
    assert AnonymousId.objects.get(value="py-anon").contact.external_id == "py-2"
    assert not RejectedEvent.objects.exists()


def test_segments_python_sdk_understands_a_refusal(live_server):
    errors = []
    sdk = Client("wrong", host=live_server.url, on_error=lambda error, items: errors.append(error), max_retries=0)
    sdk.track("u1", "Signup")
    sdk.flush()
    sdk.join()
    assert [(error.status, error.code) for error in errors] == [(401, "invalid_write_key")]


def node_project() -> Path:
    """The SDK, installed once below NODE_CACHE (default: VAR_DIR, so that it goes when the tests' folder goes)."""
    place = Path(os.environ.get("NODE_CACHE") or settings.VAR_DIR) / "node-sdk"
    place.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc", "send.mjs"):
        shutil.copy(NODE / name, place / name)
    if not (place / "node_modules" / "@segment" / "analytics-node").exists():
        done = subprocess.run(["npm", "ci"], cwd=place, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
    return place


@pytest.mark.npm
def test_segments_node_sdk(live_server):
    place = node_project()
    done = subprocess.run(
        ["node", "send.mjs", live_server.url, "key-1"],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout) == {"errors": []}
    assert sorted(Event.objects.values_list("name", flat=True)) == [
        "contact.aliased", "contact.identified", "group.joined", "order.completed", "page.viewed", "screen.viewed",
    ]  # fmt: skip
    assert Contact.objects.get(external_id="node-1").attributes["plan"] == "pro"
    assert not RejectedEvent.objects.exists()


def test_a_giant_body_is_refused_before_it_is_read(live_server):
    host, port = live_server.thread.host, live_server.thread.port
    with socket.create_connection((host, port), timeout=10) as client:
        client.sendall(b"POST /v1/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n")
        assert b" 400 " in client.recv(100)
