"""A journey as it is designed."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from channels.models import Message, MessageTemplate
from contacts.models import Brand, Segment


class Journey(models.Model):
    """Who enters, what happens to them, and when they leave. The design is in its versions."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        LIVE = "live", "live"
        PAUSED = "paused", "paused"
        ARCHIVED = "archived", "archived"

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    priority = models.PositiveSmallIntegerField(
        choices=Message.Priority,
        default=Message.Priority.NORMAL,
        help_text="When several journeys want to write to one person and a frequency cap has few slots left, the highest "
        "priority gets them. A change holds for messages that are asked for from then on.",
    )
    technical_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who mends it when it breaks.",
    )
    compliance_reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who is told when its review waits, whatever policies say.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        permissions = [
            ("publish_journey", "Can publish, pause and resume journeys"),
            # given on one journey (config.permissions)
            ("submit_journey", "Can submit versions of the journey"),
            ("approve_journey", "Can approve versions of the journey"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def live_version(self) -> "Version | None":
        """The version that new people enter, if any."""
        return self.versions.filter(state=Version.State.LIVE).first()


class Designed(models.Model):
    """What a record of a version's history keeps beside its columns."""

    steps = models.JSONField(default=list, help_text="Its steps, as they stood then.")

    class Meta:
        abstract = True


class Version(models.Model):
    """One design of a journey. Immutable once published; people in it stay pinned to it."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        LIVE = "live", "live"
        RETIRED = "retired", "retired"

    class Reentry(models.TextChoices):
        ONCE = "once", "only once"
        ALWAYS = "always", "whenever they are not in it"
        AFTER = "after", "again after a pause"

    journey = models.ForeignKey(Journey, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
    trigger = models.CharField(max_length=20, help_text="Key of a trigger kind.")
    trigger_config = models.JSONField(default=dict)
    segment = models.ForeignKey(
        Segment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        help_text="The trigger's segment, kept from deletion while published.",
    )
    reentry = models.CharField("re-entry", max_length=10, choices=Reentry, default=Reentry.ALWAYS)
    reentry_after = models.CharField(
        max_length=20, blank=True, help_text="For 'again after a pause', e.g. 90d, counted from the last entry."
    )
    instance_key = models.CharField(
        max_length=100,
        blank=True,
        help_text="Property of the event that lets one person be in it several times at once, e.g. order_id.",
    )
    exit_when = models.JSONField(
        default=list, blank=True, help_text='Events that end it at once, e.g. [{"event": "order.completed"}].'
    )
    goal = models.JSONField(
        default=dict,
        blank=True,
        help_text='What counts as success, e.g. {"event": "order.completed", "within": "14d", "value": "revenue"}.',
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    editors = models.JSONField(
        null=True, editable=False, help_text="IDs of all who wrote in it: none of them decides about it."
    )
    published_at = models.DateTimeField(null=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    checksum = models.CharField(
        max_length=64, blank=True, editable=False, help_text="SHA-256 of the design, set at publishing."
    )
    history = HistoricalRecords(bases=[Designed], excluded_fields=["editors", "segment"])

    class Meta:
        ordering = ["journey", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["journey", "number"], name="one_journey_version_per_number"),
            models.UniqueConstraint(fields=["journey"], condition=Q(state="live"), name="one_live_version_per_journey"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(published_at__isnull=False), name="published_versions_have_a_date"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.journey} v{self.number}"


class Step(models.Model):
    """A station of a version: what is done there, and which exit leads where."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="steps")
    key = models.SlugField()
    kind = models.CharField(max_length=20, help_text="Key of a step kind.")
    title = models.CharField(max_length=120, blank=True)
    position = models.PositiveIntegerField(help_text="Order in the list; the first one is where people enter.")
    config = models.JSONField(default=dict, blank=True)
    exits = models.JSONField(
        default=dict, blank=True, help_text="Exit → key of the next step; an exit not named goes to the step below."
    )
    template = models.ForeignKey(
        MessageTemplate,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        help_text="The template it sends, kept from deletion while published.",
    )

    class Meta:
        ordering = ["version", "position"]
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="one_step_per_key")]

    def __str__(self) -> str:
        return self.title or self.key
