"""Overrides: single declarations of a plan changed from outside its file, with ids as keys of lists.

Belongs here: finding the place that a dotted path means, and saying which path does not exist. Does not belong here: rules about
values; a changed plan is checked as a whole, by the models, as if the file had been edited.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from brytpunkt.declarations.plan import Plan
from brytpunkt.declarations.products import nonsense
from brytpunkt.declarations.reading.explain import Complaint, dotted, explain
from brytpunkt.declarations.reading.reader import Declared
from brytpunkt.declarations.reading.yaml_tree import Unreadable, read_tree
from brytpunkt.declarations.values.money import CURRENCIES
from brytpunkt.errors import InputError, Problem

Place = tuple[str | int, ...]

NAMES = ("id", "catalog", "name", "factor", "scenario", "model", "provider", "from", "month", "year")
RATES = "fx_units_per_eur"
NAMING = ("plan", "id", "catalog")
EXAMPLE = "write key=value, for example finance.discount_rate_per_year=0.06"


@dataclass(frozen=True)
class Override:
    """One declaration and its new value; ``key`` is the dotted path as the user wrote it."""

    key: str
    value: Any

    @property
    def steps(self) -> list[str]:
        """Keys and ids on the way."""
        return self.key.split(".")


class _Lost(Exception):  # noqa: N818 - a path that leads nowhere, for the caller to explain
    def __init__(self, message: str, suggestion: str) -> None:
        super().__init__(message)
        self.message, self.suggestion = message, suggestion


def read_overrides(texts: Sequence[str]) -> tuple[tuple[Override, ...], tuple[Problem, ...]]:
    """``key=value`` texts -> overrides, and a problem for every text that is none; values are YAML."""
    found: list[Override] = []
    problems: list[Problem] = []
    for text in texts:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals or not key or "" in key.split("."):
            problems.append(Problem(text[:80] or "''", "this is not a change of a declaration", EXAMPLE))
            continue
        if any(key == other.key for other in found):
            problems.append(Problem(key, "it is changed twice", "keep one of the two values"))
            continue
        try:
            tree = read_tree(value)
        except Unreadable as error:
            problems.append(Problem(key, error.fault.message, error.fault.suggestion))
            continue
        problems += [Problem(key, fault.message, fault.suggestion) for fault in tree.faults]
        found.append(Override(key, tree.value))
    return tuple(found), tuple(problems)


class Overriding:
    """A read plan file, to be changed several times."""

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        self._value = declared.values

    def plan(self, overrides: Sequence[Override], earlier: Sequence[Problem] = ()) -> Plan:
        """The plan as it would be read, were its file changed so.

        A section, or the price of a catalog server, that the file leaves out is added. Raises ``InputError`` with the
        problems found ``earlier``, every path that leads nowhere and every value that the plan refuses, under the path that
        the user gave.
        """
        value = copy.deepcopy(self._value)
        places: dict[Place, str] = {}
        problems = list(earlier)
        for override in overrides:
            try:
                places[_put(value, override)] = override.key
            except _Lost as lost:
                problems.append(Problem(override.key, lost.message, lost.suggestion))
        plan: Plan | None = None
        try:
            plan = Plan.model_validate(value)
            complaints = [Complaint(one.at, one.message, one.suggestion) for one in nonsense(plan)]
        except ValidationError as error:
            complaints = explain(error.errors(include_url=False), value)
        problems += [_told(complaint, places, value) for complaint in complaints]
        if plan is None or problems:
            raise InputError(tuple(dict.fromkeys(problems)))
        return plan

    def shown(self, override: Override) -> str:
        """What the file says where an override stands, in short; ``default`` where it says nothing."""
        at: Any = copy.deepcopy(self._value)
        try:
            for step in _put(copy.deepcopy(self._value), override):
                at = at[step]
        except (KeyError, IndexError, TypeError):
            return "default"
        return _short(at)


def _short(value: Any) -> str:
    """A value on one line, as YAML would have it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_short(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_short(item) for item in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def short(override: Override) -> str:
    """The new value on one line."""
    return _short(override.value)


def _put(value: Any, override: Override) -> Place:
    """Change ``value`` in place -> where. Raises ``_Lost`` where the path leads nowhere."""
    place: list[str | int] = []
    steps = override.steps
    if steps[-1] in NAMING:
        message = f"`{steps[-1]}` names the thing and is not changed here"
        raise _Lost(message, "change the file")
    at = value
    while True:
        step, taken = _step(at, steps, tuple(place))
        steps = steps[taken:]
        place.append(step)
        if not steps:
            break
        if isinstance(at, dict):
            at = at.setdefault(step, {})
            if at is None:  # a key with nothing after it
                _parent(value, place[:-1])[step] = at = {}
        else:
            at = at[step]
    if isinstance(at, dict) and place[-2:-1] != [RATES] and _is_price(at, step):
        at.clear()
    at[step] = override.value
    return tuple(place)


def _parent(value: Any, place: Iterable[str | int]) -> Any:
    for step in place:
        value = value[step]
    return value


def _is_price(at: Mapping[str, Any], step: str | int) -> bool:
    """Whether a key is a currency among currencies: a price has one, so that the new one takes the old one's place."""
    names = {currency.lower() for currency in CURRENCIES}
    return {str(key).lower() for key in (*at, step)} <= names


def _step(at: Any, steps: list[str], place: Place) -> tuple[str | int, int]:
    """The next key or position, and how many dotted steps name it: ids may hold dots."""
    if isinstance(at, dict):
        known = [str(key) for key in at]
        taken = _longest(known, steps)
        return (".".join(steps[:taken]), taken) if taken else (steps[0], 1)
    if isinstance(at, list):
        names = [_name(item) for item in at]
        taken = _longest([name for name in names if name], steps)
        if taken:
            return names.index(".".join(steps[:taken])), taken
        if steps[0].isdigit() and int(steps[0]) < len(at):
            return int(steps[0]), 1
        raise _Lost(*_unknown(steps[0], [name for name in names if name], len(at), place))
    message = f"{dotted(place)} is {_short(at)} and has no keys below it"
    raise _Lost(message, f"change {dotted(place)} itself")


def _longest(known: list[str], steps: list[str]) -> int:
    return next((n for n in range(len(steps), 0, -1) if ".".join(steps[:n]) in known), 0)


def _name(item: Any) -> str:
    """What an item of a list is called: its id, or the first key that names it."""
    if not isinstance(item, Mapping):
        return ""
    return next((str(item[key]) for key in NAMES if key in item), "")


def _unknown(step: str, names: list[str], count: int, place: Place) -> tuple[str, str]:
    message = f"there is no `{step[:60]}` in {dotted(place)}"
    near = difflib.get_close_matches(step, names, n=1, cutoff=0.5)
    if near:
        return message, f"did you mean {near[0]}?"
    if names:
        return message, f"known there: {', '.join(names)}"
    return message, f"give a position from 0 to {count - 1}" if count else "the list is empty"


def _told(complaint: Complaint, places: Mapping[Place, str], value: Any) -> Problem:
    """A complaint under the path that the user gave, else under the path in the plan with ids for positions."""
    where = _named(complaint.path, value)
    for place, key in places.items():
        if complaint.path[: len(place)] == place:
            where = ".".join([key, *map(str, complaint.path[len(place) :])])
            break
        if place[: len(complaint.path)] == complaint.path:  # the first key on the way that does not exist
            where = key
    return Problem(where, complaint.message, complaint.suggestion or None)


def _named(path: Place, value: Any) -> str:
    names: list[str] = []
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            value = None
        names.append((_name(value) or str(step)) if isinstance(step, int) else step)
    return ".".join(names)
