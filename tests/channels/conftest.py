"""Servers for the tests of channels."""

from collections.abc import Iterator

import pytest

from tests.channels import servers


@pytest.fixture
def web() -> Iterator[servers.Web]:
    """A provider's web server."""
    with servers.web() as found:
        yield found


@pytest.fixture
def post() -> Iterator[servers.Post]:
    """A plain SMTP server, without pipelining."""
    with servers.post() as found:
        yield found
