"""YAML text to plain values with line numbers, by the core schema of YAML 1.2.

Belongs here: what the text says and where; refusing what a plan never needs (aliases, tags, deep trees).
Does not belong here: what the values mean.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

MAX_DEPTH = 20
MAX_NODES = 20_000

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """Something that the text may not contain. [line counts from 1]"""

    line: int
    path: Path
    message: str
    suggestion: str


@dataclass
class Tree:
    """Plain values, the line of every path, and the faults met on the way."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def rename(self, path: Path, key: str) -> None:
        """Read on as if the last step of `path` were `key`, unless that key stands there too."""
        parent = self.value
        for step in path[:-1]:
            parent = parent[step]
        if key in parent:
            return
        parent[key] = parent.pop(path[-1])
        size = len(path)
        self.lines = {
            (*at[: size - 1], key, *at[size:]) if at[:size] == path else at: line
            for at, line in self.lines.items()
        }

    def line_of(self, path: Path) -> int:
        """Line of the nearest thing that stands in the text."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class Unreadable(Exception):  # noqa: N818 - what the text is, for the reader to translate
    """The text cannot be read to its end."""

    def __init__(self, line: int, message: str, suggestion: str) -> None:
        super().__init__(message)
        self.fault = Fault(line, (), message, suggestion)


def read_tree(text: str) -> Tree:
    """The one document in `text`. Raises `Unreadable` where reading cannot go on."""
    return _Builder(_events(text)).build()


def _events(text: str) -> Iterator[Event]:
    """Parser events, one by one: nothing is composed or expanded before it has been looked at."""
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = str(error.problem or error.context or "not valid YAML").strip()
        raise Unreadable(
            mark.line + 1 if mark else 1, f"not valid YAML: {problem}", _syntax_hint(problem)
        ) from error
    except Exception as error:  # the parser has no closed list of errors for text that is not YAML at all
        raise Unreadable(1, "not valid YAML", "check that this is a plan file") from error


def _syntax_hint(problem: str) -> str:
    if "\\t" in problem or "tab" in problem:
        return "indent with spaces, not with tabs"
    if "mapping values are not allowed" in problem:
        return "quote text that contains ': '"
    return "check indentation, quotes and brackets near this line"


class _Builder:
    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._tree = Tree()
        self._nodes = 0

    def build(self) -> Tree:
        documents = 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    hint = "keep one plan per file: remove the '---' line"
                    raise Unreadable(_line(event), "the file holds more than one document", hint)
            elif isinstance(event, NodeEvent):
                self._tree.lines[()] = _line(event)
                self._tree.value = self._node(event, ())
        return self._tree

    def _node(self, event: NodeEvent, path: Path) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise Unreadable(
                _line(event), f"the file has more than {MAX_NODES} entries", "a plan needs far fewer"
            )
        if len(path) > MAX_DEPTH:
            raise Unreadable(_line(event), f"nested deeper than {MAX_DEPTH} levels", "a plan needs far fewer")
        if isinstance(event, AliasEvent):
            self._fault(event, path, f"aliases (*{event.anchor}) are not allowed", "write the value out")
            return None
        if event.anchor is not None:
            self._fault(
                event, path, f"anchors (&{event.anchor}) are not allowed", "write the value out where needed"
            )
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._fault(event, path, f"tags ({str(tag)[:40]}) are not allowed", "write the plain value")
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        assert isinstance(event, ScalarEvent)
        return _plain_scalar(event.value) if event.implicit[0] and event.style is None else event.value

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while (event := self._item()) is not None:
            at = (*path, len(items))
            self._tree.lines[at] = _line(event)
            items.append(self._node(event, at))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while (event := self._item()) is not None:
            key = self._key(event, path)
            if key is None:
                self._node(self._value(), path)
                continue
            at = (*path, key)
            if key in entries:
                first = self._tree.lines[at]
                self._fault(
                    event, path, f"the key `{key[:60]}` stands twice (first in line {first})", "keep one"
                )
                self._node(self._value(), (*path, f"{key} (again)"))
                continue
            self._tree.lines[at] = _line(event)
            entries[key] = self._node(self._value(), at)
        return entries

    def _item(self) -> NodeEvent | None:
        """The next node; None at the end of its list or mapping."""
        event = next(self._events)
        return event if isinstance(event, NodeEvent) else None

    def _value(self) -> NodeEvent:
        """The node after a key: the parser gives an empty scalar where the text has none."""
        event = self._item()
        assert event is not None
        return event

    def _key(self, event: NodeEvent, path: Path) -> str | None:
        """The key as text; None, with a fault, for what cannot be a key of a plan."""
        if isinstance(event, ScalarEvent) and event.value != "<<":
            if event.anchor is not None or event.tag is not None:
                self._fault(event, path, "keys carry no anchors or tags", "write the plain key")
            return str(event.value)
        if isinstance(event, ScalarEvent):
            self._fault(event, path, "merge keys (<<) are not allowed", "write the values out")
        else:
            self._fault(
                event, path, "a key must be a plain word", "quote text that begins with a bracket or a star"
            )
            if not isinstance(event, AliasEvent):
                self._node(event, path)
        return None

    def _fault(self, event: Event, path: Path, message: str, suggestion: str) -> None:
        self._tree.faults.append(Fault(_line(event), path, message, suggestion))


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1


_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS = {"": None, "~": None} | {
    spelling: value
    for word, value in (("null", None), ("true", True), ("false", False))
    for spelling in (word, word.capitalize(), word.upper())
}


def _plain_scalar(text: str) -> Any:
    """An unquoted scalar by the core schema of YAML 1.2, and ISO dates: `NO` is text, not false."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITE.fullmatch(text):
        return -math.inf if text.startswith("-") else math.inf
    if text in (".nan", ".NaN", ".NAN"):
        return math.nan
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text
