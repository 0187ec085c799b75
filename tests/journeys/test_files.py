"""Journeys as files: reading back gives the same, and bad ones are refused with the line of every mistake."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance import reviews
from journeys import blueprints, files, reading
from journeys.blueprints import Blueprint, StepPlan
from journeys.files import BadFile, Plan
from journeys.models import Journey, Version
from tests.builders import NOW, brand, segment, template, user
from tests.journeys.driving import live, step

MAY = ("journeys.add_journey", "journeys.change_journey", "journeys.change_version", "journeys.publish_journey")


def importing(*permissions):
    """Somebody who may do all that an import does (or only this)."""
    return user("ida", *(permissions or MAY))


GOOD = """\
journey: welcome
name: Welcome
brand: acme
trigger: {kind: event, name: signup}
steps:
  - {key: rest, kind: wait, for: 3d}
  - key: plan
    kind: branch
    branches:
      - {name: pro, when: {kind: attribute, path: plan, op: is, value: pro}}
    exits: {otherwise: end}
  - {key: done, kind: exit}
"""


def mistakes(text):
    with pytest.raises(BadFile) as found:
        files.load(text)
    return [str(mistake) for mistake in found.value.mistakes]


class TestReading:
    def test_a_good_one(self):
        plan = files.load(GOOD)
        assert (plan.key, plan.name, plan.brand) == ("welcome", "Welcome", "acme")
        assert [step.key for step in plan.design.steps] == ["rest", "plan", "done"]
        assert plan.design.steps[1].exits == {"otherwise": "end"}
        assert plan.design.reentry == "always"

    def test_a_priority_is_a_word_and_normal_unless_it_says_so(self):
        assert files.load(GOOD).priority == "normal"
        assert files.load(f"priority: urgent\n{GOOD}").priority == "urgent"

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (("for: 3d", "for: soon"), "line 6, steps[1].for: 'soon' is not a duration"),
            (("kind: wait", "kind: sleep"), "line 6, steps[1].kind: There is no step kind 'sleep'"),
            (("otherwise: end", "otherwise: nowhere"), "line 11, steps[2].exits.otherwise: There is no step 'nowhere'"),
            (("op: is", "op: like"), "line 9, steps[2].branches: Branch 'pro'"),
            (("name: signup", "name: two words"), "line 4, trigger.name: 'two words' is not an event's name"),
            (("journey: welcome", "journey: two words"), "line 1, journey: Use letters"),
            (("brand: acme\n", ""), "line 1, brand: This is missing."),
            (("brand: acme", "colour: red\nbrand: acme"), "line 3, colour: There is no such key; there are: journey"),
            (
                ("name: Welcome", "name: Welcome\npriority: top"),
                "line 3, priority: Write one of: low, normal, high, urgent.",
            ),
            (("name: Welcome", "name: Welcome\npriority: 3"), "line 3, priority: This must be a text."),
            (("name: Welcome", "name: [a]"), "line 2, name: This must be a text."),
            (("name: Welcome", "name: 5"), "line 2, name: This must be a text."),
            (("- {key: done, kind: exit}", "- done"), "line 12, steps[3]: A step is a mapping"),
            (("- {key: done, kind: exit}", "- {key: done}"), "line 12, steps[3].kind: This is missing."),
            (
                ("- {key: done, kind: exit}", "- {key: rest, kind: exit}"),
                "line 12, steps[3].key: Two steps have this key",
            ),
            (("trigger:", "reentry: {when: after}\ntrigger:"), "line 4, reentry.after: '' is not a duration"),
            (("trigger:", "goal: {event: x, within: soon}\ntrigger:"), "line 4, goal.within: 'soon' is not a duration"),
            (("trigger:", "exit_when: [{event: x}, {}]\ntrigger:"), "line 4, exit_when[2]: Name the event"),
        ],
    )
    def test_each_mistake_has_its_line_and_field(self, change, sentence):
        found = mistakes(GOOD.replace(*change))
        assert any(one.startswith(sentence) for one in found), found

    def test_all_mistakes_at_once_in_the_order_of_lines(self):
        bad = GOOD.replace("for: 3d", "for: soon").replace("op: is", "op: like").replace("name: signup", "name: a b")
        lines = [int(one.split(",")[0].removeprefix("line ")) for one in mistakes(bad)]
        assert lines == sorted(lines)
        assert len(lines) == 3

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("", "line 1: The file is empty."),
            ("- a\n- b\n", "line 1: A journey is a mapping"),
            ("a: [1, 2\nb: 3\n", "line 2: This is not YAML"),
            ("a: 1\na: 2\n", "line 2, a: This key stands here twice."),
            ("a: &x 1\nb: *x\n", "line 1: Anchors and aliases are not allowed"),
            ("a: !!python/object:os.system {}\n", "line 1, a: There is no such key"),
            ("a: !secret 5\n", "line 1: Tags such as !secret are not allowed"),
            ("? [a]\n: 1\n", "line 1: Keys are plain words."),
            ("a: \x07\n", "line 1: This is not YAML"),
            ("[" * 5000, "line 1"),
            ("a: " + "x" * 600_000, "line 1: The file is larger than 512,000 characters."),
        ],
    )
    def test_what_is_no_journey_at_all(self, text, sentence):
        assert mistakes(text)[0].startswith(sentence)

    @pytest.mark.parametrize(
        ("written", "value"),
        [
            ("10:30", "10:30"),
            ("on", "on"),
            ("yes", "yes"),
            ("true", True),
            ("012", "012"),
            ("1_000", "1_000"),
            ("0x1F", "0x1F"),
            ("5", 5),
            ("-5.5", -5.5),
            ("~", None),
            ("2026-11-24", "2026-11-24"),
            ("1e3", 1000.0),
            (".inf", ".inf"),
        ],
    )
    def test_scalars_are_what_they_look_like(self, written, value):
        read, _ = reading.read(f"a: {written}")
        assert read == {"a": value}


KEYS = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True)
TEXT = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\x85\u2028\u2029\ufeff\ufffe\uffff"),
    max_size=40,
)
VALUES = st.one_of(
    TEXT.filter(bool),
    st.integers(-(10**9), 10**9),
    st.booleans(),
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3)),
)
EVENTS = st.from_regex(r"[a-z]{1,8}\.[a-z]{1,8}", fullmatch=True)
WHERE = st.lists(st.builds(lambda path, value: {"path": path, "op": "is", "value": value}, KEYS, VALUES), max_size=2)
DURATIONS = st.sampled_from(["90s", "60m", "2h", "3d", "1w", "1d12h"])
CONDITIONS = st.recursive(
    st.builds(lambda path, value: {"kind": "attribute", "path": path, "op": "is", "value": value}, KEYS, VALUES),
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=4,
)


def without_empty(config):
    return {name: value for name, value in config.items() if value not in ("", [], None)}


STEPS = st.one_of(
    st.builds(
        lambda length, clock: ("wait", without_empty({"for": length, "until": clock})),
        DURATIONS,
        st.sampled_from(["", "09:00", "18:30"]),
    ),
    st.builds(
        lambda name, when: ("branch", {"branches": [{"name": name, "when": when}]}),
        KEYS.filter(lambda k: k != "otherwise"),
        CONDITIONS,
    ),
    st.builds(
        lambda event, where, timeout: (
            "wait_for_event",
            without_empty({"event": event, "where": where, "timeout": timeout}),
        ),
        EVENTS,
        WHERE,
        DURATIONS,
    ),
    st.builds(lambda key: ("send", {"template": key}), KEYS),
)


@st.composite
def plans(draw):
    keys = draw(st.lists(KEYS.filter(lambda key: key != "end"), min_size=1, max_size=5, unique=True))
    steps = []
    for key in keys:
        kind, config = draw(STEPS)
        title = draw(TEXT.map(str.strip))
        exits = {"otherwise": "end"} if kind == "branch" and draw(st.booleans()) else {}
        if kind == "wait" and key != keys[-1] and draw(st.booleans()):
            exits = {"next": keys[keys.index(key) + 1]}
        steps.append(StepPlan(key, kind, title, config, exits))
    goal = draw(
        st.one_of(st.just({}), st.builds(lambda event, within: {"event": event, "within": within}, EVENTS, DURATIONS))
    )
    reentry = draw(st.sampled_from(["always", "once", "after"]))
    design = Blueprint(
        trigger="event",
        trigger_config=without_empty({"name": draw(EVENTS), "where": draw(WHERE)}),
        reentry=reentry,
        reentry_after=draw(DURATIONS) if reentry == "after" else "",
        instance_key=draw(st.one_of(st.just(""), KEYS)),
        exit_when=draw(st.lists(st.builds(lambda event: {"event": event}, EVENTS), max_size=2)),
        goal=goal,
        steps=tuple(steps),
    )
    name = draw(TEXT.map(str.strip).filter(bool))
    priority = draw(st.sampled_from(["low", "normal", "high", "urgent"]))
    return Plan(draw(KEYS), name, draw(KEYS), design, draw(TEXT), priority)


@settings(max_examples=150, deadline=None)
@given(plans())
def test_writing_and_reading_gives_the_same(plan):
    text = files.dump(plan)
    again = files.load(text)
    assert again == plan, text
    assert files.dump(again) == text
    assert blueprints.checksum(again.design) == blueprints.checksum(plan.design)


@pytest.mark.parametrize("path", sorted(Path("demo/journeys").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_demos_files_are_as_they_would_be_written(path):
    plan = files.load(path.read_text())
    assert files.load(files.dump(plan)) == plan


@pytest.mark.django_db
class TestSaving:
    def test_a_new_journey(self):
        brand()
        made = files.save(files.load(GOOD), by=(importer := importing()))
        assert (made.state, made.journey.owner, made.journey.state) == ("draft", importer, "draft")
        assert made.journey.get_priority_display() == "normal"

    def test_the_priority_goes_in_and_comes_out(self):
        brand()
        made = files.save(files.load(f"{GOOD}priority: high\n"))
        assert made.journey.get_priority_display() == "high"
        assert "\npriority: high\n" in files.dump(files.plan_of(made))

    def test_the_draft_of_one_that_is_there(self):
        version = live(step("wait", "pause", for_="1d"))
        files.save(files.load(GOOD))
        files.save(files.load(GOOD.replace("3d", "4d")))
        assert [v.number for v in version.journey.versions.order_by("number")] == [1, 2]
        version.journey.refresh_from_db()
        assert version.journey.state == "live"
        assert Version.objects.get(state="draft").steps.first().config == {"for": "4d"}

    def test_a_brand_that_is_not_there(self):
        brand("other")
        with pytest.raises(BadFile, match=r"line 3, brand: There is no brand 'acme'; there are: other."):
            files.save(files.load(GOOD))
        assert not Journey.objects.exists()

    def test_a_journey_of_another_brand(self):
        live(step("wait", "pause", for_="1d"))
        brand("other")
        with pytest.raises(BadFile, match="line 3, brand: The journey 'welcome' belongs to another brand"):
            files.save(files.load(GOOD.replace("acme", "other")))

    def test_a_version_is_exported_as_it_was_imported(self):
        brand()
        plan = files.load(GOOD)
        assert files.plan_of(files.save(plan)) == plan


@pytest.mark.django_db
class TestCommand:
    def run(self, *args):
        out = StringIO()
        call_command("journeys", *args, stdout=out)
        return out.getvalue()

    @pytest.fixture
    def file(self, tmp_path):
        brand()
        path = tmp_path / "welcome.yaml"
        path.write_text(GOOD)
        return str(path)

    def test_import_publish_list_export(self, file):
        assert self.run("import", file) == "welcome v1 is draft.\n"
        paula = importing().username
        assert self.run("import", file, "--submit", "--user", paula) == "welcome v1 waits for its review.\n"
        with pytest.raises(CommandError, match="It is not published:\nWelcome v1 is waiting for reviewers"):
            self.run("publish", "welcome", "--user", paula)
        reviews.decide(Version.objects.get(), user("lena", "compliance.decide_approval"), approved=True, now=NOW)
        assert self.run("publish", "welcome", "--user", paula) == "welcome v1 is live.\n"
        assert self.run("list") == "welcome\tlive\tacme\tv1 live\n"
        assert files.load(self.run("export", "welcome")) == files.load(GOOD)

    def test_whoever_is_named_must_be_allowed_to(self, file):
        importing("journeys.change_journey")
        with pytest.raises(CommandError, match="not imported: You need the permission to make or change this journey"):
            self.run("import", file, "--user", "ida")
        assert not Journey.objects.exists()

    def test_what_goes_wrong_is_said(self, file, tmp_path):
        bad = tmp_path / "bad.yaml"
        bad.write_text(GOOD.replace("3d", "soon"))
        for args, sentence in (
            (("import", str(bad)), "line 6, steps"),
            (("import", "nowhere.yaml"), "nowhere.yaml cannot be read"),
            (("import", file, "--submit"), "--submit needs --user"),
            (("publish", "nothing", "--user", importing().username), "has no draft to publish"),
            (("import", file, "--user", "nobody"), "There is no user 'nobody'"),
            (("export", "nothing"), "There is no journey 'nothing'; there are: none."),
        ):
            with pytest.raises(CommandError, match=sentence):
                self.run(*args)

    def test_a_draft_that_cannot_be_published_is_kept(self, tmp_path):
        brand()
        segment("pros")
        template()
        path = tmp_path / "a.yaml"
        path.write_text(GOOD.replace("{key: done, kind: exit}", "{key: done, kind: send, template: gone}"))
        with pytest.raises(
            CommandError,
            match="imported as a draft, but not handed in:\nstep 'done', template: There is no template 'gone'",
        ):
            self.run("import", str(path), "--submit", "--user", importing().username)
        assert Version.objects.get().state == "draft"
