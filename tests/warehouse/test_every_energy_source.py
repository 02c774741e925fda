"""Every declared source of energy, climate, carbon, tariffs and rates, walked on loopback in its publisher's own format.

From the request to history: what is new, what is confirmed, what is revised, and what a broken answer leaves in place.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl
import pytest
from pytest_httpserver import HTTPServer

from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.publishers._shared.source import Source, read_source
from brytpunkt.publishers.find import BUNDLED
from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.warehouse import Refresher, Warehouse
from brytpunkt.warehouse.as_of import current_table
from brytpunkt.warehouse.connection import table_of
from brytpunkt.warehouse.inbox import take_inbox
from brytpunkt.warehouse.refresh import Outcome
from brytpunkt.warehouse.replay_journal import apply_pending
from brytpunkt.warehouse.series_store import violated
from tests.live.energy_sites import ENERGY, energy_site, narrowed
from tests.live.native import ANSWERS, SECRET
from tests.live.vendor import Clock, find
from tests.live.walking import is_nowhere, live, versions
from tests.publishers.electricity import documents as native
from tests.publishers.electricity.test_quarter_table import LABELS, table
from tests.publishers.weather.test_weather import epw_file

DECLARED = {
    source.id: source
    for source in map(read_source, sorted((folders().data / "sources").glob("*.yaml")))
    if source.publisher != BUNDLED
}
WALKED = sorted(name for name, source in DECLARED.items() if source.publisher in {*ENERGY, "ecb"})
# Rows of each table after a first walk, counted by hand from what is asked for: see ``NARROWED``.
EXPECTED = {
    "ecb": {"fx_rates": 11},
    "eds-carbon": {"carbon_intensity": 1, "series_findings": 1},
    "elprisetjustnu": {"day_ahead_intervals": 4 * 2 * 96},
    "eltariff": {"grid_tariffs": 3},
    "ember": {"day_ahead_intervals": 2 * (24 + 25), "series_findings": 1},
    "energi-data-service": {"day_ahead_intervals": 2 * (24 + 24 + 96 + 96)},
    "energy-charts": {"day_ahead_intervals": 7 * (96 + 100)},
    "entsoe": {"day_ahead_intervals": 14 * 2 * 96},
    "eurostat": {"industrial_prices": 3},
    "fmi": {"weather_hours": 2 * (8 * 24 + 6)},
    "fri-nettleie": {"grid_tariffs": 4 * 4},
    "frost": {"weather_hours": 3 * 4 * 24},
    "hvakosterstrommen": {"day_ahead_intervals": 5 * 2 * 96},
    "open-meteo": {"weather_hours": 19 * 2 * 24},
    "smhi": {"weather_hours": 3 * 48},
}
DAY = dt.date(2026, 10, 25)
# Files that the user brings: a name, what is in it, the same with one value revised, rows of each table.
Brought = tuple[str, Callable[[int], str], dict[str, int]]
INBOX: dict[str, Brought] = {
    "nord-pool": (
        "2026-10-25.json",
        lambda moved: json.dumps(revised_day(moved)),
        {"day_ahead_intervals": 100},
    ),
    "quarter-table": (
        "SE3-october.csv",
        lambda moved: table([DAY - dt.timedelta(days=1), DAY], LABELS).replace(
            ",10.07,", f",{10.07 + moved:.2f},", 1
        ),
        {"day_ahead_intervals": 96 + 92, "series_findings": 1},
    ),
    "epw": (
        "ashburn_tmyx.epw",
        lambda moved: epw_file().replace(",7.0,", f",{7.0 + moved / 2},", 1),
        {"weather_hours": 8760},
    ),
}
INBOX_PUBLISHERS = {DECLARED[name].publisher for name in INBOX}
PAGE = b"<!doctype html><html><body>Service unavailable, we are back soon.</body></html>"


def revised_day(moved: int) -> dict[str, object]:
    """Nord Pool's file of a day, in its first version or a later one with another price."""
    file = native.nord_pool(DAY, 15, version=1 + moved)
    file["multiAreaEntries"][5]["entryPerArea"]["SE3"] += moved
    return file | {"areaAverages": []}


@pytest.fixture
def clock() -> Clock:
    """Time since 06:00 UTC of 21 November 2026."""
    found = Clock()
    found.pass_days(19)
    return found


class History:
    """Every version of a source's rows, read at once."""

    def __init__(self, warehouse: Warehouse, source: Source) -> None:
        """Read it."""
        self.tables: dict[str, pl.DataFrame] = {}
        with warehouse.open() as connection:
            for name in source.tables:
                query = f"SELECT * FROM {name} WHERE origin = $origin"  # noqa: S608 - tables of the house
                self.tables[name] = table_of(connection, query, origin=source.id)

    def counts(self) -> dict[str, tuple[int, int]]:
        """Versions and withdrawn versions of each table that has any."""
        return {
            name: (rows.height, rows.height - rows["withdrawn_at"].null_count())
            for name, rows in self.tables.items()
            if rows.height
        }

    def standing(self, table: str) -> int:
        """How many rows of a table hold."""
        return self.tables[table]["withdrawn_at"].null_count() if table in self.tables else 0

    def all(self) -> set[tuple[object, ...]]:
        """Every version of every row."""
        return {row for rows in self.tables.values() for row in rows.rows()}

    def current(self) -> set[tuple[object, ...]]:
        """The rows that hold, whatever their table."""
        return {
            row
            for rows in self.tables.values()
            for row in rows.filter(pl.col("withdrawn_at").is_null()).rows()
        }

    def seen(self, table: str, at: dt.datetime) -> list[tuple[dt.datetime, dt.datetime | None]]:
        """When the versions that began or ended at a moment did so."""
        first, gone = pl.col("first_seen_at"), pl.col("withdrawn_at")
        found = self.tables[table].filter((first == at) | (gone == at))
        return found.select(first, gone).sort(first).rows()


def keep_their_contracts(warehouse: Warehouse, tables: Iterable[str]) -> None:
    """Nothing current is outside what the contracts allow."""
    for name in tables:
        if name in CONTRACTS:
            CONTRACTS[name].validate(current_table(warehouse, name))
        else:
            with warehouse.open() as connection:
                assert violated(connection, name) == {}


def test_every_declared_source_is_walked_on_loopback_or_comes_through_the_inbox() -> None:
    assert {source.publisher for source in DECLARED.values()} == {*ANSWERS, *ENERGY, *INBOX_PUBLISHERS}
    assert set(WALKED) == set(EXPECTED)


@pytest.mark.parametrize("name", WALKED)
def test_a_source_is_walked_confirmed_revised_and_outlives_a_broken_answer(
    name: str, tmp_path: Path, httpserver: HTTPServer, clock: Clock
) -> None:
    site = energy_site(DECLARED[name], httpserver)
    declared, refresher = narrowed(site), live(site, tmp_path, clock)

    def refresh() -> tuple[Outcome, History]:
        """An hour later."""
        clock.pass_days(1 / 24)
        outcome = refresher.refresh(declared)
        return outcome, History(refresher.warehouse, declared)

    outcome, first = refresh()
    assert (outcome.outcome, outcome.reason) == ("changed", None)
    assert first.counts() == {table: (rows, 0) for table, rows in EXPECTED[name].items()}
    assert versions(refresher.warehouse, name) == first.counts(), "no table that is not declared"
    keep_their_contracts(refresher.warehouse, EXPECTED[name])

    outcome, again = refresh()
    assert (outcome.outcome, outcome.reason) == ("unchanged", None)
    assert again.current() == first.current()

    site.moved += 1
    outcome, revised = refresh()
    assert (outcome.outcome, outcome.reason) == ("changed", None)
    [(table, counts)] = revised.counts().items() - first.counts().items()
    assert counts == (first.counts()[table][0] + 1, 1)
    settled = first.standing("series_findings")
    assert revised.seen(table, clock()) == [(clock() - dt.timedelta(hours=2), clock()), (clock(), None)]
    wanted = {200, 304} | ({400} if name == "entsoe" else set())
    assert {response.status_code for _, response in site.server.log} <= wanted

    documents = documents_of(refresher, declared)
    site.instead = lambda _: PAGE
    outcome, broken = refresh()
    assert outcome.outcome == "failed"
    assert any(document in str(outcome.reason) for document in documents), "it names the document"
    assert broken.current() == revised.current()

    site.moved += 1
    site.instead = lambda body: body[: len(body) // 2]
    outcome, half = refresh()
    if outcome.outcome == "failed":
        assert any(document in str(outcome.reason) for document in documents)
    assert len(revised.current() - half.current()) <= 1, "what a half lacks is not taken for withdrawn"

    site.instead = None
    _, whole = refresh()
    assert {of: versions for of, versions in whole.counts().items() if of != "series_findings"} == {
        of: (rows + 2 * (of == table), 2 * (of == table))
        for of, rows in EXPECTED[name].items()
        if of != "series_findings"
    }, "the next whole answer brings everything up to date"
    assert whole.standing("series_findings") == settled, "what was odd about half an answer is settled"
    rebuilt = Warehouse(tmp_path / "rebuilt.duckdb", folders().sql)
    rebuilt.migrate()
    apply_pending(rebuilt, refresher.landing, find)
    assert History(rebuilt, declared).all() == whole.all(), "the landing alone gives the same history"
    if declared.credentials:
        is_nowhere(SECRET, tmp_path)


def documents_of(refresher: Refresher, declared: Source) -> list[str]:
    """Names of the documents of the last walk."""
    last = refresher.landing.journal.last(declared.id, "publication")
    assert last is not None
    return [str(document["name"]) for document in last.documents]


class Inbox:
    """A warehouse, and files put into the folder of one source."""

    def __init__(self, home: Path, name: str) -> None:
        """Keep everything under ``home``."""
        self.folder = home / "inbox" / name
        self.folder.mkdir(parents=True)
        self.source = DECLARED[name]
        self.warehouse = Warehouse(home / "warehouse.duckdb", folders().sql, wait_s=1)
        self.warehouse.migrate()
        self.landing = Landing(home / "landing")
        self.error: str | None = None

    def put(self, file: str, body: str | bytes) -> History:
        """Save a file, take everything in, and look."""
        (self.folder / file).write_bytes(body.encode() if isinstance(body, str) else body)
        [taken] = take_inbox(self.warehouse, self.landing, folders().data, self.folder.parent)
        self.error = taken.error
        return History(self.warehouse, self.source)


@pytest.mark.parametrize("name", INBOX)
def test_a_file_of_the_user_is_taken_in_confirmed_and_revised(name: str, tmp_path: Path) -> None:
    file, body, rows = INBOX[name]
    inbox = Inbox(tmp_path, name)
    first = inbox.put(file, body(0))
    assert first.counts() == {table: (count, 0) for table, count in rows.items()}
    assert inbox.put(file, body(0)).current() == first.current()
    revised = inbox.put(file, body(1))
    [(table, counts)] = revised.counts().items() - first.counts().items()
    assert counts == (first.counts()[table][0] + 1, 1)
    for spoiled in (PAGE, body(1).encode()[: len(body(1)) // 2]):
        assert inbox.put(file, spoiled).current() == revised.current()
        assert file in str(inbox.error), "it names the file"


def test_a_file_published_earlier_does_not_replace_a_newer_version(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, "nord-pool")
    file, body, _ = INBOX["nord-pool"]
    known = inbox.put(file, body(1))
    assert inbox.put("an-older-download.json", body(0)).current() == known.current()
