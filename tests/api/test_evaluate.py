"""`POST /api/compliance/evaluate`: hypothetical cases by an outside program."""

import pytest

from compliance.whatif import reading, shape
from compliance.whatif.fields import Node
from tests import builders
from tests.api.cast import caller
from tests.compliance.laws import RULES

pytestmark = pytest.mark.django_db
CASE = {
    "id": "A05",
    "now": "2026-11-24T01:30:00Z",
    "contact": {"country": "US", "region": "FL", "timezone": "America/New_York"},
}


@pytest.fixture
def lawyer():
    return caller(builders.user("lena", "compliance.view_decision"), "messages:read")


@pytest.mark.parametrize("path", ["compliance/evaluate", "compliance/evaluate/"])
def test_a_case_is_answered(lawyer, path: str) -> None:
    status, body = lawyer.post(path, CASE)
    assert status == 200
    assert (body["id"], body["decision"], body["until"], body["reason"]) == (
        "A05",
        "defer",
        "2026-11-24T13:00:00Z",
        "legal_hours",
    )
    assert set(body) == set(shape.ANSWER["properties"])


def test_mistakes_are_told_by_their_path(lawyer) -> None:
    status, body = lawyer.post("compliance/evaluate", {**CASE, "message": {"class": "spam"}, "contcat": {}})
    assert status == 400
    assert [sentence.split(":")[0] for sentence in body["case"]] == ["message.class", "contcat"]
    assert lawyer.post("compliance/evaluate", [1])[0] == 400


def test_only_those_who_may_read_decisions_may_ask() -> None:
    nobody = caller(builders.user("ned"), "messages:read")
    assert nobody.post("compliance/evaluate", CASE)[0] == 403
    other = caller(builders.user("lena", "compliance.view_decision"), "contacts:read")
    assert other.post("compliance/evaluate", CASE) == (
        403,
        {"detail": "This token does not have the scope messages:read."},
    )


def test_the_schema_names_exactly_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every field of the shape is read, and every field that is read stands in the shape; all have an example."""
    read: dict[str, set[str]] = {}
    done = Node.done

    def noting(node: Node) -> None:
        read.setdefault(node.path.replace("[0]", ""), set()).update(node.known)
        done(node)

    monkeypatch.setattr(Node, "done", noting)
    one = [{"at": "2026-11-20T00:00:00Z"}]
    facts = [{"name": "case.opened", "occurred_at": "2026-11-20T00:00:00Z"}]
    matrix = [{"event": "case.opened", "topics": ["news"]}]
    contact = {
        **CASE["contact"],
        "facts": facts,
        "consents": one,
        "suppressions": [{}],
        "zones": ["UTC"],
        "jurisdictions": ["US"],
    }
    policy = {
        "hours": [{"from": "08:00", "to": "21:00"}],
        "caps": [{"window": "7d"}],
        "longest_hold": "72h",
        "matrix": matrix,
    }
    reading.read({**CASE, "contact": contact, "policy": policy, "sent": one, "message": {"occasion": "x"}}, RULES)
    assert read == dict(objects(shape.CASE))
    assert not [path for path, field in leaves(shape.CASE) if "example" not in field]


def objects(schema: dict, path: str = ""):
    schema = schema.get("items", schema)
    if "properties" in schema:
        yield path, set(schema["properties"])
        for name, field in schema["properties"].items():
            yield from objects(field, f"{path}.{name}".strip("."))


def leaves(schema: dict, path: str = ""):
    schema = schema if "example" in schema else schema.get("items", schema)
    if "properties" not in schema:
        yield path, schema
    for name, field in schema.get("properties", {}).items():
        yield from leaves(field, f"{path}.{name}".strip("."))
