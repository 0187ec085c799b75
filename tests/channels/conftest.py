"""Servers for the tests of channels, and lines closed after each."""

from collections.abc import Iterator

import pytest

from channels import lines, posting
from tests.channels import servers


@pytest.fixture(autouse=True)
def close_lines() -> Iterator[None]:
    """No test uses a connection of another."""
    yield
    lines.close_all()
    posting.close()


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
