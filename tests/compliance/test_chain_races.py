"""Many writers whose commits come in any order, several sealers and linkers: everything is sealed, nothing twice."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from compliance import chain
from compliance.chain import writers
from compliance.models import AuditEntry, AuditMark, AuditNote
from contacts import suppressions
from contacts.models import Suppression
from tests.builders import NOW
from tests.compliance.chains import covered, first, ids, settle
from tests.racing import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
TABLE = "contacts_suppression"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> None:
    """The heads that are kept here belong to this chain alone."""
    settings.VAR_DIR = tmp_path


def one(name: str) -> None:
    suppressions.add([suppressions.Suppress(name, "email", "manual")], NOW)


def sealed_ids() -> list[int]:
    seals = AuditEntry.objects.filter(kind="rows.sealed", subject_id=TABLE).order_by("number")
    return [pk for seal in seals for pk in covered(seal)]


def test_a_lower_id_that_is_committed_later_is_waited_for() -> None:
    """The trap itself: the first writer has the lower id and has not committed; the second one has."""
    opened, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            one("slow")
            opened.set()
            assert go_on.wait(20)

    def quick() -> list[int]:
        assert opened.wait(20)
        one("quick")
        before = [chain.seal(TABLE, NOW) for _ in range(3)]
        waiting = AuditMark.objects.get(pk=TABLE)
        assert waiting.writers
        assert waiting.due_at
        go_on.set()
        time.sleep(0.3)
        return before

    assert at_once(slow, quick)[1] == [0, 0, 0]
    settle()
    assert sealed_ids() == ids(TABLE)
    assert len(ids(TABLE)) == 2
    assert first() == ""


def test_a_writer_of_another_table_is_not_waited_for() -> None:
    one("here")

    def elsewhere() -> int:
        with transaction.atomic():
            chain.append("stop.set", now=NOW)
            return at_once(lambda: chain.seal(TABLE, NOW))[0]

    assert elsewhere() == 1


def test_whoever_begins_after_the_bound_is_not_waited_for() -> None:
    """Under steady load somebody always writes; the seal must not wait for all of them, only for those before."""
    one("first")
    with transaction.atomic():
        one("older")
        at_once(lambda: chain.seal(TABLE, NOW))
    with transaction.atomic():
        one("younger")
        assert at_once(lambda: chain.seal(TABLE, NOW)) == [1]
    settle()
    assert sealed_ids() == ids(TABLE)


def test_many_slow_writers_some_of_which_give_up() -> None:
    done = threading.Event()
    left = threading.Semaphore(0)

    def write(number: int) -> None:
        for turn in range(12):
            try:
                with transaction.atomic():
                    one(f"w{number}-{turn}")
                    chain.append("stop.set", now=NOW, payload={"by": number, "turn": turn})
                    time.sleep(0.004 * ((number + turn) % 5))
                    if (number + turn) % 4 == 0:
                        raise RuntimeError("gave up")
            except RuntimeError:
                pass
        left.release()

    def work() -> None:
        while not done.is_set():
            chain.seal(TABLE, NOW, 5)
            chain.link(NOW, 7)
            time.sleep(0.002)

    def wait() -> None:
        for _ in range(4):
            assert left.acquire(timeout=40)
        done.set()

    at_once(*[lambda number=number: write(number) for number in range(4)], work, work, wait)
    settle()
    assert Suppression.objects.count() == 36
    assert sorted(sealed_ids()) == ids(TABLE)
    assert len(sealed_ids()) == len(set(sealed_ids()))
    numbers = list(AuditEntry.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    acts = AuditEntry.objects.filter(kind="stop.set").values_list("payload", flat=True)
    assert len({(act["by"], act["turn"]) for act in acts}) == len(acts) == 36
    assert not AuditNote.objects.exists()
    assert first() == ""


def test_an_act_never_waits_for_another_ones_commit() -> None:
    """Acts note themselves in the middle of long transactions: if the chain were locked there, these would queue up."""
    with transaction.atomic():
        chain.append("stop.set", now=NOW)
        at_once(lambda: chain.append("stop.lifted", now=NOW), lambda: chain.link(NOW))
    assert not [name for name in writers.of("compliance_auditnote") if name]
    settle()
    assert set(AuditEntry.objects.values_list("kind", flat=True)) >= {"stop.set", "stop.lifted"}
    assert connection.vendor == "postgresql"
