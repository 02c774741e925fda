"""The workbook as finance opens it: real numbers, totals that are formulas and agree, text that stays text."""

from __future__ import annotations

import copy
import io
import re
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from brytpunkt.folders import folders
from brytpunkt.planning.note import as_json, verbatim
from brytpunkt.reporting.frames import frames_of
from brytpunkt.reporting.outputs.workbook import workbook_bytes
from brytpunkt.reporting.sections.context import desk
from tests.reporting.conftest import Made

HOSTILE = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    '=HYPERLINK("http://127.0.0.1/x","y")',
    "=cmd|' /C calc'!A0",
)


def written(made: Made, summary: dict[str, Any] | None = None) -> bytes:
    return workbook_bytes(
        desk(summary or made.summary, frames_of(made.result), folders().templates / "fonts", "en")
    )


@pytest.fixture(scope="module")
def book(made: Made) -> Workbook:
    return load_workbook(io.BytesIO(written(made)))


def heads(book: Workbook, sheet: str, row: int = 1) -> dict[str, int]:
    return {str(cell.value): cell.column for cell in book[sheet][row] if cell.value is not None}


def test_its_sheets_are_frozen_filtered_and_hold_numbers(book: Workbook, made: Made) -> None:
    assert book.sheetnames == ["Summary", "Sites", "Ledger", "Assumptions", "Sources"]
    assert book["Ledger"].freeze_panes == "A3"
    assert [book[name].freeze_panes for name in ("Sites", "Assumptions", "Sources")] == ["A2"] * 3
    assert all(book[name].auto_filter.ref for name in book.sheetnames[1:])
    ledger, at = book["Ledger"], heads(book, "Ledger", 2)
    assert ledger.max_row == made.result.ledger.height + 2
    third = ledger[3]
    assert isinstance(third[at["Amount"] - 1].value, float | int)
    assert isinstance(third[at["Date"] - 1].value, datetime)
    assert third[at["Amount"] - 1].number_format.startswith("#,##0.00")


def test_totals_are_formulas_that_agree_with_the_ledger(book: Workbook, made: Made) -> None:
    """SUMIFS is evaluated here from the cells that it names, and held against the model's own totals."""
    ledger, at = book["Ledger"], heads(book, "Ledger", 2)
    letters = {cell.column_letter: cell.column for cell in ledger[2]}
    sums: dict[tuple[Any, Any, int], Decimal] = defaultdict(Decimal)
    for row in ledger.iter_rows(min_row=3):
        key = (row[at["Site"] - 1].value or "", row[at["Strategy key"] - 1].value)
        for name in ("Amount", "Present value"):
            sums[*key, at[name]] += Decimal(f"{row[at[name] - 1].value:.2f}")
    stated = {(row["site"] or "", row["strategy"]): row for row in made.summary["strategies"]}
    shape = re.compile(
        r"=SUMIFS\('Ledger'!\$(\w)\$3:\$\w\$(\d+),'Ledger'!\$(\w)\$3:\$\w\$\d+,IF\(\$A(\d+)=\"\",\"\",\$A\d+\),"
        r"'Ledger'!\$(\w)\$3:\$\w\$\d+,\$C(\d+)\)"
    )
    checked = 0
    for row in book["Summary"].iter_rows():
        for cell in row:
            if cell.data_type == "f":
                found = shape.fullmatch(str(cell.value))
                assert found, cell.value
                total, last, site, line, strategy, line_too = found.groups()
                assert int(last) == ledger.max_row
                assert int(line) == int(line_too) == cell.row
                assert (letters[site], letters[strategy]) == (at["Site"], at["Strategy key"])
                key = (row[0].value or "", row[2].value)
                name = "nominal_total" if letters[total] == at["Amount"] else "present_value"
                assert sums[*key, letters[total]] == Decimal(stated[key][name])
                checked += 1
    assert checked == 2 * sum(row["is_feasible"] for row in made.summary["strategies"])


def test_the_values_kept_beside_formulas_are_those_that_they_give(made: Made) -> None:
    kept = load_workbook(io.BytesIO(written(made)), data_only=True)
    at = heads(kept, "Ledger", 2)
    whole = sum(made.result.ledger["amount"].to_list(), Decimal(0))
    assert kept["Ledger"].cell(1, at["Amount"]).value == pytest.approx(float(whole), abs=0.01)
    sites = heads(kept, "Sites")
    for row in kept["Sites"].iter_rows(min_row=2):
        rent, best, saved = (
            row[sites[name] - 1].value for name in ("Rent throughout", "Best plan", "Saving")
        )
        if best is not None:
            assert saved == pytest.approx(rent - best)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_never_becomes_a_formula(made: Made, hostile: str) -> None:
    summary = copy.deepcopy(made.summary)
    summary["plan"]["name"] = hostile
    summary["warnings"] = [as_json(verbatim(hostile))]
    for row in summary["sites"]:
        row["site_name"] = hostile
    for row in summary["strategies"]:
        row["label"] = as_json(verbatim(hostile))
    for row in summary["assumptions"][:3]:
        row["source"] = row["description"] = row["value"] = hostile
    for row in summary["sources"][:3]:
        row["source"] = row["licence"] = hostile
    book = load_workbook(io.BytesIO(written(made, summary)))
    formulas = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert all(str(cell.value).startswith(("=SUMIFS(", "=SUBTOTAL(109,", "=F", "=I")) for cell in formulas)
    name = book["Summary"]["A1"]
    assert name.data_type == "s"
    assert name.value == hostile.replace("\t", " ")
    assert name.quotePrefix or not name.value.startswith(("=", "+", "-", "@"))


def test_equal_results_give_equal_bytes(made: Made) -> None:
    assert written(made) == written(made)
