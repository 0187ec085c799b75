"""Policies, stops, and the reasons for every judgement."""

from datetime import datetime
from typing import cast

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from channels.models import Message, MessageClass, MessageTemplate
from compliance.base import SEVERITY, TEXTS, Outcome, Verdict
from contacts.models import Brand

ESSENTIAL = (MessageClass.TRANSACTIONAL.value, MessageClass.OTP.value)
"""Classes that a person needs and cannot refuse."""


def only_marketing() -> list[str]:
    """What caps and hours hold for unless somebody says otherwise."""
    return [MessageClass.MARKETING.value]


class QuietHours(models.Model):
    """Hours in which nothing of this channel is sent, by the contact's own clock. `start` after `end` wraps midnight."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE)
    channel = models.CharField(max_length=20)
    start = models.TimeField(help_text="Quiet from (local time), e.g. 21:00.")
    end = models.TimeField(help_text="Quiet until (local time), e.g. 08:00.")
    classes = models.JSONField(default=list, help_text='Message classes it holds for, e.g. ["marketing"].')
    enabled = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "quiet hours"
        constraints = [models.UniqueConstraint(fields=["brand", "channel"], name="one_quiet_window_per_channel")]

    def __str__(self) -> str:
        return f"{self.channel}: quiet {self.start:%H:%M}-{self.end:%H:%M}"

    def clean(self) -> None:
        if self.start == self.end:
            raise ValidationError(
                "Start and end are the same: that would be quiet all day. Use a stop to silence a channel."
            )
        unknown = set(self.classes) - set(MessageClass.values)
        if unknown:
            raise ValidationError({"classes": f"Unknown message class: {', '.join(sorted(map(str, unknown)))}."})


class FrequencyCap(models.Model):
    """At most `limit` messages in a window, over all channels of a brand unless it names some."""

    class Calendar(models.TextChoices):
        ROLLING = "", "any so many days (rolling)"
        DAY = "day", "a day by the person's calendar"
        WEEK = "week", "a week by the person's calendar, from Monday"
        MONTH = "month", "a month by the person's calendar"

    class Action(models.TextChoices):
        DEFER = "defer", "wait for a free slot"
        SKIP = "skip", "do not send it"
        END = "end", "do not send it, and end the journey for this person"

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE)
    name = models.CharField(max_length=120)
    limit = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    days = models.PositiveIntegerField(
        default=7, validators=[MinValueValidator(1)], help_text="Length of a rolling window."
    )
    calendar = models.CharField("window", max_length=5, choices=Calendar, blank=True, default=Calendar.ROLLING)
    classes = models.JSONField(default=only_marketing, help_text="Message classes that count and are held back.")
    channels = models.JSONField(default=list, blank=True, help_text="Channels that count; empty: all of them.")
    topics = models.JSONField(default=list, blank=True, help_text="Keys of topics that count; empty: all of them.")
    journeys = models.JSONField(default=list, blank=True, help_text="Keys of journeys that count; empty: all of them.")
    action = models.CharField(
        "when it is full", max_length=5, choices=Action, default=Action.DEFER, help_text="What happens to a message."
    )
    enabled = models.BooleanField(default=True)
    history = HistoricalRecords()

    def __str__(self) -> str:
        return f"{self.name}: {self.limit} in {f'a {self.calendar}' if self.calendar else f'{self.days} days'}"

    def clean(self) -> None:
        unknown = set(map(str, self.classes)) - set(MessageClass.values)
        if unknown or not self.classes:
            raise ValidationError({"classes": f"Choose one or more of: {', '.join(MessageClass.values)}."})
        for name in ("channels", "topics", "journeys"):
            if not isinstance(getattr(self, name), list) or not all(isinstance(k, str) for k in getattr(self, name)):
                raise ValidationError({name: 'Write a list of keys, e.g. ["sms"], or leave it empty.'})


class HousePolicy(models.Model):
    """How careful a brand is. It can only tighten what the law says; without one the careful defaults hold."""

    class Profile(models.TextChoices):
        STANDARD = "standard", "statutes and operators' rules"
        STRICT = "strict", "also rules whose reach is disputed"
        ALL = "all", "also what vendors do by default"
        STRICTEST = "strictest", "where a region is unknown, the rules of all of them"

    class Unknown(models.TextChoices):
        BLOCK = "block", "do not send"
        STRICTEST = "strictest", "keep to the strictest hours of all"

    class Trust(models.TextChoices):
        PROFILE = "profile", "the zone that the person has set is the only one"
        STRICT = "strict", "the zone that the person has set is one of several"

    class OptOutScope(models.TextChoices):
        TOPIC = "topic", "the topic of what was sent last"
        CHANNEL = "channel", "every topic on this channel"
        ALL = "all", "every topic on every channel"

    brand = models.OneToOneField(Brand, on_delete=models.CASCADE, related_name="policy")
    profile = models.CharField("rules that hold", max_length=10, choices=Profile, default=Profile.STANDARD)
    unknown_place = models.CharField(
        "unknown country", max_length=10, choices=Unknown, default=Unknown.STRICTEST, help_text="Where hours are law."
    )
    trust = models.CharField("time zone", max_length=10, choices=Trust, default=Trust.PROFILE)
    honour_consent_lift = models.BooleanField(
        "express consent lifts hours", default=False, help_text="Where a statute says that it does; many do not."
    )
    guard_minutes = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(60)], help_text="Stay so far away from the edges of every window."
    )
    longest_hold_hours = models.PositiveSmallIntegerField(
        "longest hold", default=72, validators=[MinValueValidator(1)], help_text="Hours; then a message is pointless."
    )
    cross_channel_fallback = models.BooleanField(
        default=False, help_text="After an opt-out, a promotion may take another channel with a consent of its own."
    )
    whatsapp_named_opt_in = models.BooleanField(
        "WhatsApp by name", default=True, help_text="Only a consent that names WhatsApp counts there."
    )
    opt_out_scope = models.CharField(
        "STOP means",
        max_length=10,
        choices=OptOutScope,
        default=OptOutScope.CHANNEL,
        help_text="What it puts an end to.",
    )
    opt_out_confirmation = models.ForeignKey(
        MessageTemplate,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Short, transactional, without any promotion; sent once after STOP. Empty: no answer.",
    )
    opt_in_confirmation = models.ForeignKey(
        MessageTemplate,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Sent once after START. Empty: no answer.",
    )
    help_answer = models.ForeignKey(
        MessageTemplate,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Sent after HELP: who you are and how to reach you. Empty: no answer.",
    )
    ask_to_text_start = models.ForeignKey(
        MessageTemplate,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Sent to somebody who allows texts again while the provider still blocks their number: it asks them to text "
        "START. Transactional, by another channel, e.g. e-mail. Empty: the home page tells you who waits.",
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "house policies"

    def __str__(self) -> str:
        return f"Policy of {self.brand}"

    def clean(self) -> None:
        if self.ask_to_text_start and self.ask_to_text_start.channel in TEXTS:
            raise ValidationError(
                {
                    "ask_to_text_start": f"{self.ask_to_text_start} is a text, which the provider would block; choose an e-mail."
                }
            )
        for name in ("opt_out_confirmation", "opt_in_confirmation", "help_answer", "ask_to_text_start"):
            answer: MessageTemplate | None = getattr(self, name)
            if answer is not None and answer.brand_id != self.brand_id:
                raise ValidationError({name: f"{answer} is a template of another brand."})
            if (
                answer is not None
                and not answer.versions.filter(state="approved", message_class__in=ESSENTIAL).exists()
            ):
                raise ValidationError(
                    {name: f"{answer} has no approved transactional version; anything else may not be sent here."}
                )


class WithdrawnWording(models.Model):
    """A version of a consent text that no longer counts: whoever agreed to it must be asked again."""

    wording = models.CharField(max_length=120, unique=True, help_text="As in the ledger, e.g. checkout form v2.")
    reason = models.CharField(max_length=300)
    withdrawn_at = models.DateTimeField(auto_now_add=True)
    history = HistoricalRecords()

    def __str__(self) -> str:
        return self.wording


class Stop(models.Model):
    """A hand on the door: while it stands, nothing of its scope leaves. Messages stay in place and are judged again after."""

    class Scope(models.TextChoices):
        ALL = "all", "everything"
        BRAND = "brand", "a brand"
        CHANNEL = "channel", "a channel"
        JOURNEY = "journey", "a journey"

    scope = models.CharField(max_length=10, choices=Scope)
    value = models.CharField(max_length=60, blank=True, help_text="Key of the brand, channel or journey.")
    reason = models.CharField(max_length=300)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    set_at = models.DateTimeField(editable=False)
    lifted_at = models.DateTimeField(null=True, editable=False)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    lifted_because = models.CharField(max_length=300, null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "value"], condition=Q(lifted_at=None), name="one_stop_per_scope")
        ]

    def __str__(self) -> str:
        return f"{self.scope}:{self.value}" if self.value else self.scope


class Decision(models.Model):
    """One judgement of the gate, with the verdict of every rule. Append-only."""

    class Outcome(models.TextChoices):
        ALLOW = "allow", "allowed"
        WAIT = "wait", "deferred"
        DENY = "deny", "blocked"

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="decisions")
    decided_at = models.DateTimeField()
    outcome = models.CharField(max_length=5, choices=Outcome)
    reason = models.CharField(max_length=60, blank=True, help_text="Code of the deciding verdict.")
    until = models.DateTimeField(null=True, help_text="When a deferred message is judged again.")
    verdicts = models.JSONField(help_text="One entry a rule: [rule, outcome, code, sentence, until].")
    evidence = models.JSONField(
        default=dict, help_text="Zone and its source, local time, consent entry, content fingerprint, slots used."
    )

    class Meta:
        ordering = ["id"]
        permissions = [("export_evidence", "Can export the evidence of a message or of a person")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.reason}".strip()

    def trace(self) -> list[Verdict]:
        """The verdict of every rule, the strictest first, so that the reason stands on top."""
        found = [_verdict(*row) for row in self.verdicts]
        return sorted(found, key=lambda verdict: -SEVERITY[verdict.outcome])


def _verdict(rule: str, outcome: str, code: str, why: str, until: str | None = None) -> Verdict:
    return Verdict(cast("Outcome", outcome), code, why, datetime.fromisoformat(until) if until else None, rule)
