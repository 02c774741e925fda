"""Rent: what each workload costs on demand, under commitments, and at a token API.

Frames here carry a ``scale`` column: the demand relative to the declared one (1 in the plan itself), so
that the same code answers what happens at other volumes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.components import (
    RENT_COMMITTED,
    RENT_COMMITTED_UPFRONT,
    RENT_ON_DEMAND,
    RENT_SPOT,
    TOKEN_API,
)
from brytpunkt.planning.demand.gpu_sizing import needed_instances
from brytpunkt.planning.inputs.calendar import CELL
from brytpunkt.planning.inputs.money import FINE, price_path, total
from brytpunkt.planning.inputs.units import FORGIVEN, MILLION_TOKENS
from brytpunkt.planning.rent.commitments import COVER, committed_instances, sign_commitments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.declarations import Plan

MODES = ("on_demand", "spot", "committed", "api")
FLEET = ["workload", "profile", "gpu_count", "unit_gpus", "is_divisible", "is_monthly"]
CASE = ["scale", "workload"]
DECLARED = (1.0,)


@dataclass(frozen=True)
class Market:
    """Everything that rent depends on, prepared once.

    ``offers``: (workload, offer) that fit; ``apis``: declared equivalents; ``busy``: load by cell on the
    home calendar; ``volume``: tokens by month; ``months``: the plan's months; paths: price change per year.
    """

    offers: pl.DataFrame
    apis: pl.DataFrame
    busy: pl.DataFrame
    volume: pl.DataFrame
    months: pl.DataFrame
    gpu_path: float
    token_path: float
    interruptible: pl.DataFrame

    @classmethod
    def of(
        cls,
        plan: Plan,
        *,
        offers: pl.DataFrame,
        apis: pl.DataFrame,
        busy: pl.DataFrame,
        volume: pl.DataFrame,
        months: pl.DataFrame,
    ) -> Market:
        """Market of a plan."""
        paths = plan.rent.gpu_price_path_per_year, plan.rent.token_price_path_per_year
        wasted = plan.rent.spot.wasted_share
        interruptible = pl.DataFrame(
            [(w.id, wasted) for w in plan.workloads if w.bears_interruption],
            schema={"workload": pl.String, "wasted_share": pl.Float64},
            orient="row",
        )
        return cls(offers, apis, busy, volume, months, *paths, interruptible)

    def on_demand(self) -> pl.DataFrame:
        """Offers rented by the hour."""
        return self.offers.filter(pl.col("term") == "on_demand")

    def spot(self) -> pl.DataFrame:
        """Interruptible offers for the workloads that bear it; an hour is priced with what interruptions waste."""
        return (
            self.offers.filter(pl.col("term") == "spot")
            .join(self.interruptible, on="workload")
            .with_columns(pl.col("price_per_hour", "unit_price") * (1 + pl.col("wasted_share")))
            .drop("wasted_share")
        )

    def instances(self, offers: pl.DataFrame, scales: Sequence[float]) -> pl.DataFrame:
        """Instances, or billed units of jobs, that each fleet (workload, GPU type, GPUs an instance) needs in each cell.

        What is billed by the month runs all of it, as many as its highest hour needs; what is divisible may be used in part.

        -> scale, fleet, month, day_type, hour_utc, n_hours, instances
        """
        of_month = ["scale", *FLEET, "month"]
        return (
            offers.select(FLEET)
            .unique()
            .join(self.busy, on=["workload", "profile"])
            .join(pl.DataFrame({"scale": list(scales)}, schema={"scale": pl.Float64}), how="cross")
            .with_columns(busy=pl.col("busy") * pl.col("scale"))
            .select(*of_month, *CELL, "n_hours", instances=needed_instances())
            .with_columns(
                instances=pl.when("is_monthly")
                .then(pl.col("instances").max().over(of_month))
                .otherwise("instances")
            )
        )


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


def hourly_component(term: str) -> str:
    """The component of what is rented by the hour, on demand or interruptible."""
    return RENT_SPOT if term == "spot" else RENT_ON_DEMAND


def on_demand_flows(
    market: Market, offers: pl.DataFrame, scales: Sequence[float], component: str = RENT_ON_DEMAND
) -> pl.DataFrame:
    """Hourly rent of whole instances -> scale, workload, offer, month, component, timing, amount."""
    hours = (
        market.instances(offers, scales)
        .group_by("scale", *FLEET, "month")
        .agg(instance_hours=total(pl.col("instances") * pl.col("n_hours")))
    )
    return (
        offers.join(hours, on=FLEET)
        .with_columns(
            amount=pl.col("instance_hours")
            * pl.col("unit_price")
            * price_path(market.gpu_path, pl.col("month"))
        )
        .select(
            *CASE,
            "offer",
            "month",
            pl.lit(component).alias("component"),
            pl.lit("end").alias("timing"),
            "amount",
        )
    )


def with_partners(market: Market) -> pl.DataFrame:
    """Each commitment with its instance size, ``cover``, and the on-demand offer that serves what lies above it.

    Of one size are offers of the same GPU type and GPU count with the same throughput, whoever sells them. The partner is the
    cheapest on-demand offer of the same type and count that is not billed by the month, unless both state a throughput and they differ. A commitment without
    one is left out.
    """
    speed = market.busy.group_by("workload", "profile").agg(peak=pl.col("busy").max())
    kind, rate = ["workload", "gpu_model", "gpu_count"], ["peak", "replica_gpus"]
    offers = market.offers.join(speed, on=["workload", "profile"]).with_columns(
        is_measured=pl.col("profile") != pl.col("gpu_model")
    )
    hourly = offers.filter(pl.col("term") == "on_demand", ~pl.col("is_monthly")).select(
        *kind, *rate, "is_measured", partner="offer", partner_price="price_per_hour"
    )
    same = pl.all_horizontal(pl.col(name) == pl.col(f"{name}_right") for name in rate)
    return (
        offers.filter(pl.col("term_months") > 0)
        .join(hourly, on=kind)
        .filter(same | ~pl.col("is_measured") | ~pl.col("is_measured_right"))
        .sort("workload", "offer", "partner_price", "partner")
        .unique(["workload", "offer"], keep="first", maintain_order=True)
        .with_columns(
            cover=pl.format("{} x {}", pl.col("profile").min().over(*kind, *rate), pl.col("gpu_count"))
        )
        .select(*market.offers.columns, "cover", "partner", "partner_price")
    )


def commitment_needs(market: Market, pairs: pl.DataFrame, scales: Sequence[float]) -> pl.DataFrame:
    """Hours a month in which so many instances of a cover are needed, and the price of an hour of its partner.

    -> scale, workload, cover, month, n_hours, instances, hourly_price
    """
    level = ["scale", *FLEET, "month", "instances"]
    covers = pairs.unique(COVER, keep="first", maintain_order=True)
    levels = (
        _whole_levels(market.instances(covers, scales))
        .group_by(level)
        .agg(n_hours=total(pl.col("n_hours"), FINE))
    )
    return (
        covers.select(*FLEET, "cover", "partner_price")
        .join(levels, on=FLEET)
        .with_columns(hourly_price=pl.col("partner_price") * price_path(market.gpu_path, pl.col("month")))
        .select("scale", *COVER, "month", "n_hours", "instances", "hourly_price")
    )


def _whole_levels(needs: pl.DataFrame) -> pl.DataFrame:
    """Instances used in part as whole ones for a part of the hours: what may wait is moved there."""
    count = pl.col("instances")
    part = count - count.floor()
    is_whole = (part < FORGIVEN) | (part > 1 - FORGIVEN)
    parted = needs.filter(~is_whole)
    return pl.concat(
        [
            needs.filter(is_whole).with_columns(count.round()),
            parted.with_columns(count.ceil(), n_hours=pl.col("n_hours") * part),
            parted.filter(count.floor() > 0).with_columns(
                count.floor(), n_hours=pl.col("n_hours") * (1 - part)
            ),
        ]
    )


def sign(market: Market, pairs: pl.DataFrame, needs: pl.DataFrame, deliveries: Sequence[int]) -> pl.DataFrame:
    """Signatures before each delivery: delivery, scale, workload, cover, offer, signed_month, expiry_month, count."""
    return sign_commitments(needs, pairs, market.months, market.gpu_path, deliveries)


def commitment_flows(
    market: Market, pairs: pl.DataFrame, needs: pl.DataFrame, signed: pl.DataFrame, deliveries: Sequence[int]
) -> pl.DataFrame:
    """What covers cost in the months before each delivery: their commitments, and on-demand rent above them.

    -> delivery, scale, workload, cover, offer (that is paid), month, component, timing, amount
    """
    key = ["delivery", *CASE, "cover"]
    until = pl.DataFrame({"delivery": sorted(set(deliveries))}, schema={"delivery": pl.Int64})
    cases = needs.select(*CASE, "cover", "month").unique().join(until, how="cross")
    standing = (
        cases.filter(pl.col("month") < pl.col("delivery"))
        .join(committed_instances(signed, market.months.height, key), on=[*key, "month"], how="left")
        .with_columns(pl.col("committed").fill_null(0))
    )
    partners = pairs.unique(COVER, keep="first", maintain_order=True).select(*COVER, offer="partner")
    above = _rent_above(needs, standing).join(partners, on=COVER)
    columns = ["delivery", *CASE, "cover", "offer", "month", "component", "timing", "amount"]
    parts = (above, *_charges(market, pairs, signed, [*key, "offer"]))
    return pl.concat(part.select(columns) for part in parts).filter(pl.col("amount") != 0)


def _rent_above(needs: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """On-demand rent above what is committed; equal levels are priced once."""
    level = [*CASE, "cover", "month", "committed"]
    above = (pl.col("instances") - pl.col("committed")).clip(lower_bound=0)
    priced = (
        standing.select(level)
        .unique()
        .join(needs, on=[*CASE, "cover", "month"])
        .group_by(level)
        .agg(amount=total(above * pl.col("n_hours") * pl.col("hourly_price")))
    )
    return standing.join(priced, on=level).with_columns(
        component=pl.lit(RENT_ON_DEMAND), timing=pl.lit("end")
    )


def _charges(
    market: Market, pairs: pl.DataFrame, signed: pl.DataFrame, key: list[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The commitments' own charges: month by month, and the upfront share at signature."""
    prices = pairs.select(*COVER, "offer", "price_per_hour", "upfront_share")
    upfront = pl.col("upfront_share")
    charged = (
        signed.join(prices, on=[*COVER, "offer"])
        .with_columns(
            month=pl.int_ranges(
                "signed_month", pl.min_horizontal("expiry_month", pl.lit(market.months.height))
            ),
            rate=pl.col("price_per_hour")
            * price_path(market.gpu_path, pl.col("signed_month"))
            * pl.col("count"),
        )
        .explode("month")
        .join(market.months.select("month", "hours"), on="month")
        .with_columns(charge=pl.col("rate") * pl.col("hours"))
    )
    return tuple(
        charged.group_by(*key, month=month)
        .agg(amount=total(pl.col("charge") * share))
        .with_columns(component=pl.lit(component), timing=pl.lit(timing))
        for component, timing, month, share in (
            (RENT_COMMITTED, "end", pl.col("month"), 1 - upfront),
            (RENT_COMMITTED_UPFRONT, "start", pl.col("signed_month"), upfront),
        )
    )  # type: ignore[return-value]


def api_flows(market: Market, apis: pl.DataFrame, scales: Sequence[float]) -> pl.DataFrame:
    """Tokens at a token API -> scale, workload, offer, month, component, timing, amount."""
    volume = pl.DataFrame({"scale": list(scales)}, schema={"scale": pl.Float64}).join(
        market.volume, how="cross"
    )
    price = (
        pl.col("uncached_input_tokens") * pl.col("input_price")
        + pl.col("cached_input_tokens") * pl.col("cached_price")
        + pl.col("output_tokens") * pl.col("output_price")
    ) / MILLION_TOKENS
    return (
        apis.join(volume, on="workload")
        .with_columns(
            amount=price
            * pl.col("tokens_per_task_ratio")
            * pl.col("scale")
            * price_path(market.token_path, pl.col("month"))
        )
        .select(*CASE, "offer", "month", component=pl.lit(TOKEN_API), timing=pl.lit("end"), amount="amount")
    )
