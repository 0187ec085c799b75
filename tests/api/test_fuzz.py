"""Whatever is sent, the API answers as its schema says, and never with a server error."""

from schemathesis.openapi.checks import JsonSchemaError  # noqa: F401
