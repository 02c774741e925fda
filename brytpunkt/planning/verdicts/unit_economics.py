"""Unit economics: one server beside one rented instance, the sums that a calculator can follow.

Break-even calculations are published in this form, so published cases are checked here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.components import KWH_PRICES
from brytpunkt.planning.inputs.money import annuity, monthly_rate
from brytpunkt.planning.inputs.units import HOURS_PER_YEAR, MONTHS_PER_YEAR
from brytpunkt.planning.own.unit_costs import (
    colocation_rent,
    hall_of_a_server,
    hall_upkeep_share,
    life_months,
    numbers,
    paid_share,
    upkeep_shares,
)

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.ledger.prepare import Basis


def unit_economics(evaluation: Evaluation) -> pl.DataFrame:
    """One server of each site's best options, in use around the clock, at the prices of the first year.

    | column | unit |
    |---|---|
    | site, mode, server, server_name, server_gpus | key |
    | acquisition | plan currency: server, freight, installation, spares, network |
    | capital_per_hour | plan currency per hour: monthly annuity over the own life, times 12 over 8,760 |
    | support_per_hour, space_per_hour, energy_per_hour | plan currency per hour |
    | operating_per_hour, per_gpu_hour | plan currency per hour |
    | offer, rent_per_gpu_hour | the cheapest on-demand hour of the same GPU type; null if nobody rents it |
    | break_even_hours | acquisition / (rent of as many GPUs - operating), null if renting is cheaper to run |
    """
    basis = evaluation.basis
    offered = basis.options.join(evaluation.best.select("option"), on="option", how="semi")
    return (
        offered.with_columns(_by_server(basis.plan, offered))
        .join(_mean_energy(basis), on="site")
        .join(_cheapest_on_demand(basis), on="gpu_model", how="left")
        .with_columns(
            energy_per_hour=(pl.col("load_kw") * pl.col("price_per_kwh_it") + pl.col("fee_per_hour"))
            * pl.when("is_power_included").then(0.0).otherwise(1.0)
        )
        .with_columns(
            operating_per_hour=pl.sum_horizontal("support_per_hour", "space_per_hour", "energy_per_hour")
        )
        .with_columns(
            per_gpu_hour=(pl.col("capital_per_hour") + pl.col("operating_per_hour")) / pl.col("server_gpus"),
            margin=pl.col("rent_per_gpu_hour") * pl.col("server_gpus") - pl.col("operating_per_hour"),
        )
        .select(
            *("site", "mode", "server", "server_name", "server_gpus", "acquisition", "capital_per_hour"),
            *("support_per_hour", "space_per_hour", "energy_per_hour", "operating_per_hour", "per_gpu_hour"),
            *("offer", "rent_per_gpu_hour"),
            break_even_hours=pl.when(pl.col("margin") > 0).then(pl.col("acquisition") / pl.col("margin")),
        )
        .sort("site", "mode")
    )


def _by_server(plan: Plan, options: pl.DataFrame) -> list[pl.Series]:
    """What one server of each option costs but for the energy that it draws."""
    number, one = numbers(options), np.ones(options.height)
    rate, price = monthly_rate(plan.finance), np.asarray(number("price"))
    hall = hall_of_a_server(number)
    life = np.maximum(np.asarray(number("facility_months")), 1)
    room = hall * (annuity(rate, life) + hall_upkeep_share(number))
    upkeep = sum(float(share) for share in upkeep_shares(plan, np.zeros(())).values())
    acquisition = price * paid_share(plan.build)
    peak = np.asarray(number("load_kw") * number("highest_pue"))
    to_hours = MONTHS_PER_YEAR / HOURS_PER_YEAR
    return [
        pl.Series("acquisition", acquisition),
        pl.Series("capital_per_hour", acquisition * annuity(rate, life_months(plan, "server")) * to_hours),
        pl.Series("support_per_hour", price * upkeep * to_hours),
        pl.Series("space_per_hour", (colocation_rent(number, one) + room) * to_hours),
        pl.Series("fee_per_hour", number("capacity_fee") * peak / HOURS_PER_YEAR),
    ]


def _mean_energy(basis: Basis) -> pl.DataFrame:
    """Mean price of a kWh of IT energy in the first year, PUE included -> site, price_per_kwh_it."""
    price = pl.sum_horizontal(*KWH_PRICES) * pl.col("pue")
    first_year = basis.cells.filter(pl.col("month") < MONTHS_PER_YEAR)
    return first_year.group_by("site", maintain_order=True).agg(
        price_per_kwh_it=(price * pl.col("n_hours")).sum() / pl.col("n_hours").sum()
    )


def _cheapest_on_demand(basis: Basis) -> pl.DataFrame:
    """Per GPU type the cheapest GPU-hour on demand -> gpu_model, offer, rent_per_gpu_hour.

    Only the same GPU is compared: an hour of another one does another amount of work.
    """
    return (
        basis.market.offers.filter(pl.col("term") == "on_demand")
        .select("gpu_model", "offer", rent_per_gpu_hour=pl.col("price_per_hour") / pl.col("gpu_count"))
        .sort("rent_per_gpu_hour", "offer")
        .unique("gpu_model", keep="first", maintain_order=True)
    )
