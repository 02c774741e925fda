"""Schemas: every table of a result has the columns, types and nulls that its schema says, and so does the page of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import polars as pl
import pytest

from brytpunkt.folders import folders
from brytpunkt.planning.note import VERBATIM, decode
from brytpunkt.planning.result import Result
from brytpunkt.planning.schemas import NOTE_COLUMNS, TABLES
from brytpunkt.planning.schemas.page import table_page


def faults(result: Result) -> list[str]:
    """What of a result is not as its schemas say."""
    found = []
    for table, schema in TABLES.items():
        frame: pl.DataFrame = getattr(result, table)
        known = schema.columns()
        if frame.columns != list(known):
            found.append(f"{table}: {sorted({*frame.columns} ^ {*known}) or 'order of columns'}")
            continue
        found += [
            f"{table}.{name} is {frame.schema[name]}"
            for name, column in known.items()
            if frame.schema[name] != column.dtype
        ]
        found += [
            f"{table}.{name} is null"
            for name, column in known.items()
            if not column.nullable and frame[name].null_count()
        ]
    return found


def test_every_table_has_a_schema() -> None:
    assert {item.name for item in fields(Result) if item.type == "pl.DataFrame"} == TABLES.keys()


def test_tables_are_as_their_schemas_say(result: Result) -> None:
    assert faults(result) == [], "change brytpunkt/planning/schemas, then `make docs`"
    assert any(line.startswith("verdicts") for line in faults(_without(result)))


@pytest.mark.parametrize("case", ["lenovo-lp2368"])
def test_tables_of_a_plan_without_draws_are_too(published_result: Callable[[str], Result], case: str) -> None:
    assert faults(published_result(case)) == []


def test_columns_of_notes_hold_notes(result: Result) -> None:
    """Where a name of the user may stand instead, it is in the same column as notes."""
    said = {
        (table, column): [decode(text).code for text in getattr(result, table)[column].drop_nulls()]
        for table, columns in NOTE_COLUMNS.items()
        for column in columns
    }
    assert sum(len(codes) > 0 for codes in said.values()) > 5
    for (table, column), codes in said.items():
        assert VERBATIM not in codes or (table, column) in {
            ("strategies", "label"),
            ("optimal_schedule", "name"),
        }


def test_the_page_of_tables_is_written_from_the_schemas() -> None:
    page = (folders().checkout / "docs" / "tables.md").read_text(encoding="utf-8")
    assert page == table_page(), "run `make docs`"


def _without(result: Result) -> Result:
    return replace(result, verdicts=result.verdicts.drop("saving"))
