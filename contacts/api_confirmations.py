"""Double opt-in over the API: `POST /api/contacts/{id}/confirmations/`."""

from datetime import datetime, timedelta
from typing import Any

from rest_framework import serializers

from contacts import confirmations, reach
from contacts.models import Contact, Topic

LONGEST_DAYS = 30


class AskSerializer(serializers.Serializer[Any]):
    """What the person is asked to confirm, and how they came to be asked."""

    brand = serializers.CharField(max_length=50, help_text="Key of the brand.")
    topic = serializers.CharField(max_length=50, help_text="Key of the brand's topic.")
    channel = serializers.CharField(max_length=20, help_text="Key of the channel, e.g. email.")
    wording = serializers.CharField(max_length=120, help_text="Version of the text that the person agrees to.")
    form = serializers.CharField(max_length=120, default="API", help_text="Where the person asked for it.")
    valid_days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_DAYS, default=7, help_text="For how many days the link works."
    )

    def validate_channel(self, value: str) -> str:
        """Raises ValidationError for a channel that there is not."""
        if value not in reach.titles:
            raise serializers.ValidationError(f"It is not known; there are: {', '.join(sorted(reach.titles))}.")
        return value

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if unknown := sorted(map(str, set(self.initial_data) - set(self.fields))):
            raise serializers.ValidationError({name: ["This field is not known."] for name in unknown})
        found = Topic.objects.filter(brand__key=data["brand"], key=data["topic"]).first()
        if found is None:
            raise serializers.ValidationError({"topic": ["The brand has no such topic."]})
        return {**data, "topic": found}


class AskedSerializer(serializers.Serializer[Any]):
    """Where the person confirms it."""

    url = serializers.URLField(help_text="The page with the button; send it to the person, and to nobody else.")
    expires_at = serializers.DateTimeField(help_text="Until when it works.")


def ask(contact: Contact, data: Any, now: datetime) -> dict[str, Any]:
    """Ask for the confirmation that a request describes. Raises ValidationError."""
    form = AskSerializer(data=data)
    form.is_valid(raise_exception=True)
    said = form.validated_data
    valid_for = timedelta(days=said["valid_days"])
    words = {"wording": said["wording"], "source": said["form"]}
    url = confirmations.request(contact.pk, said["topic"], said["channel"], now=now, valid_for=valid_for, **words)
    return dict(AskedSerializer({"url": url, "expires_at": now + valid_for}).data)
