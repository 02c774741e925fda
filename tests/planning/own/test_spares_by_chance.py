"""Spares carry nothing in plans made by chance whose sites are short of power: in the ledger, the dispatch and the draws."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brytpunkt.declarations import Plan, read_plan
from brytpunkt.errors import InputError
from brytpunkt.planning.inputs.calendar import CELL
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import Evaluation, evaluate
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.mix import servers_in_service
from brytpunkt.planning.optimal.shocks import own_field, own_mix
from brytpunkt.planning.own.energy_cost import drawn
from brytpunkt.planning.risk.sampling.energy_years import energy_years
from brytpunkt.planning.risk.simulation.decisions import strategies_of
from brytpunkt.planning.risk.simulation.draw_batch import Chunk, total
from brytpunkt.planning.risk.simulation.drawn_dispatch import dispatched
from brytpunkt.planning.risk.simulation.drawn_paths import worlds_of
from brytpunkt.planning.risk.simulation.simulate import Simulator
from tests.examples import examples
from tests.planning.generate import plans

EXAMPLES = examples(8, thorough=200)  # each computes a whole plan
SLACK = 1e-6  # GPUs


@st.composite
def tight_plans(draw: st.DrawFn) -> str:
    """A plan made by chance whose sites have power for a few servers, and whose first workload asks for spares."""
    plan = json.loads(draw(plans()))
    plan["workloads"][0]["redundancy_units"] = draw(st.integers(1, 2))
    for site in plan["sites"]:
        site["power_limit_kw"] = draw(st.integers(20, 45))
    for workload in plan["workloads"]:  # what may not stand at a site meets no limit there
        workload["residency"] = "any"
    return json.dumps(plan)


def spares(plan: Plan) -> int:
    """Servers that stand by."""
    return max(w.redundancy_units for w in plan.workloads)


def ledger_rows(evaluation: Evaluation) -> pl.DataFrame:
    """Each cell of own ordered at once -> option, calendar, month, cell, GPUs at_work by the power drawn, at_most, and needed."""
    basis = evaluation.basis
    levels = evaluation.schedule.installed.filter(pl.col("order_month") == 0).select(
        "option", "month", "servers", scale=pl.lit(1.0)
    )
    load = basis.load.with_columns(scale=pl.lit(1.0))
    key = ["calendar", "profile", "month", *CELL]
    above = (pl.col("load_kw") - pl.col("idle_kw")) / pl.col("server_gpus")
    standing_by = pl.lit(spares(basis.plan))
    return (
        drawn(levels, basis.options, load, basis.cells)
        .drop("needed", strict=False)
        .join(load.select(*key, "needed"), on=key)
        .select(
            *("option", "calendar", "month", *CELL, "needed"),
            at_work=(pl.col("it_kw") - pl.col("servers") * pl.col("idle_kw")) / above,
            at_most=pl.max_horizontal(pl.col("servers") - standing_by, 0) * pl.col("server_gpus"),
        )
    )


def least_rent(evaluation: Evaluation, rows: pl.DataFrame) -> dict[tuple[str, int], float]:
    """By option and month: what hours cost for the part of each need that has no room, were fractions of instances to be had.

    Jobs that may wait pay their own hours, without headroom.
    """
    basis = evaluation.basis
    waiting = [
        w.id
        for w in basis.plan.workloads
        if w.max_delay_days > 0 and w.min_replicas == 0 and w.redundancy_units == 0
    ]
    above = pl.when(pl.col("workload").is_in(waiting)).then(0.0).otherwise(pl.col("headroom"))
    offers = basis.choice.on_demand.select("workload", "profile", "gpu_count", "price_per_hour")
    rented = basis.busy.join(offers, on=["workload", "profile"]).select(
        *("calendar", "month", *CELL, "n_hours"),
        price=pl.col("busy") * (1 + above) / pl.col("gpu_count") * pl.col("price_per_hour"),
    )
    path = 1 + basis.plan.rent.gpu_price_path_per_year
    short = rows.filter(pl.col("needed") > pl.col("at_most"))
    cost = (1 - pl.col("at_most") / pl.col("needed")) * pl.col("price") * pl.col("n_hours")
    found = (
        short.join(rented, on=["calendar", "month", *CELL])
        .group_by("option", "month")
        .agg(cost=(cost * path ** (pl.col("month") / 12)).sum())
    )
    return {(option, month): amount for option, month, amount in found.iter_rows()}


def check_ledger(evaluation: Evaluation) -> int:
    """Servers at work take what fits and the rest is paid for -> cells in which it does not all fit."""
    rows = ledger_rows(evaluation)
    assert (rows["at_work"] <= rows["at_most"] + SLACK).all()
    rent = evaluation.own.filter(pl.col("component") == "rent_on_demand")
    sums = rent.group_by("option", "month").agg(pl.col("cents").sum() / 100)
    paid = {(option, month): amount for option, month, amount in sums.iter_rows()}
    for key, least in least_rent(evaluation, rows).items():
        assert paid.get(key, 0.0) >= least - 0.01 * len(evaluation.basis.plan.workloads), key
    return rows.filter(pl.col("needed") > pl.col("at_most")).height


def check_dispatch(evaluation: Evaluation) -> None:
    """The purchases of own, and two servers more, served hour by hour."""
    plan = evaluation.basis.plan
    for option in evaluation.chosen["option"]:
        field = own_field(evaluation.basis, option)
        pool, planned = field.pools[0], own_mix(evaluation, field)
        for mix in (planned, replace(planned, bought=(*planned.bought, (0, 0, 2)))):
            room = np.maximum(servers_in_service(field, mix, 0) - spares(plan), 0) * pool.gpus
            taken = np.zeros(field.hours.shape)
            for workload, by, _, share in dispatch(plan, field, mix).shares:
                if by == "own":
                    taken += share * pool.needed[workload]
            assert (taken <= room[:, None] + SLACK).all()


def check_draws(evaluation: Evaluation, facts: Facts, level: float) -> None:
    """A world with another demand: GPUs at work by the power drawn, and over a month those that do what waited."""
    plan = evaluation.basis.plan
    made = Simulator.of(*strategies_of(evaluation, {}, {}), energy_years(plan, facts))
    worlds = worlds_of(made.terrain, {"demand_level": np.array([level])}, made.as_planned(1), made.energy)
    for strategy in made.strategies:
        if strategy.servers is None:
            continue
        who = dispatched(Chunk(made.terrain, worlds), strategy)
        assert who.fleet is not None
        assert who.kw is not None
        pool, standing = strategy.servers.pool, who.fleet.standing[who.first :]
        above = (pool.number("load_kw") - pool.number("idle_kw")) / pool.gpus
        at_work = (who.kw - standing[:, None] * pool.number("idle_kw")) / above
        room = np.maximum(standing - spares(plan), 0) * pool.gpus
        assert (at_work <= room[:, None] + SLACK).all()
        if who.extra_busy is not None:
            hours = made.terrain.hours[who.first :]
            month = hours.sum(axis=1)[:, None]
            late = who.extra_busy[who.first :] * month
            assert (total(at_work, hours) + late <= (room + SLACK) * month).all()


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Plan]:
    """A plan from its text."""
    path = tmp_path_factory.mktemp("spares") / "plan.yaml"

    def read_text(text: str) -> Plan:
        path.write_text(text, encoding="utf-8")
        return read_plan(path).plan

    return read_text


def test_spares_carry_nothing_in_plans_made_by_chance(read: Callable[[str], Plan], known: Facts) -> None:
    short: list[int] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(text=tight_plans(), level=st.sampled_from([0.5, 1.5, 3.0]))
    def check(text: str, level: float) -> None:
        plan = read(text)
        try:
            evaluation = evaluate(plan, known, plan.finance.months, scan=False)
        except InputError as refused:
            if "no on-demand offer" not in str(refused):
                raise
            return
        short.append(check_ledger(evaluation))
        check_dispatch(evaluation)
        check_draws(evaluation, known, level)

    check()
    assert sum(cells > 0 for cells in short) >= EXAMPLES // 2, "the limits must bind"
