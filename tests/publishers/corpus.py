"""Every field of a fixture under every operator: what a parser makes of a document that differs in one field.

Belongs here: the operators, and telling what came of a mutation. Does not belong here: the fixtures (``corpus_cases``) and
what must come of which role (``test_corpus``). ``python -m tests.publishers.corpus`` prints the outcomes by publisher.
"""

from __future__ import annotations

import copy
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from brytpunkt.errors import InputError
from brytpunkt.publishers._shared.accounting import Field, Fields, Role
from brytpunkt.publishers.find import publisher
from tests.publishers.documents import document, listing

SEEN = {"source", "source_date", "retrieved_on", "licence", "confidence", "note"}
OPERATORS = (
    "absent",
    "null",
    "renamed",
    "other",
    "other unit",
    "other currency",
    "future",
    "ended",
    "doubled",
)
NOTHING, TAKEN, LEFT_OUT, DOUBTFUL, REMARKED, REFUSED, SILENT = (
    *("nothing", "taken as written", "left out", "last good kept", "remarked", "refused", "silent"),
)
OUTCOMES = (NOTHING, TAKEN, LEFT_OUT, DOUBTFUL, REMARKED, REFUSED, SILENT)
WORD, UNIT, CURRENCY = "something else", "Fortnight", "CHF"
FUTURE, ENDED = "2027-05-01", "2026-02-01"

Body = Any
Render = Callable[[Body], str | bytes]


@dataclass(frozen=True)
class Case:
    """A fixture: a body, the row of it that is changed, and the table of fields that the row's paths are looked up in.

    ``row(body)`` is the row within the body, so that a change of it changes the body; ``double(body, other)`` adds a
    changed copy of it. Paths that begin with ``skip`` are those of another case; with ``only``, all but those are. Fields are applied to that row alone, in a CSV (``is_table``) to its column where that is gone.
    """

    publisher: str
    name: str
    fields: Fields
    body: Callable[[], Body]
    row: Callable[[Body], dict[str, Any]]
    double: Callable[[Body, dict[str, Any]], None]
    render: Render
    beside: Mapping[str, Any] = field(default_factory=dict)
    is_table: bool = False
    label: str = ""
    skip: str | None = None
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Read:
    """What a parser made of a document; ``refused`` is the message if it refused the whole."""

    rows: tuple[tuple[object, ...], ...] = ()
    remarks: tuple[tuple[object, ...], ...] = ()
    doubts: int = 0
    left_out: tuple[tuple[str, int], ...] = ()
    row_refusals: int = 0
    refused: str | None = None


@dataclass(frozen=True)
class Mutation:
    """One field under one operator, and what came of it."""

    case: Case
    path: str
    operator: str
    role: Role
    outcome: str
    before: Read
    after: Read


def read(case: Case, body: Body, folder: Path) -> Read:
    """Parse a body; any error but ``InputError`` is one of the parser and is raised."""
    documents = [document(folder, case.name, case.render(body))]
    documents += [document(folder, name, other) for name, other in case.beside.items()]
    listed = listing(*documents)
    try:
        batches = list(publisher(case.publisher).parse(listed))
    except InputError as error:
        return Read(refused=str(error))
    rows: list[tuple[object, ...]] = []
    remarks: list[tuple[object, ...]] = []
    doubts = 0
    for batch in batches:
        kept = [name for name in batch.frame.columns if name not in SEEN]
        found = [(batch.table, *row) for row in batch.frame.select(kept).rows()]
        (remarks if batch.table == "source_remarks" else rows).extend(found)
        doubts += 0 if batch.doubtful is None else batch.doubtful.height
    for account in listed.accounts:
        assert not account.unaccounted, f"{case.publisher}: nothing is said of {account.unaccounted}"
        assert account.rows == (
            account.taken + sum(account.left_out.values()) + len(account.remarked) + len(account.refused)
        )
    left_out = sum((Counter(account.left_out) for account in listed.accounts), Counter[str]())
    return Read(
        tuple(sorted(rows, key=repr)),
        tuple(sorted(remarks, key=repr)),
        doubts,
        tuple(sorted(left_out.items())),
        sum(len(account.refused) for account in listed.accounts),
    )


def mutations(case: Case) -> Iterator[Mutation]:
    """Every field of the row under every operator that fits it."""
    with tempfile.TemporaryDirectory() as folder:
        before = read(case, case.body(), Path(folder))
        assert before.refused is None, before.refused
        for path in sorted(_leaves(case.row(case.body()))):
            if (case.skip and path.startswith(case.skip)) or (case.only and path not in case.only):
                continue
            said = _looked_up(case.fields, path)
            for operator in OPERATORS:
                body = _mutated(case, path, operator)
                if body is None:
                    continue
                after = read(case, body, Path(folder))
                outcome = outcome_of(before, after)
                yield Mutation(case, path, operator, said.role, outcome, before, after)


def outcome_of(before: Read, after: Read) -> str:
    """What came of a mutation; ``silent`` is a row that was lost with no word anywhere."""
    if after.refused is not None:
        return REFUSED
    if set(after.remarks) - set(before.remarks) or after.row_refusals > before.row_refusals:
        return REMARKED
    if after.rows == before.rows:
        return NOTHING if after.left_out == before.left_out else LEFT_OUT
    if after.left_out != before.left_out:
        return LEFT_OUT
    if after.doubts > before.doubts:
        return DOUBTFUL
    return TAKEN if len(after.rows) >= len(before.rows) else SILENT


def _leaves(row: Any, place: str = "") -> set[str]:
    if isinstance(row, dict):
        found = {
            path
            for name, inner in row.items()
            for path in _leaves(inner, f"{place}.{name}" if place else name)
        }
        return found or {place}
    if isinstance(row, list):
        return {path for inner in row[:1] for path in _leaves(inner, f"{place}[]")} or {place}
    return {place}


def _looked_up(fields: Fields, path: str) -> Field:
    if path in fields:
        return fields[path]
    fits = [declared for declared in fields if _fits(declared, path)]
    assert fits, f"{path} is in no table of fields"
    return fields[max(fits, key=len)]


def _fits(declared: str, path: str) -> bool:
    steps, wanted = path.split("."), declared.split(".")
    for position, name in enumerate(wanted):
        if name == "**":
            return True
        if position >= len(steps) or (name != "*" and name != steps[position]):
            return False
    return len(wanted) == len(steps)


def _mutated(case: Case, path: str, operator: str) -> Body | None:
    body = case.body()
    if operator == "doubled":
        twin = copy.deepcopy(case.row(body))
        if not _apply(twin, path, "other", is_table=False):
            return None
        case.double(body, twin)
        return body
    row = case.row(body)
    if case.is_table and operator in {"absent", "renamed"}:
        for one in body:
            value = one.pop(path)
            if operator == "renamed":
                one[f"{path} v2"] = value
        return body
    return body if _apply(row, path, operator, is_table=case.is_table) else None


def _apply(row: dict[str, Any], path: str, operator: str, *, is_table: bool) -> bool:
    """Change a field in place; False if the operator does not fit it."""
    steps = path.split(".") if not is_table else [path]
    holder: Any = row
    for step in steps[:-1]:
        holder = holder[step.removesuffix("[]")]
        holder = holder[0] if step.endswith("[]") else holder
    name = steps[-1]
    if name.endswith("[]"):
        holder, key = holder[name.removesuffix("[]")], 0
        if operator in {"absent", "renamed"}:
            return False
    else:
        key = name  # type: ignore[assignment]
    if not isinstance(holder, list) and key not in holder:
        holder[key] = None
    before = holder[key]
    if operator == "absent":
        del holder[key]
        return True
    if operator == "null":
        holder[key] = "" if is_table else None
        return bool(holder[key] != before)
    if operator == "renamed":
        holder[f"{key}_v2"] = holder.pop(key)
        return True
    changed = _changed(before, path, operator)
    if changed is None or changed == before:
        return False
    holder[key] = changed
    return True


def _changed(before: Any, path: str, operator: str) -> Any:
    is_day = isinstance(before, str) and before[:4].isdigit() and before[4:5] == "-"
    if operator in {"future", "ended"}:
        return (FUTURE if operator == "future" else ENDED) + before[10:] if is_day else None
    lower = path.lower()
    if operator == "other unit":
        return UNIT if "unit" in lower and isinstance(before, str) and not before[:1].isdigit() else None
    if operator == "other currency":
        return CURRENCY if "currency" in lower and isinstance(before, str) else None
    return None if is_day or operator != "other" else _other(before)


def _other(before: Any) -> Any:
    """Another value of the same type."""
    if isinstance(before, bool):
        return not before
    if isinstance(before, int):
        return before * 2 if before > 1 else before + 1
    if isinstance(before, float | Decimal):
        return before * 2
    if not isinstance(before, str):
        return None
    try:
        return str(Decimal(before) * 2)
    except ArithmeticError:
        return WORD


def table_of_outcomes(found: list[Mutation]) -> str:
    """Mutations by publisher, role and outcome, as lines of Markdown."""
    lines = ["| publisher | role | " + " | ".join(OUTCOMES) + " |", "|---" * (len(OUTCOMES) + 2) + "|"]
    groups: dict[tuple[str, str], Counter[str]] = {}
    for one in found:
        key = one.case.label or one.case.publisher, one.role.value
        groups.setdefault(key, Counter())[one.outcome] += 1
    for (name, role), counts in sorted(groups.items()):
        cells = " | ".join(str(counts[outcome]) for outcome in OUTCOMES)
        lines.append(f"| {name} | {role} | {cells} |")
    return "\n".join(lines)


if __name__ == "__main__":
    from tests.publishers.corpus_cases import CASES

    print(table_of_outcomes([one for case in CASES for one in mutations(case)]))
