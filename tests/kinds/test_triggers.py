"""What every kind of trigger promises."""

from datetime import UTC, datetime, timedelta

import pytest
from django import forms

from contacts.base import ContactFacts, Needs, PastEvent
from journeys import blueprints
from journeys.base import Trigger, triggers

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PRO = {"kind": "attribute", "path": "plan", "op": "is", "value": "pro"}
EXAMPLES = {
    "event": [
        {"name": "cart.updated"},
        {
            "name": "cart.updated",
            "where": [{"path": "total", "op": "gt", "value": 5}],
            "condition": PRO,
            "max_age": "1h",
        },
    ],
    "segment": [{"segment": "lapsed"}],
}
ADA = ContactFacts(1, attributes={"plan": "pro"})

every = pytest.mark.parametrize("kind", list(triggers), ids=lambda kind: kind.key)
every_config = pytest.mark.parametrize(
    ("kind", "config"),
    [(kind, config) for kind in triggers for config in EXAMPLES[kind.key]],
    ids=lambda value: value.key if isinstance(value, Trigger) else None,
)


def happened(name="cart.updated", *, ago=timedelta(0), **properties):
    return PastEvent(5, name, NOW - ago, NOW, properties)


def cleaned(kind, config):
    form = kind.Config(dict(config))
    assert form.is_valid(), form.errors
    return form.cleaned_data


def test_there_is_an_example_of_each():
    assert EXAMPLES.keys() == set(triggers.keys())


@every
def test_it_introduces_itself(kind):
    assert kind.title
    assert kind.icon
    assert len(kind.words) > 20
    assert issubclass(kind.Config, forms.Form)
    assert "kind" not in kind.Config.base_fields, "in a file it stands beside that"
    for name, field in kind.Config.base_fields.items():
        assert field.help_text, name


@every_config
def test_it_says_what_it_looks_at(kind, config):
    settings = cleaned(kind, config)
    assert all(isinstance(name, str) and name for name in kind.event_names(settings))
    assert kind.needs(settings) is None or isinstance(kind.needs(settings), Needs)
    assert isinstance(kind.segment_key(settings), str)
    assert kind.summary(settings)


@every_config
def test_the_same_event_has_the_same_answer(kind, config):
    settings = cleaned(kind, config)
    event = happened(kind.event_names(settings)[0], total=6, segment="lapsed")
    assert kind.concerns(settings, event, NOW) is kind.concerns(settings, event, NOW) is True
    assert kind.lets_in(settings, event, ADA, NOW) is kind.lets_in(settings, event, ADA, NOW) is True


@every_config
def test_settings_survive_a_round_through_the_form(kind, config):
    once, errors = blueprints.cleaned(kind, config)
    assert not errors
    assert blueprints.cleaned(kind, once) == (once, {})


class TestEvent:
    kind = triggers["event"]

    def test_old_events_start_nothing(self):
        config = cleaned(self.kind, {"name": "cart.updated"})
        assert self.kind.concerns(config, happened(ago=timedelta(days=3)), NOW)
        assert not self.kind.concerns(config, happened(ago=timedelta(days=3, seconds=1)), NOW)

    def test_how_old_may_be_said(self):
        config = cleaned(self.kind, EXAMPLES["event"][1])
        assert self.kind.concerns(config, happened(total=6, ago=timedelta(hours=1)), NOW)
        assert not self.kind.concerns(config, happened(total=6, ago=timedelta(hours=2)), NOW)

    def test_properties_and_the_person(self):
        config = cleaned(self.kind, EXAMPLES["event"][1])
        assert not self.kind.concerns(config, happened(total=5), NOW)
        assert not self.kind.lets_in(config, happened(total=6), ContactFacts(2), NOW)

    def test_it_looks_at_the_person_only_when_it_must(self):
        assert self.kind.needs(cleaned(self.kind, {"name": "cart.updated"})) is None


class TestSegment:
    def test_only_its_own_segment(self):
        kind = triggers["segment"]
        config = cleaned(kind, {"segment": "lapsed"})
        assert kind.segment_key(config) == "lapsed"
        assert not kind.concerns(config, happened("segment.entered", segment="others"), NOW)


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("event", {}),
        ("event", {"name": "two words"}),
        ("event", {"name": "x", "max_age": "old"}),
        ("event", {"name": "x", "where": [{"path": "a", "op": "like"}]}),
        ("event", {"name": "x", "condition": {"kind": "moon"}}),
        ("segment", {}),
        ("segment", {"segment": "two words"}),
    ],
)
def test_bad_settings_are_refused(kind, config):
    assert not triggers[kind].Config(config).is_valid()
