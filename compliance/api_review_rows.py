"""How reviews look over the REST API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from compliance import reviews
from compliance.models import Approval, Review, ReviewComment, ReviewStep
from config.resources import told


def _person(text: str, **options: Any) -> Any:
    return serializers.SlugRelatedField[Any](slug_field="username", read_only=True, help_text=text, **options)


class ReviewSerializer(serializers.ModelSerializer[Review]):
    """One way of one thing through its reviewers."""

    brand = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the brand.")
    author = _person("Username of whoever wrote it.")
    submitter = _person("Username of whoever handed it in.")
    risks = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="What reviewers should look at, as sentences."
    )
    policies = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="Names of the policies that asked for its steps."
    )

    class Meta:
        model = Review
        fields = (
            "id",
            "kind",
            "object_id",
            "title",
            "brand",
            "channel",
            "message_class",
            "state",
            "fingerprint",
            "author",
            "submitter",
            "because",
            "risks",
            "policies",
            "submitted_at",
            "due_at",
            "approved_at",
            "valid_until",
            "closed_at",
            "closed_because",
        )
        extra_kwargs = told(
            id="Our id of the review.",
            kind="What is reviewed: template, block or journey.",
            object_id="Our id of the version that is reviewed.",
            title="What it is called.",
            channel="Key of the channel; empty where there are several or none.",
            message_class="What it is in the eyes of the law; empty where there are several.",
            state="Where the review stands.",
            submitted_at="When it was handed in.",
            approved_at="When the last reviewer that is needed agreed; null before.",
            closed_at="When the review ended; null while it is open or approved.",
            closed_because="Why it ended.",
        )


class ReviewStepSerializer(serializers.ModelSerializer[ReviewStep]):
    """A station: who has to agree, and by when."""

    group = serializers.SlugRelatedField[Any](
        slug_field="name",
        read_only=True,
        allow_null=True,
        help_text="The group that is asked; null: anybody who may approve.",
    )

    class Meta:
        model = ReviewStep
        fields = read_only_fields = ("position", "name", "group", "approvers", "due_hours", "done_at")
        extra_kwargs = told(
            position="Its place, from 1.",
            name="What it is called, e.g. Legal.",
            approvers="So many different people have to agree.",
            due_hours="Hours to decide.",
            done_at="When enough people had agreed; null before.",
        )


class WordSerializer(serializers.ModelSerializer[Approval]):
    """What a reviewer said about exactly this content."""

    approver = _person("Username of the reviewer.")

    class Meta:
        model = Approval
        fields = ("verdict", "step", "approver", "reason", "fingerprint", "decided_at")
        extra_kwargs = told(
            verdict="Yes, no, or with changes.",
            reason="Why, in the reviewer's words.",
            fingerprint="What exactly it was said about.",
            decided_at="When it was said.",
        )


class ReviewCommentSerializer(serializers.ModelSerializer[ReviewComment]):
    """Something that was said about it."""

    author = _person("Username of whoever said it.")
    resolved_by = _person("Username of whoever dealt with it; null while nobody did.", allow_null=True)

    class Meta:
        model = ReviewComment
        fields = ("id", "author", "anchor", "text", "created_at", "resolved_at", "resolved_by")
        extra_kwargs = told(
            id="Our id of the comment.",
            text="What was said.",
            created_at="When it was said.",
            resolved_at="When it was dealt with; null while it is not.",
        )


class WholeReviewSerializer(ReviewSerializer):
    """With its steps, and everything that was said."""

    steps = ReviewStepSerializer(many=True, read_only=True, help_text="Its stations in their order.")
    words = WordSerializer(
        source="approvals", many=True, read_only=True, help_text="What reviewers decided, newest first."
    )
    comments = ReviewCommentSerializer(many=True, read_only=True, help_text="What was said about it, in order.")
    broken = serializers.SerializerMethodField(
        help_text="What is not as it was handed in, in words; empty while the seal holds, and for reviews that are over."
    )

    class Meta(ReviewSerializer.Meta):
        fields = (*ReviewSerializer.Meta.fields, "steps", "words", "comments", "broken")  # type: ignore[assignment]

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_broken(self, review: Review) -> list[str]:
        return reviews.broken(review)
