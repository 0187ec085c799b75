"""The picture of a journey: complete, legible, safe, the same every time, and no two things in one place."""

import itertools
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys import diagram, files
from journeys.blueprints import Blueprint, StepPlan
from journeys.diagram import Figure, cards, content
from journeys.diagram.layout import Box, Line, arrange
from tests.journeys.driving import step

PRO = {"kind": "attribute", "path": "plan", "op": "is", "value": "pro"}


def design(*steps, **more):
    return Blueprint(trigger="event", trigger_config={"name": "signup"}, steps=steps, **more)


def drawn(blueprint, **more):
    return ElementTree.fromstring(diagram.svg(blueprint, "Welcome", **more))


def words(element):
    return " ".join(" ".join(element.itertext()).split())


def texts(svg):
    return ["".join(found.itertext()) for found in svg.iter() if found.tag.endswith("}text")]


class TestContent:
    def test_every_step_with_its_kind_and_summary(self):
        svg = drawn(design(step("wait", "rest", title="A rest", for_="3d"), step("send", "mail", template="hello")))
        assert {"A rest", "Wait", "3 days", "mail", "Send a message", "hello", "End"} <= set(texts(svg))

    def test_what_holds_on_the_whole_way_is_said_at_the_entry(self):
        svg = drawn(
            design(
                step("wait", for_="3d"),
                reentry="after",
                reentry_after="90d",
                instance_key="order_id",
                exit_when=[{"event": "order.completed"}, {"event": "refund"}],
                goal={"event": "order.completed", "within": "2d"},
            )
        )
        found = words(svg)
        for sentence in (
            "Once per order_id",
            "Leaves at once on order.completed, refund",
            "Goal: order.completed within 2 days",
            "Again after",
        ):
            assert sentence in found

    def test_exits_are_named_where_ways_part_and_only_there(self):
        split = design(step("send", "mail", template="a", exits={"blocked": "end"}), step("wait", for_="1d"))
        assert {"otherwise", "blocked"} <= set(texts(drawn(split)))
        straight = design(step("send", "mail", template="a"), step("wait", for_="1d"))
        assert not {"otherwise", "sent", "blocked"} & set(texts(drawn(straight)))

    def test_exits_that_lead_to_the_same_step_are_one_line(self):
        graph = content.graph(
            design(
                step("send", "mail", template="a", exits={"blocked": "b", "failed": "b"}),
                step("wait", "a", for_="1d"),
                step("wait", "b", for_="1d"),
            )
        )
        assert [(edge.target, edge.label) for edge in graph.edges if edge.source == "mail"] == [
            ("a", "sent / unknown"),
            ("b", "blocked / failed"),
        ]

    def test_a_draft_that_is_not_finished_is_drawn_all_the_same(self):
        unfinished = Blueprint(
            trigger="moon",
            steps=(
                step("fly", "a"),
                step("wait", "b", for_="soon"),
                step("wait", "c", for_="1d", exits={"next": "nowhere"}),
            ),
        )
        found = words(drawn(unfinished))
        assert "Unknown trigger" in found
        assert "Unknown step kind 'fly'" in found
        assert "Not finished" in found
        assert "No trigger yet" in words(drawn(Blueprint()))


class TestAccess:
    def test_it_is_an_image_with_a_title_and_a_description(self):
        svg = drawn(design(step("wait", "rest", for_="3d")))
        assert svg.get("role") == "img"
        ids = {element.get("id"): element for element in svg.iter() if element.get("id")}
        assert words(ids[svg.get("aria-labelledby")]) == "Welcome"
        assert (
            words(ids[svg.get("aria-describedby")])
            == "Entry (Event, signup) – to rest. rest (Wait, 3 days) – to End. End."
        )

    def test_with_links_it_is_a_group_so_that_they_can_be_reached(self):
        svg = drawn(
            design(step("wait", "rest", for_="3d")),
            figures={"rest": [Figure("here now", 1234, "/people?a=1&b=2", "good")]},
        )
        assert svg.get("role") == "group"
        [link] = [element for element in svg.iter() if element.tag.endswith("}a")]
        assert link.get("href") == "/people?a=1&b=2"
        assert words(link) == "1,234 here now"

    def test_several_on_a_page_do_not_share_ids(self):
        def ids(svg):
            return {element.get("id") for element in svg.iter() if element.get("id")}

        plan = design(step("wait", "rest", for_="3d"))
        assert not ids(drawn(plan, name="old")) & ids(drawn(plan, name="new"))

    def test_what_people_write_is_only_text(self):
        evil = '</title><script>alert("x")</script>'
        svg = diagram.svg(
            design(step("wait", "rest", title=evil, for_="3d"), step("exit", reason=evil), instance_key=evil),
            evil,
            {"rest": [Figure(evil, 1, 'javascript:"><script>')]},
        )
        ElementTree.fromstring(svg)
        assert "<script" not in svg

    def test_what_became_of_a_step_is_said_on_its_card_and_in_its_title(self):
        svg = drawn(design(step("wait", "rest", for_="3d"), step("wait", "more", for_="1d")), marks={"rest": "changed"})
        assert texts(svg).count("changed") == 1
        assert [one.text for one in svg.iter() if (one.text or "").startswith("changed, ")] == [
            "changed, rest, Wait, 3 days"
        ]

    def test_long_texts_are_cut_on_the_card_and_whole_in_its_title(self):
        title = "A very long title " * 8
        svg = drawn(design(step("wait", "rest", title=title.strip(), for_="3d")))
        assert any(text.endswith("…") and len(text) < 60 for text in texts(svg))
        assert title.strip() in words(svg)


def test_figures_take_the_room_that_they_need():
    node = content.Node("a", "A", "Wait", "time")
    few = cards.card(node, [Figure("entered", 1)])
    many = cards.card(node, [Figure("opened twice", 10**9) for _ in range(5)])
    assert few.height < many.height
    for row in many.figures:
        for x, figure in row:
            assert x + cards.width(figure.text, cards.SMALL) <= cards.WIDTH - cards.LEFT - cards.RIGHT + 1


# -- layout ---------------------------------------------------------------------------------------------------------------


@st.composite
def graphs(draw):
    size = draw(st.integers(1, 14))
    boxes = [Box(f"b{n}", draw(st.sampled_from([68, 244])), draw(st.sampled_from([30, 75, 120]))) for n in range(size)]
    pairs = draw(
        st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=2 * size, unique=True)
    )
    chain = [(n, n + 1) for n in range(size - 1) if draw(st.booleans())]
    wanted = list(dict.fromkeys([*chain, *pairs]))
    return boxes, [Line(f"b{a}", f"b{b}", draw(st.sampled_from([0, 40, 90]))) for a, b in wanted]


def overlap(one, other):
    return (
        one.x < other.x + other.width - 0.2
        and other.x < one.x + one.width - 0.2
        and one.y < other.y + other.height - 0.2
        and other.y < one.y + one.height - 0.2
    )


@settings(max_examples=120, deadline=None)
@given(graphs())
def test_any_graph_is_laid_out_without_overlaps_inside_its_frame(graph):
    boxes, lines = graph
    layout = arrange(boxes, lines)
    assert layout == arrange(boxes, lines), "the same every time"
    for one, other in itertools.combinations(layout.places.values(), 2):
        assert not overlap(one, other)
    for place in layout.places.values():
        assert place.x >= -0.1
        assert place.y >= 0
        assert place.x + place.width <= layout.width + 0.2
        assert place.y + place.height <= layout.height + 0.2
    for line, route in zip(lines, layout.routes, strict=True):
        source, goal = layout.places[line.source], layout.places[line.target]
        assert route.points[0] == (pytest.approx(source.middle, abs=0.11), source.y + source.height)
        assert route.points[-1] == (pytest.approx(goal.middle, abs=0.11), goal.y)
        assert all(-0.1 <= x <= layout.width + 0.2 and -13 <= y <= layout.height + 0.2 for x, y in route.points)
        assert (route.label is not None) == bool(line.width)
        if not route.back:
            assert [y for _, y in route.points] == sorted(y for _, y in route.points), "it leads down"


@settings(max_examples=80, deadline=None)
@given(graphs())
def test_labels_of_lines_that_lead_down_cover_neither_boxes_nor_each_other(graph):
    boxes, lines = graph
    layout = arrange(boxes, lines)
    labels = [
        (route.label, line.width)
        for line, route in zip(lines, layout.routes, strict=True)
        if route.label and not route.back
    ]
    for ((x, y), width), ((other_x, other_y), other_width) in itertools.combinations(labels, 2):
        assert abs(y - other_y) > 19 or abs(x - other_x) >= (width + other_width) / 2 - 0.2
    for (x, y), width in labels:
        for place in layout.places.values():
            inside = place.y - 9 < y < place.y + place.height + 9
            assert not inside or x + width / 2 <= place.x + 0.2 or place.x + place.width <= x - width / 2 + 0.2


def test_a_straight_journey_is_a_straight_line():
    boxes = [Box(str(n), 244, 80) for n in range(6)]
    layout = arrange(boxes, [Line(str(n), str(n + 1)) for n in range(5)])
    assert len({place.x for place in layout.places.values()}) == 1
    assert layout.width == 244


def test_a_long_way_past_others_is_straight_in_the_middle():
    boxes = [Box(key, 244, 80) for key in "abcde"]
    lines = [Line(a, b, 40) for a, b in itertools.pairwise("abcde")] + [Line("a", "e", 60)]
    route = arrange(boxes, lines).routes[-1]
    assert len({x for x, _ in route.points[1:-1]}) == 1


def test_a_loop_leads_up_at_the_side():
    layout = arrange([Box(key, 244, 80) for key in "abc"], [Line("a", "b"), Line("b", "c"), Line("c", "a", 50)])
    loop = layout.routes[2]
    assert loop.back
    assert max(x for x, _ in loop.points) > max(place.x + place.width for place in layout.places.values())


def test_a_hundred_steps_are_drawn():
    steps = [
        step("send", f"s{n}", template="a", exits={"blocked": f"s{min(n + 7, 99)}"} if n < 90 else {})
        for n in range(100)
    ]
    svg = diagram.svg(design(*steps), "Large")
    assert svg.count('class="card message"') == 100


@pytest.mark.parametrize("path", sorted(Path("demo/journeys").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_demos_journeys_are_drawn(path):
    plan = files.load(path.read_text())
    svg = drawn(plan.design)
    for one in plan.design.steps:
        assert (one.title or one.key) in words(svg)


def test_colours_come_from_the_style_sheet_alone():
    svg = diagram.svg(design(step("wait", "rest", for_="3d"), step("exit")), "Welcome")
    assert not re.search(r'(fill|stroke)="', svg)
    css = Path("config/static/waymark/diagram.css").read_text()
    for name in {name for group in re.findall(r'class="([^"]+)"', svg) for name in group.split()} - {"tip"}:
        assert f".{name}" in css, name


def test_plans_are_not_changed():
    plan = StepPlan("a", "wait", config={"for": "1d"})
    before = repr(plan)
    diagram.svg(design(plan), "Welcome")
    assert repr(plan) == before
