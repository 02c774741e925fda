"""Materialising from the command line: the same assets as in the UI, in this process, on the same instance."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import dagster as dg

from assets.handover import FOLLOWS
from assets.partitions import PLANS, site_key
from assets.plan import DeclarationConfig, PlanningConfig, plan_run
from assets.progress import OnDraws, listening
from assets.resources import Rooms
from assets.sources import TROUBLES, bundled_snapshot, inbox
from assets.tables import DERIVED
from brytpunkt.declarations import Declared
from brytpunkt.errors import BrytpunktError
from brytpunkt.folders import Folders
from brytpunkt.registered import register
from brytpunkt.run_order import clock_doubt, list_runs
from brytpunkt.runs.store import Run, identified_run
from pipelines.assembly import ASSETS, CHECKS
from pipelines.dead_runs import run_tags, sweep_dead_runs
from pipelines.inputs_fingerprint import STATE, are_current, facts_state
from pipelines.instance import prepare_instance

FACTS = dg.AssetSelection.groups("sources", "series", "facts")
PLAN = dg.AssetSelection.groups("plans")
PORTFOLIO = dg.AssetSelection.assets("portfolio_report")
SITE = dg.AssetSelection.assets("site_report")


@dataclass(frozen=True)
class Steps:
    """Names of the steps, for whoever shows progress."""

    facts: str = "Facts: bundled snapshot into the warehouse, contracts checked"
    same_facts: str = "Facts: nothing has changed since they were last checked"
    plan: str = "Plan: demand, rent, build, energy, ledger, verdicts"
    reports: str = "Reports: charts and PDFs"
    lineage: str = "Lineage: site reports recorded"


def materialise_plan(
    declared: Declared,
    found: Folders,
    *,
    as_of: date | None,
    with_reports: bool,
    on_step: Callable[[str], None],
    on_draws: OnDraws,
    on_trouble: Callable[[str], None],
) -> Run:
    """Facts, plan and reports of one declaration; returns the very run that was computed here.

    ``on_step`` hears the name of each step, ``on_draws`` how many of how many drawn worlds are done, ``on_trouble`` what
    could not be read of the user's inbox or was refused, without which the plan went on, and what is odd about the clock.
    """
    prepare_instance(found.home)
    plan = declared.plan.plan
    with _quiet(found.home), dg.DagsterInstance.from_config(str(found.home / "dagster")) as instance:
        sweep_dead_runs(instance)
        instance.add_dynamic_partitions(PLANS.name or "", [plan])
        worker = _Worker(instance, Rooms(home=str(found.home)))
        if are_current(instance, facts_state(found)):
            on_step(Steps.same_facts)
        else:
            on_step(Steps.facts)
            worker.run_facts(found)
        for trouble in troubles(instance):
            on_trouble(trouble)
        on_step(Steps.plan)
        register(declared, found.home)
        with listening(on_draws):
            made = worker.run(
                PLAN,
                plan,
                {
                    "declaration": DeclarationConfig(sha256=declared.sha256),
                    "planning_inputs": PlanningConfig(as_of=as_of.isoformat() if as_of else ""),
                },
            )
        run = identified_run(found.home, cast("dict[str, str]", made.output_for_node(plan_run.node_def.name)))
        if with_reports:
            on_step(Steps.reports)
            reported = worker.run(PORTFOLIO, plan, follows=made)
            on_step(Steps.lineage)
            for site in declared.plan.sites:
                worker.run(SITE, site_key(plan, site.id), follows=reported)
    doubt = clock_doubt(list_runs(found.home, plan), datetime.now(UTC))
    if doubt:
        on_trouble(doubt)
    return run


def materialise_facts(
    found: Folders,
    events: Sequence[dg.AssetMaterialization | dg.AssetCheckEvaluation],
    selection: dg.AssetSelection | None,
) -> None:
    """Report events of live sources, and materialise the facts of a selection if there is one."""
    prepare_instance(found.home)
    with _quiet(found.home), dg.DagsterInstance.from_config(str(found.home / "dagster")) as instance:
        sweep_dead_runs(instance)
        for event in events:
            instance.report_runless_asset_event(event)
        worker = _Worker(instance, Rooms(home=str(found.home)))
        if selection is FACTS:
            worker.run_facts(found)
        elif selection is not None:
            worker.run(selection)


def troubles(instance: dg.DagsterInstance) -> list[str]:
    """What could not be read of the inbox, and which tables were refused, when they were last looked at; a line each."""
    found: list[str] = []
    for key in (bundled_snapshot.key, inbox.key, DERIVED):
        event = instance.get_latest_materialization_event(key)
        made = event.asset_materialization if event is not None else None
        said = made.metadata.get(TROUBLES) if made is not None else None
        if isinstance(said, dg.JsonMetadataValue) and isinstance(said.value, list):
            found += said.value
    return found


@dataclass(frozen=True)
class _Worker:
    instance: dg.DagsterInstance
    rooms: Rooms

    def run_facts(self, found: Folders) -> None:
        """Materialise and check the facts, and remember what they came from."""
        made = self.run(FACTS)
        self.instance.add_run_tags(made.run_id, {STATE: facts_state(found)})

    def run(
        self,
        selection: dg.AssetSelection,
        partition: str | None = None,
        ops: dict[str, Any] | None = None,
        follows: dg.ExecuteInProcessResult | None = None,
    ) -> dg.ExecuteInProcessResult:
        """Materialise a selection, with what the run ``follows`` handed over.

        A user's mistake found inside a step comes out as what it is.
        """
        try:
            result = dg.materialize(
                [*ASSETS, *CHECKS],
                selection=selection,
                instance=self.instance,
                resources={"rooms": self.rooms},
                partition_key=partition,
                run_config=dg.RunConfig(
                    ops=ops or {}, loggers={"console": {"config": {"log_level": "CRITICAL"}}}
                ),
                tags={"brytpunkt/started_by": "command line"}
                | run_tags()
                | ({FOLLOWS: follows.run_id} if follows else {}),
            )
        except Exception as error:
            explained = _explained(error)
            if explained is None:
                raise
            raise explained from error
        failed = [
            check
            for check in result.get_asset_check_evaluations()
            if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR
        ]
        if failed:
            names = ", ".join(f"{check.asset_key.to_user_string()}: {check.check_name}" for check in failed)
            message = f"checks failed: {names}. `brytpunkt ui` shows the rows"
            raise BrytpunktError(message)
        return result


def _explained(error: BaseException) -> BrytpunktError | None:
    """The error that Brytpunkt explains itself, however deep Dagster wrapped it."""
    visited: list[BaseException] = []  # Dagster links an error and its wrapper in a circle
    while error not in visited:
        if isinstance(error, BrytpunktError):
            return error
        visited.append(error)
        error = error.__cause__ or error.__context__ or error
    return None


@contextmanager
def _quiet(home: Path) -> Iterator[None]:
    """Dagster's own log goes to a file; the terminal is for the user."""
    folder = home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(folder / f"{datetime.now(UTC):%Y-%m-%d}.log", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()
