"""Operation: what a number of servers in service draws, and what is rented above their capacity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.components import ENERGY_CAPACITY, ENERGY_VAT, KWH_PRICES, MONTHLY_ENERGY
from brytpunkt.planning.demand.gpu_sizing import carrying_gpus, loaded_instances
from brytpunkt.planning.energy.tariff import COMPONENT, measured, month_fees
from brytpunkt.planning.inputs.calendar import CELL
from brytpunkt.planning.inputs.money import price_path, total, whole
from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.rent.rent import FLEET

if TYPE_CHECKING:
    from brytpunkt.planning.energy.tariff import Bills
    from brytpunkt.planning.rent.rent import Market

LEVEL = ["option", "month", "servers", "scale"]


def drawn(
    levels: pl.DataFrame, options: pl.DataFrame, load: pl.DataFrame, cells: pl.DataFrame
) -> pl.DataFrame:
    """Power of each level of installed servers in every cell: the level, cell, cells' columns, it_kw, kwh.

    They carry the part of the need that the servers which are not spare have room for; ``overflow`` rents the rest.
    """
    return (
        levels.join(
            options.select(
                *("option", "site", "calendar", "profile", "server_gpus", "spare_servers"),
                *("load_kw", "idle_kw", "is_power_included", "capacity_fee", "vat_share"),
            ),
            on="option",
        )
        .join(cells, on=["site", "month"])
        .join(
            load.select("scale", "calendar", "profile", "month", *CELL, "busy", "needed"),
            on=["scale", "calendar", "profile", "month", *CELL],
            how="left",
        )
        .with_columns(
            carried=pl.when(pl.col("needed") > 0).then(
                pl.col("busy") * (carrying_gpus() / pl.col("needed")).clip(upper_bound=1.0)
            )
        )
        .with_columns(
            busy_share=pl.col("carried").fill_null(0.0) / (pl.col("servers") * pl.col("server_gpus"))
        )
        .with_columns(
            it_kw=pl.col("servers")
            * (pl.col("idle_kw") + (pl.col("load_kw") - pl.col("idle_kw")) * pl.col("busy_share"))
        )
        .with_columns(kwh=pl.col("it_kw") * pl.col("n_hours") * pl.col("pue"))
    )


def operate(
    levels: pl.DataFrame,
    options: pl.DataFrame,
    load: pl.DataFrame,
    cells: pl.DataFrame,
    months: pl.DataFrame,
    bills: Bills,
) -> pl.DataFrame:
    """Power and energy cost of each level of installed servers.

    | in: levels | option, month, servers, scale (servers above zero) |
    |---|---|
    | in: load | scale, calendar, profile, month, cell, busy [GPUs], needed [GPUs] |
    | out | the level; it_kwh, total_kwh, water_litres, peak_kw; energy_* in the plan's currency for the month |

    Fees on the peak of a year are not here: they depend on the servers of the whole year.
    """
    grid = drawn(levels, options, load, cells)
    paid = pl.when("is_power_included").then(0.0).otherwise(1.0)
    fee = pl.col("capacity_fee") / MONTHS_PER_YEAR * pl.col("escalator")
    fees = month_fees(measured(grid, bills, LEVEL), bills, LEVEL)
    added = {name: pl.col(f"{name}_fee").fill_null(0.0) for name in COMPONENT.values()}
    return (
        grid.group_by(*LEVEL, "is_power_included", "capacity_fee", "vat_share")
        .agg(
            it_kwh=total(pl.col("it_kw") * pl.col("n_hours")),
            total_kwh=total(pl.col("kwh")),
            water_litres=pl.when(pl.col("wue").null_count() == 0).then(
                total(pl.col("it_kw") * pl.col("n_hours") * pl.col("wue"))
            ),
            peak_kw=(pl.col("it_kw") * pl.col("pue_p99")).max(),
            peak_it_kw=pl.col("it_kw").max(),
            **{name: total(pl.col("kwh") * pl.col(name)) for name in KWH_PRICES},
        )
        .join(months.select("month", "escalator"), on="month")
        .join(fees, on=LEVEL, how="left", suffix="_fee")
        .rename({ENERGY_CAPACITY: f"{ENERGY_CAPACITY}_fee"})
        .with_columns((fee * pl.col("peak_kw")).alias(ENERGY_CAPACITY))
        .with_columns(
            **{name: pl.col(name) + fee for name, fee in added.items()},
            **{
                ENERGY_VAT: pl.col(ENERGY_VAT)
                + pl.col("vat_share") * (pl.col(ENERGY_CAPACITY) + pl.sum_horizontal(*added.values()))
            },
        )
        .with_columns(pl.col(*MONTHLY_ENERGY) * paid)
        .drop(
            "is_power_included", "capacity_fee", "vat_share", "escalator", *(f"{name}_fee" for name in added)
        )
    )


def overflow(
    levels: pl.DataFrame,
    options: pl.DataFrame,
    load: pl.DataFrame,
    market: Market,
    busy: pl.DataFrame,
    offers: pl.DataFrame,
) -> pl.DataFrame:
    """On-demand rent of the share of each hour's need that the servers have no room for, spare ones left out.

    ``levels`` may hold zero servers; ``busy`` is the load on every calendar, ``offers`` the on-demand offer
    of each workload. Servers in service are spare for what is rented beside them: redundancy is kept once.

    -> option, month, servers, offer, amount [plan currency]
    """
    short = _short(levels, options, load)
    fleet = offers.select(*FLEET, "offer", "unit_price")
    rented = (
        busy.join(fleet, on=["workload", "profile"])
        .with_columns(loaded=loaded_instances())
        .select(
            *("calendar", "offer", "month", *CELL, "n_hours", "loaded", "redundancy_units"),
            *("unit_price", "is_monthly"),
        )
    )
    spare = (pl.col("redundancy_units") - pl.col("servers")).clip(lower_bound=0)
    of_month = ["option", "month", "servers", "offer"]
    cost = (
        pl.when("is_monthly").then(pl.col("instances").max().over(of_month)).otherwise("instances")
        * pl.col("n_hours")
        * pl.col("unit_price")
        * price_path(market.gpu_path, pl.col("month"))
    )
    return (
        rented.join(short, on=["calendar", "month", *CELL])
        .with_columns(instances=whole(pl.col("share") * pl.col("loaded")) + spare * (pl.col("share") > 0))
        .filter(pl.col("instances").max().over(of_month) > 0)
        .with_columns(amount=cost)
        .group_by(of_month)
        .agg(amount=total(pl.col("amount")))
        .sort(of_month)
    )


def api_overflow(
    levels: pl.DataFrame,
    options: pl.DataFrame,
    load: pl.DataFrame,
    shares: pl.DataFrame,
    tokens: pl.DataFrame,
) -> pl.DataFrame:
    """What servers have no room for of workloads that nothing is rented for by the hour, at their token APIs.

    ``shares``: of a month's volume in an hour of each cell; ``tokens``: cost of a month's whole volume (``api_flows``).

    -> option, month, servers, offer, amount [plan currency]
    """
    of_month = ["option", "month", "servers", "offer"]
    cells = shares.select(
        "calendar", "workload", "month", *CELL, part=pl.col("n_hours") * pl.col("share_per_hour")
    )
    return (
        tokens.select("workload", "offer", "month", whole="amount")
        .join(cells, on=["workload", "month"])
        .join(_short(levels, options, load), on=["calendar", "month", *CELL])
        .group_by(of_month)
        .agg(amount=total(pl.col("share") * pl.col("part") * pl.col("whole")))
        .sort(of_month)
    )


def _short(levels: pl.DataFrame, options: pl.DataFrame, load: pl.DataFrame) -> pl.DataFrame:
    """Share of each hour's need that servers have no room for -> option, calendar, month, servers, cell, share."""
    return (
        levels.join(
            options.select("option", "calendar", "profile", "server_gpus", "spare_servers"), on="option"
        )
        .join(
            load.select("calendar", "profile", "month", *CELL, "needed"), on=["calendar", "profile", "month"]
        )
        .with_columns(
            share=pl.when(pl.col("needed") > 0).then(1 - carrying_gpus() / pl.col("needed")).otherwise(0.0)
        )
        .with_columns(pl.col("share").clip(lower_bound=0.0))
        .filter(pl.col("share").max().over("option", "month", "servers") > 0)
        .select("option", "calendar", "month", "servers", *CELL, "share")
    )
