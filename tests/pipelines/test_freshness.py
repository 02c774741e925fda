"""Freshness as Dagster judges it: last confirmed, not last changed; a probe of an unchanged source keeps it fresh."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import dagster as dg
from dagster._core.definitions.freshness_evaluator import TimeWindowFreshnessPolicyEvaluator
from dagster._core.loader import LoadingContextForTest
from dagster._core.test_utils import freeze_time

from assets.source_assets import source_key
from assets.tables import fact_key
from tests.live.vendor import Shop
from tests.pipelines.world import CLOCK, World


def verdict(world: World, at: datetime) -> str:
    """What Dagster's own evaluator says of the shop's source at a time, by the policy of its declaration."""
    node = world.defs.resolve_asset_graph().get(source_key("shop"))
    with freeze_time(at):
        context = LoadingContextForTest(world.instance)
        state = asyncio.run(TimeWindowFreshnessPolicyEvaluator().evaluate_freshness(context, node))
    return str(state.value)


def test_a_probe_confirms_an_unchanged_source_and_wakes_nothing(world: World) -> None:
    first = CLOCK()
    with freeze_time(first):
        world.first()
    facts = world.instance.get_latest_materialization_event(fact_key("gpu_offers"))
    assert world.source.stale_after_days == 3
    assert verdict(world, first + timedelta(days=2, hours=23)) == "PASS"
    assert verdict(world, first + timedelta(days=3)) == "FAIL"

    CLOCK.pass_days(2)
    with freeze_time(CLOCK()):
        answer = world.probe()
    assert isinstance(answer, dg.SensorResult)
    assert not answer.run_requests
    assert world.woken() == set()
    assert verdict(world, first + timedelta(days=4)) == "PASS"
    assert verdict(world, first + timedelta(days=5)) == "FAIL"
    assert world.instance.get_latest_materialization_event(fact_key("gpu_offers")) == facts


def test_a_source_that_is_down_or_refused_goes_stale(world: World, shop: Shop) -> None:
    first = CLOCK()
    with freeze_time(first):
        world.first()
    CLOCK.pass_days(2)
    shop.offers = [offer | {"price": "0.01"} for offer in shop.offers]
    with freeze_time(CLOCK()):
        assert not world.run(source_key("shop")).success
        world.probe()
    shop.is_down = True
    with freeze_time(CLOCK()):
        world.probe()
    assert verdict(world, first + timedelta(days=3)) == "FAIL"
