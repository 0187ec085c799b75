"""How the picture looks. Colours are CSS (`waymark/diagram.css`), so that it follows the page into the dark."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from journeys.diagram.cards import LEFT, LINE, SMALL, Card, Figure, card, width
from journeys.diagram.content import FINISH, START, Edge, Graph, described
from journeys.diagram.layout import Box, Layout, Line, Place, Route, arrange

MARGIN = 12.0
CORNER = 12.0
SMALLEST = 0.72
"""It may shrink so far to fit its frame; below that, the frame scrolls."""


def draw(
    graph: Graph, title: str, figures: Mapping[str, Sequence[Figure]], name: str, marks: Mapping[str, str]
) -> SafeString:
    """The SVG. With links in it, it is a group rather than one image: readers of the screen must reach them."""
    keys = ["" if node.key == START else node.key for node in graph.nodes]
    cards = [card(node, figures.get(key, ())) for key, node in zip(keys, graph.nodes, strict=True)]
    layout = arrange(
        [Box(one.node.key, one.width, one.height) for one in cards],
        [Line(edge.source, edge.target, _room(edge)) for edge in graph.edges],
    )
    links = any(figure.url for some in figures.values() for figure in some)
    head = {
        "name": name,
        "role": "group" if links else "img",
        "width": _number(layout.width + 2 * MARGIN),
        "height": _number(layout.height + 2 * MARGIN),
        "least": _number((layout.width + 2 * MARGIN) * SMALLEST),
        "title": title,
        "words": described(graph),
    }
    drawn = (_card(one, layout.places[one.node.key], marks.get(key, "")) for key, one in zip(keys, cards, strict=True))
    body = [*_lines(graph, layout, name), *drawn]
    return format_html(
        '<svg class="journey-diagram" role="{role}" aria-labelledby="{name}-title" aria-describedby="{name}-words" '
        'xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="-12 -12 {width} {height}" '
        'style="min-width: {least}px">'
        '<title id="{name}-title">{title}</title><desc id="{name}-words">{words}</desc>'
        '<defs><marker id="{name}-tip" class="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0 0.5 L7.5 4 L0 7.5 z"/></marker></defs>{body}</svg>',
        **head,
        body=_join(body),
    )


def _room(edge: Edge) -> float:
    return width(edge.label, SMALL) + 18 if edge.label else 0.0


def _join(parts: Sequence[str]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def _lines(graph: Graph, layout: Layout, name: str) -> Sequence[str]:
    """All lines first, then all labels: no line crosses a word."""
    pairs = list(zip(graph.edges, layout.routes, strict=True))
    return [
        *(format_html('<path class="way" d="{}" marker-end="url(#{}-tip)"/>', _path(r), name) for _, r in pairs),
        *(_label(edge, route) for edge, route in pairs if route.label),
    ]


def _path(route: Route) -> SafeString:
    return mark_safe(_corners(route) if route.back else _curves(route))  # noqa: S308 (numbers only)


def _curves(route: Route) -> str:
    """Smooth from row to row, leaving and arriving straight down."""
    x, y = route.points[0]
    path = f"M{_number(x)} {_number(y)}"
    for to_x, to_y in route.points[1:]:
        if abs(to_x - x) < 0.6:
            path += f" L{_number(to_x)} {_number(to_y)}"
        else:
            middle = _number((y + to_y) / 2)
            path += f" C{_number(x)} {middle} {_number(to_x)} {middle} {_number(to_x)} {_number(to_y)}"
        x, y = to_x, to_y
    return path


def _corners(route: Route) -> str:
    """Straight, with round corners."""
    points = route.points
    path = f"M{_number(points[0][0])} {_number(points[0][1])}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        start, end = _towards(corner, before), _towards(corner, after)
        path += f" L{_pair(start)} Q{_pair(corner)} {_pair(end)}"
    return f"{path} L{_pair(points[-1])}"


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """The point on the way from the corner to the other at which its rounding begins."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy) or 1.0
    share = min(CORNER, length / 2) / length
    return corner[0] + dx * share, corner[1] + dy * share


def _label(edge: Edge, route: Route) -> SafeString:
    x, y = route.label or (0.0, 0.0)
    room = _room(edge)
    return format_html(
        '<g class="exit"><rect x="{}" y="{}" width="{}" height="20" rx="10"/><text x="{}" y="{}">{}</text></g>',
        _number(x - room / 2),
        _number(y - 10),
        _number(room),
        _number(x),
        _number(y + 4),
        edge.label,
    )


def _card(one: Card, place: Place, mark: str) -> SafeString:
    if one.node.key == FINISH:
        return format_html(
            '<g class="card end" transform="translate({} {})"><rect class="face" width="{}" height="{}" rx="15"/>'
            '<text class="finish" x="{}" y="19.5">{}</text></g>',
            *map(_number, (place.x, place.y, place.width, place.height, place.width / 2)),
            one.title,
        )
    full = ", ".join(filter(None, (mark, one.node.title, one.node.kind, *one.node.notes)))
    return format_html(
        '<g class="card {}" transform="translate({} {})"><title>{}</title><rect class="face" width="{}" height="{}" rx="8"/>'
        '<rect class="mark" x="8" y="11" width="4" height="{}" rx="2"/>{}{}</g>',
        f"{one.node.family} {mark}".strip(),
        *map(_number, (place.x, place.y)),
        full,
        *map(_number, (place.width, place.height, place.height - 22)),
        _texts(one),
        _mark(mark, place.width) if mark else "",
    )


def _mark(mark: str, right: float) -> SafeString:
    """A tag upon the upper edge of the card, away from where lines arrive."""
    room = width(mark, SMALL) + 18
    return format_html(
        '<g class="since"><rect x="{}" y="-10" width="{}" height="20" rx="10"/><text x="{}" y="4">{}</text></g>',
        *map(_number, (right - room - 8, room, right - room / 2 - 8)),
        mark,
    )


def _texts(one: Card) -> SafeString:
    y = 24.0
    parts: list[Any] = [format_html('<text class="title" x="{}" y="{}">{}</text>', _number(LEFT), y, one.title)]
    for number, line in enumerate(one.lines):
        y += 16
        kind = "kind" if number == 0 else "note"
        parts.append(format_html('<text class="{}" x="{}" y="{}">{}</text>', kind, _number(LEFT), _number(y), line))
    y += 5
    for row in one.figures:
        y += LINE
        parts += [_figure(figure, LEFT + x, y) for x, figure in row]
    return _join(parts)


def _figure(figure: Figure, x: float, y: float) -> SafeString:
    text = format_html(
        '<text class="figure {}" x="{}" y="{}"><tspan class="number">{}</tspan> {}</text>',
        figure.tone,
        _number(x),
        _number(y),
        f"{figure.value:,}",
        figure.label,
    )
    return format_html('<a href="{}">{}</a>', figure.url, text) if figure.url else text


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _pair(point: tuple[float, float]) -> str:
    return f"{_number(point[0])} {_number(point[1])}"
