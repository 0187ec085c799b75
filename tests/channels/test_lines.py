"""Kept-open lines, without a network: who gets which, and what happens to messages when one breaks."""

import os
import threading
import time

import pytest

from channels import lines
from channels.base import Outgoing, Receipt, SendError
from channels.lines import hand_over
from tests.channels.sending import failed, outgoing


class Provider:
    """Opens lines and counts them; `answer` is what each message meets."""

    def __init__(self) -> None:
        self.opened: list[Line] = []
        self.down: Exception | None = None
        self.answer = lambda line, message: Receipt(f"id-{message.id}")

    def connect(self) -> "Line":
        if self.down:
            raise self.down
        line = Line(self)
        self.opened.append(line)
        return line


class Line:
    def __init__(self, provider: Provider) -> None:
        self.provider, self.usable, self.closed, self.sent = provider, True, False, 0

    def send(self, message: Outgoing) -> Receipt:
        assert not self.closed
        self.sent += 1
        return self.provider.answer(self, message)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def provider() -> Provider:
    return Provider()


def batch(count: int) -> list[Outgoing]:
    return [outgoing(n) for n in range(count)]


def send(provider: Provider, count: int, at_once: int = 1, key: str = "account") -> dict[int, Receipt | SendError]:
    found = list(hand_over(key, provider.connect, batch(count), at_once))
    assert sorted(message.id for message, _ in found) == list(range(count))
    return {message.id: outcome for message, outcome in found}


@pytest.mark.parametrize("at_once", [1, 2, 8, 1000])
def test_each_message_leaves_exactly_once(provider, at_once):
    found = send(provider, 100, at_once)
    assert found == {n: Receipt(f"id-{n}") for n in range(100)}
    assert sum(line.sent for line in provider.opened) == 100
    assert len(provider.opened) <= min(at_once, 100)


def test_an_empty_batch_opens_nothing(provider):
    assert send(provider, 0, 8) == {}
    assert not provider.opened


def test_lines_are_used_again_by_the_same_account_only(provider):
    send(provider, 1)
    send(provider, 1)
    send(provider, 1, key="another account")
    assert [line.sent for line in provider.opened] == [2, 1]


def test_a_line_that_stood_idle_too_long_is_closed(provider, monkeypatch):
    send(provider, 1)
    monkeypatch.setattr(lines, "IDLE_SECONDS", -1.0)
    send(provider, 1, key="another account")
    assert provider.opened[0].closed


def test_a_worn_line_is_replaced_in_the_middle_of_a_batch(provider):
    def answer(line, message):
        line.usable = line.sent < 3
        return Receipt("x")

    provider.answer = answer
    send(provider, 7)
    assert [(line.sent, line.closed) for line in provider.opened] == [(3, True), (3, True), (1, False)]


def test_a_message_that_breaks_its_line_is_nobody_elses_problem(provider):
    def answer(line, message):
        if message.id == 2:
            line.usable = False
            raise SendError("connection_lost")
        return Receipt("x")

    provider.answer = answer
    found = send(provider, 5)
    assert failed(found[2]) == ("connection_lost", False, False)
    assert sum(isinstance(outcome, Receipt) for outcome in found.values()) == 4


def test_a_fault_of_ours_leaves_it_open_whether_the_message_left(provider):
    def answer(line, message):
        raise ZeroDivisionError("oops")

    provider.answer = answer
    assert {failed(outcome) for outcome in send(provider, 3, 2).values()} == {("internal_error", False, True)}


@pytest.mark.parametrize("at_once", [1, 4])
@pytest.mark.parametrize("reason", [SendError("auth_failed", "wrong password"), OSError("no route")])
def test_when_no_line_opens_everything_waits(provider, at_once, reason):
    provider.down = reason
    code = "auth_failed" if isinstance(reason, SendError) else "unreachable"
    assert {failed(outcome) for outcome in send(provider, 5, at_once).values()} == {(code, False, False)}


def test_a_server_that_goes_down_in_the_middle_lets_the_rest_wait(provider):
    def answer(line, message):
        if message.id == 2:
            line.usable = False
            provider.down = SendError("unreachable")
        return Receipt("x")

    provider.answer = answer
    found = send(provider, 6)
    assert [isinstance(found[n], Receipt) for n in range(6)] == [True, True, True, False, False, False]


def test_they_really_leave_at_once(provider):
    meeting = threading.Barrier(4, timeout=10)

    def answer(line, message):
        meeting.wait()
        return Receipt("x")

    provider.answer = answer
    assert all(isinstance(outcome, Receipt) for outcome in send(provider, 8, 4).values())


@pytest.mark.parametrize("at_once", [1, 3])
def test_a_caller_that_stops_listening_stops_what_has_not_begun(provider, at_once):
    def answer(line, message):
        time.sleep(0.01)
        return Receipt("x")

    provider.answer = answer
    outcomes = hand_over("account", provider.connect, batch(100), at_once)
    next(outcomes)
    outcomes.close()
    sent = sum(line.sent for line in provider.opened)
    assert sent <= 2 * at_once + 1
    time.sleep(0.05)
    assert sum(line.sent for line in provider.opened) == sent


def test_a_forked_worker_does_not_use_its_parents_line(provider):
    send(provider, 1)
    if not (child := os.fork()):
        send(provider, 1)
        os._exit(len(provider.opened))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2


def test_a_line_that_cannot_be_closed_stops_nobody(provider):
    send(provider, 1)
    provider.opened[0].close = None
    lines.close_all()
    assert send(provider, 1)[0] == Receipt("id-0")
