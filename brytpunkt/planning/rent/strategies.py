"""The rent strategies: which offers each of them takes, and what bridges the time before own servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.components import RENT_SPOT
from brytpunkt.planning.rent.rent import (
    CASE,
    MODES,
    Market,
    api_flows,
    commitment_flows,
    commitment_needs,
    on_demand_flows,
    sign,
    with_partners,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.declarations import Plan

DECLARED = (1.0,)
FLOW = ["item", "month", "component", "timing", "amount"]


@dataclass(frozen=True)
class RentChoice:
    """The offers that a plan settles on at its declared demand.

    ``offers``: mode, workload, offer, label, present_value: the best offer of each mode.
    ``rent_modes``: workload -> its cheapest mode. ``terms``: the commitments with their partners that are
    the best of their term, from which bridges are made. ``by_mode``: offers of on_demand and api.
    ``needs``, ``signed``: of every commitment at the declared demand, so that they are settled once.
    """

    offers: pl.DataFrame
    rent_modes: dict[str, str]
    commitments: pl.DataFrame
    terms: pl.DataFrame
    on_demand: pl.DataFrame
    spot: pl.DataFrame
    apis: pl.DataFrame
    needs: pl.DataFrame
    signed: pl.DataFrame


def present_value(months: pl.DataFrame, flows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Sum of discounted flows by key -> by..., present_value [plan currency]."""
    factors = months.select("month", "start_factor", "end_factor")
    factor = pl.when(pl.col("timing") == "start").then("start_factor").otherwise("end_factor")
    return (
        flows.join(factors, on="month")
        .group_by(by)
        .agg(present_value=(pl.col("amount") * factor * 1e6).round(0).cast(pl.Int64).sum() / 1e6)
        .sort(by)
    )


def _cheapest(values: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return values.sort(*by, "present_value", "offer").unique(by, keep="first", maintain_order=True)


def _kept(values: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """The kept offer of each workload where it is still to be had, else the cheapest one."""
    known = values.join(kept.select("workload", "offer"), on=["workload", "offer"], how="semi")
    rest = values.join(known.select("workload").unique(), on="workload", how="anti")
    return pl.concat([known, _cheapest(rest, ["workload"])]).sort("workload")


def choose_rent(plan: Plan, market: Market, kept: pl.DataFrame | None = None) -> RentChoice:
    """Settle the best offer of each mode for each workload, at the declared demand.

    ``kept`` (mode, workload, offer, is_rent) holds to offers chosen earlier wherever they are still to be had; what
    bridges the time before own servers is chosen anew.
    """
    horizon = market.months.height
    pairs = with_partners(market)
    needs = commitment_needs(market, pairs, [1.0])
    signed = sign(market, pairs, needs)
    flows = {
        "on_demand": on_demand_flows(market, market.on_demand(), [1.0]),
        "spot": on_demand_flows(market, market.spot(), [1.0], RENT_SPOT),
        "committed": commitment_flows(market, pairs, needs, signed, [horizon]),
        "api": api_flows(market, market.apis, [1.0]),
    }
    values = {mode: present_value(market.months, flows[mode], ["workload", "offer"]) for mode in MODES}
    best = {
        mode: _cheapest(values[mode], ["workload"])
        if kept is None
        else _kept(values[mode], kept.filter(pl.col("mode") == mode))
        for mode in MODES
    }
    _require_on_demand(plan, best["on_demand"])
    terms = _cheapest(
        values["committed"].join(pairs.select("workload", "offer", "term_months"), on=["workload", "offer"]),
        ["workload", "term_months"],
    )
    labels = pl.concat(
        [market.offers.select("workload", "offer", "label"), market.apis.select("workload", "offer", "label")]
    )
    offers = pl.concat(best[mode].select(pl.lit(mode).alias("mode"), pl.all()) for mode in MODES).join(
        labels.unique(["workload", "offer"]), on=["workload", "offer"]
    )
    order = {mode: rank for rank, mode in enumerate(MODES)}
    cheapest = (
        offers.with_columns(rank=pl.col("mode").replace_strict(order, return_dtype=pl.Int64))
        .sort("workload", "present_value", "rank")
        .unique("workload", keep="first", maintain_order=True)
    )
    return RentChoice(
        offers=offers.sort("mode", "workload"),
        rent_modes=dict(cheapest.select("workload", "mode").iter_rows()) | _kept_modes(offers, kept),
        commitments=pairs.join(
            best["committed"].select("workload", "offer"), on=["workload", "offer"], how="semi"
        ),
        terms=pairs.join(terms.select("workload", "offer"), on=["workload", "offer"], how="semi"),
        on_demand=market.on_demand().join(best["on_demand"], on=["workload", "offer"], how="semi"),
        spot=market.spot().join(best["spot"], on=["workload", "offer"], how="semi"),
        apis=market.apis.join(best["api"], on=["workload", "offer"], how="semi"),
        needs=needs,
        signed=signed,
    )


def _kept_modes(offers: pl.DataFrame, kept: pl.DataFrame | None) -> dict[str, str]:
    if kept is None:
        return {}
    rented = kept.filter("is_rent").join(offers, on=["mode", "workload"], how="semi")
    return dict(rented.select("workload", "mode").iter_rows())


def _require_on_demand(plan: Plan, best: pl.DataFrame) -> None:
    served = set(best["workload"])
    missing = [w for w in plan.workloads if w.id not in served]
    if missing:
        raise InputError(
            tuple(
                Problem(
                    f"workloads.{w.id}",
                    "no on-demand offer can serve it: none satisfies its residency, the rent filters, a GPU type "
                    f"with a {w.benchmark_scenario} throughput figure for {w.model}, and room for one replica",
                    "widen rent.countries, rent.providers or residency, choose another model or scenario, "
                    "or declare an offer inline under rent.offers",
                )
                for w in missing
            )
        )


def strategy_flows(market: Market, choice: RentChoice) -> pl.DataFrame:
    """Flows of on_demand, committed, api and rent -> strategy, workload, offer, item, month, component, timing, amount.

    A mode that cannot serve every workload is not a strategy and has no rows.
    """
    workloads = market.volume["workload"].n_unique()
    by_mode = mode_flows(market, choice, [1.0]).drop("scale")
    full = (
        choice.offers.group_by("mode")
        .agg(n=pl.col("workload").n_unique())
        .filter(pl.col("n") == workloads)["mode"]
    )
    modes = pl.DataFrame({"workload": list(choice.rent_modes), "mode": list(choice.rent_modes.values())})
    rent = by_mode.join(modes, on=["workload", "mode"], how="semi").with_columns(strategy=pl.lit("rent"))
    pure = by_mode.filter(pl.col("mode").is_in(full.to_list())).with_columns(strategy=pl.col("mode"))
    return pl.concat([pure, rent]).drop("mode").select("strategy", "workload", "offer", *FLOW)


def mode_flows(market: Market, choice: RentChoice, scales: Sequence[float]) -> pl.DataFrame:
    """Flows of every mode with the chosen offers over the whole horizon, at each scale of demand.

    -> mode, scale, workload, offer, item, month, component, timing, amount
    """
    return bridge_candidates(market, choice, choice.commitments, [market.months.height], scales).drop(
        "delivery"
    )


def bridge_candidates(
    market: Market,
    choice: RentChoice,
    commitments: pl.DataFrame,
    deliveries: Sequence[int],
    scales: Sequence[float],
) -> pl.DataFrame:
    """What each mode costs in the months before each delivery.

    -> mode, delivery, scale, workload, offer, item, month, component, timing, amount
    """
    until = pl.DataFrame({"delivery": sorted(set(deliveries))}, schema={"delivery": pl.Int64})
    if tuple(scales) == DECLARED:
        needs = choice.needs.join(commitments, on=["workload", "offer"], how="semi")
        signed = choice.signed.join(commitments, on=["workload", "offer"], how="semi")
    else:
        needs = commitment_needs(market, commitments, scales)
        signed = sign(market, commitments, needs)
    hourly = on_demand_flows(market, choice.on_demand, scales).join(until, how="cross")
    interruptible = on_demand_flows(market, choice.spot, scales, RENT_SPOT).join(until, how="cross")
    tokens = api_flows(market, choice.apis, scales).join(until, how="cross")
    columns = ["mode", "delivery", *CASE, "offer", *FLOW]
    return pl.concat(
        [
            frame.filter(pl.col("month") < pl.col("delivery")).with_columns(mode=pl.lit(mode)).select(columns)
            for mode, frame in (
                ("on_demand", hourly),
                ("spot", interruptible),
                ("committed", commitment_flows(market, commitments, needs, signed, deliveries)),
                ("api", tokens),
            )
        ]
    )


def bridges(
    market: Market, choice: RentChoice, deliveries: Sequence[int], scales: Sequence[float] = (1.0,)
) -> pl.DataFrame:
    """The cheapest rent of each workload in the months before each delivery, with no commitment beyond it.

    -> delivery, scale, workload, offer, item, month, component, timing, amount
    """
    candidates = bridge_candidates(market, choice, choice.terms, deliveries, scales)
    key = ["delivery", *CASE]
    values = present_value(market.months, candidates, [*key, "mode", "offer"])
    order = {mode: rank for rank, mode in enumerate(MODES)}
    best = (
        values.with_columns(rank=pl.col("mode").replace_strict(order, return_dtype=pl.Int64))
        .sort(*key, "present_value", "rank", "offer")
        .unique(key, keep="first", maintain_order=True)
    )
    return candidates.join(best, on=[*key, "mode", "offer"], how="semi").drop("mode")
