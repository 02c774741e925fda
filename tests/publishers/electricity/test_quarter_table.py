"""Tables with 96 or 100 columns of quarters, in the days that have 92, 96 or 100."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from brytpunkt.errors import InputError
from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.publishers.electricity import quarter_table
from brytpunkt.series.market_days import day_start
from brytpunkt.warehouse import Warehouse
from brytpunkt.warehouse.derived_tables import refresh_derived
from brytpunkt.warehouse.inbox import take_inbox
from tests.publishers.electricity.documents import Desk, findings, prices, steps

DAY, SPRING, AUTUMN = dt.date(2026, 3, 28), dt.date(2026, 3, 29), dt.date(2025, 10, 26)
QUARTER = dt.timedelta(minutes=15)
LABELS = [f"{n // 4:02}:{n % 4 * 15:02}-{(n + 1) // 4 % 24:02}:{(n + 1) % 4 * 15:02}" for n in range(96)]
BOTH = [*LABELS[:12], *LABELS[8:12], *LABELS[12:]]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def values(day: dt.date, columns: int) -> list[str]:
    """A day's prices 10.00, 10.01, ... in the columns of a table: fillers in spring, and what does not fit is lost."""
    stated = [f"{price:.2f}" for _, price in steps(day, 15)]
    if columns == 100 and len(stated) == 92:
        return [*stated[:8], *[""] * 8, *stated[8:]]
    if columns == 100:
        return stated if len(stated) == 100 else [*stated[:12], *[""] * 4, *stated[12:]]
    if len(stated) == 92:
        return [*stated[:8], *["0"] * 4, *stated[8:]]
    return [*stated[:12], *stated[16:]] if len(stated) == 100 else stated


def table(days: list[dt.date], labels: list[str], mean: str = "") -> str:
    """A file of some days."""
    lines = [",".join(["Date", *labels, "Baseload"])]
    lines += [",".join([f"{day}", *values(day, len(labels)), mean]) for day in days]
    return "\n".join(lines) + "\n"


def read(desk: Desk, text: str, name: str = "SE3-q.csv") -> tuple[pl.DataFrame, list[tuple[str, str]]]:
    """Intervals and findings of a file."""
    batches = list(quarter_table.parse(desk.listing(desk.land(name, text, "text/csv"))))
    return prices(batches), findings(batches)


def stated(day: dt.date) -> list[tuple[dt.datetime, float]]:
    """What the market published."""
    return steps(day, 15)


def test_a_day_of_96_quarters_is_taken_as_it_is(desk: Desk) -> None:
    rows, odd = read(desk, table([DAY], LABELS, "10.475"))
    assert rows.select("start_utc", "price_eur_per_mwh").rows() == stated(DAY)
    assert rows["zone"].unique().to_list() == ["SE3"]
    assert odd == []


def test_fillers_of_the_spring_day_are_no_prices(desk: Desk) -> None:
    rows, odd = read(desk, table([SPRING], LABELS, "10.455"))
    assert rows.select("start_utc", "price_eur_per_mwh").rows() == stated(SPRING)
    assert rows.height == 92
    assert [kind for kind, _ in odd] == ["filler values"]


def test_the_doubtful_hour_of_the_autumn_day_is_left_out(desk: Desk) -> None:
    """One of two hours was lost, and the table does not say which: the 92 quarters that are certain stay."""
    rows, odd = read(desk, table([AUTUMN], LABELS, "10.4"))
    begin = day_start(AUTUMN)
    certain = [pair for pair in stated(AUTUMN) if not begin + 8 * QUARTER <= pair[0] < begin + 16 * QUARTER]
    assert rows.select("start_utc", "price_eur_per_mwh").rows() == certain
    assert [kind for kind, _ in odd] == ["doubtful hour"], "its stated mean is of hours that are not there"


@pytest.mark.parametrize("day", [DAY, SPRING, AUTUMN])
def test_a_table_with_both_hours_is_complete_on_every_day(desk: Desk, day: dt.date) -> None:
    rows, odd = read(desk, table([day], BOTH))
    assert rows.select("start_utc", "price_eur_per_mwh").rows() == stated(day)
    assert odd == []


def test_hours_named_2a_and_2b_are_the_two(desk: Desk) -> None:
    labels = [
        *LABELS[:8],
        *(f"2A:{n * 15:02}" for n in range(4)),
        *(f"2B:{n * 15:02}" for n in range(4)),
        *LABELS[12:],
    ]
    rows, _ = read(desk, table([AUTUMN], labels))
    assert rows.select("start_utc", "price_eur_per_mwh").rows() == stated(AUTUMN)


def test_a_day_that_does_not_average_to_its_mean_is_noticed(desk: Desk) -> None:
    _, odd = read(desk, table([DAY], LABELS, "11.9"))
    assert [kind for kind, _ in odd] == ["day does not average to its stated mean"]


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (table([DAY], LABELS), "prices.csv", "does not begin with a bidding zone"),
        (table([DAY], LABELS[:95]), "SE3.csv", "95 quarters of a day, not 96"),
        (table([DAY], LABELS).replace("10.01", "a lot"), "SE3.csv", "'a lot' is not a price"),
        (table([DAY], LABELS).replace("2026-03-28", "28.3.2026"), "SE3.csv", "not a date"),
        ("Day,1,2\n", "SE3.csv", "the first column is not Date"),
        ("Date," + ",".join(LABELS) + "\n2026-03-28,1\n", "SE3.csv", "line 2 has 2 columns"),
    ],
)  # fmt: skip
def test_another_form_is_refused_in_words(desk: Desk, text: str, name: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(desk, text, name)


def test_a_file_in_the_inbox_becomes_intervals_and_its_lost_hour_a_finding(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox" / "quarter-table"
    inbox.mkdir(parents=True)
    days = [AUTUMN + dt.timedelta(days=n) for n in (-1, 0, 1)]
    (inbox / "SE3-q.csv").write_text(table(days, LABELS), encoding="utf-8")
    warehouse = Warehouse(tmp_path / "w.duckdb", folders().sql)
    warehouse.migrate()
    landing = Landing(tmp_path / "landing")
    [taken] = take_inbox(warehouse, landing, folders().data, inbox.parent)
    assert taken.error is None
    found = refresh_derived(warehouse, landing).findings
    assert found.filter(pl.col("day") == AUTUMN).select("kind", "value", "expected").rows() == [
        ("short day", 23.0, 25.0)
    ]
    with warehouse.open() as connection:
        kept = connection.execute("SELECT kind FROM series_findings ORDER BY kind").fetchall()
        rows = connection.execute("SELECT count(*) FROM day_ahead_intervals").fetchall()
    assert kept == [("doubtful hour",), ("short day",)]
    assert rows == [(96 + 92 + 96,)]
