"""Tipping utilisation: how busy the capacity that own has bought must be to beat renting, built capacity fixed.

Belongs here: volumes that those servers carry. Does not belong here: other servers for other volumes (tipping_volume.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.components import MONTHLY_ENERGY, of_group
from brytpunkt.planning.demand.gpu_sizing import carrying_gpus
from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.own.capacity import site_load
from brytpunkt.planning.own.energy_cost import operate
from brytpunkt.planning.rent.rent import present_value
from brytpunkt.planning.rent.strategies import bridges, mode_flows

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation

SCALES = (
    *(round(0.02 * j, 2) for j in range(1, 11)),
    *(round(0.2 + 0.05 * j, 2) for j in range(1, 17)),
    *(round(1 + 0.1 * j, 1) for j in range(1, 21)),
)


def tipping_curve(evaluation: Evaluation) -> pl.DataFrame:
    """Cost of own with its purchases kept, and of rent planned anew, at other volumes.

    | column | unit |
    |---|---|
    | site, volume_scale | key; 1 is the declared demand; up to what the servers can carry |
    | utilisation | GPU-h required / GPU-h in service |
    | own, rent | present value, plan currency |
    """
    basis = evaluation.basis
    chosen = evaluation.chosen.join(evaluation.schedule.first, on="option").sort("site")
    bridge = bridges(basis.market, basis.choice, chosen["delivery_month"].unique().to_list(), SCALES)
    own = [
        own_at_scales(evaluation, site, option, bridge.filter(pl.col("delivery") == delivery), delivery)
        for site, option, delivery in chosen.select("site", "option", "delivery_month").iter_rows()
    ]
    schema = {"site": pl.String, "volume_scale": pl.Float64, "utilisation": pl.Float64, "own": pl.Float64}
    rent = rent_at_scales(evaluation)
    return (
        pl.concat([pl.DataFrame(schema=schema), *own])
        .join(rent, on="volume_scale")
        .sort("site", "volume_scale")
    )


def rent_at_scales(evaluation: Evaluation) -> pl.DataFrame:
    """The cheapest of the settled offers at every volume, with what does not depend on it: staff, storage.

    -> volume_scale, rent [present value, plan currency]
    """
    basis = evaluation.basis
    flows = mode_flows(basis.market, basis.choice, SCALES)
    modes = present_value(basis.months, flows, ["scale", "workload", "mode"])
    fixed = _pv(
        evaluation.rent.filter(
            pl.col("strategy") == "rent", ~pl.col("component").is_in(of_group("rent", "tax"))
        )
    )
    return (
        modes.group_by("scale", "workload")
        .agg(pl.col("present_value").min())
        .group_by(volume_scale="scale")
        .agg(rent=pl.col("present_value").sort().sum() + fixed)
    )


def _pv(rows: pl.DataFrame) -> float:
    return float(rows["pv_cents"].sum()) / CENTS


def own_at_scales(
    evaluation: Evaluation, site: str, option: str, bridge: pl.DataFrame, delivery: int
) -> pl.DataFrame:
    """Own at every volume that its servers carry -> site, volume_scale, utilisation, own.

    ``bridge``: rent before the delivery, at every volume.
    """
    basis = evaluation.basis
    chosen = basis.options.filter(pl.col("option") == option)
    in_service = evaluation.schedule.installed.filter(pl.col("option") == option).drop("order_month")
    load = _load_at(evaluation, chosen)
    scales = _carried(load, in_service, chosen, delivery)
    levels = in_service.join(scales, how="cross")
    drawn = operate(levels, chosen, load, basis.cells, basis.months, basis.bills)
    energy = drawn.unpivot(
        on=list(MONTHLY_ENERGY), index=["scale", "month"], variable_name="component", value_name="amount"
    )
    energy = energy.with_columns(timing=pl.lit("end"))
    rows = evaluation.own.filter(pl.col("option") == option)
    bridged = pl.col("component").is_in(of_group("rent"))
    fixed = _pv(rows.filter(~bridged & ~pl.col("component").is_in((*MONTHLY_ENERGY, *of_group("tax")))))
    columns = ["scale", "month", "component", "timing", "amount"]
    varying = present_value(
        basis.months, pl.concat([energy.select(columns), bridge.select(columns)]), ["scale"]
    )
    return (
        scales.join(varying, on="scale", how="left")
        .join(_utilisation(evaluation, chosen, in_service), how="cross")
        .select(
            site=pl.lit(site),
            volume_scale="scale",
            utilisation=pl.col("utilisation") * pl.col("scale"),
            own=fixed + pl.col("present_value").fill_null(0.0),
        )
    )


def _load_at(evaluation: Evaluation, chosen: pl.DataFrame) -> pl.DataFrame:
    busy = evaluation.basis.busy.join(chosen, on=["calendar", "profile"], how="semi")
    return pl.concat(
        site_load(busy.with_columns(busy=pl.col("busy") * scale)).with_columns(scale=pl.lit(scale))
        for scale in SCALES
    )


def _carried(
    load: pl.DataFrame, in_service: pl.DataFrame, chosen: pl.DataFrame, delivery: int
) -> pl.DataFrame:
    """The scales at which no need exceeds what the servers carry after the first delivery, spare ones left out -> scale."""
    highest = (
        load.filter(pl.col("month") >= delivery).group_by("scale", "month").agg(needed=pl.col("needed").max())
    )
    beyond = (
        highest.join(in_service, on="month", how="left")
        .with_columns(pl.col("servers").fill_null(0))
        .join(chosen.select("server_gpus", "spare_servers"), how="cross")
        .filter(pl.col("needed") > carrying_gpus() + 1e-9)
        .select("scale")
        .unique()
    )
    scales = pl.DataFrame({"scale": SCALES})
    limit = beyond["scale"].min()
    return scales if limit is None else scales.filter(pl.col("scale") < limit)


def _utilisation(evaluation: Evaluation, chosen: pl.DataFrame, in_service: pl.DataFrame) -> pl.DataFrame:
    """GPU-hours required over GPU-hours in service, over the months with servers -> utilisation."""
    basis = evaluation.basis
    work = (
        basis.gpu_hours.filter(pl.col("profile") == chosen["profile"][0])
        .group_by("month")
        .agg(pl.col("gpu_hours").sum())
    )
    return (
        in_service.join(basis.months.select("month", "hours"), on="month")
        .join(work, on="month", how="left")
        .select(
            utilisation=pl.col("gpu_hours").fill_null(0.0).sum()
            / (pl.col("servers") * int(chosen["server_gpus"][0]) * pl.col("hours")).sum()
        )
    )


def tipping_point(curve: pl.DataFrame) -> pl.DataFrame:
    """The utilisation from which own, with the servers that it has bought, is the cheaper -> site, tipping_utilisation.

    Between two volumes the difference is taken as linear. No change of sign: no crossing.
    """
    gap = pl.col("own") - pl.col("rent")
    before, after = pl.col("gap").shift(1).over("site"), pl.col("gap")
    position = before / (before - after)

    def at(column: str) -> pl.Expr:
        previous = pl.col(column).shift(1).over("site")
        return previous + (pl.col(column) - previous) * position

    return (
        curve.sort("site", "volume_scale")
        .with_columns(gap=gap)
        .with_columns(crosses=(before >= 0) & (after < 0), tipping_utilisation=at("utilisation"))
        .filter("crosses")
        .group_by("site", maintain_order=True)
        .agg(pl.col("tipping_utilisation").last())
    )
