"""Series in the warehouse: versions by key, units held against others, and the tables that planning reads of them."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest

from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.publishers._shared.protocol import Batch, Document
from brytpunkt.publishers.electricity import (
    elprisetjustnu,
    energi_data_service,
    energy_charts,
    nord_pool,
)
from brytpunkt.warehouse import IngestReport, Warehouse, facts, ingest, refresh_bundled
from brytpunkt.warehouse.derived_tables import refresh_derived
from brytpunkt.warehouse.series_store import withdraw_settled
from tests.publishers.electricity import documents as native
from tests.publishers.electricity.documents import Desk

DAY = dt.date(2025, 9, 29)
SWITCH = dt.date(2025, 10, 1)
NOON = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)


class Store:
    """A warehouse of the test's own and a desk for each origin."""

    def __init__(self, root: Path) -> None:
        """Keep everything under ``root``."""
        self.warehouse = Warehouse(root / "w.duckdb", folders().sql, wait_s=0.2)
        self.landing = Landing(root / "landing")
        self.desk = Desk(root)
        self.warehouse.migrate()

    def take(self, origin: str, batches: Sequence[Batch], *documents: Document) -> IngestReport:
        """Ingest what a parser yielded."""
        self.desk.origin = origin
        with self.warehouse.open() as connection:
            return ingest(connection, self.warehouse.sql / "queries", self.desk.listing(*documents), batches)

    def nord_pool(self, day: dt.date, minutes: int, **options: object) -> IngestReport:
        """A delivery day of Nord Pool."""
        document = self.desk.land(f"{day}.json", native.nord_pool(day, minutes, **options))  # type: ignore[arg-type]
        return self.take("nord-pool", list(nord_pool.parse(self.desk.listing(document))), document)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Rows of a query."""
        with self.warehouse.open() as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_a_day_published_again_gets_a_new_version_only_where_it_differs(store: Store) -> None:
    assert store.nord_pool(DAY, 60, version=1).tables[0].inserted == 24
    changed = native.nord_pool(DAY, 60, version=2)
    changed["multiAreaEntries"][3]["entryPerArea"]["SE3"] = 99.0
    document = store.desk.land("again.json", changed)
    report = store.take("nord-pool", list(nord_pool.parse(store.desk.listing(document))), document)
    assert report.tables[0].inserted == 1
    current = "SELECT count(*), max(price_eur_per_mwh) FROM day_ahead_intervals WHERE withdrawn_at IS NULL"
    assert store.rows(current) == [(24, 99.0)]
    assert store.rows("SELECT count(*) FROM day_ahead_intervals WHERE withdrawn_at IS NOT NULL") == [(1,)]


def test_an_older_revision_never_replaces_a_newer_one(store: Store) -> None:
    store.nord_pool(DAY, 60, version=3)
    old = native.nord_pool(DAY, 60, version=2)
    old["multiAreaEntries"][3]["entryPerArea"]["SE3"] = 99.0
    document = store.desk.land("old.json", old)
    report = store.take("nord-pool", list(nord_pool.parse(store.desk.listing(document))), document)
    assert report.tables[0].inserted == 0
    assert store.rows("SELECT max(price_eur_per_mwh) FROM day_ahead_intervals") == [(10.23,)]


def test_documents_of_one_publication_may_overlap(store: Store) -> None:
    one = store.desk.land("SE4_2025-09-29.json", native.energy_charts([(DAY, 60)]))
    both = native.energy_charts([(DAY, 60), (DAY + dt.timedelta(days=1), 60)])
    two = store.desk.land("SE4_2025-09-30.json", both)
    report = store.take("energy-charts", list(energy_charts.parse(store.desk.listing(one, two))), one, two)
    assert (report.tables[0].inserted, report.tables[0].quarantined) == (48, 0)
    both["price"][0] = 12.5
    odd = store.desk.land("SE4_2025-09-30.json", both)
    batches = list(energy_charts.parse(store.desk.listing(one, odd)))
    report = store.take("energy-charts", batches, one, odd)
    assert {table.table: table.inserted for table in report.tables} == {
        "day_ahead_intervals": 0,
        "series_findings": 1,
    }, "where documents contradict each other, what was good before stays"
    first = "SELECT price_eur_per_mwh FROM day_ahead_intervals ORDER BY start_utc LIMIT 1"
    assert store.rows(first) == [(10.0,)]


def test_a_day_that_comes_again_without_its_finding_settles_it(store: Store) -> None:
    """An answer without two of its hours, and the next one with them."""
    holed = native.energy_charts([(DAY, 60)])
    del holed["unix_seconds"][5:7], holed["price"][5:7]
    standing = "SELECT kind FROM series_findings WHERE withdrawn_at IS NULL"
    for answer, kinds in ((holed, [("gap",)]), (native.energy_charts([(DAY, 60)]), [])):
        document = store.desk.land("SE4_2025-09-29.json", answer)
        batches = list(energy_charts.parse(store.desk.listing(document)))
        store.take("energy-charts", batches, document)
        with store.warehouse.open() as connection:
            withdraw_settled(connection, batches, NOON, "energy-charts")
        assert store.rows(standing) == kinds
    assert store.rows("SELECT count(*) FROM series_findings") == [(1,)]


def test_a_revised_price_is_one_new_point_however_many_runs_its_terms_have(store: Store) -> None:
    """Every second hour has its own exchange rate, so that the terms of the revised hour come in many runs."""
    answer = native.eds("Elspotprices", [DAY], areas=("DK1",))
    for n, record in enumerate(answer["records"]):
        record["SpotPriceDKK"] = record["SpotPriceEUR"] * (7.46 if n % 2 else 7.45)
    for moved in (0.0, 5.0):
        answer["records"][8]["SpotPriceEUR"] += moved
        answer["records"][8]["SpotPriceDKK"] += moved * 7.45
        document = store.desk.land("Elspotprices.json", answer)
        store.take("eds", list(energi_data_service.parse(store.desk.listing(document))), document)
    assert store.rows("SELECT count(*) FROM day_ahead_intervals WHERE withdrawn_at IS NULL") == [(24,)]


def test_another_day_withdraws_nothing(store: Store) -> None:
    store.nord_pool(DAY, 60)
    report = store.nord_pool(DAY + dt.timedelta(days=1), 60)
    assert (report.tables[0].inserted, report.tables[0].withdrawn) == (24, 0)
    assert store.rows("SELECT count(*) FROM day_ahead_intervals WHERE withdrawn_at IS NULL") == [(48,)]


def test_hours_are_averaged_by_time_over_a_change_of_resolution(store: Store) -> None:
    store.nord_pool(SWITCH - dt.timedelta(days=1), 60)
    store.nord_pool(SWITCH, 15)
    hours = store.rows("SELECT minutes, count(*), min(price_eur_per_mwh) FROM day_ahead_hours GROUP BY ALL")
    assert hours == [(60, 48, 10.0)]
    quarters = store.rows(
        "SELECT price_eur_per_mwh FROM day_ahead_hours WHERE hour_utc_start = '2025-09-30 22:00:00+00'"
    )
    assert quarters[0][0] == pytest.approx((10.0 + 10.01 + 10.02 + 10.03) / 4)


def test_disagreement_is_a_view(store: Store) -> None:
    store.nord_pool(DAY, 60)
    file = native.per_kwh(DAY, 60)
    file[0]["EUR_per_kWh"], file[0]["SEK_per_kWh"] = 0.02, 0.22
    document = store.desk.land(f"{DAY}_SE3.json", file)
    store.take("elprisetjustnu", list(elprisetjustnu.parse(store.desk.listing(document))), document)
    widest = store.rows(
        "SELECT publishers, spread_eur_per_mwh, lowest_publisher, highest_publisher FROM day_ahead_spread "
        "ORDER BY spread_eur_per_mwh DESC LIMIT 1"
    )
    assert widest == [(2, 10.0, "nord-pool", "elprisetjustnu")]


@pytest.mark.parametrize(
    ("factor", "unit"),
    [
        (0.001, "EUR/kWh"),
        (0.011, "SEK/kWh or NOK/kWh"),
        (0.1, "c/kWh"),
        (1.1, "oere/kWh"),
        (1.25, "VAT"),
        (11.0, "SEK/MWh"),
    ],
)
def test_a_zone_in_another_unit_is_set_aside_with_the_reason(store: Store, factor: float, unit: str) -> None:
    store.nord_pool(DAY, 60)
    answer = native.energy_charts([(DAY, 60)])
    answer["price"] = [price * factor for price in answer["price"]]
    document = store.desk.land("SE3_x.json", answer)
    report = store.take("energy-charts", list(energy_charts.parse(store.desk.listing(document))), document)
    assert (report.tables[0].inserted, report.tables[0].quarantined) == (0, 24)
    reason = str(store.rows("SELECT DISTINCT reason FROM quarantine")[0][0])
    assert unit in reason
    assert store.rows("SELECT DISTINCT publisher FROM day_ahead_intervals") == [("nord-pool",)]


def test_prices_out_of_range_are_set_aside(store: Store) -> None:
    file = native.nord_pool(DAY, 60)
    file["multiAreaEntries"][0]["entryPerArea"]["SE3"] = 9000.0
    file["areaAverages"] = []
    document = store.desk.land("a.json", file)
    report = store.take("nord-pool", list(nord_pool.parse(store.desk.listing(document))), document)
    assert (report.tables[0].inserted, report.tables[0].quarantined) == (23, 1)
    assert "price_eur_per_mwh|max" in str(store.rows("SELECT reason FROM quarantine")[0][0])


def quarters_by_hour(days: list[dt.date]) -> Iterator[tuple[int, list[tuple[dt.datetime, float]]]]:
    """Hours [Unix seconds] of some days with their four quarters."""
    for day in days:
        stated = native.steps(day, 15)
        for first in range(0, len(stated), 4):
            yield int(stated[first][0].timestamp()), stated[first : first + 4]


def a_month_of_nord_pool(store: Store, scale: float) -> None:
    days = [dt.date(2026, 8, 1) + dt.timedelta(days=n) for n in range(31)]
    documents = []
    for day in days:
        file = native.nord_pool(day, 15)
        for entry in file["multiAreaEntries"]:
            entry["entryPerArea"]["SE3"] *= scale
        file["areaAverages"] = []
        documents.append(store.desk.land(f"{day}.json", file))
    store.take("nord-pool", list(nord_pool.parse(store.desk.listing(*documents))), *documents)


def test_a_live_month_joins_the_bundled_ones_and_planning_reads_both(store: Store) -> None:
    refresh_bundled(store.warehouse, store.landing, folders().data)
    a_month_of_nord_pool(store, 4.0)
    derived = refresh_derived(store.warehouse, store.landing)
    assert {t.table: t.inserted for t in derived.report.tables} == {"day_ahead_monthly": 1}
    with store.warehouse.open() as connection:
        known = facts(connection, store.warehouse.sql / "queries")
    se3 = known.day_ahead_monthly.filter(pl.col("zone") == "SE3").sort("month")
    august = se3.row(-1, named=True)
    assert august["month"] == dt.date(2026, 8, 1)
    assert august["mean_eur_per_mwh"] == pytest.approx(4 * (10 + 95 / 200), abs=0.01)
    assert august["coverage_share"] == 1.0
    assert august["source"].endswith("of nord-pool")
    assert se3["month"][0] == dt.date(2020, 1, 1), "bundled months stay"


def test_deriving_again_from_the_same_series_changes_nothing(store: Store) -> None:
    a_month_of_nord_pool(store, 4.0)
    refresh_derived(store.warehouse, store.landing)
    assert refresh_derived(store.warehouse, store.landing).report.tables == ()


def test_without_a_series_nothing_is_derived(store: Store) -> None:
    assert refresh_derived(store.warehouse, store.landing).report.tables == ()


def test_an_interval_reads_as_its_publisher_stated_it(store: Store) -> None:
    """Points and terms are kept apart; together they are the rows that the parser gave, to the last column."""
    documents = [store.desk.land(f"{day}_SE3.json", native.per_kwh(day, 60)) for day in (DAY, SWITCH)]
    batches = list(elprisetjustnu.parse(store.desk.listing(*documents)))
    stated = pl.concat(b.frame for b in batches)
    store.take("elprisetjustnu", batches, *documents)
    with store.warehouse.open() as connection:
        read = connection.sql("SELECT * FROM day_ahead_intervals ORDER BY zone, start_utc").pl()
        terms = connection.execute("SELECT count(*) FROM day_ahead_terms").fetchall()
    assert read.select(stated.columns).equals(stated.sort("zone", "start_utc"))
    assert read["document_sha256"].unique(maintain_order=True).to_list() == [d.sha256 for d in documents]
    assert terms == [(2,)]


def test_intervals_of_an_earlier_warehouse_are_carried_over(tmp_path: Path) -> None:
    """A warehouse that kept every column on every row reads the same after its migration."""
    early = tmp_path / "sql"
    (early / "migrations").mkdir(parents=True)
    scripts = sorted((folders().sql / "migrations").glob("*.sql"))
    for script in scripts:
        if script.name < "0007":
            shutil.copy(script, early / "migrations")
    warehouse = Warehouse(tmp_path / "w.duckdb", early)
    warehouse.migrate()
    values = (
        "'SE3', '2026-03-{day} 10:00:00+00', 'entsoe', 60, {price}, 'EUR', NULL, 0, NULL, 1, 'a table', '2026-03-{day}', "
        "'2026-03-30', 'terms', 'stated', NULL, 'entsoe', 'ab', '2026-03-30 00:00:00+00', {until}"
    )
    rows = [
        values.format(day=1, price=10, until="'2026-04-01 00:00:00+00'"),
        values.format(day=1, price=11, until="NULL"),
        values.format(day=2, price=12, until="NULL"),
    ]
    query = "SELECT * FROM day_ahead_intervals ORDER BY start_utc, price_eur_per_mwh"
    with warehouse.open() as connection:
        for row in rows:
            connection.execute(f"INSERT INTO day_ahead_intervals VALUES ({row})")  # noqa: S608 - written above
        before = connection.sql(query).pl()
    later = Warehouse(tmp_path / "w.duckdb", folders().sql)
    assert scripts[-1].name in later.migrate()
    with later.open() as connection:
        after = connection.sql(query).pl()
        hours = connection.execute("SELECT count(*) FROM day_ahead_hours").fetchall()
    assert after.equals(before)
    assert hours == [(2,)]


def test_the_newest_half_year_of_industry_becomes_the_bound(store: Store) -> None:
    """Two half-years and two taxes of one country, on top of the bundled table: the newest, without VAT, counts."""
    refresh_bundled(store.warehouse, store.landing, folders().data)
    document = store.desk.land("nrg_pc_205.json", {})
    rows = [
        (dt.date(2025, 7, 1), "X_VAT", 0.11), (dt.date(2025, 7, 1), "I_TAX", 0.14), (dt.date(2025, 1, 1), "X_VAT", 0.1),
    ]  # fmt: skip
    frame = pl.DataFrame(
        rows, schema={"day": pl.Date, "tax": pl.String, "eur_per_kwh": pl.Float64}, orient="row"
    )
    stated = frame.with_columns(
        country=pl.lit("SE"), band=pl.lit("MWH20000-69999"), publisher=pl.lit("eurostat"), source=pl.lit("Eurostat"),
        source_date=pl.lit(dt.date(2025, 12, 31)), retrieved_on=pl.lit(dt.date(2026, 11, 25)), licence=pl.lit("CC BY 4.0"),
        confidence=pl.lit("stated"), note=pl.lit(None, dtype=pl.String),
    )  # fmt: skip
    store.take("eurostat", [Batch("industrial_prices", stated, document)], document)
    derived = refresh_derived(store.warehouse, store.landing)
    assert {t.table: t.inserted for t in derived.report.tables} == {"industrial_bounds": 1}
    with store.warehouse.open() as connection:
        known = facts(connection, store.warehouse.sql / "queries")
    bounds = known.industrial_bounds.select("country", "half_year", "tax", "eur_per_kwh")
    assert bounds.filter(pl.col("country") == "SE").rows() == [("SE", dt.date(2025, 7, 1), "X_VAT", 0.11)]
    assert bounds.height == 8, "the other countries stay bundled"


def test_a_month_says_how_far_its_publishers_are_apart(store: Store) -> None:
    """Nord Pool and energy-charts have the same August; in one hour they are 3 EUR/MWh apart."""
    a_month_of_nord_pool(store, 4.0)
    days = [dt.date(2026, 8, 1) + dt.timedelta(days=n) for n in range(31)]
    answer = native.energy_charts([(day, 60) for day in days])
    mean = {at: sum(4 * price for _, price in quarter) / 4 for at, quarter in quarters_by_hour(days)}
    answer["price"] = [mean[second] for second in answer["unix_seconds"]]
    answer["price"][100] += 3.0
    document = store.desk.land("SE3_2026-08.json", answer)
    store.take("energy-charts", list(energy_charts.parse(store.desk.listing(document))), document)
    refresh_derived(store.warehouse, store.landing)
    query = "SELECT apart_hours, widest_apart_eur_per_mwh FROM day_ahead_monthly WHERE zone = 'SE3'"
    [(hours, widest)] = store.rows(query)
    assert (hours, widest) == (1, pytest.approx(3.0, abs=0.02))
