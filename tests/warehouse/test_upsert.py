"""Ingestion: history, idempotence, quarantine, refusal, and nothing half-written."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date

import pytest

from brytpunkt.errors import BrytpunktError, InputError
from brytpunkt.folders import folders
from brytpunkt.tables.contracts import CONTRACTS, MAY_BE_EMPTY, columns
from brytpunkt.warehouse import facts
from tests.warehouse.conftest import Snapshot

PLACES = (
    "place,name,country,latitude_deg,longitude_deg,timezone,default_zone,source,source_date,retrieved_on,"
)
PLACES += "licence,confidence,note\n"


def place(name: str, latitude: str, retrieved: str) -> str:
    """One row of the table of places."""
    return f"{name},{name.title()},SE,{latitude},18.0,Europe/Stockholm,SE3,an atlas,2026-01-01,{retrieved},facts,stated,\n"


def test_first_ingestion_takes_every_bundled_row(snapshot: Snapshot) -> None:
    report = snapshot.refresh()
    assert {t.table for t in report.tables} == set(CONTRACTS) - MAY_BE_EMPTY
    assert all(t.quarantined == 0 and t.refused is None and t.inserted > 0 for t in report.tables)


def test_second_ingestion_of_the_same_snapshot_changes_nothing(snapshot: Snapshot) -> None:
    snapshot.refresh()
    before = snapshot.rows("SELECT * FROM gpu_offers ORDER BY content_sha256")
    again = snapshot.refresh()
    assert not again.is_changed
    assert snapshot.rows("SELECT * FROM gpu_offers ORDER BY content_sha256") == before
    assert snapshot.rows("SELECT count(*) FROM listings") == [(1,)]


def test_a_changed_figure_is_a_new_version_and_the_old_one_stays(snapshot: Snapshot) -> None:
    rows = [place("falun", "60.6", "2026-03-01"), place("kiruna", "67.9", "2026-03-01")]
    snapshot.edit("places", lambda _: PLACES + "".join(rows))
    snapshot.refresh()
    rows[1] = place("kiruna", "67.8", "2026-06-01")
    snapshot.edit("places", lambda _: PLACES + "".join(rows))
    report = snapshot.refresh()
    table = next(t for t in report.tables if t.table == "places")
    assert (table.inserted, table.confirmed, table.withdrawn) == (1, 1, 1)
    history = "SELECT latitude_deg, first_seen_at::DATE, withdrawn_at::DATE FROM places WHERE place = 'kiruna' ORDER BY 2"
    assert snapshot.rows(history) == [
        (67.9, date(2026, 3, 1), date(2026, 6, 1)),
        (67.8, date(2026, 6, 1), None),
    ]


def test_facts_are_those_of_the_day(snapshot: Snapshot) -> None:
    snapshot.edit("places", lambda _: PLACES + place("kiruna", "67.9", "2026-03-01"))
    snapshot.refresh()
    snapshot.edit("places", lambda _: PLACES + place("kiruna", "67.8", "2026-06-01"))
    snapshot.refresh()
    queries = snapshot.warehouse.sql / "queries"
    with snapshot.warehouse.open() as connection:
        spring = facts(connection, queries, date(2026, 4, 1))
        today = facts(connection, queries)
    assert spring.places["latitude_deg"].to_list() == [67.9]
    assert today.places["latitude_deg"].to_list() == [67.8]
    assert today.as_of == max(row[0] for row in snapshot.rows("SELECT max(seen_at)::DATE FROM listings"))  # type: ignore[type-var]


def test_a_day_before_anything_was_known_says_so(snapshot: Snapshot) -> None:
    snapshot.refresh()
    with (
        snapshot.warehouse.open() as connection,
        pytest.raises(InputError, match="nothing was known on 2001-01-01"),
    ):
        facts(connection, snapshot.warehouse.sql / "queries", date(2001, 1, 1))


def test_rows_that_break_the_contract_are_set_aside_with_the_reason(snapshot: Snapshot) -> None:
    rows = [place(f"town{n}", "60.6", "2026-03-01") for n in range(9)] + [
        place("nowhere", "123.0", "2026-03-01")
    ]
    snapshot.edit("places", lambda _: PLACES + "".join(rows))
    report = snapshot.refresh()
    assert next(t for t in report.tables if t.table == "places").quarantined == 1
    [(table, reason, text)] = snapshot.rows("SELECT table_name, reason, row_json FROM quarantine")
    assert (table, reason) == ("places", "latitude_deg|max")
    assert '"nowhere"' in str(text)


def test_a_batch_with_a_fifth_of_its_rows_broken_is_refused_and_the_good_one_kept(snapshot: Snapshot) -> None:
    good = [place(f"town{n}", "60.6", "2026-03-01") for n in range(4)]
    snapshot.edit("places", lambda _: PLACES + "".join(good))
    snapshot.refresh()
    bad = [place(f"town{n}", "160.6", "2026-04-01") for n in range(2)] + good[2:]
    snapshot.edit("places", lambda _: PLACES + "".join(bad))
    table = next(t for t in snapshot.refresh().tables if t.table == "places")
    assert table.refused == "2 of 4 rows break the contract"
    assert snapshot.rows("SELECT count(*) FROM places WHERE withdrawn_at IS NULL") == [(4,)]
    assert snapshot.rows("SELECT table_name, reason FROM refusals") == [
        ("places", "2 of 4 rows break the contract")
    ]


def test_a_publication_that_lost_a_third_of_its_rows_is_refused(snapshot: Snapshot) -> None:
    snapshot.refresh()
    snapshot.edit("token_prices", lambda text: "".join(text.splitlines(keepends=True)[:-40]))
    table = next(t for t in snapshot.refresh().tables if t.table == "token_prices")
    assert table.refused is not None
    assert "known rows are gone" in table.refused


def test_a_doubled_median_price_is_refused(snapshot: Snapshot) -> None:
    snapshot.refresh()

    def tenfold(text: str) -> str:
        return re.sub(
            r"^([A-Z]{3},[0-9-]+,)([0-9.]+)",
            lambda m: f"{m[1]}{float(m[2]) * 10:.4f}",
            text,
            flags=re.MULTILINE,
        )

    snapshot.edit("fx_rates", tenfold)
    table = next(t for t in snapshot.refresh().tables if t.table == "fx_rates")
    assert table.refused is not None
    assert "median of units_per_eur" in table.refused


KILLED = """
import os, sys
from pathlib import Path
from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.warehouse import Warehouse, upsert, refresh_bundled

write, done = upsert._write, []

def dying(*arguments):
    if len(done) == 11:
        os._exit(9)
    done.append("table")
    return write(*arguments)

upsert._write = dying
root = Path(sys.argv[1])
refresh_bundled(Warehouse(root / "home/warehouse.duckdb", folders().sql), Landing(root / "home/landing"), root / "data")
"""


def test_a_process_killed_in_the_middle_leaves_everything_as_it_was(snapshot: Snapshot) -> None:
    snapshot.refresh()
    before = snapshot.rows("SELECT place, name, last_seen_at, withdrawn_at FROM places ORDER BY place")
    snapshot.edit("places", lambda text: text.replace("Luleå", "Lulea"))
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(snapshot.data.parent)], check=False, cwd=folders().checkout
    )
    assert killed.returncode == 9
    assert (
        snapshot.rows("SELECT place, name, last_seen_at, withdrawn_at FROM places ORDER BY place") == before
    )
    assert snapshot.rows("SELECT count(*) FROM listings") == [(1,)]
    assert snapshot.refresh().is_changed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda text: text.replace("latitude_deg", "latitude"),
            "places.csv:1: the header lacks latitude_deg and has",
        ),
        (lambda text: text.replace("65.5848", "north"), "column latitude_deg: 'north' is not a number"),
        (lambda _: "", "places.csv: the file is empty"),
        (lambda text: text + "\0", "places.csv: the file is not text"),
        (lambda text: text.replace("2026-11-01", "1 November", 1), "is not a date"),
    ],
)
def test_a_broken_file_is_one_clear_message(snapshot: Snapshot, change: object, message: str) -> None:
    snapshot.refresh()
    before = snapshot.rows("SELECT count(*) FROM places")
    snapshot.edit("places", change)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=re.escape(message)):
        snapshot.refresh()
    assert snapshot.rows("SELECT count(*) FROM places") == before


def test_an_edited_migration_is_noticed(snapshot: Snapshot, tmp_path: object) -> None:
    snapshot.refresh()
    with snapshot.warehouse.open() as connection:
        connection.execute("UPDATE schema_migrations SET sha256 = 'another'")
    with pytest.raises(BrytpunktError, match=r"made with another version of 0001_facts\.sql"):
        snapshot.warehouse.migrate()


@pytest.mark.parametrize("table", CONTRACTS)
def test_every_column_is_described_and_numbers_say_their_unit(table: str) -> None:
    for column in columns(table):
        assert column.description, column.name
        is_number = column.dtype.startswith(("Decimal", "Float"))
        assert column.unit or not is_number, column.name
