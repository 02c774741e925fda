"""What a refresh came to, table by table: remarks that come and go, and one table refused beside others that were taken."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from brytpunkt.errors import BrytpunktError
from brytpunkt.folders import folders
from brytpunkt.publishers.find import all_sources
from brytpunkt.warehouse import Outcome, Refresher, TableReport, facts
from brytpunkt.warehouse.as_of import current_table
from brytpunkt.warehouse.replay_journal import apply_pending
from brytpunkt.warehouse.views.source_status import Standing, confirmations, standings
from pipelines.cli.refresh import outcome_lines, standing_lines
from pipelines.cli.sources import table_lines
from tests.live.energy_sites import energy_site, narrowed
from tests.live.native import site_of
from tests.live.server import Server
from tests.live.vendor import Clock, Shop, find, refresher, rows, source
from tests.live.walking import live as on_site
from tests.publishers.electricity import documents as native
from tests.publishers.grid.test_tariffs_and_carbon import component, peak, tariff

DECLARED = all_sources(folders().data / "sources")
TABLES = ["gpu_offers", "market_prices", "source_remarks"]


def told(outcome: Outcome) -> dict[str, TableReport]:
    """The outcome's tables by name."""
    return {one.table: one for one in outcome.tables}


def stands(live: Refresher, declared: Any, clock: Clock) -> Standing:
    """How one source stands."""
    [found] = standings(live.warehouse, {declared.id: declared}, live.missing, clock())
    return found


def remarked(live: Refresher) -> list[str]:
    """Names that are remarked now."""
    return [
        row[0] for row in rows(live, "SELECT name FROM source_remarks WHERE withdrawn_at IS NULL ORDER BY 1")
    ]


class Lambda:
    """Lambda's site on loopback, and a refresher that knows its key."""

    def __init__(self, home: Path, server: HTTPServer, clock: Clock) -> None:
        """Put the site up."""
        self.site = site_of(DECLARED["lambda"], server)
        self.declared, self.live, self.clock = self.site.declared(), on_site(self.site, home, clock), clock

    def day(self, *, unknown: int, moved: int = 0, accept: bool = False) -> Outcome:
        """A day later, with so many types that no map knows, and the price of eight H100 lower by so many dollars."""
        self.clock.pass_days()
        self.site.unknown, self.site.moved = unknown, moved
        return self.live.refresh(self.declared, accept=accept)


@pytest.fixture
def cloud(tmp_path: Path, httpserver: HTTPServer, clock: Clock) -> Lambda:
    return Lambda(tmp_path / "cloud", httpserver, clock)


def test_fewer_remarks_than_yesterday_hold_back_no_price(cloud: Lambda) -> None:
    cloud.day(unknown=5)
    fewer = cloud.day(unknown=1, moved=3)
    assert (fewer.outcome, fewer.reason, fewer.is_whole) == ("changed", None, True)
    assert told(fewer) == {
        "gpu_offers": TableReport("gpu_offers", inserted=1, confirmed=1, withdrawn=1),
        "source_remarks": TableReport("source_remarks", confirmed=1, withdrawn=4),
    }
    assert remarked(cloud.live) == ["gpu_1x_b400"]
    state = stands(cloud.live, cloud.declared, cloud.clock)
    assert (state.state, state.reason, state.confirmed_at) == ("fresh", "", cloud.clock())
    assert (state.rows, state.remarks) == (2, 1), "what is said of a publication is no row of prices"
    assert outcome_lines(fewer) == [
        "lambda                  changed",
        "  gpu_offers            1 new, 1 as before, 1 withdrawn",
        "  source_remarks        1 as before, 4 withdrawn",
    ]
    again = cloud.day(unknown=1, moved=3)
    assert (again.outcome, again.is_whole) == ("unchanged", True)


def test_remarks_vanish_with_the_publication_that_no_longer_makes_them_and_come_back(cloud: Lambda) -> None:
    first = cloud.day(unknown=0)
    assert set(told(first)) == {"gpu_offers"}
    assert told(cloud.day(unknown=3))["source_remarks"].inserted == 3
    none = cloud.day(unknown=0)
    assert (none.outcome, told(none)["source_remarks"]) == (
        "changed",
        TableReport("source_remarks", withdrawn=3),
    )
    assert remarked(cloud.live) == []
    assert "source_remarks" not in told(cloud.day(unknown=0, moved=1)), "nothing is left to say of them"
    assert told(cloud.day(unknown=2, moved=1))["source_remarks"].inserted == 2
    assert cloud.day(unknown=2, moved=1).outcome == "unchanged"


def sold_out(raw: bytes) -> bytes:
    """Lambda's answer without any type that is known."""
    found = json.loads(raw)["data"]
    return json.dumps({"data": {name: one for name, one in found.items() if "h100" not in name}}).encode()


def test_a_list_of_which_only_remarks_are_left_confirms_no_price(cloud: Lambda) -> None:
    cloud.day(unknown=2)
    good = cloud.clock()
    cloud.site.instead = sold_out
    for _ in range(2):
        empty = cloud.day(unknown=3)
        assert (empty.outcome, empty.reason) == ("refused", "gpu_offers: all 2 known rows are gone")
    assert outcome_lines(empty)[:2] == [
        "lambda                  REFUSED: gpu_offers",
        "  gpu_offers            last good kept (2 rows): all 2 known rows are gone",
    ]
    assert "--accept" in outcome_lines(empty)[-1]
    assert len(remarked(cloud.live)) == 3, "what the newest publication says of itself is known all the same"
    state = stands(cloud.live, cloud.declared, cloud.clock)
    assert (state.state, state.confirmed_at, state.rows) == ("refused", good, 2)

    accepted = cloud.day(unknown=3, accept=True)
    assert told(accepted)["gpu_offers"] == TableReport("gpu_offers", withdrawn=2)
    assert cloud.day(unknown=4).is_whole
    assert rows(cloud.live, "SELECT count(*) FROM gpu_offers WHERE withdrawn_at IS NULL") == [(0,)]


class Sided:
    """A shop whose list has ten offers, and beside them five prices that others ask."""

    def __init__(self, live: Refresher, shop: Shop, server: Server, clock: Clock) -> None:
        """Refreshed once."""
        self.live, self.shop, self.clock = live, shop, clock
        self.declared = source(server, tables=TABLES)
        shop.page_size = 100
        shop.opinions = {f"gpu-{n}": f"{18 + n}" for n in range(5)}
        assert live.refresh(self.declared).outcome == "changed"
        self.first = clock()

    def day(self) -> Outcome:
        """A day later."""
        self.clock.pass_days()
        return self.live.refresh(self.declared)


@pytest.fixture
def sided(live: Refresher, shop: Shop, server: Server, clock: Clock) -> Sided:
    return Sided(live, shop, server, clock)


def test_one_table_is_refused_and_the_others_are_taken(sided: Sided) -> None:
    shop, live, clock = sided.shop, sided.live, sided.clock
    shop.opinions = {"gpu-0": "18", "gpu-1": "19"}
    shop.reprice("gpu-7", "26.00")
    partly = sided.day()
    reason = "3 of 5 known rows are gone"
    assert (partly.outcome, partly.reason, partly.is_whole) == ("changed", f"market_prices: {reason}", False)
    assert told(partly) == {
        "gpu_offers": TableReport("gpu_offers", inserted=1, confirmed=9, withdrawn=1),
        "market_prices": TableReport("market_prices", kept=5, refused=reason),
    }
    assert outcome_lines(partly) == [
        "shop                    changed; REFUSED: market_prices",
        "  gpu_offers            1 new, 9 as before, 1 withdrawn",
        f"  market_prices         last good kept (5 rows): {reason}",
        "  look at it (`brytpunkt sources shop`), then `brytpunkt refresh shop --accept` takes it in",
    ]

    # What is not refused is confirmed by a publication that says the same; what is refused stays so, and withdraws nothing.
    for _ in range(4):
        again = sided.day()
        assert (again.outcome, again.reason) == ("unchanged", f"market_prices: {reason}")
        assert told(again)["market_prices"] == TableReport("market_prices", kept=5, refused=reason)
    assert outcome_lines(again)[0] == "shop                    unchanged, confirmed; REFUSED: market_prices"
    assert rows(live, "SELECT count(*), count(withdrawn_at) FROM market_prices") == [(5, 0)]
    with live.warehouse.open() as connection:
        offers = facts(connection, live.warehouse.sql / "queries").offers
    assert set(offers["retrieved_on"]) == {clock().date()}
    assert set(current_table(live.warehouse, "market_prices")["retrieved_on"]) == {sided.first.date()}
    assert confirmations(live.warehouse, {"shop": sided.declared})["shop"] == {
        "confirmed_on": clock().date().isoformat(),
        "stale_after_days": 3,
        "tables": {"gpu_offers": clock().date().isoformat(), "market_prices": sided.first.date().isoformat()},
    }
    state = stands(live, sided.declared, clock)
    assert (state.state, state.confirmed_at, state.rows) == ("in part", clock(), 15)
    assert standing_lines([state])[-1] == f"! shop: stale (market_prices); market_prices: {reason}"
    assert table_lines(state)[2:4] == [
        f"  gpu_offers     taken or confirmed {clock():%Y-%m-%d %H:%M}",
        f"  market_prices  REFUSED, last taken or confirmed 2026-11-02 06:00: {reason}",
    ]

    shop.opinions = {f"gpu-{n}": f"{18 + n}" for n in range(5)}
    whole = sided.day()
    assert (whole.outcome, whole.is_whole) == ("unchanged", True)
    state = stands(live, sided.declared, clock)
    assert (state.state, state.reason) == ("fresh", ""), "an old reason is no reason any more"


def test_whoever_took_a_record_in_the_outcome_is_its_own(
    sided: Sided, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = refresher(tmp_path / "home", sided.clock)

    def slower(*arguments: Any) -> Any:
        apply_pending(other.warehouse, other.landing, find)
        return apply_pending(*arguments)

    monkeypatch.setattr("brytpunkt.warehouse.refresh.apply_pending", slower)
    sided.shop.reprice("gpu-3", "22.25")
    moved = sided.day()
    assert (moved.outcome, told(moved)["gpu_offers"].inserted) == ("changed", 1)
    sided.shop.is_down = True
    down = sided.day()
    assert (down.outcome, down.is_whole) == ("failed", False)
    assert outcome_lines(down)[0].startswith("shop                    FAILED, last good kept: ")


def test_where_nothing_was_ever_taken_nothing_is_said_to_be_kept(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    shop.is_down = True
    assert "FAILED, nothing was taken yet: " in outcome_lines(live.refresh(source(server)))[0]
    shop.is_down = False
    shop.offers = [offer | {"price": "0"} for offer in shop.offers]
    lines = outcome_lines(live.refresh(source(server)))
    assert lines[1] == "  gpu_offers            nothing was taken yet: 10 of 10 rows break the contract"


def test_a_list_is_held_against_its_last_good_publication_not_against_what_was_missing_before(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    shop.offers = [{"sku": f"gpu-{n:02d}", "price": f"{30 + n}.5"} for n in range(20)]
    live.refresh(source(server))
    outcomes = []
    for left in (17, 15, 13):  # 15, 12 and 13 % of the list before; a quarter and more of the first
        clock.pass_days()
        shop.offers = shop.offers[:left]
        outcomes.append(live.refresh(source(server)))
    assert [one.reason for one in outcomes] == [None, None, None]
    clock.pass_days()
    shop.offers = shop.offers[:9]
    assert live.refresh(source(server)).reason == "gpu_offers: 4 of 13 known rows are gone"


def test_what_a_person_accepted_is_not_refused_again_tomorrow(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    live.refresh(source(server))
    clock.pass_days()
    shop.offers = shop.offers[:6]
    assert live.refresh(source(server)).reason == "gpu_offers: 4 of 10 known rows are gone"
    assert live.refresh(source(server), accept=True).outcome == "unchanged"
    clock.pass_days()
    shop.reprice("gpu-2", "21.10")
    moved = live.refresh(source(server))
    assert (moved.outcome, moved.reason) == ("changed", None)
    clock.pass_days(5)
    shop.offers = []
    assert live.refresh(source(server)).reason == "gpu_offers: all 6 known rows are gone"
    empty = live.refresh(source(server), accept=True)
    assert (empty.outcome, told(empty)["gpu_offers"].withdrawn) == ("changed", 6)
    shop.odd = ["B400"]
    assert live.refresh(source(server)).is_whole, "a list that was accepted as empty may stay empty"


def test_a_doubtful_row_is_told_as_set_aside_with_the_good_version_that_stays(
    live: Refresher, shop: Shop, server: Server, clock: Clock
) -> None:
    live.refresh(source(server))
    clock.pass_days()
    shop.reprice("gpu-6", "1.10")
    shop.offers.append({"sku": "gpu-new", "price": "-4"})
    doubted = live.refresh(source(server))
    assert told(doubted)["gpu_offers"] == TableReport("gpu_offers", confirmed=9, quarantined=2, kept=1)
    assert outcome_lines(doubted) == [
        "shop                    unchanged, confirmed; "
        "gpu_offers: 9 as before, 2 set aside (last good of 1 kept)"
    ]  # fmt: skip


def test_a_series_of_which_every_row_was_set_aside_confirms_nothing(
    tmp_path: Path, httpserver: HTTPServer, clock: Clock
) -> None:
    day, factor = date(2026, 10, 30), 1.0

    def prices(_: Request) -> Response:
        body = [one | {"EUR_per_kWh": one["EUR_per_kWh"] * factor} for one in native.per_kwh(day, 60)]
        return Response(json.dumps(body), content_type="application/json")

    httpserver.expect_request(f"/prices/{day:%Y}/{day:%m-%d}_SE3.json").respond_with_handler(prices)
    declared = DECLARED["elprisetjustnu"].model_copy(
        update={
            "url": httpserver.url_for("/prices"),
            "hosts": ("localhost", "127.0.0.1"),
            "parameters": {"first": day.isoformat(), "last": day.isoformat(), "zones": ["SE3"]},
            "seconds_between_requests": 0,
        }
    )
    live = refresher(tmp_path / "series", clock)
    assert told(live.refresh(declared))["day_ahead_intervals"].inserted == 24
    good = clock()
    clock.pass_days()
    factor = 1000.0  # EUR/MWh in a field of EUR/kWh
    wrong = live.refresh(declared)
    report = told(wrong)["day_ahead_intervals"]
    assert (wrong.outcome, report.quarantined, report.kept) == ("refused", 24, 24)
    assert str(report.refused).startswith("all 24 rows were set aside: breaks the contract")
    state = stands(live, declared, clock)
    assert (state.state, state.confirmed_at, state.rows_quarantined) == ("refused", good, 24)


def test_a_finding_that_a_whole_publication_no_longer_makes_is_settled(
    tmp_path: Path, httpserver: HTTPServer, clock: Clock
) -> None:
    good = tariff("35A", component("Effekt", 20, **peak()))
    odd = tariff("63A", component("Effekt", -1, **peak()))
    mended = tariff("63A", component("Effekt", 18, **peak()))
    site = energy_site(DECLARED["eltariff"], httpserver)
    declared, live = narrowed(site), on_site(site, tmp_path / "grid", clock)

    def publish(*tariffs: Any) -> Outcome:
        clock.pass_days()
        site.instead = lambda _: json.dumps({"tariffs": tariffs}).encode()
        return live.refresh(declared)

    current = "SELECT subject FROM series_findings WHERE withdrawn_at IS NULL"
    first = publish(good, odd)
    assert (told(first)["series_findings"].inserted, rows(live, current)) == (1, [("Nätbolaget AB 63A",)])
    then = publish(good, mended)
    assert (told(then)["series_findings"], rows(live, current)) == (
        TableReport("series_findings", withdrawn=1),
        [],
    )
    assert stands(live, declared, clock).remarks == 0


def test_what_could_not_be_read_is_not_confirmed_by_a_probe_that_says_it_is_still_there(
    sided: Sided, tmp_path: Path
) -> None:
    sided.day()

    class Stricter:
        """The shop's publisher of a later version, which refuses the old format."""

        def parse(self, _: object) -> Any:
            raise BrytpunktError("page-001.json: schema 'shop/1' is read no more")

    def newer(name: str) -> Any:
        return Stricter() if name == "shop" else find(name)

    rebuilt = replace(refresher(tmp_path / "elsewhere", sided.clock), landing=sided.live.landing)
    rebuilt.warehouse.migrate()
    applied = apply_pending(rebuilt.warehouse, rebuilt.landing, newer)
    assert [one.outcome for one in applied] == ["failed", "failed"]
    state = stands(rebuilt, sided.declared, sided.clock)
    assert (state.state, state.confirmed_at) == ("failing", None)
    assert "is read no more" in state.reason
