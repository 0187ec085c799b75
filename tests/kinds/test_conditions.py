"""What every condition kind must keep to; above all, `holds` in memory and `as_q` in the database never disagree."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.kinds import form_errors
from contacts import facts, logic, timeline
from contacts.base import ContactFacts, Needs, conditions
from contacts.models import Contact, Membership, Segment
from tests.builders import NOW, brand, contact, event, segment
from tests.contacts.documents import COMPARISONS, DOCUMENTS

KINDS = pytest.mark.parametrize("kind", conditions, ids=lambda kind: kind.key)
IN_DATABASE = settings(deadline=None, suppress_health_check=list(HealthCheck))
GOOD: dict[str, dict[str, Any]] = {
    "attribute": {"path": "plan", "op": "is", "value": "pro"},
    "event": {
        "name": "order.completed",
        "at_least": 2,
        "within": "180d",
        "where": [{"path": "total", "op": "gt", "value": 100}],
    },
    "segment": {"segment": "lapsed"},
}

NAMES = [
    "signup",
    "order.completed",
    "order.refunded",
    "message.sent",
    "message.opened",
    "messages",
    "order",
    "order_x.completed",
]
# On the edges of the windows below, and beside them.
AGES = st.sampled_from(
    [0, 1, 59, 60, 61, 3599, 3600, 3601, 86399, 86400, 86401, 7 * 86400, 200 * 86400, -1, -3600]
).map(lambda seconds: timedelta(seconds=seconds))
EVENTS = st.lists(st.tuples(st.sampled_from(NAMES), AGES, DOCUMENTS), max_size=6)
COLUMNS = st.fixed_dictionaries({"locale": st.sampled_from(["", "en-GB", "fr"]), "country": st.sampled_from(["", "FR", "US"]), "region": st.sampled_from(["", "NY"]),
                                 "timezone": st.sampled_from(["", "Europe/Paris"]), "attributes": DOCUMENTS})  # fmt: skip
PEOPLE = st.lists(
    st.tuples(COLUMNS, EVENTS, st.sets(st.sampled_from(["lapsed", "vip", "new"]))), min_size=1, max_size=4
)

OF_COLUMNS = st.builds(
    lambda path, rest: {**rest, "path": path},
    st.sampled_from(["locale", "country", "region", "timezone", "external_id"]),
    COMPARISONS,
)
LEAVES = {
    "attribute": st.one_of(COMPARISONS, OF_COLUMNS, st.builds(lambda path, op, value: {"path": path, "op": op, "value": value},
                           st.sampled_from(["country", "region", "locale"]), st.sampled_from(["is", "is_not", "contains", "starts_with"]), st.sampled_from(["FR", "NY", "en"]))),
    "event": st.builds(
        lambda name, counts, within, where: {"name": name, **counts, **({"within": within} if within else {}), **({"where": where} if where else {})},
        st.sampled_from([*NAMES, "order.*", "message.*", "o.*", "nothing"]),
        st.sampled_from([{}, {"at_least": 1}, {"at_least": 2}, {"at_most": 0}, {"at_most": 1}, {"at_least": 0, "at_most": 1}, {"at_least": 1, "at_most": 2}, {"at_least": None, "at_most": None}]),
        st.sampled_from(["", "60s", "1h", "1d", "180d"]), st.lists(COMPARISONS, max_size=2),
    ),
    "segment": st.builds(lambda key: {"segment": key}, st.sampled_from(["lapsed", "vip", "new", "gone"])),
}  # fmt: skip


def leaf(key: str) -> st.SearchStrategy[dict[str, Any]]:
    return LEAVES[key].map(lambda found: {"kind": key, **found})


TREES = st.recursive(
    st.sampled_from(sorted(LEAVES)).flatmap(leaf),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)


def made(people: list) -> list[int]:
    """Store these people, with what they did and where they belong."""
    house = brand()
    groups = {
        key: Segment.objects.get_or_create(key=key, defaults={"brand": house, "name": key})[0]
        for key in ("lapsed", "vip", "new")
    }
    ids = []
    for columns, happened, keys in people:
        person = Contact.objects.create(created_at=NOW, updated_at=NOW, **columns)
        ids.append(person.pk)
        new = [
            timeline.NewEvent(person.pk, name, NOW - age, f"{person.pk}:{n}", properties)
            for n, (name, age, properties) in enumerate(happened)
        ]
        timeline.record(new, NOW)
        Membership.objects.bulk_create(
            Membership(segment=group, contact=person, entered_at=NOW, left_at=None if key in keys else NOW)
            for key, group in groups.items()
        )
    return ids


def agree(tree: dict, ids: list[int]) -> None:
    known = facts.load(ids, logic.needs(tree), NOW)
    in_memory = {pk for pk in ids if logic.holds(tree, known[pk], NOW)}
    in_database = set(Contact.objects.filter(logic.as_q(tree, NOW), pk__in=ids).values_list("pk", flat=True))
    assert in_memory == in_database


def test_every_kind_is_drawn_by_these_tests():
    assert set(LEAVES) == set(GOOD) == set(conditions.keys())


@pytest.mark.django_db
@pytest.mark.parametrize("key", sorted(LEAVES))
def test_memory_and_database_agree_on_each_kind(key):
    @IN_DATABASE
    @given(PEOPLE, st.lists(leaf(key), min_size=1, max_size=6))
    def agreeing(people, leaves):
        ids = made(people)
        for one in leaves:
            if not logic.check(one):
                agree(one, ids)

    agreeing()


@pytest.mark.django_db
@IN_DATABASE
@given(PEOPLE, st.lists(TREES, min_size=1, max_size=4))
def test_memory_and_database_agree_on_trees(people, trees):
    ids = made(people)
    for tree in trees:
        if not logic.check(tree):
            agree(tree, ids)


@KINDS
class TestContract:
    def test_it_has_a_title_and_a_documentation(self, kind):
        assert kind.key.isidentifier()
        assert kind.title
        assert len(kind.__doc__.strip()) > 40
        assert all(field.help_text for field in kind.Config().fields.values())

    def test_its_form_takes_a_good_one_and_names_what_is_missing(self, kind):
        form = kind.Config(GOOD[kind.key])
        assert form.is_valid(), form_errors(form)
        required = [name for name, field in kind.Config().fields.items() if field.required]
        assert required
        assert {sentence.partition(":")[0] for sentence in form_errors(kind.Config({}))} >= set(required)
        assert logic.check({"kind": kind.key, **GOOD[kind.key]}) == []

    def test_what_it_does_not_know_is_refused(self, kind):
        [sentence] = logic.check({"kind": kind.key, **GOOD[kind.key], "colour": "red"})
        assert sentence.startswith(f"colour: not known to {kind.key}; it has ")

    def test_it_answers_for_somebody_unknown(self, kind):
        assert kind.holds(GOOD[kind.key], ContactFacts(id=0), NOW) in (True, False)

    def test_it_declares_what_it_needs(self, kind):
        assert isinstance(kind.needs(GOOD[kind.key]), Needs)
        assert isinstance(kind.attributes(GOOD[kind.key]), frozenset)
        assert kind.needs(GOOD[kind.key]) != Needs() or kind.attributes(GOOD[kind.key])

    @pytest.mark.django_db
    def test_a_whole_batch_costs_a_constant_number_of_queries(self, kind, django_assert_num_queries):
        ids = [contact(f"u{n}").pk for n in range(30)]
        needs = kind.needs(GOOD[kind.key])
        with django_assert_num_queries(1 + bool(needs.events) + bool(needs.segments)):
            assert len(facts.load(ids, needs, NOW)) == 30


@pytest.mark.parametrize(("tree", "sentences"), [
    ("pro", ["'pro' is not a condition; write for example " + logic.EXAMPLE + "."]),
    (None, ["None is not a condition; write for example " + logic.EXAMPLE + "."]),
    ({}, ["a condition has a kind, or exactly one of all, any and not; this one has nothing."]),
    ({"all": [], "any": []}, ["a condition has a kind, or exactly one of all, any and not; this one has all, any."]),
    ({"all": []}, ["all: write a list of at least one condition."]),
    ({"any": {"kind": "event"}}, ["any: write a list of at least one condition."]),
    ({"none": []}, ["a condition has a kind, or exactly one of all, any and not; this one has none."]),
    ({"kind": "weather"}, ["kind: 'weather' is not known; write one of: attribute, event, segment."]),
    ({"kind": ["event"]}, ["kind: ['event'] is not known; write one of: attribute, event, segment."]),
    ({"kind": "event"}, ["name: This field is required."]),
    ({"kind": "event", "name": "order completed"}, ["name: 'order completed' is not an event's name; write for example order.completed, without spaces."]),
    ({"kind": "event", "name": "*.completed"}, ["name: '*.completed' is not an event's name; write for example order.completed, without spaces."]),
    ({"kind": "event", "name": "a", "within": "soon"}, ["within: 'soon' is not a duration; write for example 90s, 60m, 2h, 3d, 1w or 1d12h."]),
    ({"kind": "event", "name": "a", "at_least": 3, "at_most": 2}, ["at_least (3) is more than at_most (2); nobody could fit."]),
    ({"kind": "event", "name": "a", "at_least": 0}, ["at_least 0 alone holds for everybody; for never, write at_most 0."]),
    ({"kind": "event", "name": "a", "at_least": -1}, ["at_least: Ensure this value is greater than or equal to 0."]),
    ({"kind": "event", "name": "a", "where": {"path": "x"}}, ['where: Write a list of comparisons, for example [{"path": "total", "op": "gt", "value": 100}].']),
    ({"kind": "event", "name": "a", "where": [{"path": "x", "op": "gt", "value": "y"}]}, ["where: Comparison 1: value: gt needs a number; dates are compared with before and after."]),
    ({"kind": "attribute", "path": "plan", "op": "gt", "value": "pro"}, ["value: gt needs a number; dates are compared with before and after."]),
    ({"kind": "segment", "segment": "not a key"}, ["segment: Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."]),
    ({"all": [{"kind": "segment", "segment": "a"}, {"not": {"any": [{"kind": "event"}]}}]}, ["all 2: not: any 1: name: This field is required."]),
])  # fmt: skip
def test_a_bad_tree_is_told_what_is_wrong_where(tree, sentences):
    assert logic.check(tree) == sentences


def test_a_tree_has_bounds():
    one = {"kind": "segment", "segment": "a"}
    deep = one
    for _ in range(logic.DEEPEST):
        deep = {"not": deep}
    assert "nested deeper than 10 levels" in logic.check(deep)[0]
    assert logic.check({"all": [one] * logic.MOST}) == []
    assert logic.check({"all": [one] * (logic.MOST + 1)}) == [
        "The condition has 201 parts; at most 200 are allowed. Build it of segments."
    ]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["event", "attribute", "segment"]),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "all", "any", "not", "name", "within", "at_least", "where", "path", "op", "value", "segment"]), inner, max_size=4), max_leaves=10))  # fmt: skip
def test_whatever_is_written_is_answered_with_sentences(anything):
    assert all(isinstance(sentence, str) and sentence for sentence in logic.check(anything))


def test_needs_add_up_to_the_longest():
    tree = {"any": [{"kind": "event", "name": "a", "within": "1d"}, {"kind": "event", "name": "a", "within": "3d"}, {"kind": "event", "name": "b", "within": "1d"},
                    {"kind": "event", "name": "b"}, {"not": {"kind": "segment", "segment": "s"}}, {"kind": "attribute", "path": "company.size", "op": "exists"}]}  # fmt: skip
    assert logic.needs(tree) == Needs({"a": timedelta(days=3), "b": None}, frozenset({"s"}))
    assert logic.attributes(tree) == {"company"}


@pytest.mark.django_db
class TestEvents:
    """The edges that people argue about."""

    @pytest.mark.parametrize(
        ("age", "inside"),
        [
            (timedelta(0), True),
            (timedelta(hours=1) - timedelta(seconds=1), True),
            (timedelta(hours=1), False),
            (-timedelta(seconds=1), False),
        ],
    )
    def test_a_window_is_open_at_its_far_end_and_knows_no_future(self, age, inside):
        person = contact()
        event(person, "signup", at=NOW - age, now=NOW)
        tree = {"kind": "event", "name": "signup", "within": "1h"}
        agree(tree, [person.pk])
        assert Contact.objects.filter(logic.as_q(tree, NOW)).exists() is inside

    def test_never_is_true_for_somebody_who_did_something_else(self):
        person = contact()
        event(person, "signup")
        assert (
            Contact.objects.filter(logic.as_q({"kind": "event", "name": "order.completed", "at_most": 0}, NOW)).get()
            == person
        )

    def test_a_family_is_counted_together(self):
        person = contact()
        for name in ("message.sent", "message.opened", "messages", "message"):
            event(person, name)
        tree = {"kind": "event", "name": "message.*", "at_least": 2, "at_most": 2}
        agree(tree, [person.pk])
        assert Contact.objects.filter(logic.as_q(tree, NOW)).exists()

    def test_a_segment_of_segments(self):
        person = contact("u1", plan="pro")
        segment("pros", refreshed=NOW)
        tree = {"all": [{"kind": "segment", "segment": "pros"}, {"not": {"kind": "segment", "segment": "gone"}}]}
        agree(tree, [person.pk])
        assert Contact.objects.filter(logic.as_q(tree, NOW)).get() == person
