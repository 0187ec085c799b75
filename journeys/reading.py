"""YAML that people write: plain values with the line that each stands in, and nothing clever.

Scalars follow YAML 1.2's core schema, so that `10:30` is a text, not 630, and `on` is a word, not true. Anchors, aliases and
tags are refused: a journey's file says what it means in full.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

LARGEST = 512_000
Path = tuple[str | int, ...]

SCALARS = {
    "tag:yaml.org,2002:null": re.compile(r"^(?:~|null|)$"),
    "tag:yaml.org,2002:bool": re.compile(r"^(?:true|false)$"),
    "tag:yaml.org,2002:int": re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"),
    "tag:yaml.org,2002:float": re.compile(r"^[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$"),
}
TEXT = "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong in a file: the line (from 1), the field, and what to write instead."""

    line: int
    field: str
    sentence: str

    def __str__(self) -> str:
        return (
            f"line {self.line}, {self.field}: {self.sentence}" if self.field else f"line {self.line}: {self.sentence}"
        )


class BadFile(ValueError):
    """A file that cannot be read as a journey; `mistakes` says why, in the order of lines."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = sorted(mistakes, key=lambda mistake: mistake.line)
        super().__init__("\n".join(map(str, self.mistakes)))


class Lines(dict[Path, int]):
    """The line of every value, by its path; `of` falls back to the line of what contains it."""

    def of(self, path: Path) -> int:
        """The line of the value, or of the nearest value around it."""
        while path and path not in self:
            path = path[:-1]
        return self.get(path, 1)


class PlainLoader(yaml.SafeLoader):
    """Composes nodes with the core schema's scalars only."""

    yaml_implicit_resolvers: dict[Any, Any] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise BadFile(
                [Mistake(event.start_mark.line + 1, "", "Anchors and aliases are not allowed; write it out.")]
            )
        return super().compose_node(parent, index)


class PlainDumper(yaml.SafeDumper):
    """Writes what PlainLoader reads back as the same value."""

    yaml_implicit_resolvers: dict[Any, Any] = {}

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


for _tag, _pattern in SCALARS.items():
    PlainLoader.add_implicit_resolver(_tag, _pattern, None)
    PlainDumper.add_implicit_resolver(_tag, _pattern, None)


def read(text: str) -> tuple[Any, Lines]:
    """The value of a YAML text, and its lines. Raises BadFile."""
    if len(text) > LARGEST:
        raise BadFile([Mistake(1, "", f"The file is larger than {LARGEST:,} characters.")])
    try:
        node = yaml.compose(text, PlainLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadFile([Mistake(mark.line + 1 if mark else 1, "", f"This is not YAML: {error.problem}.")]) from error
    except yaml.YAMLError as error:
        raise BadFile([Mistake(1, "", f"This is not YAML: {error}")]) from error
    except RecursionError as error:
        raise BadFile([Mistake(1, "", "The values are nested too deeply.")]) from error
    if node is None:
        raise BadFile([Mistake(1, "", "The file is empty.")])
    lines = Lines()
    return _value(node, (), lines), lines


def write(value: Any, *, flow: bool) -> str:
    """YAML of a value: in one line (`flow`), or in a block whose innermost lists and mappings take one line each."""
    if flow:
        wrapped: str = yaml.dump([value], Dumper=PlainDumper, default_flow_style=True, **_STYLE)
        return wrapped.strip()[1:-1]
    block: str = yaml.dump(value, Dumper=PlainDumper, default_flow_style=None, **_STYLE)
    return block.rstrip("\n")


_STYLE: Mapping[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": 10**6}


def _value(node: Any, path: Path, lines: Lines) -> Any:
    line = node.start_mark.line + 1
    lines[path] = line
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, index), lines) for index, item in enumerate(node.value)]
    return _scalar(node, line)


def _mapping(node: Any, path: Path, lines: Lines) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise BadFile([Mistake(line, "", "Keys are plain words.")])
        key = str(key_node.value)
        if key in found:
            raise BadFile([Mistake(line, key, "This key stands here twice.")])
        found[key] = _value(value_node, (*path, key), lines)
        lines[(*path, key)] = line
    return found


def _scalar(node: Any, line: int) -> Any:
    text, tag = str(node.value), node.tag
    if tag == TEXT:
        return text
    if tag.endswith(":null"):
        return None
    if tag.endswith(":bool"):
        return text == "true"
    if tag.endswith(":int"):
        return int(text)
    if tag.endswith(":float"):
        return float(text)
    raise BadFile([Mistake(line, "", f"Tags such as {tag} are not allowed; write the plain value.")])
