"""A shop with the demo's journeys, in virtual time."""

import base64
import email
import email.policy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from channels.models import Message, SandboxMessage
from config import clock, pumps
from contacts.models import Contact
from demo import world
from journeys.models import Enrolment
from tests.channels.servers import Post

MORNING = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
"""A Monday, 9 o'clock in Chicago."""


class House:
    """What a story does, and what it sees."""

    def __init__(self, client: Client, post: Post) -> None:
        self.client, self.post, self.now = client, post, MORNING
        with clock.at(self.now):
            self.source = world.load(self.now)
            pumps.drain(self.now)

    def says(self, *calls: dict[str, Any]) -> None:
        """The shop's system posts these calls now, and what is due is done."""
        login = base64.b64encode(f"{self.source.write_key}:".encode()).decode()
        with clock.at(self.now):
            answer = self.client.post(
                "/v1/batch",
                json.dumps({"batch": list(calls)}),
                content_type="application/json",
                headers={"authorization": f"Basic {login}"},
            )
            assert answer.json() == {"success": True}
            pumps.drain(self.now)

    def passes(self, **length: float) -> None:
        """Time goes by; whatever becomes due on the way is done when it is due."""
        until = self.now + timedelta(**length)
        while (due := pumps.next_due(self.now)) is not None and due <= until:
            self.now = max(due, self.now + timedelta(milliseconds=1))
            with clock.at(self.now):
                pumps.drain(self.now)
        self.now = until
        with clock.at(self.now):
            pumps.drain(self.now)

    def meets(self, name: str = "ada", *, email: bool = True, sms: bool = True, **traits: Any) -> Contact:
        """Somebody signs up, and allows news by these channels."""
        number = 100 + Contact.objects.count()
        said = {"email": f"{name}@example.test", "phone": f"+1312555{number:04}", "firstName": name.title(),
                "timezone": "America/Chicago", **traits}  # fmt: skip
        self.says(
            {"type": "identify", "userId": name, "traits": said},
            *(
                self.event(name, "consent.granted", channel=channel, topic="news", basis="express_written")
                for channel, allowed in (("email", email), ("sms", sms))
                if allowed
            ),
        )
        return Contact.objects.get(external_id=name)

    def event(self, name: str, event: str, **properties: Any) -> dict[str, Any]:
        """A track call."""
        return {"type": "track", "userId": name, "event": event, "properties": properties}

    def orders(self, name: str, order_id: str = "A1", revenue: float = 20.0) -> None:
        """The person buys something."""
        self.says(self.event(name, "Order Completed", order_id=order_id, revenue=revenue, items=1))

    def mails(self) -> list[tuple[str, str]]:
        """Recipient and subject of every mail that arrived, in order."""
        parsed = [email.message_from_bytes(mail.data, policy=email.policy.default) for mail in self.post.mails]
        return [(mail["To"], mail["Subject"]) for mail in parsed]

    def texts(self) -> list[str]:
        """Every SMS that was caught."""
        return list(SandboxMessage.objects.filter(channel="sms").order_by("id").values_list("text", flat=True))

    def inside(self, journey: str) -> int:
        """How many people are in a journey."""
        return Enrolment.objects.filter(journey__key=journey, state__in=Enrolment.LIVE).count()

    def reasons(self) -> dict[str, str]:
        """Why each message that was not sent was not, by its template."""
        rows = Message.objects.exclude(state="sent").values_list("template__key", "reason")
        return dict(rows)
