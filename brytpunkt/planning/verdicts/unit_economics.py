"""Unit economics: one server beside one rented instance, the sums that a calculator can follow.

Break-even calculations are published in this form, so published cases are checked here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.energy.site_prices import PRICE_COLUMNS
from brytpunkt.planning.inputs.calendar import MONTHS_PER_YEAR
from brytpunkt.planning.inputs.money import monthly_rate, share_annuity
from brytpunkt.planning.own.capacity import server_life_months

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.ledger.prepare import Basis

HOURS_PER_YEAR = 8760
SECONDS_PER_HOUR = 3600
TOKENS_PER_PRICE = 1e6


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
    build = basis.plan.build
    rate = monthly_rate(basis.plan.finance)
    shares = (
        1 + build.freight_and_duty_share + build.installation_share + build.spares_share + build.network_share
    )
    life = pl.lit(server_life_months(basis.plan))
    fee = pl.col("capacity_fee") * pl.col("load_kw") * pl.col("highest_pue") / HOURS_PER_YEAR
    racks = pl.col("rack_month") * (pl.col("nameplate_kw") / pl.col("rack_kw")).ceil()
    space = pl.col("kw_month").fill_null(0.0) * pl.col("nameplate_kw") + racks.fill_null(0.0)
    hall = pl.col("facility_per_kw") * pl.col("nameplate_kw")
    hall_month = (
        hall * share_annuity(rate, pl.col("facility_months"))
        + hall * pl.col("facility_maintenance_share") / 12
    )
    to_hours = MONTHS_PER_YEAR / HOURS_PER_YEAR
    paid = pl.when("is_power_included").then(0.0).otherwise(1.0)
    rented = _cheapest_on_demand(basis)
    return (
        basis.options.join(evaluation.best.select("option"), on="option", how="semi")
        .join(_mean_energy(basis), on="site")
        .join(rented, on="gpu_model", how="left")
        .with_columns(
            acquisition=pl.col("price") * shares,
            support_per_hour=pl.col("price")
            * (build.support_share_per_year + build.insurance_share_per_year)
            / HOURS_PER_YEAR,
            space_per_hour=(space + hall_month.fill_null(0.0)) * to_hours,
            energy_per_hour=(pl.col("load_kw") * pl.col("price_per_kwh_it") + fee) * paid,
        )
        .with_columns(
            capital_per_hour=pl.col("acquisition") * share_annuity(rate, life) * to_hours,
            operating_per_hour=pl.col("support_per_hour")
            + pl.col("space_per_hour")
            + pl.col("energy_per_hour"),
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


def _mean_energy(basis: Basis) -> pl.DataFrame:
    """Mean price of a kWh of IT energy in the first year, PUE included -> site, price_per_kwh_it."""
    price = pl.sum_horizontal(*PRICE_COLUMNS) * pl.col("pue")
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
