"""Who is sent through: N made-up people, what each posts, and what each must get."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

BATCH = 100
FIRST, SECOND = "bench-m1", "bench-m2"
"""The templates of the two messages; a mail says its own in the subject."""


def name(number: int) -> str:
    """The person's ID in the sender's system; also the local part of the mail address."""
    return f"bench-{number:07}"


def is_pro(number: int) -> bool:
    """Every other person is on the plan that gets the second message."""
    return number % 2 == 1


def expected(users: int) -> set[str]:
    """What must arrive, each exactly once, as `template:person`."""
    first = {f"{FIRST}:{name(number)}" for number in range(users)}
    return first | {f"{SECOND}:{name(number)}" for number in range(users) if is_pro(number)}


def bodies(users: int) -> Iterator[bytes]:
    """The requests to `/v1/batch`, at most BATCH events each."""
    for start in range(0, users, BATCH):
        events = [_event(number) for number in range(start, min(start + BATCH, users))]
        yield json.dumps({"batch": events, "sentAt": datetime.now(UTC).isoformat()}).encode()


def _event(number: int) -> dict[str, object]:
    traits = {
        "email": f"{name(number)}@example.test",
        "firstName": f"Person {number}",
        "plan": "pro" if is_pro(number) else "free",
        "country": "GB",
    }
    return {
        "type": "track",
        "event": "signup",
        "messageId": f"signup-{number}",
        "userId": name(number),
        "properties": {"form": "bench"},
        "context": {"traits": traits},
    }
