"""What every kind of step promises, whoever writes the next one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django import forms

from contacts.base import ContactFacts, Needs, PastEvent
from journeys import blueprints
from journeys.base import AskForMessage, End, Go, Here, Step, Wait, steps
from journeys.files import STEP
from journeys.steps.wait import end_of_wait

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PRO = {"kind": "attribute", "path": "plan", "op": "is", "value": "pro"}
EXAMPLES = {
    "branch": [{"branches": [{"name": "pro", "when": PRO}, {"name": "free", "when": {"not": PRO}}]}],
    "exit": [{}, {"reason": "no consent"}],
    "send": [{"template": "hello"}, {"template": "hello", "expires": "4h"}],
    "wait": [
        {"for": "3d"},
        {"for": "0"},
        {"until": "09:00"},
        {"weekdays": ["mon"]},
        {"for": "1d", "until": "18:30", "weekdays": ["sat", "sun"]},
    ],
    "wait_for_event": [
        {"event": "order.completed", "timeout": "1d"},
        {"event": "order.*", "timeout": "0"},
        {
            "event": "order.completed",
            "timeout": "1d",
            "since": "entry",
            "where": [{"path": "total", "op": "gt", "value": 5}],
        },
    ],
}
EVENT = PastEvent(7, "message.sent", NOW, NOW, {})
ADA = ContactFacts(1, attributes={"plan": "pro"}, timezone="Europe/Berlin")

every = pytest.mark.parametrize("kind", list(steps), ids=lambda kind: kind.key)
every_config = pytest.mark.parametrize(
    ("kind", "config"),
    [(kind, config) for kind in steps for config in EXAMPLES[kind.key]],
    ids=lambda value: value.key if isinstance(value, Step) else None,
)


def here(config: Mapping, **more) -> Here:
    fields = {
        "contact": ADA,
        "context": {"total": 5},
        "now": NOW,
        "since": NOW,
        "zone": ZoneInfo("Europe/Berlin"),
        "template_id": 3,
    }
    return Here(config=config, **{**fields, **more})


def cleaned(kind: Step, config: Mapping) -> Mapping:
    form = kind.Config(dict(config))
    assert form.is_valid(), form.errors
    return form.cleaned_data


def test_there_is_an_example_of_each():
    assert EXAMPLES.keys() == set(steps.keys())


@every
def test_it_introduces_itself(kind):
    assert kind.key.isidentifier()
    assert kind.title
    assert kind.icon
    assert kind.family in ("message", "time", "decision", "end", "other")
    assert len(kind.words) > 20
    assert "`" not in kind.words


@every
def test_its_settings_are_a_form_whose_fields_explain_themselves(kind):
    assert issubclass(kind.Config, forms.Form)
    assert (kind.Config.__doc__ or "").strip()
    for name, field in kind.Config.base_fields.items():
        assert field.help_text, name
        assert name not in STEP, "it stands beside these in a file"


@every_config
def test_its_exits_are_names(kind, config):
    exits = kind.exits(cleaned(kind, config))
    assert len(set(exits)) == len(exits)
    for name in exits:
        assert name.replace("-", "").replace("_", "").isalnum(), name


@every_config
def test_it_sums_itself_up_in_one_line(kind, config):
    summary = kind.summary(cleaned(kind, config))
    assert isinstance(summary, str)
    assert "\n" not in summary
    assert kind.summary(blueprints.cleaned(kind, config)[0]) == summary, "also of stored settings, without empty ones"


@every_config
def test_what_it_needs_is_said_beforehand(kind, config):
    needs = kind.needs(cleaned(kind, config))
    assert needs is None or isinstance(needs, Needs)
    assert isinstance(kind.takes_time(cleaned(kind, config)), bool)
    assert isinstance(kind.template_key(cleaned(kind, config)), str)


@every_config
def test_the_same_visit_has_the_same_outcome(kind, config):
    visit = here(cleaned(kind, config))
    assert kind.enter(visit) == kind.enter(visit) == kind.enter(here(cleaned(kind, config)))


@every_config
@pytest.mark.parametrize("event", [None, EVENT], ids=["timer", "event"])
def test_entering_and_waking_lead_somewhere(kind, config, event):
    settings = cleaned(kind, config)
    outcome = kind.enter(here(settings))
    if isinstance(outcome, Wait):
        assert outcome.until or outcome.awaits
        assert outcome.until is None or outcome.until > NOW
        outcome = kind.wake(here(settings, now=outcome.until or NOW, event=event))
    assert isinstance(outcome, Go | End | Wait)
    if isinstance(outcome, Go):
        assert outcome.exit in kind.exits(settings)
    assert all(isinstance(effect, AskForMessage) for effect in outcome.effects)


@every_config
def test_it_does_not_change_what_it_is_given(kind, config):
    settings = cleaned(kind, config)
    before = repr(settings)
    kind.enter(here(settings))
    assert repr(settings) == before


@every_config
def test_settings_survive_a_round_through_the_form(kind, config):
    once, errors = blueprints.cleaned(kind, config)
    assert not errors
    assert blueprints.cleaned(kind, once) == (once, {})


class TestWait:
    """Lengths, local times, weekdays, and the two nights of the year on which clocks jump."""

    def until(self, now, zone="Europe/Berlin", **config):
        config = {name.rstrip("_"): value for name, value in config.items()}
        found = end_of_wait({"for": "", "until": "", "weekdays": [], **config}, now, ZoneInfo(zone))
        return found.astimezone(ZoneInfo(zone)).strftime("%a %d %b %H:%M %Z")

    def test_a_length(self):
        assert self.until(NOW, for_="1d12h") == "Thu 26 Nov 01:00 CET"

    def test_a_time_of_day_later_today(self):
        assert self.until(NOW, until="18:30") == "Tue 24 Nov 18:30 CET"

    def test_a_time_of_day_that_has_passed(self):
        assert self.until(NOW, until="09:00") == "Wed 25 Nov 09:00 CET"

    def test_a_time_of_day_that_is_now_means_tomorrow(self):
        assert self.until(NOW, until="13:00") == "Wed 25 Nov 13:00 CET"

    def test_a_length_and_then_a_time_of_day(self):
        assert self.until(NOW, for_="3d", until="09:00") == "Sat 28 Nov 09:00 CET"
        assert self.until(NOW, for_="3d", until="13:00") == "Fri 27 Nov 13:00 CET"

    def test_weekdays(self):
        assert self.until(NOW, weekdays=["tue"]) == "Tue 24 Nov 13:00 CET", "today is one"
        assert self.until(NOW, weekdays=["mon"]) == "Mon 30 Nov 00:00 CET"
        assert self.until(NOW, until="09:00", weekdays=["tue"]) == "Tue 01 Dec 09:00 CET"

    def test_a_day_of_a_length_is_24_hours_also_in_spring(self):
        assert self.until(datetime(2027, 3, 27, 12, tzinfo=UTC), for_="1d") == "Sun 28 Mar 14:00 CEST"

    def test_a_time_of_day_stays_one_in_spring_and_autumn(self):
        assert self.until(datetime(2027, 3, 27, 12, tzinfo=UTC), until="09:00") == "Sun 28 Mar 09:00 CEST"
        assert self.until(datetime(2026, 10, 24, 12, tzinfo=UTC), until="09:00") == "Sun 25 Oct 09:00 CET"

    def test_the_hour_that_spring_skips(self):
        assert self.until(datetime(2027, 3, 27, 12, tzinfo=UTC), until="02:30") == "Sun 28 Mar 03:30 CEST"

    def test_the_hour_that_autumn_repeats_counts_once(self):
        first = datetime(2026, 10, 24, 12, tzinfo=UTC)
        assert self.until(first, until="02:30") == "Sun 25 Oct 02:30 CEST"
        assert self.until(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), until="02:30") == "Mon 26 Oct 02:30 CET"
        assert self.until(datetime(2026, 10, 25, 1, 0, tzinfo=UTC), until="02:30") == "Mon 26 Oct 02:30 CET"

    @pytest.mark.parametrize(
        "zone", ["America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe", "UTC"]
    )
    def test_it_always_ends_within_eight_days_and_shows_that_time(self, zone):
        for hour in range(0, 24 * 370, 37):
            now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
            end = end_of_wait({"until": "10:15", "weekdays": ["wed"]}, now, ZoneInfo(zone))
            assert now < end <= now + timedelta(days=8)
            assert end.astimezone(ZoneInfo(zone)).strftime("%a %H:%M") == "Wed 10:15"


class TestSend:
    def test_it_knows_its_template_only_by_its_id(self):
        with pytest.raises(ValueError, match="The template 'hello' is not known to this version"):
            steps["send"].enter(here(cleaned(steps["send"], {"template": "hello"}), template_id=None))

    def test_the_message_expires_before_the_net_below_it(self):
        outcome = steps["send"].enter(here(cleaned(steps["send"], {"template": "hello", "expires": "4h"})))
        [ask] = outcome.effects
        assert ask == AskForMessage(3, {"total": 5}, NOW + timedelta(hours=4))
        assert outcome.until == NOW + timedelta(hours=28)

    @pytest.mark.parametrize("word", ["sent", "blocked", "failed", "unknown"])
    def test_each_outcome_is_an_exit(self, word):
        event = replace(EVENT, name=f"message.{word}")
        assert steps["send"].wake(here(cleaned(steps["send"], {"template": "hello"}), event=event)) == Go(word)


class TestWaitForEvent:
    def test_what_has_happened_since_the_entry(self):
        kind = steps["wait_for_event"]
        config = cleaned(kind, EXAMPLES["wait_for_event"][2])
        assert kind.needs(config) == Needs(events={"order.completed": None})

        def after(total, minutes):
            order = PastEvent(8, "order.completed", NOW + timedelta(minutes=minutes), NOW, {"total": total})
            contact = replace(ADA, events={"order.completed": (order,)})
            return kind.enter(here(config, contact=contact, now=NOW + timedelta(hours=1)))

        assert after(6, 1) == Go("happened")
        assert isinstance(after(5, 1), Wait)
        assert isinstance(after(6, -1), Wait)

    def test_a_family_has_no_past(self):
        assert not steps["wait_for_event"].Config({"event": "order.*", "timeout": "1d", "since": "entry"}).is_valid()


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("wait", {}),
        ("wait", {"for": "soon"}),
        ("wait", {"until": "9 o'clock"}),
        ("wait", {"weekdays": ["someday"]}),
        ("branch", {}),
        ("branch", {"branches": []}),
        ("branch", {"branches": [{"name": "otherwise", "when": PRO}]}),
        ("branch", {"branches": [{"name": "a", "when": PRO}, {"name": "a", "when": PRO}]}),
        ("branch", {"branches": [{"name": "a"}]}),
        ("branch", {"branches": [{"name": "a", "when": {"kind": "moon"}}]}),
        ("send", {"template": "two words"}),
        ("send", {"template": "hello", "expires": "never"}),
        ("wait_for_event", {"event": "order.completed"}),
        ("wait_for_event", {"event": "two words", "timeout": "1d"}),
        ("wait_for_event", {"event": "x", "timeout": "1d", "where": [{"path": "a", "op": "like"}]}),
        ("exit", {"reason": "x" * 121}),
    ],
)
def test_bad_settings_are_refused(kind, config):
    assert not steps[kind].Config(config).is_valid()
