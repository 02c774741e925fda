"""Every declared price source, walked on loopback in its publisher's own format: from the probe to history."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from brytpunkt.folders import folders
from brytpunkt.publishers.find import declared_sources
from brytpunkt.warehouse.views.history import changed_between
from tests.live.native import ANSWERS, SECRET, TOKEN, site_of
from tests.live.vendor import Clock
from tests.live.walking import is_nowhere, live, versions

SOURCES = declared_sources(folders().data / "sources")
PRICES = {name: source for name, source in sorted(SOURCES.items()) if source.publisher in ANSWERS}
# One declaration a publisher is walked; the others of its are the same but for their parameters.
# Rounds of MLPerf are files of their own, the newest in another schema.
WALKED = {source.publisher: name for name, source in reversed(PRICES.items())}
ROUNDS = {name for name, source in PRICES.items() if source.publisher == "mlperf"}
PRICE_TABLES = {"gpu_offers", "market_prices", "token_prices", "fx_rates", "benchmarks", "accelerators"}
# Publishers whose documents differ each time they are asked, or are several without a pointer: only a walk tells.
TOLD_BY_A_WALK = {"azure", "ecb", "gcp", "lambdalabs", "oci", "ovhcloud", "vast", "verda"}


def test_every_source_of_prices_has_a_site() -> None:
    feeding = {source.publisher for source in SOURCES.values() if PRICE_TABLES & set(source.tables)}
    assert feeding == set(ANSWERS)


@pytest.fixture
def clock() -> Clock:
    """Time since the day after the newest document."""
    found = Clock()
    found.pass_days(19)
    return found


@pytest.mark.parametrize("name", sorted(set(PRICES) - set(WALKED.values()) - ROUNDS))
def test_a_declaration_that_is_not_walked_differs_in_its_region_only(name: str) -> None:
    own = {"id", "covers", "parameters"}
    walked = SOURCES[WALKED[SOURCES[name].publisher]]
    assert SOURCES[name].model_dump(exclude=own) == walked.model_dump(exclude=own)
    assert SOURCES[name].parameters.keys() == walked.parameters.keys()
    assert SOURCES[name].parameters != walked.parameters


@pytest.mark.parametrize("name", sorted({*WALKED.values(), *ROUNDS}))
def test_a_source_is_walked_confirmed_and_moved(
    name: str, tmp_path: Path, httpserver: HTTPServer, clock: Clock
) -> None:
    site = site_of(SOURCES[name], httpserver)
    declared, refresher = site.declared(), live(site, tmp_path, clock)
    refresher.prepare()

    assert refresher.probe(declared) == "new"
    first = refresher.refresh(declared)
    assert (first.outcome, first.reason) == ("changed", None)
    before = versions(refresher.warehouse, name)
    assert set(before) <= set(declared.tables)
    assert all(gone == 0 for _, gone in before.values())

    clock.pass_days()
    site.asked.clear()
    answer = refresher.probe(declared)
    assert answer == ("new" if declared.publisher in TOLD_BY_A_WALK else "same")
    again = refresher.refresh(declared)
    assert (again.outcome, again.reason) == ("unchanged", None)
    assert versions(refresher.warehouse, name) == before
    if declared.publisher in {"aws", "gpuhunt"}:
        assert len(site.asked) <= 4, "its pointers are asked, and nothing else"

    clock.pass_days()
    site.moved += 1
    assert refresher.probe(declared) == "new"
    moved = refresher.refresh(declared)
    assert (moved.outcome, moved.reason) == ("changed", None)
    after = versions(refresher.warehouse, name)
    differs = {table: after[table] for table in after if after[table] != before[table]}
    [(table, (rows, gone))] = differs.items()
    assert (rows, gone) == (before[table][0] + 1, 1)
    with refresher.warehouse.open() as connection:
        changes = changed_between(
            connection, refresher.warehouse.sql / "queries", table,
            (clock.at).date().replace(day=clock.at.day - 1), clock.at.date(),
        )  # fmt: skip
    assert changes["change"].to_list() == ["changed"]
    assert site.server.log, "the site was asked"
    assert all(response.status_code in {200, 304} for _, response in site.server.log)
    if site.source.credentials:
        is_nowhere(SECRET, tmp_path)
        is_nowhere(TOKEN, tmp_path)


def test_a_savings_plan_that_moves_alone_is_noticed_and_is_one_new_version(
    tmp_path: Path, httpserver: HTTPServer, clock: Clock
) -> None:
    site = site_of(SOURCES["aws-eu-north-1"], httpserver)
    declared, refresher = site.declared(), live(site, tmp_path, clock)
    refresher.refresh(declared)
    before = versions(refresher.warehouse, declared.id)
    clock.pass_days()
    site.plans_moved += 1
    site.asked.clear()
    assert refresher.probe(declared) == "new"
    assert refresher.refresh(declared).outcome == "changed"
    rows, gone = before["gpu_offers"]
    assert versions(refresher.warehouse, declared.id)["gpu_offers"] == (rows + 1, gone + 1)
    with refresher.warehouse.open() as connection:
        moved = connection.execute(
            "SELECT sku, term, price_native_per_instance_hour::DOUBLE FROM gpu_offers WHERE first_seen_at = ?",
            [clock()],
        ).fetchall()
    assert moved == [("p5.48xlarge", "savings_1y", 41.5)]


def test_a_reservation_dearer_than_on_demand_is_set_aside_however_it_is_paid(
    tmp_path: Path, httpserver: HTTPServer, clock: Clock
) -> None:
    site = site_of(SOURCES["aws-eu-north-1"], httpserver)
    declared, refresher = site.declared(), live(site, tmp_path, clock)
    refresher.refresh(declared)
    # 18 an hour and 876,000 upfront over 8,760 hours are 118; 1,576,800 upfront over 26,280 hours are 60.
    for known, dearer in (('"157680"', '"876000"'), ('"657000"', '"1576800"')):
        clock.pass_days()
        site.moved += 1
        site.edit = lambda text, known=known, dearer=dearer: text.replace(known, dearer)  # type: ignore[misc]
        assert refresher.refresh(declared).outcome == "changed"
    with refresher.warehouse.open() as connection:
        aside = connection.execute(
            "SELECT row_json->>'sku', reason FROM quarantine ORDER BY seen_at"
        ).fetchall()
        kept = connection.execute(
            "SELECT sku, price_native_per_instance_hour::DOUBLE FROM gpu_offers "
            "WHERE contains(sku, 'upfront') AND term LIKE 'reserved%' AND withdrawn_at IS NULL ORDER BY sku"
        ).fetchall()
    reason = "a commitment dearer than on-demand"
    assert aside == [("p5.48xlarge partial-upfront", reason), ("p5.48xlarge all-upfront", reason)]
    assert kept == [("p5.48xlarge all-upfront", 25.0), ("p5.48xlarge partial-upfront", 36.0)]


def test_a_region_of_reordered_columns_says_the_same(
    tmp_path: Path, httpserver: HTTPServer, clock: Clock
) -> None:
    site = site_of(SOURCES["aws-eu-north-1"], httpserver)
    declared, refresher = site.declared(), live(site, tmp_path, clock)
    refresher.refresh(declared)
    before = versions(refresher.warehouse, declared.id)
    landed = set(refresher.landing.folder.glob("??/*.zst"))
    clock.pass_days()
    site.order = 1
    again = refresher.refresh(declared)
    assert (again.outcome, again.record and again.record.kind) == ("unchanged", "unchanged")
    assert versions(refresher.warehouse, declared.id) == before
    assert set(refresher.landing.folder.glob("??/*.zst")) == landed
    clock.pass_days()
    site.moved += 1
    assert refresher.refresh(declared).outcome == "changed"
    rows, _ = before["gpu_offers"]
    assert versions(refresher.warehouse, declared.id)["gpu_offers"] == (rows + 1, 1)
