"""A small world to refresh: a shop on loopback, and the graph from its source to what a plan would see."""

from dataclasses import replace
from pathlib import Path

import dagster as dg

from assets import sources
from assets.automation import on_changed_data
from assets.partitions import PLANS
from assets.resources import Rooms
from assets.source_assets import build_source_asset, source_key
from assets.tables import build_fact_asset, fact_key
from brytpunkt.landing.fetch import OnProgress
from brytpunkt.warehouse import Refresher, content_version
from brytpunkt.warehouse.as_of import current_table
from pipelines.sensors import build_probe_sensor
from tests.live.server import Server
from tests.live.vendor import Clock, refresher, with_pointer

CLOCK = Clock()
TABLES = ("gpu_offers", "places")


@dg.asset(
    partitions_def=PLANS,
    deps=[fact_key(table) for table in TABLES],
    automation_condition=on_changed_data(),
    code_version="1",
)
def plan(rooms: Rooms) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """What a plan would see of two tables; the real one computes for longer."""
    versions = [content_version(current_table(rooms.warehouse(), table)) for table in TABLES]
    return dg.MaterializeResult(data_version=dg.DataVersion(" ".join(versions)))


class ShopRooms(Rooms):
    """Rooms in which the shop is known and time stands until a test moves it."""

    def refresher(self, on_progress: OnProgress = lambda _name, _bytes, _expected: None) -> Refresher:
        """Fetches from the shop."""
        return replace(refresher(self.folders().home, CLOCK), on_progress=on_progress)


class World:
    """A shop, a home, an instance and the graph from the shop's source to planning inputs."""

    def __init__(self, server: Server, home: Path, instance: dg.DagsterInstance) -> None:
        """Wire it up, with one plan registered."""
        self.source = with_pointer(server, check_every_hours=12)
        self.rooms = ShopRooms(home=str(home), wait_s=2)
        self.instance = instance
        facts = [build_fact_asset(table, (self.source,)) for table in TABLES]
        self.assets = [
            sources.bundled_snapshot,
            build_source_asset(self.source),
            *facts,
            plan,
        ]
        self.defs = dg.Definitions(
            self.assets,
            resources={"rooms": self.rooms},
            executor=dg.in_process_executor,
        )
        self.cursor: dg.AssetDaemonCursor | None = None
        instance.add_dynamic_partitions(PLANS.name or "", ["small"])

    def run(self, *keys: dg.AssetKey, partition: str | None = None) -> dg.ExecuteInProcessResult:
        """Materialise assets, with their checks."""
        return dg.materialize(
            self.assets, selection=[*keys], instance=self.instance, partition_key=partition,
            resources={"rooms": self.rooms}, raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )  # fmt: skip

    def woken(self) -> set[str]:
        """What one tick of the waking sensor requests."""
        result = dg.evaluate_automation_conditions(self.defs, self.instance, cursor=self.cursor)
        self.cursor = result.cursor
        return {one.key.to_user_string() for one in result.results if one.true_subset.size}

    def first(self) -> None:
        """Everything once, and the sensor has seen it."""
        assert self.run(source_key("shop"), sources.bundled_snapshot.key).success
        assert self.run(*(fact_key(table) for table in TABLES)).success
        assert self.run(plan.key, partition="small").success
        self.woken()
        assert self.woken() == set()

    def probe(self) -> dg.SensorResult | dg.SkipReason:
        """One tick of the source's sensor; its events are reported as the daemon would."""
        context = dg.build_sensor_context(self.instance, cursor=None)
        answer = build_probe_sensor(self.source)(context, rooms=self.rooms)
        assert isinstance(answer, dg.SensorResult | dg.SkipReason)
        for event in (answer.asset_events or []) if isinstance(answer, dg.SensorResult) else []:
            assert isinstance(event, dg.AssetMaterialization)
            self.instance.report_runless_asset_event(event)
        return answer
