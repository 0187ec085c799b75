"""Pieces of content that many templates share, e.g. a footer: reviewed once, used as `{{ blocks.footer }}`."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from channels.models.templates import TemplateVersion
from contacts.models import Brand


class ContentBlock(models.Model):
    """A piece of content of a brand; its words are in its versions."""

    class Format(models.TextChoices):
        TEXT = "text", "plain text"
        HTML = "html", "HTML"
        MJML = "mjml", "MJML"

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    key = models.SlugField(help_text="Templates write {{ blocks.key }}.")
    name = models.CharField(max_length=120)
    format = models.CharField(
        max_length=4,
        choices=Format,
        default=Format.HTML,
        help_text="HTML and plain text fit everywhere; MJML into MJML.",
    )
    locked = models.BooleanField(
        default=False, help_text="Legal text: only people who may change locked blocks write versions of it."
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["brand", "name"]
        permissions = [("change_locked_block", "Can change locked content blocks (legal text)")]
        constraints = [models.UniqueConstraint(fields=["brand", "key"], name="one_block_per_key")]

    def __str__(self) -> str:
        return self.name


class BlockVersion(models.Model):
    """The content of a block in one language. A draft can be edited; from submission on it never changes."""

    State = TemplateVersion.State

    block = models.ForeignKey(ContentBlock, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(editable=False)
    locale = models.CharField(
        max_length=20, blank=True, help_text="Empty: for everyone without a version in their own language."
    )
    source = models.TextField(help_text="May use variables and other blocks, as templates do.")
    variants = models.JSONField(
        default=list,
        blank=True,
        help_text="Other content under conditions: [{when, source}]; the first that holds is used.",
    )
    state = models.CharField(max_length=20, choices=State, default=State.DRAFT, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True, editable=False)
    history = HistoricalRecords()

    class Meta:
        ordering = ["block", "-number"]
        permissions = [("submit_blockversion", "Can submit versions of content blocks for approval")]
        constraints = [
            models.UniqueConstraint(fields=["block", "number"], name="one_block_version_per_number"),
            models.UniqueConstraint(
                fields=["block", "locale"], condition=Q(state="approved"), name="one_live_block_per_locale"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(submitted_at__isnull=False), name="submitted_blocks_have_a_date"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.block} v{self.number}"


class BlockUse(models.Model):
    """A submitted version of a template holds this version of a block."""

    version = models.ForeignKey(TemplateVersion, on_delete=models.CASCADE, related_name="block_uses")
    block_version = models.ForeignKey(BlockVersion, on_delete=models.PROTECT, related_name="uses")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "block_version"], name="one_use_per_block_version")]

    def __str__(self) -> str:
        return f"{self.block_version} in {self.version}"
