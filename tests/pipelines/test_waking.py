"""Change-driven refresh on real instances: what a changed price wakes, and what an unchanged source does not."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from assets.resources import LIVE_VARIABLE
from assets.source_assets import progress_log, source_key
from assets.tables import fact_key
from brytpunkt.folders import folders
from pipelines.dead_runs import run_tags, sweep_dead_runs
from pipelines.reconcile import due
from pipelines.sensors import build_probe_sensor
from tests.live.vendor import Shop
from tests.pipelines.world import CLOCK, World, plan


def last_confirmed(world: World) -> float:
    """When Dagster last heard that the source is fresh."""
    event = world.instance.get_latest_materialization_event(source_key("shop"))
    assert event is not None
    return event.timestamp


def test_a_changed_price_wakes_its_table_and_then_the_plan(world: World, shop: Shop) -> None:
    world.first()
    CLOCK.pass_days()
    shop.reprice("gpu-2", "21.75")
    answer = world.probe()
    assert isinstance(answer, dg.SensorResult)
    assert [request.run_key for request in answer.run_requests or []] == ["shop-2026-11-03T06:00:00+00:00"]
    assert world.run(source_key("shop")).success
    assert world.woken() == {"facts/gpu_offers"}
    assert world.run(fact_key("gpu_offers")).success
    assert world.woken() == {"plan"}


def test_an_unchanged_source_is_confirmed_and_wakes_nothing(world: World) -> None:
    world.first()
    before = last_confirmed(world)
    for _ in range(3):
        CLOCK.pass_days()
        answer = world.probe()
        assert isinstance(answer, dg.SensorResult)
        assert not answer.run_requests
        assert world.woken() == set()
    assert last_confirmed(world) > before


def test_a_walk_that_finds_nothing_new_wakes_nothing(world: World, shop: Shop) -> None:
    world.first()
    CLOCK.pass_days()
    shop.made_at = "just now"
    shop.has_validators = False
    assert world.run(source_key("shop")).success
    assert world.woken() == set()


def test_a_refused_publication_fails_its_asset_and_confirms_nothing(world: World, shop: Shop) -> None:
    world.first()
    before = last_confirmed(world)
    CLOCK.pass_days()
    shop.offers = [offer | {"price": "0.01"} for offer in shop.offers]
    assert not world.run(source_key("shop")).success
    CLOCK.pass_days()
    answer = world.probe()
    assert isinstance(answer, dg.SkipReason)
    assert "still refused" in (answer.skip_message or "")
    assert world.woken() == set()
    assert last_confirmed(world) == before


def test_a_long_download_is_told_now_and_then() -> None:
    said: list[str] = []
    progress = progress_log(said.append)
    for megabytes in range(4, 124, 4):
        progress("ec2.csv", megabytes * 1_000_000, 400_000_000)
    progress("savings.csv", 52_000_000, None)
    assert said == ["ec2.csv: 52 of 400 MB", "ec2.csv: 100 of 400 MB", "savings.csv: 52 MB"]


def test_a_source_that_is_down_is_skipped_with_the_reason(world: World, shop: Shop) -> None:
    world.first()
    shop.is_down = True
    answer = world.probe()
    assert isinstance(answer, dg.SkipReason)
    assert "answered 503" in (answer.skip_message or "")


def test_a_sensor_asks_only_when_it_is_due_and_allowed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sensor = build_probe_sensor(world.source)
    context = dg.build_sensor_context(world.instance, cursor="2026-11-02T01:00:00+00:00")
    skipped = sensor(context, rooms=world.rooms)
    assert isinstance(skipped, dg.SkipReason)
    assert "due every 12 h" in (skipped.skip_message or "")
    monkeypatch.delenv(LIVE_VARIABLE)
    off = sensor(dg.build_sensor_context(world.instance), rooms=world.rooms)
    assert isinstance(off, dg.SkipReason)
    assert "live sources are off" in (off.skip_message or "")


def test_the_night_requests_only_what_is_out_of_date(world: World, shop: Shop) -> None:
    world.first()
    graph = world.defs.resolve_asset_graph()
    assert due(world.instance, graph, "2026-11-03") == []
    CLOCK.pass_days()
    shop.reprice("gpu-2", "21.75")
    assert world.run(source_key("shop")).success
    [facts] = due(world.instance, graph, "2026-11-03")
    assert facts.asset_selection == [fact_key("gpu_offers")]
    assert world.run(fact_key("gpu_offers")).success
    [request] = due(world.instance, graph, "2026-11-04")
    assert (request.partition_key, request.asset_selection) == ("small", [plan.key])
    assert world.run(plan.key, partition="small").success
    assert due(world.instance, graph, "2026-11-05") == []


DYING = """
import os, sys
import dagster as dg
from pipelines.dead_runs import run_tags

@dg.asset
def killed() -> None:
    os._exit(9)

with dg.DagsterInstance.from_config(sys.argv[1]) as instance:
    dg.materialize([killed], instance=instance, tags=run_tags() if sys.argv[2] == "tagged" else {})
"""


@pytest.mark.parametrize("how", ["tagged", "from its log"])
def test_a_run_whose_process_was_killed_is_swept(tmp_path: Path, how: str) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(folders().checkout)}
    subprocess.run(
        [sys.executable, "-c", DYING, str(tmp_path), how], check=False, capture_output=True, env=environment
    )
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        [record] = instance.get_run_records()
        assert record.dagster_run.status is dg.DagsterRunStatus.STARTED
        assert sweep_dead_runs(instance) == [record.dagster_run.run_id]
        assert instance.get_run_records()[0].dagster_run.status is dg.DagsterRunStatus.FAILURE
        assert sweep_dead_runs(instance) == []


def test_a_run_that_lives_is_left_alone(tmp_path: Path) -> None:
    swept: list[str] = []
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:

        @dg.asset
        def sweeping() -> None:
            swept.extend(sweep_dead_runs(instance))

        assert dg.materialize([sweeping], instance=instance, tags=run_tags()).success
    assert swept == []
