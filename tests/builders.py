"""Small explicit builders: each makes one thing with the few fields that a story cares about."""

from datetime import UTC, datetime

from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from channels import files, outbox, sealing
from channels.models import Account, Message, MessageTemplate, StoredFile, TemplateVersion
from compliance import reviews
from compliance.models import Approval, Review, ReviewStep
from config.ledger import unlocked
from contacts import addresses, consents, segments, timeline
from contacts.models import Address, Brand, Consent, Contact, Event, Segment, Source, Topic

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def brand(key: str = "acme", **fields) -> Brand:
    """A brand; the same one for the same key."""
    defaults = {"name": key.title(), "postal_address": "1 Example Street", **fields}
    return Brand.objects.get_or_create(key=key, defaults=defaults)[0]


def topic(key: str = "news", **fields) -> Topic:
    """A topic of `brand()`."""
    return Topic.objects.get_or_create(
        brand=fields.pop("brand", None) or brand(), key=key, defaults={"name": key.title(), **fields}
    )[0]


def source(write_key: str = "key-1", **fields) -> Source:
    """An enabled source of `brand()` with this write key."""
    return Source.objects.create(
        brand=fields.pop("brand", None) or brand(), name=fields.pop("name", "Shop"), write_key=write_key, **fields
    )


def contact(external_id: str = "", *, email: str = "", phone: str = "", now: datetime = NOW, **fields) -> Contact:
    """A person, with an address of each kind that is given; `plan="pro"` and the like become attributes.

    Whoever can be reached lives in Britain unless the story says otherwise: no law sets hours there.
    """
    if email or phone:
        fields.setdefault("country", "GB")
    columns = {
        name: fields.pop(name) for name in ("locale", "country", "region", "timezone", "attributes") if name in fields
    }
    attributes = {**columns.pop("attributes", {}), **fields}
    found = Contact.objects.create(
        external_id=external_id, attributes=attributes, created_at=now, updated_at=now, **columns
    )
    for kind, value in (("email", email), ("phone", phone)):
        if value:
            address(found, kind, value, now=now)
    return found


def address(
    person: Contact, kind: str = "email", value: str = "ada@example.test", *, now: datetime = NOW, **fields
) -> Address:
    """Where `person` can be reached."""
    value = addresses.normalise(kind, value)
    return Address.objects.create(
        contact=person, kind=kind, value=value, digest=addresses.digest(kind, value), created_at=now, **fields
    )


def event(
    person: Contact,
    name: str = "signup",
    *,
    at: datetime = NOW,
    now: datetime | None = None,
    key: str = "",
    **properties,
) -> Event:
    """Something that happened to `person` at `at`, through the timeline; `total=5` and the like are its properties."""
    key = key or f"{name}:{person.pk}:{Event.objects.count()}"
    [(pk, _)] = timeline.record([timeline.NewEvent(person.pk, name, at, key, properties)], now or at)
    return Event.objects.get(pk=pk)


def segment(
    key: str = "pros", condition: dict | None = None, *, refreshed: datetime | None = None, **fields
) -> Segment:
    """A segment of `brand()` (default: plan is pro); filled at `refreshed`, if that is given."""
    condition = condition or {"kind": "attribute", "path": "plan", "op": "is", "value": "pro"}
    found = Segment.objects.create(
        brand=fields.pop("brand", None) or brand(), key=key, name=key.title(), condition=condition, **fields
    )
    if refreshed:
        segments.refresh(found, refreshed)
    return found


def consent(
    person: Contact, channel: str = "email", *, topic_key: str = "news", now: datetime = NOW, **fields
) -> Consent:
    """`person` allows `topic_key` on `channel`, through the ledger."""
    defaults = {"basis": "express_written", "source": "test", "wording": "form v1", **fields}
    pk = consents.grant(person.pk, topic(topic_key).pk, channel, now=now, **defaults)
    return Consent.objects.get(pk=pk)


def user(name: str = "maria", *permissions: str, **fields) -> User:
    """Somebody on the staff with these permissions, e.g. `user("maria", "journeys.publish_journey")`."""
    found = User.objects.create_user(name, f"{name}@example.test", "secret", is_staff=True, **fields)
    for permission in permissions:
        app, codename = permission.split(".")
        found.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return found


def template(
    key: str = "hello", *, channel: str = "email", content: dict | None = None, now: datetime = NOW, **fields
) -> MessageTemplate:
    """A message template of `brand()` about `topic()` with one approved version."""
    about = fields.pop("topic", None) or topic()
    found = MessageTemplate.objects.create(
        brand=fields.pop("brand", None) or about.brand, key=key, name=key.title(), channel=channel, topic=about
    )
    author = User.objects.filter(username="author").first() or user("author")
    defaults = {"content": content or {"subject": "Hello", "text": "Hello"}, "state": "approved", **fields}
    version = TemplateVersion.objects.create(template=found, number=1, author=author, submitted_at=now, **defaults)
    if version.state == TemplateVersion.State.APPROVED:
        approve(version, now)
    elif version.state == TemplateVersion.State.SUBMITTED:
        review_of(version, now)
    return found


def approve(version: TemplateVersion, now: datetime = NOW) -> Approval:
    """A reviewer's yes to exactly these words, and the seal."""
    review = review_of(version, now, state=Review.State.APPROVED, approved_at=now)
    return review.approvals.get()


def review_of(subject, now: datetime = NOW, *, state: str = Review.State.OPEN, approved_at=None, **fields) -> Review:
    """The review of a version (of a template, a journey …), of one step; approved by "reviewer", or open."""
    kind = reviews.kind_of(subject)
    about, seal = kind.about(subject), kind.seals([subject.pk])[subject.pk]
    author = about.author_id or (User.objects.filter(username="author").first() or user("author")).pk
    found = Review.objects.create(
        kind=kind.key,
        object_id=subject.pk,
        title=fields.pop("title", about.title),
        brand_id=about.brand_id,
        fingerprint=seal.fingerprint,
        parts=dict(seal.parts),
        author_id=author,
        submitter_id=author,
        submitted_at=now,
        **fields,
    )
    ReviewStep.objects.create(review=found, position=1, name="Review")
    if state == Review.State.APPROVED:
        _yes(found, subject, now)
        found.state, found.approved_at = state, approved_at
        found.save(update_fields=["state", "approved_at"])
    return found


def _yes(review: Review, subject, now: datetime) -> None:
    Approval.objects.create(
        review=review,
        step="Review",
        version=subject if isinstance(subject, TemplateVersion) else None,
        fingerprint=review.fingerprint,
        author_id=review.author_id,
        approver=User.objects.filter(username="reviewer").first() or user("reviewer"),
        approved=True,
        decided_at=now,
    )


def account(channel: str = "sms", **fields) -> Account:
    """The default account of `brand()` on a channel; in the sandbox its SMS become rows."""
    configs = {
        "sms": {"account_sid": "AC" + "0" * 32, "auth_token": "secret", "from_number": "+15005550006"},
        "email": {
            "backend": "smtp",
            "host": "smtp.example.test",
            "port": 587,
            "from_email": "Acme <hi@acme.example.test>",
        },
    }
    house = fields.pop("brand", None) or brand()
    defaults = {"name": channel.title(), "config": configs.get(channel, {}), **fields}
    found, made = Account.objects.get_or_create(
        brand=house, channel=channel, key=f"{house.key}-{channel}", defaults=defaults
    )
    if made:
        _seal_again(house)
    return found


def _seal_again(house: Brand) -> None:
    """As if the sender had been there when everything was approved: stories set up their house in any order."""
    reopened = Review.objects.filter(
        kind="template", brand=house, because__startswith="Changed: the sender", state="open"
    )
    for review in reopened:
        version = TemplateVersion.objects.get(pk=review.object_id)
        before = Review.objects.filter(kind="template", object_id=version.pk, state="reopened").latest("id")
        if before.approved_at:
            TemplateVersion.objects.filter(pk=version.pk).update(state="approved")
        seal = sealing.one(version)
        with unlocked():  # the database lets nobody else
            review.delete()
            before.approvals.update(fingerprint=seal.fingerprint)
            Review.objects.filter(pk=before.pk).update(
                state="approved" if before.approved_at else "open",
                closed_at=None,
                fingerprint=seal.fingerprint,
                parts=dict(seal.parts),
            )


def message(person: Contact, about: MessageTemplate, key: str = "", *, now: datetime = NOW, **fields) -> Message:
    """Somebody asks for this message; it waits in front of the gate."""
    key = key or f"test:{Message.objects.count() + 1}"
    request = outbox.Request(key, person.pk, about.pk, fields.pop("due_at", now), **fields)
    outbox.request([request], now)
    return Message.objects.get(key=key)


def stored_file(name: str = "terms.txt", data: bytes = b"Terms.\n", *, now: datetime = NOW, **fields) -> StoredFile:
    """A file of `brand()` that mails may carry, what is wrong with it raises ValidationError."""
    by = User.objects.filter(username="uploader").first() or user("uploader")
    house = fields.pop("brand", None) or brand()
    with transaction.atomic():
        found = files.prepared(house, name, SimpleUploadedFile(name, data), by.pk, now)
        found.save()
    return found
