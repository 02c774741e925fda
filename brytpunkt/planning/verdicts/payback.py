"""Payback in cash, and the months from which a plan is ahead counting what is left.

In: ledger rows of a plan that owns and of the rent that it replaces. Payback nets no value at the horizon; what does is called
ahead, never payback.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.components import ACQUISITION, COMPONENTS
from brytpunkt.planning.inputs.calendar import add_months
from brytpunkt.planning.inputs.money import monthly_rate
from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.ledger.ledger import mix_ledger
from brytpunkt.planning.optimal.dispatch import dispatch
from brytpunkt.planning.optimal.results import PROGRAMME
from brytpunkt.planning.optimal.shocks import rent_mix
from brytpunkt.planning.own.own_costs import continuing_value

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.optimal.milp import Ints
    from brytpunkt.planning.optimal.mix import Mix
    from brytpunkt.planning.optimal.problem import Field
    from brytpunkt.planning.optimal.results import Optimal
    from brytpunkt.planning.verdicts.disruptions import Decided

    Signed = tuple[tuple[int, int, int], ...]

OWN_PAYMENTS = tuple(c.key for c in COMPONENTS if c.payer == "own")
TENTHS = 10
WHOLE_PLAN, FIRST_TRANCHE = "plan", "first_tranche"
PAYBACK_SCHEMA = {
    "site": pl.String,
    "strategy": pl.String,
    "scope": pl.String,
    "first_payment_month": pl.Int64,
    "months": pl.Int64,
    "months_discounted": pl.Int64,
}


@dataclass(frozen=True)
class Payback:
    """When owning has paid for itself in cash.

    ``first_payment``: months from the plan's start to the first own payment. ``months``, ``discounted``: months after it from
    which cumulative cash, or its present value, stays at or below that of rent; None: not within the horizon.
    """

    first_payment: int
    months: int | None
    discounted: int | None


def payback(owning: pl.DataFrame, rent: pl.DataFrame, horizon: int) -> Payback | None:
    """Cash of a plan that owns against the rent it replaces; None where nothing is ever paid for what is owned.

    Both hold ledger rows: month, component, timing, cents, pv_cents. Values at the horizon are left out; tax and VAT are in as
    paid. A flow at the end of a month and one at the start of the next meet at one moment.
    """
    paid = owning.filter(
        pl.col("component").is_in(OWN_PAYMENTS), pl.col("timing") != "horizon", pl.col("cents") > 0
    )
    if paid.is_empty():
        return None
    first = int(paid.select(_moment().min()).item())
    found = [
        _stays_below(_by_moment(owning, column, horizon) - _by_moment(rent, column, horizon), first)
        for column in ("cents", "pv_cents")
    ]
    return Payback(first, *found)


def _moment() -> pl.Expr:
    return pl.col("month") + (pl.col("timing") == "end").cast(pl.Int64)


def _by_moment(rows: pl.DataFrame, column: str, horizon: int) -> Ints:
    """Cumulative cash at the moments 0..horizon, values at the horizon left out [cents, H + 1]."""
    cash = np.zeros(horizon + 1, dtype=np.int64)
    sums = rows.filter(pl.col("timing") != "horizon").group_by(at=_moment()).agg(pl.col(column).sum())
    cash[sums["at"].to_numpy()] = sums[column].to_numpy()
    return np.cumsum(cash)


def _stays_below(dearer_by: Ints, first: int) -> int | None:
    """Moments after ``first`` from which the difference stays at or below zero; None: it does not."""
    above = np.flatnonzero(dearer_by > 0)
    since = int(above[-1]) + 1 if above.size else 0
    return max(0, since - first) if since < dearer_by.size else None


def first_tranche(mix: Mix) -> Mix:
    """What a mix orders first, alone; everything else is rented."""
    first = min(month for _, month, _ in mix.bought)
    return replace(mix, bought=tuple(order for order in mix.bought if order[1] == first))


def owning_ledgers(evaluation: Evaluation, optimal: Optimal) -> dict[tuple[str, str], pl.DataFrame]:
    """Ledger rows of every plan that may own, by site and strategy: own, and what the programme found."""
    found = {
        (str(site), "own"): evaluation.own.filter(pl.col("option") == option)
        for site, option in evaluation.chosen.select("site", "option").iter_rows()
    }
    mixed = optimal.plans.filter(pl.col("site").is_not_null(), pl.col("source") == PROGRAMME)
    return found | {
        (site, "optimal"): optimal.ledger.filter(pl.col("site") == site) for site in mixed["site"].to_list()
    }


def paybacks(
    evaluation: Evaluation, plans: dict[tuple[str, str], pl.DataFrame], strategies: list[Decided]
) -> pl.DataFrame:
    """Payback of every plan that owns: of the whole of it, and of its first tranche by itself.

    ``plans``: ledger rows by site and strategy. The first tranche is dispatched anew, beside the cheapest of the plan's own
    commitments and those of rent, thinned in tenths while the tranche serves.

    | column | unit |
    |---|---|
    | site, strategy, scope | key; scope: plan or first_tranche |
    | first_payment_month | months from the plan's start |
    | months, months_discounted | months after the first own payment; null: not within the horizon |
    | first_payment_date, date, date_discounted | when that is |
    """
    horizon, start = evaluation.basis.horizon, evaluation.basis.plan.finance.start
    rent = evaluation.rent.filter(pl.col("strategy") == "rent")
    rows: list[tuple[object, ...]] = []
    for choice in strategies:
        whole = plans.get((choice.site or "", choice.strategy))
        if whole is None or not choice.mix.bought:
            continue
        for scope, ledger in ((WHOLE_PLAN, whole), (FIRST_TRANCHE, _tranche_ledger(evaluation, choice))):
            found = payback(ledger, rent, horizon)
            if found is not None:
                key = (choice.site, choice.strategy, scope)
                rows.append((*key, found.first_payment, found.months, found.discounted))
    first = pl.col("first_payment_month")

    def date(months: pl.Expr) -> pl.Expr:
        return months.map_elements(lambda m: add_months(start, m), return_dtype=pl.Date)

    return pl.DataFrame(rows, schema=PAYBACK_SCHEMA, orient="row").with_columns(
        first_payment_date=date(first),
        date=date(first + pl.col("months")),
        date_discounted=date(first + pl.col("months_discounted")),
    )


def _tranche_ledger(evaluation: Evaluation, choice: Decided) -> pl.DataFrame:
    """Ledger of the first tranche with what it leaves rented in the cheapest way that is at hand."""
    plan, rate = evaluation.basis.plan, monthly_rate(evaluation.basis.plan.finance)
    alone, field = first_tranche(choice.mix), choice.field
    cohorts = [row for position in range(len(field.pools)) for row in alone.cohorts(field, position)]
    serves = (min(row[0] for row in cohorts), max(row[1] for row in cohorts)) if cohorts else (0, 0)
    of_rent = rent_mix(evaluation, field).signed
    ways = {thinned(field, of_rent, serves, tenths / TENTHS) for tenths in range(TENTHS + 1)}
    tried = [dispatch(plan, field, replace(alone, signed=signed)) for signed in sorted(ways | {alone.signed})]
    best = min(tried, key=lambda done: done.present_value(rate))
    flows = best.flows.with_columns(site=pl.lit(choice.site, dtype=pl.String))
    return mix_ledger(plan, evaluation.basis, flows)


def thinned(field: Field, signed: Signed, serves: tuple[int, int], share: float) -> Signed:
    """Signatures less that share of each workload's most, wherever they run while own servers serve; all of them left out at 1.

    ``serves``: first month, and first month after. What is left out at a signature counts until its term ends, so that renewals do
    not leave it out again.
    """
    if share >= 1:
        return ()
    kept: list[tuple[int, int, int]] = []
    gone: list[tuple[int, int, int]] = []  # workload, end, instances
    for at, month, count in sorted(signed, key=lambda row: (row[1], row[0])):
        term = field.terms[at]
        end = month + term.months
        most = _most_running(field, signed, term.workload)
        already = sum(n for workload, until, n in gone if workload == term.workload and until > month)
        is_beside = month < serves[1] and end > serves[0]
        less = min(count, max(0, round(share * most) - already)) if is_beside else 0
        gone.append((term.workload, end, less))
        if count > less:
            kept.append((at, month, count - less))
    return tuple(kept)


def _most_running(field: Field, signed: Signed, workload: int) -> int:
    """The most instances of a workload that run under commitment in any month."""
    running = np.zeros(field.horizon, dtype=np.int64)
    for at, month, count in signed:
        if field.terms[at].workload == workload:
            running[month : month + field.terms[at].months] += count
    return int(running.max())


def cumulative(evaluation: Evaluation) -> pl.DataFrame:
    """Cumulative present value of rent and of own at the end of t months, order placed at the start.

    | column | unit |
    |---|---|
    | site, t | key; t = 0..H months elapsed |
    | rent, own, own_less_continuing_value | plan currency, discounted |
    | rent_nominal, acquisition_nominal | plan currency, undiscounted |
    | gpu_hours, gpu_hours_in_service | GPU-h to date, over months with servers in service |
    """
    basis = evaluation.basis
    sites = evaluation.chosen.select("site", "option")
    elapsed = pl.DataFrame({"t": range(1, basis.horizon + 1)}, schema={"t": pl.Int64})
    rent = evaluation.rent.filter(pl.col("strategy") == "rent")
    own = evaluation.own.filter(pl.col("timing") != "horizon")
    acquisition = own.filter(pl.col("component").is_in(ACQUISITION))
    by_month = (
        sites.join(elapsed, how="cross")
        .join(_by_t(rent, [], rent="pv_cents", rent_nominal="cents"), on="t", how="left")
        .join(_by_t(own, ["option"], own="pv_cents"), on=["option", "t"], how="left")
        .join(_by_t(acquisition, ["option"], acquisition_nominal="cents"), on=["option", "t"], how="left")
        .join(_hours(evaluation), on=["site", "t"], how="left")
        .sort("site", "t")
    )
    measures = ["rent", "rent_nominal", "own", "acquisition_nominal", "gpu_hours", "gpu_hours_in_service"]
    curves = by_month.with_columns(pl.col(measures).fill_null(0).cum_sum().over("site"))
    rate = monthly_rate(basis.plan.finance)
    value = continuing_value(basis.plan, evaluation.schedule, basis.options, elapsed.rename({"t": "at"}))
    discounted = value.select("option", t="at", left=pl.col("value") * (1 + rate) ** -pl.col("at"))
    money = [name for name in measures if not name.startswith("gpu")]
    return (
        curves.with_columns(pl.col(money) / CENTS)
        .join(discounted, on=["option", "t"], how="left")
        .with_columns(own_less_continuing_value=pl.col("own") - pl.col("left").fill_null(0.0))
        .drop("left", "option")
        .sort("site", "t")
    )


def _by_t(rows: pl.DataFrame, key: list[str], **sums: str) -> pl.DataFrame:
    """Monthly sums of rounded rows, at the end of their month."""
    return rows.group_by(*key, t=pl.col("month") + 1).agg(
        **{name: pl.col(column).sum() for name, column in sums.items()}
    )


def _hours(evaluation: Evaluation) -> pl.DataFrame:
    """GPU-hours required and in service in each month with servers in service -> site, t, ..."""
    basis = evaluation.basis
    names = basis.options.select("option", "site", "profile", "server_gpus")
    work = basis.gpu_hours.group_by("profile", "month").agg(
        gpu_hours=(pl.col("gpu_hours") * 1e6).round(0).cast(pl.Int64).sum() / 1e6
    )
    return (
        evaluation.schedule.installed.join(evaluation.chosen.select("option"), on="option", how="semi")
        .join(names, on="option")
        .join(basis.months.select("month", "hours"), on="month")
        .join(work, on=["profile", "month"], how="left")
        .select(
            "site",
            t=pl.col("month") + 1,
            gpu_hours=pl.col("gpu_hours").fill_null(0.0),
            gpu_hours_in_service=pl.col("servers") * pl.col("server_gpus") * pl.col("hours"),
        )
    )


def ahead(curves: pl.DataFrame) -> pl.DataFrame:
    """First month from which own, less what it is still worth, stays at or below rent -> site, ahead_month (or null).

    Both are discounted; before the first delivery nothing is ahead of anything.
    """
    stands = pl.col("gpu_hours_in_service") > 0
    is_behind = ~stands | (pl.col("own_less_continuing_value") > pl.col("rent"))
    last_behind = pl.col("t").filter(is_behind).max().fill_null(0)
    return curves.group_by("site").agg(
        ahead_month=pl.when(last_behind < pl.col("t").max()).then(last_behind + 1)
    )
