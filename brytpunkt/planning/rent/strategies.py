"""The rent strategies: which offers each of them takes, and what bridges the time before own servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.components import RENT_SPOT
from brytpunkt.planning.note import Note, decode, several
from brytpunkt.planning.rent.commitment_cover import choose_covers
from brytpunkt.planning.rent.commitments import COVER
from brytpunkt.planning.rent.rent import (
    CASE,
    DECLARED,
    MODES,
    Market,
    api_flows,
    commitment_flows,
    commitment_needs,
    on_demand_flows,
    present_value,
    sign,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.declarations import Plan, Workload

FLOW = ["item", "month", "component", "timing", "amount"]
"""The item is the offer that is paid."""


@dataclass(frozen=True)
class RentChoice:
    """The offers that a plan settles on at its declared demand.

    ``offers``: mode, workload, offer, label, present_value: what the best of each mode pays, of commitments every offer
    that their cover takes. ``rent_modes``: workload -> its cheapest mode. ``on_demand``, ``spot``, ``apis``: offers of a mode.
    ``commitments``: those of the best cover of each workload, with their partners. ``covers``: those from which bridges are
    made: the best cover, and the sizes that are the best under one term alone. ``terms``: what the optimal plan may sign: the
    best offer of each term, and those that the best cover takes. ``needs`` of the covers at the declared demand, ``signed``
    over the whole horizon.
    """

    offers: pl.DataFrame
    rent_modes: dict[str, str]
    commitments: pl.DataFrame
    covers: pl.DataFrame
    terms: pl.DataFrame
    on_demand: pl.DataFrame
    spot: pl.DataFrame
    apis: pl.DataFrame
    needs: pl.DataFrame
    signed: pl.DataFrame

    def signatures(self) -> pl.DataFrame:
        """What the best cover of each workload signs -> workload, cover, offer, signed_month, expiry_month, count."""
        return self.signed.join(self.commitments, on=COVER, how="semi").drop("delivery", "scale")

    def partners(self) -> pl.DataFrame:
        """The on-demand offers that serve what lies above those signatures -> workload, offer."""
        signing = self.commitments.join(self.signatures(), on="workload", how="semi")
        return signing.select("workload", offer="partner").unique().sort("workload", "offer")

    def label(self, workload: str, mode: str) -> Note:
        """The offers of a workload in a mode; the one that is paid most first."""
        taken = self.offers.filter(pl.col("workload") == workload, pl.col("mode") == mode)
        return several([decode(label) for label in taken.sort(-pl.col("present_value"), "offer")["label"]])


def _cheapest(values: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return values.sort(*by, "present_value", "way").unique(by, keep="first", maintain_order=True)


def _kept(values: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """The kept offer of each workload where it is still to be had, else the cheapest one."""
    known = values.join(kept.select("workload", way="offer"), on=["workload", "way"], how="semi")
    rest = values.join(known.select("workload").unique(), on="workload", how="anti")
    return pl.concat([known, _cheapest(rest, ["workload"])]).sort("workload")


def choose_rent(plan: Plan, market: Market, kept: pl.DataFrame | None = None) -> RentChoice:
    """Settle the best offer of each mode for each workload, and the best cover, at the declared demand.

    ``kept`` (mode, workload, offer, is_rent) holds to offers chosen earlier wherever they are still to be had; what
    bridges the time before own servers is chosen anew.
    """
    flows = {
        "on_demand": on_demand_flows(market, market.on_demand(), DECLARED),
        "spot": on_demand_flows(market, market.spot(), DECLARED, RENT_SPOT),
        "api": api_flows(market, market.apis, DECLARED),
    }
    best: dict[str, pl.DataFrame] = {}
    for mode, frame in flows.items():
        values = present_value(market.months, frame, ["workload", "offer"]).rename({"offer": "way"})
        best[mode] = (
            _cheapest(values, ["workload"])
            if kept is None
            else _kept(values, kept.filter(pl.col("mode") == mode))
        )
    _require_rent(plan, pl.concat([best["on_demand"], best["api"]]))
    covers = choose_covers(market, None if kept is None else kept.filter(pl.col("mode") == "committed"))
    paid = [
        best[mode].select(pl.lit(mode).alias("mode"), "workload", "way", "present_value") for mode in flows
    ]
    labels = pl.concat(
        [market.offers.select("workload", "offer", "label"), market.apis.select("workload", "offer", "label")]
    )
    offers = (
        pl.concat([*paid, covers.paid.select(pl.lit("committed").alias("mode"), pl.all())])
        .rename({"way": "offer"})
        .join(labels.unique(["workload", "offer"]), on=["workload", "offer"])
        .sort("mode", "workload", "offer")
    )
    rank = pl.col("mode").replace_strict(
        {mode: rank for rank, mode in enumerate(MODES)}, return_dtype=pl.Int64
    )
    signing = covers.signed.join(covers.best, on=COVER, how="semi")
    binds = pl.col("workload").is_in(signing["workload"].unique().to_list())
    cheapest = (
        offers.filter(binds | (pl.col("mode") != "committed"))
        .group_by("workload", "mode")
        .agg(pl.col("present_value").sort().sum())
        .sort("workload", "present_value", rank)
        .unique("workload", keep="first", maintain_order=True)
    )

    def of(frame: pl.DataFrame, mode: str) -> pl.DataFrame:
        return frame.join(best[mode].select("workload", offer="way"), on=["workload", "offer"], how="semi")

    return RentChoice(
        offers=offers,
        rent_modes=dict(cheapest.select("workload", "mode").iter_rows()) | _kept_modes(offers, kept),
        commitments=covers.best,
        covers=covers.settled,
        terms=covers.terms,
        on_demand=of(market.on_demand(), "on_demand"),
        spot=of(market.spot(), "spot"),
        apis=of(market.apis, "api"),
        needs=covers.needs,
        signed=covers.signed,
    )


def _kept_modes(offers: pl.DataFrame, kept: pl.DataFrame | None) -> dict[str, str]:
    if kept is None:
        return {}
    rented = kept.filter("is_rent").join(offers, on=["mode", "workload"], how="semi")
    return dict(rented.select("workload", "mode").iter_rows())


def _require_rent(plan: Plan, best: pl.DataFrame) -> None:
    served = set(best["workload"])
    missing = [w for w in plan.workloads if w.id not in served]
    if missing:
        raise InputError(
            tuple(
                Problem(
                    f"workloads.{w.id}",
                    "no on-demand offer can serve it: none satisfies its residency, the rent filters, "
                    f"{_able(w)}, and room for one replica; nor does a token API stand in within its residency",
                    "widen rent.countries, rent.providers or residency, choose another model or scenario, "
                    "or declare an offer inline under rent.offers, or a token API under api_equivalents",
                )
                for w in missing
            )
        )


def _able(workload: Workload) -> str:
    """What a GPU type needs to serve a workload."""
    counted = workload.demand.gpu_model
    if counted is not None:
        return f"the GPU {counted} that its hours are counted on, or one with a ratio to it"
    return f"a GPU type with a {workload.benchmark_scenario} throughput figure for {workload.model}"


def strategy_flows(market: Market, choice: RentChoice) -> pl.DataFrame:
    """Flows of on_demand, committed, api and rent -> strategy, workload, item, month, component, timing, amount.

    A mode that cannot serve every workload is not a strategy and has no rows.
    """
    workloads = market.volume["workload"].n_unique()
    by_mode = mode_flows(market, choice, DECLARED).drop("scale")
    full = (
        choice.offers.group_by("mode")
        .agg(n=pl.col("workload").n_unique())
        .filter(pl.col("n") == workloads)["mode"]
    )
    modes = pl.DataFrame({"workload": list(choice.rent_modes), "mode": list(choice.rent_modes.values())})
    rent = by_mode.join(modes, on=["workload", "mode"], how="semi").with_columns(strategy=pl.lit("rent"))
    pure = by_mode.filter(pl.col("mode").is_in(full.to_list())).with_columns(strategy=pl.col("mode"))
    return pl.concat([pure, rent]).drop("mode").select("strategy", "workload", *FLOW)


def mode_flows(market: Market, choice: RentChoice, scales: Sequence[float]) -> pl.DataFrame:
    """Flows of every mode with the chosen offers over the whole horizon, at each scale of demand.

    -> mode, scale, workload, way, item, month, component, timing, amount
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

    -> mode, delivery, scale, workload, way (offer, or cover of commitments), item, month, component, timing, amount
    """
    until = pl.DataFrame({"delivery": sorted(set(deliveries))}, schema={"delivery": pl.Int64})
    if tuple(scales) == DECLARED:
        needs = choice.needs.join(commitments, on=COVER, how="semi")
    else:
        needs = commitment_needs(market, commitments, scales)
    signed = (
        choice.signed.join(commitments, on=COVER, how="semi")
        if tuple(scales) == DECLARED and set(deliveries) == {market.months.height}
        else sign(market, commitments, needs, deliveries)
    )
    hourly = on_demand_flows(market, choice.on_demand, scales).join(until, how="cross")
    interruptible = on_demand_flows(market, choice.spot, scales, RENT_SPOT).join(until, how="cross")
    tokens = api_flows(market, choice.apis, scales).join(until, how="cross")
    covers = commitment_flows(market, commitments, needs, signed, deliveries).rename({"cover": "way"})
    columns = ["mode", "delivery", *CASE, "way", *FLOW]
    return pl.concat(
        [
            frame.filter(pl.col("month") < pl.col("delivery"))
            .with_columns(mode=pl.lit(mode), item="offer")
            .select(columns)
            for mode, frame in (
                ("on_demand", hourly.with_columns(way="offer")),
                ("spot", interruptible.with_columns(way="offer")),
                ("committed", covers),
                ("api", tokens.with_columns(way="offer")),
            )
        ]
    )


def bridges(
    market: Market, choice: RentChoice, deliveries: Sequence[int], scales: Sequence[float] = DECLARED
) -> pl.DataFrame:
    """The cheapest rent of each workload in the months before each delivery, with no commitment beyond it.

    -> delivery, scale, workload, item, month, component, timing, amount
    """
    candidates = bridge_candidates(market, choice, choice.covers, deliveries, scales)
    key = ["delivery", *CASE]
    values = present_value(market.months, candidates, [*key, "mode", "way"])
    order = {mode: rank for rank, mode in enumerate(MODES)}
    best = (
        values.with_columns(rank=pl.col("mode").replace_strict(order, return_dtype=pl.Int64))
        .sort(*key, "present_value", "rank", "way")
        .unique(key, keep="first", maintain_order=True)
    )
    return candidates.join(best, on=[*key, "mode", "way"], how="semi").drop("mode", "way")
