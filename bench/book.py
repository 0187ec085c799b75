"""What arrived: counted, dated, and told to whoever asks."""

import json
import time
from dataclasses import dataclass, field


@dataclass
class Book:
    """Every arrival by `template:person`, the keys under which messages can be looked up, and the instants.

    Instants are seconds of the machine's monotonic clock, which all of its processes share.
    """

    times: dict[str, int] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    total: int = 0
    first_at: float = 0.0
    last_at: float = 0.0

    def note(self, what: str, key: str) -> None:
        """One more arrival."""
        self.last_at = time.monotonic()
        self.first_at = self.first_at or self.last_at
        self.total += 1
        self.times[what] = self.times.get(what, 0) + 1
        self.keys.add(key)

    def summary(self) -> bytes:
        """How far it is, as JSON."""
        return json.dumps({"total": self.total, "first_at": self.first_at, "last_at": self.last_at}).encode()

    def contents(self) -> bytes:
        """All of it, as JSON: how often each `template:person` came."""
        return json.dumps(self.times).encode()
