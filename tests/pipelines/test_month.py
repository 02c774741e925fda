"""A month of one source under Dagster: which runs a price list starts, day by day, and which days start none."""

from __future__ import annotations

from collections import Counter

import dagster as dg

from assets.source_assets import source_key
from assets.tables import fact_key
from tests.live.vendor import Shop, rows
from tests.pipelines.world import CLOCK, World, plan

MOVES = {3: ("gpu-1", "20.10"), 9: ("gpu-4", "23.00"), 10: ("gpu-4", "23.90"), 27: ("gpu-8", "30.00")}
DOWN, OTHER_SCHEMA, LIES = {5, 6, 18}, {12, 13}, {20, 21, 22}


class Month:
    """Thirty days of sensors: what they request is run, and counted by day."""

    def __init__(self, world: World, shop: Shop) -> None:
        """Begin with everything made once, on the first day."""
        self.world, self.shop = world, shop
        self.truth = list(shop.offers)
        self.runs: dict[str, list[int]] = {"source": [], "failed": [], "facts/gpu_offers": [], "plan": []}
        self.skipped: dict[int, str] = {}
        self.confirmed: list[int] = []
        world.first()

    def day(self, number: int) -> None:
        """A day's happenings, one probe, and whatever it wakes."""
        CLOCK.pass_days()
        self.shop.is_down = number in DOWN
        self.shop.schema = "shop/2" if number in OTHER_SCHEMA else "shop/1"
        if number in MOVES:
            self.shop.reprice(*MOVES[number])
            self.truth = list(self.shop.offers)
        lies = [offer | {"price": "0.01"} for offer in self.truth]
        self.shop.offers = lies if number in LIES else list(self.truth)
        answer = self.world.probe()
        if isinstance(answer, dg.SkipReason):
            self.skipped[number] = answer.skip_message or ""
        elif answer.run_requests:
            done = self.world.run(source_key("shop")).success
            self.runs["source" if done else "failed"].append(number)
        else:
            self.confirmed.append(number)
        self._wake(number)

    def _wake(self, number: int) -> None:
        while woken := self.world.woken():
            for name in sorted(woken):
                self.runs[name].append(number)
                key, partition = (plan.key, "small") if name == "plan" else (fact_key("gpu_offers"), None)
                assert self.world.run(key, partition=partition).success


def test_a_month_starts_the_right_runs_and_no_others(world: World, shop: Shop) -> None:
    month = Month(world, shop)
    for number in range(2, 31):
        month.day(number)
    # Back from the lies the list is another than the refused one, is walked, and says what is known.
    after_the_lies = max(LIES) + 1
    assert month.runs == {
        "source": sorted([*MOVES, after_the_lies]),
        "failed": sorted([*OTHER_SCHEMA, min(LIES)]),
        "facts/gpu_offers": sorted(MOVES),
        "plan": sorted(MOVES),
    }
    assert {day for day, said in month.skipped.items() if "answered 503" in said} == DOWN
    assert {day for day, said in month.skipped.items() if "still refused" in said} == LIES - {min(LIES)}
    busy = {day for days in month.runs.values() for day in days} | set(month.skipped)
    assert month.confirmed == [day for day in range(2, 31) if day not in busy]
    history = rows(
        world.rooms.refresher(), "SELECT sku, count(*) FROM gpu_offers WHERE origin = 'shop' GROUP BY sku"
    )
    moved = Counter(sku for sku, _ in MOVES.values())
    assert dict(history) == {f"gpu-{n}": 1 + moved[f"gpu-{n}"] for n in range(10)}
