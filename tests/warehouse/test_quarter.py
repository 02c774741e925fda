"""A quarter of five publishers on loopback: remarks come and go, a GPU is renamed, a price is announced, a station is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request

from brytpunkt.folders import folders
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers.find import all_sources
from brytpunkt.warehouse import Outcome, Refresher, TableReport, facts
from brytpunkt.warehouse.doubts import DOUBT_DAYS
from pipelines.cli.refresh import outcome_lines
from tests.live.energy_sites import energy_site
from tests.live.native import SECRET, Site
from tests.live.vendor import Clock, refresher, rows
from tests.publishers.cloud.test_azure import ORDINARY, page

DECLARED = all_sources(folders().data / "sources")
START, STEP, STEPS = datetime(2026, 9, 1, 6, tzinfo=UTC), 3, 30
SOURCES = ("lambda", "azure-swedencentral", "gcp", "entsoe", "smhi")
H100, H200, A100 = "Standard_ND96isr_H100_v5", "Standard_ND96isr_H200_v5", b"Nvidia Tesla A100 GPU"
MISSING, UNREADABLE, RENAMED, INTRADAY = {20, 21}, {10, 11, 12}, {13, 14, 15}, {5, 6, 17}
ANNOUNCED_AT, HOLDS_FROM = 8, date(2026, 11, 1)
OTHERS = (
    "Standard_NC24ads_A100_v4", "Standard_NC48ads_A100_v4", "Standard_NC96ads_A100_v4", "Standard_NC40ads_H100_v5",
    "Standard_NC80adis_H100_v5",
)  # fmt: skip
WITHDRAWN = "SELECT DISTINCT sku FROM gpu_offers WHERE origin = '{}' AND withdrawn_at IS NOT NULL ORDER BY 1"
FINDINGS = "SELECT DISTINCT subject, kind FROM series_findings WHERE origin = '{}' AND withdrawn_at IS NULL ORDER BY ALL"


def with_intraday(raw: bytes) -> bytes:
    """The document with its first series once more, as intraday prices ten times as high."""
    series = raw[raw.index(b"<TimeSeries>") : raw.index(b"</TimeSeries>") + len(b"</TimeSeries>")]
    other = series.replace(b"Agreement.type>A01<", b"Agreement.type>A07<").replace(
        b"<price.amount>", b"<price.amount>9"
    )
    return raw.replace(b"</Publication_MarketDocument>", other + b"</Publication_MarketDocument>")


class Quarter:
    """Ninety days, a refresh of every source each third day."""

    def __init__(self, home: Path, servers: list[HTTPServer]) -> None:
        """Put the sites up, each on a server of its own."""
        self.clock, self.step = Clock(START), 0
        self.sites: dict[str, Site] = {
            name: energy_site(DECLARED[name], server) for name, server in zip(SOURCES, servers, strict=True)
        }
        keys = {name for site in self.sites.values() for name in site.source.credentials.values()}
        self.live: Refresher = refresher(home, self.clock, dict.fromkeys(keys, SECRET))
        self.outcomes: dict[str, list[Outcome]] = {name: [] for name in SOURCES}
        self.sites["azure-swedencentral"].answer = self._azure
        self.sites["gcp"].instead = lambda raw: (
            raw.replace(A100, b"Nvidia Ampere Flagship GPU") if self.step in RENAMED else raw
        )
        self.sites["entsoe"].instead = lambda raw: with_intraday(raw) if self.step in INTRADAY else raw
        whole = self.sites["smhi"].answer
        self.sites["smhi"].answer = lambda site, request: (
            None if self.step in MISSING and "/97200/" in request.path else whole(site, request)
        )

    def _azure(self, site: Site, request: Request) -> dict[str, Any]:
        del site, request
        listed = [
            ORDINARY | {"armSkuName": sku, "retailPrice": price, "unitPrice": price}
            for sku, price in ((H100, 127.84), (H200, 110.24), *((sku, 9.5) for sku in OTHERS))
        ]
        if self.step >= ANNOUNCED_AT:
            listed.append(listed[0] | {"retailPrice": 99.5, "effectiveStartDate": f"{HOLDS_FROM}T00:00:00Z"})
        if self.step in UNREADABLE:
            listed[1] = listed[1] | {"retailPrice": None}
        return page(listed)

    def declared(self, name: str) -> Source:
        """The declaration of a source, here."""
        site = self.sites[name]
        narrow = {"zones": ["SE1"], "days_back": 1, "days_ahead": 0} if name == "entsoe" else {}
        return site.declared(parameters={**site.source.parameters, **narrow})

    def run(self) -> None:
        """Let the quarter go by."""
        for self.step in range(STEPS):
            self.sites["lambda"].unknown = (self.step * 2) % 5
            for name in SOURCES:
                self.outcomes[name].append(self.live.refresh(self.declared(name)))
            self.clock.pass_days(STEP)

    def table(self, name: str, step: int, table: str) -> TableReport:
        """What was told of a table."""
        return next(one for one in self.outcomes[name][step].tables if one.table == table)


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quarter]:
    with ExitStack() as stack:
        servers = [stack.enter_context(HTTPServer()) for _ in SOURCES]
        found = Quarter(tmp_path_factory.mktemp("quarter"), servers)
        found.run()
        yield found


def test_every_source_was_taken_each_time(quarter: Quarter) -> None:
    odd = {
        (name, step, one.outcome, one.reason)
        for name, outcomes in quarter.outcomes.items()
        for step, one in enumerate(outcomes)
        if not one.is_whole
    }
    assert odd == set()


def test_remarks_that_come_and_go_move_no_price(quarter: Quarter) -> None:
    assert rows(quarter.live, WITHDRAWN.format("lambda")) == []
    assert rows(quarter.live, "SELECT count(*) FROM gpu_offers WHERE origin = 'lambda'") == [(2,)]
    changed = [step for step, one in enumerate(quarter.outcomes["lambda"]) if one.outcome == "changed"]
    assert changed == list(range(STEPS)), "each time others are unknown"
    assert all(
        quarter.table("lambda", step, "gpu_offers") == TableReport("gpu_offers", confirmed=2)
        for step in changed[1:]
    )


def test_what_was_only_doubtful_is_never_withdrawn_and_says_when_it_was_last_good(quarter: Quarter) -> None:
    assert rows(quarter.live, WITHDRAWN.format("gcp")) == []
    renamed = quarter.table("gcp", min(RENAMED), "gpu_offers")
    assert renamed.kept > 0
    assert (renamed.withdrawn, renamed.refused) == (0, None)
    assert f"{renamed.kept} in doubt (last good kept)" in "\n".join(
        outcome_lines(quarter.outcomes["gcp"][min(RENAMED)])
    )
    unreadable = quarter.table("azure-swedencentral", min(UNREADABLE), "gpu_offers")
    assert (unreadable.kept, unreadable.withdrawn) == (1, 0)
    good = START.toordinal() + STEP * (min(UNREADABLE) - 1)
    assert STEP * len(UNREADABLE) < DOUBT_DAYS
    with quarter.live.warehouse.open() as connection:
        then = facts(connection, quarter.live.warehouse.sql / "queries", date.fromordinal(good + 2 * STEP))
        now = facts(connection, quarter.live.warehouse.sql / "queries")
    ages = dict(then.offers.select("sku", "retrieved_on").iter_rows())
    assert ages["ND96isr_H200_v5"].toordinal() == good
    assert ages["ND96isr_H100_v5"].toordinal() > good
    assert then.offers_in_doubt.height == 1
    assert now.offers_in_doubt.is_empty()


def test_an_announced_price_holds_from_its_day_and_not_before(quarter: Quarter) -> None:
    prices = {}
    for day in (date(2026, 10, 20), date(2026, 10, 31), HOLDS_FROM, date(2026, 11, 20)):
        with quarter.live.warehouse.open() as connection:
            offers = facts(connection, quarter.live.warehouse.sql / "queries", day).offers
        found = dict(offers.select("sku", "price_native_per_instance_hour").iter_rows())
        prices[day] = found["ND96isr_H100_v5"]
    assert list(prices.values()) == [127.84, 127.84, 99.5, 99.5]


def test_intraday_prices_replace_none_and_a_missing_station_leaves_the_others(quarter: Quarter) -> None:
    stored = rows(
        quarter.live,
        "SELECT count(*) - count(DISTINCT (zone, start_utc)), count(DISTINCT start_utc::DATE) FROM day_ahead_intervals "
        "WHERE origin = 'entsoe' AND withdrawn_at IS NULL",
    )
    assert stored[0][0] == 0
    assert stored[0][1] >= STEPS
    said = "SELECT count(*) FROM series_findings WHERE origin = '{}' AND kind = '{}'"
    assert rows(quarter.live, said.format("entsoe", "other prices than day-ahead"))[0][0] >= 1
    hours = (
        "SELECT DISTINCT place FROM weather_hours WHERE origin = 'smhi' AND withdrawn_at IS NULL ORDER BY 1"
    )
    assert rows(quarter.live, hours) == [("lulea",), ("malmo",), ("stockholm",)]
    gone = "SELECT DISTINCT detail FROM series_findings WHERE origin = 'smhi' AND kind = 'document not read'"
    details = [detail for (detail,) in rows(quarter.live, gone)]
    assert details
    assert all("answered 404: not here" in detail for detail in details)
    assert ("stockholm", "document not read") not in rows(quarter.live, FINDINGS.format("smhi"))


def test_history_can_be_rebuilt_from_what_was_landed(quarter: Quarter, tmp_path: Path) -> None:
    from brytpunkt.warehouse.replay_journal import apply_pending
    from tests.live.vendor import find

    copy = replace(refresher(tmp_path, quarter.clock), landing=quarter.live.landing)
    copy.warehouse.migrate()
    apply_pending(copy.warehouse, copy.landing, find)
    for table in ("gpu_offers", "announced_prices", "doubts", "source_remarks"):
        query = f"SELECT * FROM {table} ORDER BY ALL"  # noqa: S608 - tables of ours
        assert json.dumps(rows(copy, query), default=str) == json.dumps(
            rows(quarter.live, query), default=str
        )
