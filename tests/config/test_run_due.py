"""`manage.py run_due`: all due work without a worker."""

from datetime import datetime

import pytest
from django.core.management import CommandError, call_command

from config import clock, pumps

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_pumps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pumps, "_pumps", {})


def test_it_does_all_due_work_at_the_instant_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[datetime] = []

    def run(now: datetime) -> int:
        seen.append(now)
        assert clock.now() == now
        return 1200 if len(seen) == 1 else 0

    pumps.register(pumps.Pump("letters", lambda now: now, run))
    call_command("run_due", "--now", "2026-11-24T18:00:00+01:00")
    assert seen[0].isoformat() == "2026-11-24T18:00:00+01:00"
    out = capsys.readouterr().out
    assert "letters" in out
    assert "1,200 rows in" in out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("yesterday", "'yesterday' is not an instant; write for example 2026-11-24T18:00:00Z."),
        ("2026-11-24T18:00:00", "has no offset"),
        ("2026-13-24T18:00:00Z", "is not an instant"),
        ("2026-11-24", "has no offset"),
    ],
)
def test_a_time_that_could_be_misread_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(CommandError, match="argument --now") as error:
        call_command("run_due", "--now", text)
    assert sentence in str(error.value)
