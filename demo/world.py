"""What must be there before the first purchase: a brand, its senders, its policies, its words, its journeys."""

from datetime import datetime, time
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from channels.models import Account, MessageTemplate
from compliance import reviews
from compliance.models import FrequencyCap, HousePolicy, QuietHours
from contacts.models import Brand, Segment, Source, Topic
from demo import staff, words
from journeys import files, publishing
from journeys.models import Journey

FOLDER = Path(__file__).parent / "journeys"
WRITE_KEY = "demo-write-key"
ORDER = "order.completed"
LAPSED = {
    "all": [
        {"kind": "event", "name": ORDER},
        {"not": {"kind": "event", "name": ORDER, "within": "180d"}},
    ]
}
ANSWERS = {
    "opt_out_confirmation": "opt-out-confirmation",
    "opt_in_confirmation": "opt-in-confirmation",
    "help_answer": "help-answer",
}
"""Fields of the house's policy, and the templates that answer."""


def load(now: datetime) -> Source:
    """Make what is missing of the demo's world, and return the source that its events come from."""
    with transaction.atomic():
        people = staff.load()
        brand, _ = Brand.objects.get_or_create(
            key="demo",
            defaults={
                "name": "Waymark Records",
                "postal_address": "Waymark Records, 12 Example Street, Springfield, IL 62701, USA",
                "website": "https://shop.example.test",
                "timezone": "America/Chicago",
            },
        )
        _topics(brand)
        _accounts(brand)
        _policies(brand)
        words.load(brand, people["marketer"], people["legal"], now)
        _answers(brand)
        Segment.objects.get_or_create(
            key="lapsed",
            defaults={
                "brand": brand,
                "name": "Lapsed: no purchase in 180 days",
                "condition": LAPSED,
                "refresh_every": "1d",
                "refresh_due_at": now,
            },
        )
        _journeys(people["marketer"], people["legal"], now)
        source, _ = Source.objects.get_or_create(write_key=WRITE_KEY, defaults={"brand": brand, "name": "Demo shop"})
    return source


def _topics(brand: Brand) -> None:
    for key, name, description in (
        ("orders", "Your orders", "Confirmations, shipping and everything else about an order."),
        ("news", "Tips, news and offers", "Care tips, new arrivals, and now and then a discount."),
    ):
        Topic.objects.get_or_create(brand=brand, key=key, defaults={"name": name, "description": description})


def _accounts(brand: Brand) -> None:
    """Real senders in shape; while DELIVERY=sandbox their messages are caught by the sandbox."""
    mail: dict[str, object] = {
        "backend": "smtp",
        "host": "smtp.example.test",
        "port": 587,
        "from_email": "Waymark Records <hello@shop.example.test>",
    }
    phone: dict[str, object] = {"account_sid": "AC" + "0" * 32, "auth_token": "demo", "from_number": "+15005550006"}
    for channel, name, config in (("email", "Shop mail", mail), ("sms", "Shop SMS", phone)):
        fields: dict[str, Any] = {"brand": brand, "channel": channel, "name": name, "config": config}
        Account.objects.get_or_create(key=f"demo-{channel}", defaults=fields)


def _policies(brand: Brand) -> None:
    """Night is quiet, and nobody gets more than two marketing messages in a week."""
    for channel, start, end in (("email", time(21), time(7)), ("sms", time(20), time(9))):
        QuietHours.objects.get_or_create(
            brand=brand, channel=channel, defaults={"start": start, "end": end, "classes": ["marketing"]}
        )
    FrequencyCap.objects.get_or_create(brand=brand, name="Marketing a week", defaults={"limit": 2, "days": 7})


def _answers(brand: Brand) -> None:
    """What a text says back to STOP, START and HELP, unless somebody has set up the house's policy already."""
    if HousePolicy.objects.filter(brand=brand).exists():
        return
    chosen = {field: MessageTemplate.objects.get(brand=brand, key=key) for field, key in ANSWERS.items()}
    policy = HousePolicy(brand=brand, **chosen)
    policy.full_clean()
    policy.save()


def _journeys(publisher: User, reviewer: User, now: datetime) -> None:
    for path in sorted(FOLDER.glob("*.yaml")):
        if Journey.objects.filter(key=path.stem).exists():
            continue
        draft = files.save(files.load(path.read_text()), by=publisher)
        reviews.submit(draft, publisher, now)
        reviews.decide(draft, reviewer, approved=True, reason="Reviewed for the demo.", now=now)
        publishing.publish(draft, publisher, now)
