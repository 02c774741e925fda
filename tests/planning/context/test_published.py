"""Published cases: what reproduces does, and what does not is named with its reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ruamel.yaml import YAML

from brytpunkt.declarations import read_plan
from brytpunkt.errors import InputError
from brytpunkt.folders import folders
from brytpunkt.planning.context.published import published_cases, unsummed_totals
from brytpunkt.planning.inputs.money import exchange_rates
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.result import Result
from brytpunkt.reporting.note_texts import english

FILES = sorted((folders().plans / "published").glob("*.yaml"))
LEAST = {
    "lenovo-lp2368": 20,
    "lenovo-lp2368-corrected": 12,
    "semianalysis-clustermax": 10,
    "barroso-rules": 5,
}


def cases(path: Path, known: Facts) -> list[dict[str, Any]]:
    """Rows of a published plan."""
    plan = read_plan(path).plan
    return published_cases(plan, exchange_rates(plan.finance, known)).to_dicts()


def test_every_file_is_tested() -> None:
    assert {path.stem for path in FILES} == set(LEAST)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_figure_is_what_the_file_says_of_it(path: Path, known: Facts) -> None:
    rows = cases(path, known)
    assert len(rows) >= LEAST[path.stem]
    for row in rows:
        assert row["agrees"] == row["reproduces"], (row["case"], row["published"], row["computed"])
        assert row["reproduces"] or len(row["why"]) > 40, row["case"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_is_a_plan_that_runs(path: Path, published_result: Callable[[str], Result]) -> None:
    result = published_result(path.stem)
    assert result.optimal["is_feasible"].all()
    assert result.published.height >= LEAST[path.stem]


def test_break_even_by_hand(published_result: Callable[[str], Result]) -> None:
    """Configuration A: 250,141.80 USD; 0.87 USD/h of energy at 2.9 kW x 0.30 USD/kWh."""
    result = published_result("lenovo-lp2368")
    row = next(row for row in result.unit_economics.iter_rows(named=True) if row["server"] == "config-a")
    assert row["acquisition"] == pytest.approx(250_141.80)
    assert row["energy_per_hour"] == pytest.approx(2.9 * 0.12 * 2.5)


def test_sheets_by_hand(known: Facts) -> None:
    """A hall of 12 USD a watt at 8 % over 12 years; a cluster of 4,096 GPUs and its setup over 36 months."""
    by_case = {
        row["case"]: row["computed"]
        for name in ("barroso-rules", "semianalysis-clustermax")
        for row in cases(folders().plans / "published" / f"{name}.yaml", known)
    }
    rate = 0.08 / 12
    assert by_case["hall-at-8"] == pytest.approx(12 * rate / (1 - (1 + rate) ** -144))
    assert by_case["silver-month"] == pytest.approx(4096 * 2 * 720 + 202_015 + 3_015_787 / 36 + 16_667)


SHEET: dict[str, Any] = {
    "title": "test",
    "publisher": "test",
    "url": "https://example.org/",
    "published_on": "2026-01-01",
    "sheet": {
        "months": 12,
        "items": [
            {"id": "servers", "amount": {"usd": 1200}, "basis": "one_time"},
            {
                "id": "power",
                "amount": {"usd": 0.1},
                "quantity": 10,
                "basis": "per_kwh",
                "pue": 1.5,
                "used_share": 0.5,
            },
            {"id": "staff", "amount": {"usd": 120}, "basis": "per_year"},
            {"id": "support", "share": 0.1, "share_of": ["servers", "staff"]},
        ],
    },
    "cases": [
        {"id": "sum", "measure": "sheet_monthly", "published": 668.5, "tolerance": 0.01, "reproduces": True},
        {
            "id": "printed",
            "measure": "sheet_total",
            "published": 9000,
            "tolerance": 1,
            "reproduces": False,
            "why": "the printed total leaves out power",
        },
    ],
}


def written(folder: Path, published: dict[str, Any]) -> Path:
    """The bare plan of another published file with this published section."""
    yaml = YAML()
    with (folders().plans / "published" / "barroso-rules.yaml").open(encoding="utf-8") as file:
        plan = yaml.load(file)
    plan["published"] = published
    path = folder / "case.yaml"
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(plan, file)
    return path


def test_a_total_that_is_not_the_sum_of_its_rows_is_found(tmp_path: Path, known: Facts) -> None:
    """100 + 10 kW x 1.5 x 365 h x 0.1 = 547.50 + 10 + 11 = 668.50 a month; 8,022 a year, not 9,000."""
    rows = pl.DataFrame(cases(written(tmp_path, SHEET), known))
    assert rows["agrees"].to_list() == [True, False]
    assert [*map(english, unsummed_totals(rows))] == [
        "The published total printed is 9,000.00, its own rows sum to 8,022.00."
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "odd", "share": 0.1, "share_of": ["nothing"]}, "which no earlier line is"),
        ({"id": "odd", "share": 0.1, "share_of": ["odd"]}, "which no earlier line is"),
        ({"id": "odd"}, "a line is an amount, or a share"),
        ({"id": "odd", "amount": {"usd": 5}, "share": 0.1, "share_of": ["staff"]}, "a line is an amount, or"),
        ({"id": "odd", "amount": {"usd": 5}, "basis": "one_time", "life_months": 0}, "life_months"),
        ({"id": "staff", "amount": {"usd": 5}}, "used twice"),
    ],
)
def test_lines_that_make_no_sense_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    sheet = SHEET["sheet"] | {"items": [*SHEET["sheet"]["items"], change]}
    with pytest.raises(InputError, match=message):
        read_plan(written(tmp_path, SHEET | {"sheet": sheet}))


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ({"measure": "sheet_item", "item": "nothing"}, "the sheet has no line 'nothing'"),
        ({"measure": "sheet_monthly", "column": "gold"}, "the sheet has no column 'gold'"),
        ({"measure": "sheet_per_unit"}, "needs `units`"),
        ({"measure": "own_total"}, "needs `server`"),
    ],
)
def test_cases_that_name_nothing_are_refused(tmp_path: Path, case: dict[str, Any], message: str) -> None:
    row = case | {"id": "odd", "published": 1.0, "tolerance": 0.1, "reproduces": True}
    with pytest.raises(InputError, match=message):
        read_plan(written(tmp_path, SHEET | {"cases": [row]}))
