"""The small cast: one marketer with several tokens, a shop that may add people, an outsider."""

import pytest
from django.contrib.auth.models import User

from tests import builders
from tests.api.cast import ADDING, Caller, caller, marketer


@pytest.fixture
def maria(db) -> User:
    return marketer()


@pytest.fixture
def marketing(maria) -> Caller:
    """Maria's system: every scope."""
    return caller(maria)


@pytest.fixture
def dashboard(maria) -> Caller:
    """Maria's screen on the wall: it may only read."""
    return caller(maria, "contacts:read", "journeys:read", "messages:read")


@pytest.fixture
def shop(db) -> Caller:
    """A system whose user may add contacts and change them, and nothing else."""
    return caller(builders.user("shop", *ADDING))


@pytest.fixture
def outsider(db) -> Caller:
    """Every scope, of a user who may do nothing."""
    return caller(builders.user("oscar"))
