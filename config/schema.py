"""What drf-spectacular cannot know about the REST API: how it refuses."""

from collections.abc import Iterator
from typing import Any

_SENTENCE = {
    "type": "object",
    "description": "Why it was refused.",
    "properties": {"detail": {"type": "string", "description": "A sentence."}},
    "required": ["detail"],
}
_PROBLEMS = {
    "type": "object",
    "description": "What is wrong, by the name of the field or parameter; `detail` if the body cannot be read at all.",
    "additionalProperties": {
        "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}],
        "description": "Sentences.",
    },
}
_ALWAYS = {
    "401": "No token, or one that is unknown, expired, or of a disabled user.",
    "403": "The scope or the permission is missing.",
}


def refusals(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Hook of drf-spectacular: add to every operation the answers by which it refuses."""
    result["components"]["schemas"] |= {"Refusal": _SENTENCE, "Problems": _PROBLEMS}
    for path, method, operation in _operations(result):
        _describe(operation)
        found = dict(_ALWAYS)
        found["400"] = "A parameter or field is wrong."
        if "{" in path:
            found["404"] = "There is no such row."
        if method in ("post", "patch") and "requestBody" in operation:
            taken = " or ".join(operation["requestBody"].get("content", {"application/json": {}}))
            found |= {"413": "The body is too large.", "415": f"The body is not {taken}."}
        for status, text in found.items():
            operation["responses"].setdefault(status, _answer(text, "Problems" if status == "400" else "Refusal"))
    return result


def _operations(result: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, verbs in result["paths"].items():
        for method, operation in verbs.items():
            yield path, method, operation


def _describe(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path" and parameter["name"] == "key":
            parameter["description"] = "Its key."


def _answer(text: str, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": text, "content": content}
