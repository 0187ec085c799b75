"""What is known about the person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import F, Q, Value
from django.db.models.functions import JSONObject, NullIf

from contacts import comparisons
from contacts.base import Condition, ContactFacts, conditions
from contacts.fields import AnyValueField

COLUMNS = frozenset({"external_id", "locale", "country", "region", "timezone"})


@conditions.register
class AttributeCondition(Condition):
    """Compares one attribute of the person, e.g. `plan` is `pro`.

    `country`, `region`, `locale`, `timezone` and `external_id` are those of the contact; every other path looks into the
    attributes, e.g. `company.size`. `is_not` also holds for people of whom nothing is known.
    """

    key = "attribute"
    title = "Attribute"

    class Config(forms.Form):
        """Which attribute, and how it is compared."""

        path = forms.CharField(max_length=300, help_text="Name of the attribute, e.g. plan, or company.size.")
        op = forms.ChoiceField(choices=[(name, name) for name in comparisons.OPERATORS], help_text="How to compare.")
        value = AnyValueField(
            required=False, help_text="What to compare with: a text, a number, true or false, a list."
        )

        def clean(self) -> dict[str, Any]:
            for sentence in comparisons.check(self.data) if not self.errors else ():
                self.add_error(None, sentence)
            return self.cleaned_data

    def attributes(self, config: Mapping[str, Any]) -> frozenset[str]:
        return frozenset({str(config["path"]).split(".", 1)[0]})

    def holds(self, config: Mapping[str, Any], facts: ContactFacts, now: datetime) -> bool:
        path = config["path"]
        known = {path: getattr(facts, path) or None} if path in COLUMNS else facts.attributes
        return comparisons.holds((config,), known)

    def as_q(self, config: Mapping[str, Any], now: datetime) -> Q:
        path = config["path"]
        document = JSONObject(**{path: NullIf(F(path), Value(""))}) if path in COLUMNS else "attributes"
        return comparisons.as_q([_comparison(config)], document)


def _comparison(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: config[name] for name in ("path", "op", "value") if name in config}
