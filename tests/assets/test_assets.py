"""Assets on real instances: the whole graph, quiet data versions, and checks that can fail."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets.partitions import PLAN_SITES, PLANS, site_key, split_site_key
from assets.plan import mismatched_totals
from assets.resources import Rooms
from assets.tables import fact_key, table_schema, violations
from brytpunkt.errors import BrytpunktError
from brytpunkt.run_order import newest_run
from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.warehouse.as_of import current_table
from pipelines.assembly import ASSETS, CHECKS, build_defs
from tests.conftest import Bundled


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance on disk, as the UI would open it."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as found:
        yield found


def run(
    instance: dg.DagsterInstance,
    home: Path,
    selection: dg.AssetSelection,
    partition: str | None = None,
    *,
    strict: bool = True,
) -> dg.ExecuteInProcessResult:
    """Materialise a selection in this process."""
    return dg.materialize(
        [*ASSETS, *CHECKS], selection=selection, instance=instance, resources={"rooms": Rooms(home=str(home), wait_s=1)},
        partition_key=partition, raise_on_error=strict,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )  # fmt: skip


FACTS = dg.AssetSelection.groups("sources", "facts")


@pytest.fixture(scope="module")
def with_facts(bundled: Bundled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder and an instance's folder in which the facts are materialised; tests go on from a copy."""
    folder = tmp_path_factory.mktemp("facts")
    (folder / "instance").mkdir()
    bundled.copied_to(folder / "home")
    with dg.DagsterInstance.local_temp(str(folder / "instance")) as found:
        assert run(found, folder / "home", FACTS).success
    return folder


@pytest.fixture
def ready(with_facts: Path, tmp_path: Path, home: Path) -> Iterator[dg.DagsterInstance]:
    """An instance of the test's own that knows the facts which its ``home`` holds."""
    shutil.copytree(with_facts / "home", home)
    shutil.copytree(with_facts / "instance", tmp_path / "instance")
    with dg.DagsterInstance.local_temp(str(tmp_path / "instance")) as found:
        yield found


def test_definitions_load_and_every_asset_is_described() -> None:
    defs = build_defs()
    dg.Definitions.validate_loadable(defs)
    graph = defs.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert node.group_name in {"sources", "live", "series", "facts", "plans", "reports"}
        assert node.code_version, key


def test_the_whole_graph_materialises(ready: dg.DagsterInstance, home: Path, small_plan: Path) -> None:
    instance = ready
    text = small_plan.read_text(encoding="utf-8").replace("{draws: 128, most_draws: 128}", "{draws: 0}", 1)
    small_plan.write_text(text, encoding="utf-8")
    (home / "plans").mkdir(parents=True)
    shutil.copy(small_plan, home / "plans" / "small.yaml")
    instance.add_dynamic_partitions(PLANS.name or "", ["small"])
    assert run(
        instance,
        home,
        dg.AssetSelection.groups("plans") | dg.AssetSelection.assets("portfolio_report"),
        "small",
    ).success
    assert set(instance.get_dynamic_partitions(PLAN_SITES.name or "")) == {"small__lulea", "small__oslo"}
    second = small_plan.read_text(encoding="utf-8").replace("plan: small", "plan: other", 1)
    (home / "plans" / "other.yaml").write_text(second, encoding="utf-8")
    instance.add_dynamic_partitions(PLANS.name or "", ["other"])
    assert run(instance, home, dg.AssetSelection.groups("plans"), "other").success
    site = run(instance, home, dg.AssetSelection.assets("site_report"), "small__lulea")
    assert site.success
    [event] = site.asset_materializations_for_node("site_report")
    assert Path(str(event.metadata["pdf"].value)).read_bytes().startswith(b"%PDF")
    first = newest_run(home, "small")
    assert "changes" not in first.summary(), "there was no report before the first"
    dearer = small_plan.read_text(encoding="utf-8").replace("eur: 140", "eur: 160", 1)
    (home / "plans" / "small.yaml").write_text(dearer, encoding="utf-8")
    assert run(instance, home, dg.AssetSelection.groups("plans"), "small").success
    changes = newest_run(home, "small").summary()["changes"]
    assert changes["from_run"] == first.run_id
    assert {bar["cause"] for bar in changes["bars"] if float(bar["amount"])} == {"declarations"}


def test_unchanged_facts_keep_their_data_version(ready: dg.DagsterInstance, home: Path) -> None:
    def latest() -> tuple[str, str]:
        event = ready.get_latest_materialization_event(fact_key("gpu_offers"))
        assert event is not None
        assert event.asset_materialization is not None
        return event.run_id, (event.asset_materialization.tags or {})["dagster/data_version"]

    (first, before), _ = latest(), run(ready, home, dg.AssetSelection.assets(fact_key("gpu_offers")))
    second, after = latest()
    assert first != second
    assert before == after


def test_a_broken_contract_fails_the_check_and_blocks(
    ready: dg.DagsterInstance, home: Path, small_plan: Path
) -> None:
    (home / "plans").mkdir(parents=True)
    shutil.copy(small_plan, home / "plans" / "small.yaml")
    ready.add_dynamic_partitions(PLANS.name or "", ["small"])
    with Rooms(home=str(home)).warehouse().open() as connection:
        connection.execute("UPDATE places SET latitude_deg = 123 WHERE place = 'falun'")
    selection = dg.AssetSelection.assets(fact_key("places")) | dg.AssetSelection.groups("plans")
    result = run(ready, home, selection, "small", strict=False)
    failed = [c for c in result.get_asset_check_evaluations() if not c.passed]
    assert [(c.asset_key, c.check_name) for c in failed] == [(fact_key("places"), "contract")]
    assert not result.success
    assert result.asset_materializations_for_node("planning_inputs") == [], "nothing is planned on such rows"


def test_an_invariant_over_many_rows_warns_and_holds_nothing_back(
    ready: dg.DagsterInstance, home: Path
) -> None:
    with Rooms(home=str(home)).warehouse().open() as connection:
        connection.execute("UPDATE heat_prices SET price_native_per_mwh = 3000")
    result = run(ready, home, dg.AssetSelection.assets(fact_key("heat_prices")))
    said = {c.check_name: c for c in result.get_asset_check_evaluations()}
    assert result.success
    assert said["contract"].passed
    assert not said["integrity"].passed
    assert said["integrity"].severity == dg.AssetCheckSeverity.WARN
    assert "heat above 150 EUR/MWh" in str(said["integrity"].metadata["broken"].value)


def test_violations_name_the_rule(with_facts: Path) -> None:
    good = current_table(Rooms(home=str(with_facts / "home")).warehouse(), "gpu_offers")
    assert violations("gpu_offers", good) == {}
    twice = pl.concat([good, good.head(1)])
    assert violations("gpu_offers", twice) == {"primary_key": 2}


def test_a_total_that_is_not_the_sum_of_its_rows_is_found() -> None:
    money = pl.Decimal(18, 2)
    ledger = pl.DataFrame(
        {
            "site": [None, None],
            "strategy": ["rent", "rent"],
            "amount": ["1.10", "2.20"],
            "present_value": ["1.00", "2.00"],
        }
    ).with_columns(pl.col("amount", "present_value").cast(money))
    right = pl.DataFrame(
        {
            "site": [None],
            "strategy": ["rent"],
            "is_feasible": [True],
            "nominal_total": ["3.30"],
            "present_value": ["3.00"],
        }
    ).with_columns(pl.col("nominal_total", "present_value").cast(money))
    assert mismatched_totals(ledger, right).is_empty()
    wrong = right.with_columns(nominal_total=pl.lit(Decimal("3.31")))
    assert mismatched_totals(ledger, wrong).height == 1
    assert mismatched_totals(ledger.clear(), right).height == 1


def test_a_site_report_without_a_run_says_what_to_do(instance: dg.DagsterInstance, home: Path) -> None:
    instance.add_dynamic_partitions(PLAN_SITES.name or "", ["ghost__falun"])
    with pytest.raises(BrytpunktError, match="portfolio_report of ghost has handed nothing over yet"):
        run(instance, home, dg.AssetSelection.assets("site_report"), "ghost__falun")


def test_site_keys_come_apart_again() -> None:
    assert split_site_key(site_key("north-1", "lulea-2")) == ("north-1", "lulea-2")


@pytest.mark.parametrize("table", CONTRACTS)
def test_columns_carry_their_unit_into_the_ui(table: str) -> None:
    described = {column.name: column.description or "" for column in table_schema(table).columns}
    assert list(described) == list(CONTRACTS[table].columns())
    assert all(described.values())
