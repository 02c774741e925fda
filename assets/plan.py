"""Plans: a declaration, the facts it plans with, and the finished run."""

import hashlib
from datetime import UTC, date, datetime

import dagster as dg
import polars as pl

from assets.automation import on_changed_data
from assets.handover import HandOver
from assets.partitions import PLAN_SITES, PLANS, site_key
from assets.progress import draws_told
from assets.resources import Rooms
from assets.tables import fact_key
from brytpunkt.declarations import read_plan
from brytpunkt.errors import BrytpunktError
from brytpunkt.planning.compute import compute
from brytpunkt.planning.note import merged
from brytpunkt.registered import keep, kept, registered
from brytpunkt.reporting.note_texts import english
from brytpunkt.reporting.summary import summarise
from brytpunkt.run_order import begin
from brytpunkt.runs.store import code_version, new_run_id, read_inputs, write_inputs, write_run
from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.warehouse import content_version, facts

# A run whose facts moved and which answers these alike has nothing new to tell.
DECIDED = ("site", "verdict", "switch_date")


class DeclarationConfig(dg.Config):
    """``sha256``: the kept declaration with this digest; empty for the one that is registered under the plan's id."""

    sha256: str = ""


class PlanningConfig(dg.Config):
    """``as_of``: plan with what was known that day (YYYY-MM-DD); empty for the newest."""

    as_of: str = ""


@dg.asset(
    group_name="plans",
    partitions_def=PLANS,
    code_version="2",
    kinds={"yaml", "pydantic"},
    io_manager_def=HandOver(),
    description="The declared plan, read once and kept by its digest; registers a report partition for each of its sites.",
)
def declaration(context: dg.AssetExecutionContext, config: DeclarationConfig, rooms: Rooms) -> dg.Output[str]:
    """Take the declaration of the partition's plan; returns its digest, by which all that follows knows it."""
    home, plan = rooms.folders().home, context.partition_key
    declared = kept(home, config.sha256) if config.sha256 else registered(home, plan)
    if declared is None:
        message = f"plan {plan} is not registered; run `brytpunkt plan` with its file"
        raise BrytpunktError(message)
    if declared.plan.plan != plan:
        message = f"the declaration {declared.sha256[:16]} is of plan {declared.plan.plan}, not of {plan}"
        raise BrytpunktError(message)
    keep(declared, home)
    sites = [site_key(declared.plan.plan, site.id) for site in declared.plan.sites]
    context.instance.add_dynamic_partitions(PLAN_SITES.name or "", sites)
    return dg.Output(
        declared.sha256,
        data_version=dg.DataVersion(declared.sha256),
        metadata={
            "name": declared.plan.name,
            "sites": len(declared.plan.sites),
            "workloads": len(declared.plan.workloads),
            "text": dg.MetadataValue.md(f"```yaml\n{declared.text}\n```"),
        },
    )


@dg.asset(
    group_name="plans",
    partitions_def=PLANS,
    deps=[fact_key(table) for table in CONTRACTS],
    automation_condition=on_changed_data(),
    code_version="2",
    kinds={"duckdb", "parquet"},
    io_manager_def=HandOver(),
    description="The facts as known at the as-of date, frozen for planning.",
)
def planning_inputs(config: PlanningConfig, rooms: Rooms) -> dg.Output[str]:
    """Facts at the as-of date, written under their digest; returns the digest."""
    warehouse = rooms.warehouse()
    with warehouse.open() as connection:
        known = facts(
            connection, warehouse.sql / "queries", date.fromisoformat(config.as_of) if config.as_of else None
        )
    frames = [frame for frame in vars(known).values() if isinstance(frame, pl.DataFrame)]
    text = "\n".join([known.as_of.isoformat(), *(content_version(frame) for frame in frames)])
    digest = hashlib.sha256(text.encode()).hexdigest()
    folder = write_inputs(known, rooms.folders().home / "inputs", digest)
    return dg.Output(
        digest,
        data_version=dg.DataVersion(digest),
        metadata={
            "as_of": known.as_of.isoformat(),
            "folder": dg.MetadataValue.path(str(folder)),
            "rows": sum(frame.height for frame in frames),
        },
    )


@dg.asset(
    group_name="plans",
    partitions_def=PLANS,
    automation_condition=on_changed_data(),
    code_version="1",
    kinds={"polars", "parquet"},
    io_manager_def=HandOver(),
    description="The computed plan, kept whole as a run: ledger, verdicts, summary and everything they rest on.",
)
def plan_run(
    context: dg.AssetExecutionContext, rooms: Rooms, declaration: str, planning_inputs: str
) -> dg.Output[dict[str, str]]:
    """Compute the plan and keep the run; returns its identity: run id and digest of the declaration."""
    found = rooms.folders()
    begun = begin(found.home, datetime.now(UTC))
    declared = kept(found.home, declaration)
    inputs = found.home / "inputs" / planning_inputs
    known = read_inputs(inputs)
    version = code_version(found.checkout)
    result = compute(declared.plan, known, draws_told(context.log))
    content = hashlib.sha256(f"{declared.sha256} {planning_inputs} {version}".encode()).hexdigest()
    run_id = new_run_id(declared.plan.plan, begun, content)
    summary = summarise(declared, known, result, run_id=run_id, code_version=version)
    run = write_run(
        found.home,
        run_id=run_id,
        declared=declared,
        inputs=inputs,
        result=result,
        summary=summary,
        begun=begun,
    )
    return dg.Output(
        run.identity,
        data_version=dg.DataVersion(content),
        metadata={
            **run.identity,
            "run": dg.MetadataValue.path(str(run.folder)),
            "verdicts": dg.MetadataValue.md(verdict_table(result.verdicts, result.currency)),
            "ledger_rows": result.ledger.height,
            "warnings": dg.MetadataValue.md(
                "\n".join(f"- {english(note)}" for note in merged(result.warnings)) or "none"
            ),
            "dagster/row_count": result.ledger.height,
        },
    )


@dg.asset(
    group_name="plans",
    partitions_def=PLANS,
    automation_condition=on_changed_data(),
    code_version="1",
    kinds={"polars"},
    description="What a run decides: its data version moves only when a verdict or an order month did.",
)
def verdicts(rooms: Rooms, plan_run: dict[str, str]) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The decision, apart from the run: whoever tells people about changes depends on this."""
    result = rooms.run(plan_run).result()
    return dg.MaterializeResult(
        data_version=dg.DataVersion(decision_version(result.verdicts)),
        metadata={
            **plan_run,
            "verdicts": dg.MetadataValue.md(verdict_table(result.verdicts, result.currency)),
        },
    )


def decision_version(verdicts: pl.DataFrame) -> str:
    """Digest of what is decided at each site; money that moved without moving a decision leaves it as it was."""
    return content_version(verdicts.select(DECIDED))


def verdict_table(verdicts: pl.DataFrame, currency: str) -> str:
    """Verdicts as a Markdown table that a person would look at."""
    lines = [
        f"| site | verdict | order | PV rent [k{currency}] | PV own [k{currency}] | payback |",
        "|---|---|---|---|---|---|",
    ]
    for row in verdicts.iter_rows(named=True):
        order = row["switch_date"].isoformat()[:7] if row["switch_date"] else "never"
        payback = row["payback_date"].isoformat()[:7] if row["payback_date"] else "not within the horizon"
        own = "" if row["npv_own"] is None else f"{row['npv_own'] / 1000:,.0f}"
        lines.append(
            f"| {row['site_name']} | {row['verdict']} | {order} | {row['npv_rent'] / 1000:,.0f} | {own} | {payback} |"
        )
    return "\n".join(lines)


@dg.asset_check(asset=plan_run, partitions_def=PLANS, blocking=True)
def totals_are_sums_of_rows(
    context: dg.AssetCheckExecutionContext, rooms: Rooms, plan_run: dict[str, str]
) -> dg.AssetCheckResult:
    """Every strategy's totals are the sums of its ledger rows, to the cent."""
    del context
    result = rooms.run(plan_run).result()
    off = mismatched_totals(result.ledger, result.strategies)
    return dg.AssetCheckResult(passed=off.is_empty(), metadata={"mismatched": off.height})


def mismatched_totals(ledger: pl.DataFrame, strategies: pl.DataFrame) -> pl.DataFrame:
    """Strategies whose stated totals differ from the sums of their ledger rows."""
    key = ["site", "strategy"]
    sums = ledger.group_by(key).agg(rows=pl.col("amount").sum(), rows_pv=pl.col("present_value").sum())
    return (
        strategies.filter(pl.col("present_value").is_not_null())
        .join(sums, on=key, how="full", nulls_equal=True, coalesce=True)
        .filter(
            pl.col("nominal_total").ne_missing(pl.col("rows"))
            | pl.col("present_value").ne_missing(pl.col("rows_pv"))
        )
    )


@dg.asset_check(asset=plan_run, partitions_def=PLANS, blocking=True)
def every_site_has_a_verdict(rooms: Rooms, plan_run: dict[str, str]) -> dg.AssetCheckResult:
    """Each declared site is answered with build, rent or infeasible."""
    run = rooms.run(plan_run)
    declared = read_plan(run.folder / "declaration.yaml")
    verdicts = dict(run.result().verdicts.select("site", "verdict").iter_rows())
    answers = {"build", "rent", "infeasible"}
    unanswered = [site.id for site in declared.plan.sites if verdicts.get(site.id) not in answers]
    return dg.AssetCheckResult(
        passed=not unanswered, metadata={"unanswered": dg.MetadataValue.json(unanswered)}
    )
