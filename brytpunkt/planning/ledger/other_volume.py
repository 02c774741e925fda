"""Another volume: a prepared plan whose demand is a multiple of what is declared, everything that follows from it anew.

Belongs here: what of a prepared plan depends on its volume. Does not belong here: comparing volumes (verdicts/tipping_volume.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.demand.gpu_sizing import busy_gpus, workload_rules
from brytpunkt.planning.own.capacity import site_load
from brytpunkt.planning.rent.sovereignty import within_sovereign_share
from brytpunkt.planning.rent.strategies import choose_rent

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.prepare import Basis

VOLUMES = ("output_tokens", "uncached_input_tokens", "cached_input_tokens", "declared_gpu_hours")


def at_volume(basis: Basis, scale: float, options: pl.DataFrame) -> Basis:
    """A prepared plan at ``scale`` times its declared volume: tokens, GPU-hours, load, and the cheapest ways to rent them.

    ``options``: what may be bought, some or all of the plan's.

    What is stored and who runs the platform stay; so do servers, sites and prices.
    """
    plan, rules = basis.plan, workload_rules(basis.plan)
    volume = basis.volume.with_columns(pl.col(VOLUMES) * scale)
    work = basis.gpu_hours.with_columns(pl.col("gpu_hours") * scale)
    offered = basis.market.offers.select("workload", "profile").unique()
    market = replace(
        basis.market,
        volume=volume,
        busy=busy_gpus(
            work.join(offered, on=["workload", "profile"], how="semi"),
            basis.shares.filter(pl.col("calendar") == basis.home),
            rules,
        ),
    )
    served = within_sovereign_share(plan, market, choose_rent(plan, market), work, None)
    serving = options.select("profile").unique()
    profiles = pl.concat([serving, served.choice.on_demand.select("profile")]).unique()
    busy = busy_gpus(work.join(profiles, on="profile", how="semi"), basis.shares, rules)
    return replace(
        basis,
        volume=volume,
        gpu_hours=work,
        market=served.market,
        choice=served.choice,
        busy=busy,
        load=site_load(busy.join(serving, on="profile", how="semi")),
        options=options,
    )
