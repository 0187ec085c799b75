"""Stories run on the whole product: the public endpoint in front, the sandbox behind, and a clock that the story moves."""

from collections.abc import Iterator

import pytest

from channels import lines
from tests.channels import servers
from tests.flows.house import House


@pytest.fixture
def house(client, settings) -> Iterator[House]:
    """The demo's world with its journeys, its mail going to a real SMTP server."""
    with servers.post() as post:
        settings.SANDBOX_SMTP = f"smtp://127.0.0.1:{post.port}"
        yield House(client, post)
        lines.close_all()
