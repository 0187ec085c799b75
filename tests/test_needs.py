"""What becomes of a test whose needs are missing: a skip that says why, or a failure where skips are forbidden."""

import pytest

from tests import needs
from tests.conftest import pytest_runtest_setup


class Marked:
    """As much of a test as the hook looks at."""

    def __init__(self, *marks: str) -> None:
        self.marks = marks

    def get_closest_marker(self, name: str) -> bool:
        return name in self.marks


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine that has nothing, and allows skips."""
    for name in ("DATABASE_URL", "BROKER_URL", "NO_SKIPS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(needs, "CHROMIUM", "")
    return monkeypatch


@pytest.mark.parametrize(
    ("mark", "why"),
    [
        ("postgres", "DATABASE_URL names no PostgreSQL"),
        ("redis", "BROKER_URL names no Redis"),
        ("npm", "node and npm are not installed"),
        ("browser", "Chromium is not installed"),
    ],
)
def test_without_its_need_a_test_is_skipped_or_fails(bare, mark, why):
    with pytest.raises(pytest.skip.Exception, match=why):
        pytest_runtest_setup(Marked(mark))
    bare.setenv("NO_SKIPS", "1")
    with pytest.raises(pytest.fail.Exception, match=why):
        pytest_runtest_setup(Marked(mark))


def test_with_its_need_it_runs(bare):
    bare.setenv("DATABASE_URL", "postgres://localhost/x")
    bare.setenv("BROKER_URL", "redis://localhost")
    pytest_runtest_setup(Marked("postgres", "redis", "slow"))


def test_sqlite_is_no_postgresql(bare):
    bare.setenv("DATABASE_URL", "sqlite:///x")
    assert needs.MISSING["postgres"]()
    pytest_runtest_setup(Marked())


def test_every_mark_is_declared(pytestconfig):
    declared = {line.partition(":")[0] for line in pytestconfig.getini("markers")}
    assert set(needs.MISSING) <= declared
