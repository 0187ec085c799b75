"""The schema is complete, is the one in docs/, and tells everything in words."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client

from config.api_urls import router
from config.models import SCOPES

FILE = Path(settings.BASE_DIR) / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def schema() -> dict:
    return yaml.safe_load(FILE.read_text())


def operations(schema: dict) -> Iterator[tuple[str, dict]]:
    for path, verbs in schema["paths"].items():
        for verb, operation in verbs.items():
            yield f"{verb} {path}", operation


def test_the_file_is_what_the_code_says_and_nothing_is_guessed(tmp_path) -> None:
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(made))
    assert made.read_text() == FILE.read_text(), "Run: python manage.py spectacular --file docs/openapi.yaml"


@pytest.mark.django_db
def test_it_is_served_to_everybody(schema) -> None:
    response = Client().get("/api/schema/")
    assert response.status_code == 200
    assert yaml.safe_load(response.content) == schema


@pytest.mark.parametrize("accept", ["text/html", "$ECvl}S", "application/xml;q=0.9", ""])
def test_answers_are_json_whatever_is_accepted(dashboard, accept) -> None:
    answer = dashboard.client.get("/api/contacts/", headers={"Accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert dashboard.client.get("/api/schema/", headers={"Accept": accept}).status_code == 200


def test_every_operation_and_parameter_is_described(schema) -> None:
    for name, operation in operations(schema):
        assert operation.get("description"), name
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), f"{name}: {parameter['name']}"


def test_every_field_is_described(schema) -> None:
    for name, component in schema["components"]["schemas"].items():
        for field, what in component.get("properties", {}).items():
            assert what.get("description"), f"{name}.{field}"


def test_every_operation_tells_how_it_refuses(schema) -> None:
    for name, operation in operations(schema):
        assert {"400", "401", "403"} <= operation["responses"].keys(), name
        assert ("404" in operation["responses"]) == ("{" in name), name


def test_no_operation_is_open(schema) -> None:
    for name, operation in operations(schema):
        assert {"token": []} in operation["security"], name
        assert {} not in operation["security"], name


def test_the_document_names_every_address_and_every_filter(schema) -> None:
    text = (FILE.parent / "api.md").read_text()
    for name, operation in operations(schema):
        verb, path = name.split()
        line = next((line for line in text.splitlines() if f"`{verb.upper()} {path}`" in line), "")
        assert line, name
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query" and parameter["name"] not in ("cursor", "page_size"):
                assert f"`{parameter['name']}`" in line, f"{name}: {parameter['name']}"


@pytest.mark.django_db
def test_the_document_names_every_permission_and_scope() -> None:
    text = (FILE.parent / "api.md").read_text()
    views = [view for _, view, _ in router.registry]
    needed = {permission for view in views for needed in view.needs.values() for permission in needed}
    assert all(f"`{word}`" in text for word in needed | set(SCOPES))
    assert all(Permission.objects.filter(codename=word.split(".")[1]).exists() for word in needed)
