"""A month of a shop on loopback: prices move, it is down twice, it changes its schema, and one source lies."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from brytpunkt.warehouse import Refresher, facts
from brytpunkt.warehouse.replay_journal import apply_pending
from brytpunkt.warehouse.views.history import changed_between
from tests.live.server import Server
from tests.live.vendor import Clock, Shop, find, refresher, rows, source, with_pointer
from tests.warehouse.test_refresh import content

START = datetime(2026, 10, 1, 6, tzinfo=UTC)
MOVES = {
    3: ("gpu-1", "20.10"),
    9: ("gpu-4", "23.00"),
    10: ("gpu-4", "23.90"),
    15: ("gpu-1", "19.80"),
    27: ("gpu-8", "30.00"),
}
DOWN = {5, 6, 18}
OTHER_SCHEMA = {12, 13}
LIES = {20, 21, 22}


class Month:
    """Two sources over thirty days: an honest shop with troubles, and one that lies for three days."""

    def __init__(self, home: Path) -> None:
        """Begin on the first of October."""
        self.clock = Clock(START)
        self.live: Refresher = refresher(home, self.clock)
        self.honest, self.liar = Shop(), Shop(page_size=100)
        self.truth = list(self.liar.offers)
        self.outcomes: dict[str, list[str]] = {"shop": [], "liar": []}
        self.walks = 0

    def run(self) -> None:
        """A probe a day for each source, and a walk only where the probe says so."""
        with Server(self.honest.reply) as first, Server(self.liar.reply) as second:
            declared = [with_pointer(first), source(second, id="liar")]
            for day in range(1, 31):
                self._happens(day)
                for one in declared:
                    self.outcomes[one.id].append(self._day(one))
                self.clock.pass_days()

    def _happens(self, day: int) -> None:
        self.honest.is_down = day in DOWN
        self.honest.schema = "shop/2" if day in OTHER_SCHEMA else "shop/1"
        if day in MOVES:
            self.honest.reprice(*MOVES[day])
        self.liar.offers = [o | {"price": "0.01"} for o in self.truth] if day in LIES else self.truth
        self.liar.made_at = str(day)

    def _day(self, one: object) -> str:
        assert hasattr(one, "id")
        try:
            answer = self.live.probe(one)  # type: ignore[arg-type]
        except Exception:  # noqa: BLE001 - the sensor skips with the reason
            apply_pending(self.live.warehouse, self.live.landing, find)
            return "down"
        if answer == "new":
            self.walks += 1
            return self.live.refresh(one).outcome  # type: ignore[arg-type]
        applied = apply_pending(self.live.warehouse, self.live.landing, find)
        return applied[-1].outcome


def test_a_month_ends_with_the_right_history_the_right_runs_and_nothing_lost(tmp_path: Path) -> None:
    month = Month(tmp_path / "home")
    month.run()
    live, shop = month.live, month.outcomes["shop"]

    assert [day for day, outcome in enumerate(shop, 1) if outcome == "down"] == sorted(DOWN)
    assert [day for day, outcome in enumerate(shop, 1) if outcome == "failed"] == sorted(OTHER_SCHEMA)
    assert [day for day, outcome in enumerate(shop, 1) if outcome == "changed"] == [1, *sorted(MOVES)]
    assert shop.count("unchanged") == 30 - len(DOWN) - len(OTHER_SCHEMA) - len(MOVES) - 1
    liar = month.outcomes["liar"]
    assert [day for day, outcome in enumerate(liar, 1) if outcome == "refused"] == sorted(LIES)
    assert [day for day, outcome in enumerate(liar, 1) if outcome == "changed"] == [1]

    def at(day: int) -> datetime:
        return START + timedelta(days=day - 1)

    history = "SELECT sku, price_native_per_instance_hour::DOUBLE, first_seen_at, withdrawn_at FROM gpu_offers WHERE origin = 'shop' AND sku IN ('gpu-1', 'gpu-4', 'gpu-8') ORDER BY sku, first_seen_at"
    assert rows(live, history) == [
        ("gpu-1", 21.5, at(1), at(3)), ("gpu-1", 20.1, at(3), at(15)), ("gpu-1", 19.8, at(15), None),
        ("gpu-4", 24.5, at(1), at(9)), ("gpu-4", 23.0, at(9), at(10)), ("gpu-4", 23.9, at(10), None),
        ("gpu-8", 28.5, at(1), at(27)), ("gpu-8", 30.0, at(27), None),
    ]  # fmt: skip
    assert rows(live, "SELECT count(*) FROM gpu_offers WHERE origin = 'shop'") == [(10 + len(MOVES),)]
    assert rows(live, "SELECT count(*), count(withdrawn_at) FROM gpu_offers WHERE origin = 'liar'") == [
        (10, 0)
    ]
    # The shop is walked when it is new, moves, or is back from another schema; the liar, without validators that help,
    # says something else every day.
    assert month.walks == 1 + len(MOVES) + len(OTHER_SCHEMA) + 30

    queries = live.warehouse.sql / "queries"
    with live.warehouse.open() as connection:
        then = facts(connection, queries, date(2026, 10, 4)).offers
        moved = changed_between(connection, queries, "gpu_offers", date(2026, 10, 8), date(2026, 10, 16))
    assert dict(then.select("sku", "price_native_per_instance_hour").iter_rows())["gpu-1"] == 20.1
    assert sorted(moved.select("origin", "sku", "change", "price_before", "price_after").rows()) == [
        ("shop", "gpu-1", "changed", 20.1, 19.8),
        ("shop", "gpu-4", "changed", 24.5, 23.9),
    ]

    copy = refresher(tmp_path / "rebuilt", month.clock)
    (tmp_path / "rebuilt").mkdir()
    live.landing.folder.rename(copy.landing.folder)
    copy.warehouse.migrate()
    apply_pending(copy.warehouse, copy.landing, find)
    assert content(copy) == content(live)
