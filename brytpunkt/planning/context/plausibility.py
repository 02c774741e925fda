"""Plausibility: inputs that are possible but more often a mistake than meant."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.declarations import InlineServer
from brytpunkt.planning.context.published import undefined_figures, unsummed_totals
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.note import Note, decode

if TYPE_CHECKING:
    from brytpunkt.declarations import InlineOffer, Plan
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.note import Argument

RACK_GPUS = 36
SAME_RATE = 0.01
SEVERAL_TIMES = 2.0
LARGEST_DIFFERENCE = 0.01


def implausible(
    plan: Plan, facts: Facts, evaluation: Evaluation, optimal: pl.DataFrame, published: pl.DataFrame
) -> list[Note]:
    """What deserves a second look."""
    return [
        *_dear_reservations(evaluation),
        *_rack_rates(plan, facts),
        *_short_history(plan, facts),
        *unsummed_totals(published),
        *undefined_figures(published),
        *_loose_programme(plan, optimal),
    ]


def _dear_reservations(evaluation: Evaluation) -> list[Note]:
    """Commitments that cost more an hour than the same provider's on-demand hour of the same instance."""
    key = ["provider", "gpu_model", "gpu_count", "country"]
    offers = evaluation.basis.market.offers.unique("offer")
    hourly = (
        offers.filter(pl.col("term") == "on_demand").group_by(key).agg(hour=pl.col("price_per_hour").max())
    )
    dear = (
        offers.filter(pl.col("term_months") > 0)
        .join(hourly, on=key, nulls_equal=True)
        .filter(pl.col("price_per_hour") > pl.col("hour"))
        .sort("label")["label"]
        .unique(maintain_order=True)
    )
    if dear.is_empty():
        return []
    return [Note("dear_reservation", None, {"offers": tuple(decode(label) for label in dear)})]


def _rack_rates(plan: Plan, facts: Facts) -> list[Note]:
    """Declared throughput that is a rack's benchmark divided down to a server."""
    racks = facts.benchmarks.filter(pl.col("gpu_count") >= RACK_GPUS)
    items: list[InlineServer | InlineOffer] = [
        *(server for server in plan.build.servers if isinstance(server, InlineServer)),
        *plan.rent.offers,
    ]
    found: dict[Note, None] = {}
    for item in sorted(items, key=lambda item: item.id):
        for model, rate in (item.output_tokens_per_second or {}).items():
            share = pl.col("output_tokens_per_second") / pl.col("gpu_count") * item.gpu_count
            same = racks.filter(pl.col("model") == model, (share / rate - 1).abs() < SAME_RATE)
            if not same.is_empty():
                gpus = int(same["gpu_count"][0])
                said: dict[str, Argument] = {
                    "item": item.id,
                    "rate": rate,
                    "model": model,
                    "gpus": gpus,
                    "count": item.gpu_count,
                }
                found[Note("rack_rate", None, said)] = None
    return list(found)


def _short_history(plan: Plan, facts: Facts) -> list[Note]:
    """A price history of a year or less where the newest year costs a multiple of it."""
    if plan.energy.history_to is None:
        return []
    first = dt.date.fromisoformat(f"{plan.energy.history_from}-01")
    last = dt.date.fromisoformat(f"{plan.energy.history_to}-01")
    months = (last.year - first.year) * MONTHS_PER_YEAR + last.month - first.month + 1
    if months > MONTHS_PER_YEAR:
        return []
    found = []
    for zone in sorted({site.zone for site in plan.sites if site.zone and site.energy.price_per_kwh is None}):
        prices = facts.day_ahead_monthly.filter(pl.col("zone") == zone).sort("month")
        taken = prices.filter(pl.col("month").is_between(first, last))["mean_eur_per_mwh"].to_list()
        newest = prices.tail(MONTHS_PER_YEAR)["mean_eur_per_mwh"].to_list()
        if taken and sum(newest) / len(newest) > SEVERAL_TIMES * sum(taken) / len(taken):
            said: dict[str, Argument] = {
                "zone": zone,
                "price": sum(taken) / len(taken),
                "months": months,
                "until": last,
                "newest": sum(newest) / len(newest),
            }
            found.append(Note("short_history_cheap", None, said))
    return found


def _loose_programme(plan: Plan, optimal: pl.DataFrame) -> list[Note]:
    """Optimal plans whose ledger differs from the programme by more than one per cent."""
    loose = optimal.filter(
        pl.col("source") == "programme", pl.col("difference_share").abs() > LARGEST_DIFFERENCE
    )
    names = {site.id: site.name for site in plan.sites}
    return [
        Note("loose_programme_portfolio", None, {"share": share})
        if site is None
        else Note("loose_programme", site, {"site": names[site], "share": share})
        for site, share in loose.select("site", "difference_share").iter_rows()
    ]
