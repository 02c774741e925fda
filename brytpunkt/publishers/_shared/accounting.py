"""What a parser knows of each field of its documents, and what became of each row.

Belongs here: the table of fields that stands beside every parser, finding what is not in it, and the account that a
parser keeps: rows taken, left out for a reason, remarked, refused. Does not belong here: any publisher's format.

A parser declares ``FIELDS`` by path and fills the account of each of its documents::

    FIELDS: Fields = {
        "items[].price": value("price_native_per_instance_hour"),
        "items[].currency": meaning("USD; any other is refused"),
        "items[].id": IGNORED,
    }
    account = listing.accounts.of(document)
    account.read(place)  # once a row, then one or more of:
    account.leave_out(place, "no GPU")
    account.remark(place, "the map of instances does not know p7")
    account.take(place)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Any

LIST = "[]"
ANY_NAME, ANY_DEPTH = "*", "**"


class Role(StrEnum):
    """What a field is to its parser."""

    VALUE = "value"
    MEANING = "meaning"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Field:
    """One field of a format.

    A *value* is taken as written. A *meaning* says what the values are: it is one of what is known, or the row is
    left out for a listed reason, remarked or refused; nothing is assumed where it is absent. What is *ignored* changes
    nothing. ``says``: the column that a value fills, or what a meaning must be.
    """

    role: Role
    says: str = ""


Fields = Mapping[str, Field]


def value(column: str) -> Field:
    """A field that fills a column."""
    return Field(Role.VALUE, column)


def meaning(rule: str) -> Field:
    """A field that says what the values are, with what it must be."""
    return Field(Role.MEANING, rule)


IGNORED = Field(Role.IGNORED)


def paths(whole: object, place: str = "") -> Iterator[str]:
    """Paths of the fields of a nested document, each once: ``items[].price``; entries of a list are all ``[]``."""
    seen: set[str] = set()
    for path in _walked(whole, place):
        if path not in seen:
            seen.add(path)
            yield path


def unknown(fields: Fields, found: Iterable[str]) -> list[str]:
    """Those of the found paths (or columns) that the table does not have, sorted.

    In the table ``*`` stands for one name, as where an object's keys are data, and ``**`` for whatever is below. What
    holds listed fields is listed with them.
    """
    table = _compiled(tuple(fields))
    return sorted(path for path in set(found) if path not in fields and not table.knows(path))


class Fate(IntEnum):
    """What became of a row, from the weakest statement to the strongest: a row of which a part was taken is taken."""

    UNACCOUNTED = 0
    LEFT_OUT = 1
    REMARKED = 2
    REFUSED = 3
    TAKEN = 4


@dataclass
class Account:
    """What became of each row of one document; rows are named by their place, such as ``items[4]`` or ``line 7``.

    A row may be spoken of several times, as when it holds three prices of which one is odd: the strongest statement
    counts, so that rows add up whatever the order. ``unknown_fields``: paths that the table of fields does not have.
    """

    name: str
    unknown_fields: tuple[str, ...] = ()
    _rows: dict[str, tuple[Fate, str]] = field(default_factory=dict)
    _unseen: dict[str, int] = field(default_factory=dict)

    def read(self, place: str) -> None:
        """A row was found; its fate follows."""
        self._rows.setdefault(place, (Fate.UNACCOUNTED, ""))

    def take(self, place: str) -> None:
        """It, or a part of it, became a row of a table."""
        self._say(place, Fate.TAKEN, "")

    def leave_out(self, place: str, reason: str) -> None:
        """It is whole and understood, and not wanted."""
        self._say(place, Fate.LEFT_OUT, reason)

    def remark(self, place: str, reason: str) -> None:
        """It became no row, and a person should look; the remark itself is a row of ``source_remarks``."""
        self._say(place, Fate.REMARKED, reason)

    def refuse(self, place: str, reason: str) -> None:
        """It cannot be read as what it should be; others of the document can."""
        self._say(place, Fate.REFUSED, reason)

    def left_out_unseen(self, reason: str, rows: int) -> None:
        """So many rows were filtered out before they were looked at one by one; said again, the later number counts."""
        if rows:
            self._unseen[reason] = rows

    @property
    def rows(self) -> int:
        """Rows of the document."""
        return len(self._rows) + sum(self._unseen.values())

    @property
    def taken(self) -> int:
        """Rows of the document that became rows of a table, or part of one."""
        return self._count(Fate.TAKEN)

    @property
    def left_out(self) -> dict[str, int]:
        """Rows left out by reason."""
        return dict(Counter(self._unseen) + Counter(self._reasons(Fate.LEFT_OUT)))

    @property
    def remarked(self) -> dict[str, str]:
        """Rows remarked: place -> reason."""
        return self._places(Fate.REMARKED)

    @property
    def refused(self) -> dict[str, str]:
        """Rows refused: place -> reason."""
        return self._places(Fate.REFUSED)

    @property
    def unaccounted(self) -> list[str]:
        """Rows that were read and of which nothing was said: a fault of the parser."""
        return list(self._places(Fate.UNACCOUNTED))

    def _say(self, place: str, fate: Fate, reason: str) -> None:
        known, _ = self._rows.get(place, (Fate.UNACCOUNTED, ""))
        if fate > known:
            self._rows[place] = fate, reason

    def _count(self, fate: Fate) -> int:
        return sum(found is fate for found, _ in self._rows.values())

    def _places(self, fate: Fate) -> dict[str, str]:
        return {place: reason for place, (found, reason) in self._rows.items() if found is fate}

    def _reasons(self, fate: Fate) -> Iterator[str]:
        return (reason for found, reason in self._rows.values() if found is fate)


@dataclass
class Accounts:
    """The accounts of a listing's documents, by name; empty until the listing was parsed."""

    by_document: dict[str, Account] = field(default_factory=dict)

    def of(self, document_name: str) -> Account:
        """The account of a document, opened when it is first asked for."""
        return self.by_document.setdefault(document_name, Account(document_name))

    def opened(self, document_name: str) -> Account:
        """A new account of a document; what was said in an earlier parse is forgotten."""
        self.by_document[document_name] = Account(document_name)
        return self.by_document[document_name]

    def __iter__(self) -> Iterator[Account]:
        return iter(self.by_document.values())


@dataclass(frozen=True)
class _Table:
    """Paths with their wildcards, as a tree of names; the empty name marks that anything below is known."""

    tree: Mapping[str, Any]

    def knows(self, path: str) -> bool:
        return _leads(self.tree, _steps(path))


@lru_cache(maxsize=256)
def _compiled(declared: tuple[str, ...]) -> _Table:
    tree: dict[str, Any] = {}
    for path in declared:
        branch = tree
        for step in _steps(path):
            branch = branch.setdefault(step, {})
    return _Table(tree)


def _leads(branch: Mapping[str, Any], steps: Collection[str]) -> bool:
    if ANY_DEPTH in branch:
        return True
    if not steps:
        return True
    first, *rest = steps
    names = [first] if first == LIST else [first, ANY_NAME]
    return any(name in branch and _leads(branch[name], rest) for name in names)


def _steps(path: str) -> list[str]:
    return [step for part in path.split(".") for step in part.replace(LIST, f"\0{LIST}").split("\0") if step]


def _walked(whole: object, place: str) -> Iterator[str]:
    if isinstance(whole, Mapping):
        for name, inner in whole.items():
            # A dot within a name would read as a step into it.
            path = ".".join(filter(None, (place, str(name).replace(".", "\u2024"))))
            yield path
            yield from _walked(inner, path)
    elif isinstance(whole, list):
        for inner in whole:
            yield from _walked(inner, f"{place}{LIST}")
