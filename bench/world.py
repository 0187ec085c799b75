"""What the bench needs in the database: brand, source, senders, policies, approved words, and the live journey.

The only module of the bench that knows the product from inside; `manage.py bench setup` calls it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import Permission, User
from django.db import transaction

from bench.people import FIRST, SECOND
from channels.kinds.webhook import new_secret
from channels.models import Account, MessageTemplate, TemplateVersion
from compliance import reviews
from compliance.models import FrequencyCap, QuietHours, Review
from contacts.models import Brand, Source, Topic
from journeys import files, publishing
from journeys.models import Journey

KEY = "bench"
JOURNEY = """\
journey: {key}
name: Bench ({channel})
brand: bench
trigger: {{kind: event, name: signup}}
reentry: {{when: once}}
steps:
  - {{key: m1, kind: send, template: {first}}}
  - {{key: pause, kind: wait, for: "0"}}
  - key: plan
    kind: branch
    branches: [{{name: pro, when: {{kind: attribute, path: plan, op: is, value: pro}}}}]
    exits: {{otherwise: end}}
  - {{key: m2, kind: send, template: {second}}}
"""
WORDS: Mapping[str, dict[str, str]] = {
    "webhook": {"body": "Hello {{{{ contact.first_name | default: 'there' }}}}, this is {template}."},
    "email": {
        "subject": "{template}",
        "html": "<p>Hello {{{{ contact.first_name | default: 'there' }}}}, this is {template}.</p>"
        '<p>{{{{ brand.postal_address }}}} <a href="{{{{ unsubscribe_url }}}}">Unsubscribe</a></p>',
        "text": "Hello {{{{ contact.first_name | default: 'there' }}}}, this is {template}. "
        "{{{{ brand.postal_address }}}} No more: {{{{ unsubscribe_url }}}}",
    },
}
QUIET_IN, QUIET_FOR = timedelta(hours=10), timedelta(hours=2)
"""The window is judged for every message and always open: its quiet hours begin half a day away."""


@transaction.atomic
def load(sink: str, look_up: str, now: datetime) -> Source:
    """Make what is missing, and point the account at `sink` (http://… or smtp://…); the source to post to.

    A database holds the bench of one channel: its journey and words are made once.
    """
    channel = "email" if urlsplit(sink).scheme == "smtp" else "webhook"
    brand, _ = Brand.objects.get_or_create(
        key=KEY, defaults={"name": "Bench", "postal_address": "1 Example Street, London", "timezone": "UTC"}
    )
    topic, _ = Topic.objects.get_or_create(brand=brand, key=KEY, defaults={"name": "Bench"})
    _account(brand, channel, sink, look_up)
    _policies(brand, channel, now)
    author, reviewer = _user("bench-author"), _user("bench-reviewer")
    for key in (FIRST, SECOND):
        _words(brand, topic, channel, key, author, reviewer, now)
    _journey(channel, author, reviewer, now)
    _approve_again(brand, reviewer, now)
    grants = [{"event": "signup", "channel": channel, "topic": KEY, "basis": "express", "wording": "bench v1"}]
    source, _ = Source.objects.update_or_create(brand=brand, name="Bench", defaults={"consent_grants": grants})
    return source


def _account(brand: Brand, channel: str, sink: str, look_up: str) -> None:
    place = urlsplit(sink)
    account = Account.objects.filter(key=f"bench-{channel}").first()
    if channel == "email":
        config: dict[str, Any] = {"backend": "smtp", "host": place.hostname, "port": place.port, "use_tls": False}
        config["from_email"] = "Bench <bench@example.test>"
    else:
        secret = account.config["secret"] if account else new_secret()
        config = {"url": sink, "secret": secret, "lookup_url": look_up, "allow_private": True}
    account = account or Account(key=f"bench-{channel}", brand=brand, channel=channel, name=f"Bench {channel}")
    account.config = config
    account.save()


def _policies(brand: Brand, channel: str, now: datetime) -> None:
    start = (now + QUIET_IN).replace(minute=0, second=0, microsecond=0)
    window = {"start": start.time(), "end": (start + QUIET_FOR).time(), "classes": ["marketing"]}
    QuietHours.objects.update_or_create(brand=brand, channel=channel, defaults=window)
    FrequencyCap.objects.get_or_create(brand=brand, name="Bench", defaults={"limit": 5, "days": 7})


def _user(name: str) -> User:
    """Somebody who may submit, approve and publish, and cannot log in."""
    user, made = User.objects.get_or_create(username=name)
    if made:
        user.set_unusable_password()
        user.save()
        names = ("submit_templateversion", "decide_approval", "publish_journey", "add_journey", "change_version")
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


def _words(brand: Brand, topic: Topic, channel: str, key: str, author: User, reviewer: User, now: datetime) -> None:
    template, made = MessageTemplate.objects.get_or_create(
        key=key, defaults={"brand": brand, "name": key, "channel": channel, "topic": topic}
    )
    if not made:
        return
    content = {name: words.format(template=key) for name, words in WORDS[channel].items()}
    version = TemplateVersion.objects.create(template=template, number=1, content=content, author=author)
    reviews.submit(version, author, now)
    reviews.decide(version, reviewer, approved=True, reason="Words of the bench.", now=now)


def _approve_again(brand: Brand, reviewer: User, now: datetime) -> None:
    """Where messages go is part of what was approved: with another sink everything has to be approved anew."""
    for review in Review.objects.filter(brand=brand, state=Review.State.OPEN):
        subject = reviews.reviewables[review.kind].model._default_manager.get(pk=review.object_id)
        reviews.decide(subject, reviewer, approved=True, reason="Another sink.", now=now)


def _journey(channel: str, author: User, reviewer: User, now: datetime) -> None:
    if Journey.objects.filter(key=KEY).exists():
        return
    text = JOURNEY.format(key=KEY, channel=channel, first=FIRST, second=SECOND)
    draft = files.save(files.load(text), by=author)
    reviews.submit(draft, author, now)
    reviews.decide(draft, reviewer, approved=True, reason="Journey of the bench.", now=now)
    publishing.publish(draft, author, now)
