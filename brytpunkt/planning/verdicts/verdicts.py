"""Verdicts: build or rent at each site, when to order, when it has paid back, and what it costs to wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.components import MONTHLY_ENERGY, YEARLY_FEES, Part, of_part
from brytpunkt.planning.energy.site_prices import carbon_intensity
from brytpunkt.planning.inputs.calendar import add_months
from brytpunkt.planning.inputs.units import (
    CENTS,
    GRAMS_PER_KG,
    HOURS_PER_DAY,
    KWH_PER_MWH,
    LITRES_PER_M3,
    MILLION_TOKENS,
)
from brytpunkt.planning.note import Note, encode, several
from brytpunkt.planning.verdicts.payback import WHOLE_PLAN, ahead
from brytpunkt.planning.verdicts.tipping import tipping_point

if TYPE_CHECKING:
    import datetime as dt

    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.ledger.prepare import Basis

WAITS = (6, 12)
CHECKS = ("verdict_without_continuing_value", "verdict_long_horizon")


def rent_value(evaluation: Evaluation) -> float:
    """Present value of the strategy ``rent`` [plan currency]."""
    return float(evaluation.rent.filter(pl.col("strategy") == "rent")["pv_cents"].sum()) / CENTS


def switch(evaluation: Evaluation, *, with_continuing_value: bool = True) -> pl.DataFrame:
    """The best order month of each site, or none if no order month beats renting throughout.

    -> site, best_value [plan currency], switch_month (or null)
    """
    column = "pv_cents" if with_continuing_value else "pv_cents_without_continuing_value"
    best = (
        evaluation.scan.sort("site", column, "order_month")
        .group_by("site", maintain_order=True)
        .agg(best_value=pl.col(column).first() / CENTS, order_month=pl.col("order_month").first())
    )
    wins = pl.col("best_value") < rent_value(evaluation)
    return best.select("site", "best_value", switch_month=pl.when(wins).then("order_month"))


def verdict_of(evaluation: Evaluation, *, with_continuing_value: bool = True) -> pl.DataFrame:
    """Build or rent, whatever the constraints -> site, verdict; a site where nothing can be owned is rent."""
    decided = switch(evaluation, with_continuing_value=with_continuing_value)
    sites = pl.DataFrame({"site": [s.id for s in evaluation.basis.plan.sites]})
    return sites.join(decided, on="site", how="left").select(
        "site",
        verdict=pl.when(pl.col("switch_month").is_not_null()).then(pl.lit("build")).otherwise(pl.lit("rent")),
    )


def units_served(basis: Basis) -> tuple[pl.DataFrame, float]:
    """Discounted GPU-hours of work on each GPU type, and discounted output tokens in millions."""
    factor = basis.months.select("month", "end_factor")
    hours = (
        basis.gpu_hours.join(factor, on="month")
        .sort("profile", "workload", "month")
        .group_by("profile", maintain_order=True)
        .agg(pv_gpu_hours=(pl.col("gpu_hours") * pl.col("end_factor")).sum())
    )
    tokens = basis.volume.join(factor, on="month").sort("workload", "month")
    return hours, float((tokens["output_tokens"] * tokens["end_factor"]).sum()) / MILLION_TOKENS


def energy_by_month(evaluation: Evaluation, facts: Facts) -> pl.DataFrame:
    """Energy of each site's own servers.

    | column | unit |
    |---|---|
    | site, month, date | key |
    | it_mwh, total_mwh | MWh |
    | pue | 1 |
    | spot, tax, grid, margin, flat | plan currency per MWh drawn; VAT that stays is in tax, guarantees and bought cold are in margin |
    | heat | plan currency per MWh drawn: heat sold less its heat pump, negative when it earns |
    | water_m3 | m3 on site, null where it is not known |
    | peak_kw, peak_it_kw | kW |
    | carbon_kg | kgCO2e, null where the zone's intensity is unknown |
    """
    basis = evaluation.basis
    own = evaluation.chosen.select("option", "site")
    intensity = pl.DataFrame(
        [(site.id, carbon_intensity(site, facts)) for site in basis.plan.sites],
        schema={"site": pl.String, "g_per_kwh": pl.Float64},
        orient="row",
    )
    per_mwh = KWH_PER_MWH / pl.col("total_kwh")

    def part(*parts: Part) -> pl.Expr:
        return pl.sum_horizontal(name for name in of_part(*parts) if name in MONTHLY_ENERGY)

    fees = (
        evaluation.own.filter(pl.col("component").is_in(YEARLY_FEES))
        .group_by("option", "month")
        .agg(fees=pl.col("cents").sum() / CENTS)
    )
    return (
        evaluation.schedule.installed.join(own, on="option")
        .join(evaluation.energy, on=["option", "month", "servers"])
        .join(basis.months.select("month", "date"), on="month")
        .join(intensity, on="site", how="left")
        .join(fees, on=["option", "month"], how="left")
        .select(
            "site",
            "month",
            "date",
            "peak_kw",
            "peak_it_kw",
            it_mwh=pl.col("it_kwh") / KWH_PER_MWH,
            total_mwh=pl.col("total_kwh") / KWH_PER_MWH,
            pue=pl.col("total_kwh") / pl.col("it_kwh"),
            spot=part("spot") * per_mwh,
            tax=part("tax") * per_mwh,
            grid=(part("grid") + pl.col("fees").fill_null(0.0)) * per_mwh,
            margin=part("margin", "cold") * per_mwh,
            flat=part("flat") * per_mwh,
            heat=part("heat") * per_mwh,
            water_m3=pl.col("water_litres") / LITRES_PER_M3,
            carbon_kg=pl.col("total_kwh") * pl.col("g_per_kwh") / GRAMS_PER_KG,
        )
        .sort("site", "month")
    )


def verdicts(
    evaluation: Evaluation,
    longer: pl.DataFrame,
    curves: pl.DataFrame,
    tipping: pl.DataFrame,
    volumes: pl.DataFrame,
    energy: pl.DataFrame,
    ruled: pl.DataFrame,
    paid: pl.DataFrame,
) -> pl.DataFrame:
    """One row a site, the one with the cheapest best plan to build first; ``longer`` is the verdict over 1.5 x the horizon.

    ``paid`` (``payback.paybacks``): when ``own``, ordered at the start, has paid for itself in cash.
    ``tipping`` is the curve over utilisation, ``volumes`` the tipping volume of each site (``tipping_volume.Tipping.points``).

    ``ruled`` (``feasibility.RULING_SCHEMA``) decides where a constraint rules something out; what was asked twice more is null there.
    """
    basis = evaluation.basis
    finance = basis.plan.finance
    rent = rent_value(evaluation)
    hours, million_tokens = units_served(basis)
    named = basis.options.select("option", "mode", "server", "server_name", "profile", "server_gpus")
    months_total = basis.months["hours"].sum() / HOURS_PER_DAY
    tokens_per_day = float(basis.volume["output_tokens"].sum()) / float(months_total)
    per_mtok = pl.lit(million_tokens if million_tokens > 0 else None, dtype=pl.Float64)
    frame = (
        pl.DataFrame(
            [(s.id, s.name, s.is_comparator) for s in basis.plan.sites],
            schema={"site": pl.String, "site_name": pl.String, "is_comparator": pl.Boolean},
            orient="row",
        )
        .join(evaluation.chosen.select("site", "option", own_cents="pv_cents"), on="site", how="left")
        .join(named, on="option", how="left")
        .join(hours, on="profile", how="left")
        .join(switch(evaluation), on="site", how="left")
        .join(verdict_of(evaluation), on="site")
        .join(
            _renamed(verdict_of(evaluation, with_continuing_value=False), "verdict_without_continuing_value"),
            on="site",
        )
        .join(_renamed(longer, "verdict_long_horizon"), on="site")
        .join(_paid(paid), on="site", how="left")
        .join(ahead(curves), on="site", how="left")
        .join(_waiting(evaluation), on="site", how="left")
        .join(tipping_point(tipping), on="site", how="left")
        .join(volumes, on="site", how="left")
        .join(_gpu_hours_per_day(basis), on="profile", how="left")
        .join(_utilisation(curves), on="site", how="left")
        .join(_energy_means(energy), on="site", how="left")
        .join(_largest(evaluation), on="site", how="left")
        .with_columns(npv_rent=pl.lit(rent), npv_own=pl.col("own_cents") / CENTS)
        .join(ruled, on="site", how="left")
        .with_columns(
            saving=pl.when(~pl.col("is_ruled")).then(pl.col("npv_rent") - pl.col("npv_own")),
            verdict=pl.when("is_ruled").then("ruled_verdict").otherwise("verdict"),
            switch_month=pl.when("is_ruled").then("ruled_month").otherwise("switch_month"),
            best_value=pl.when("is_ruled").then("ruled_value").otherwise("best_value"),
            **{name: pl.when(~pl.col("is_ruled")).then(name) for name in CHECKS},
        )
        .sort("best_value", "npv_own", "site", nulls_last=True)
        .with_row_index("rank", offset=1)
    )
    return frame.select(
        pl.col("rank").cast(pl.Int64),
        *("site", "site_name", "is_comparator", "verdict"),
        own_mode="mode",
        own_server="server",
        own_server_name="server_name",
        rent_label=pl.lit(encode(rent_label(evaluation))),
        npv_rent="npv_rent",
        npv_own="npv_own",
        saving="saving",
        saving_share=pl.col("saving") / pl.col("npv_rent"),
        switch_month="switch_month",
        switch_date=_date(finance.start, "switch_month"),
        switch_npv="best_value",
        payback_months="months",
        payback_months_discounted="months_discounted",
        payback_month="payback_month",
        payback_date=_date(finance.start, "payback_month"),
        ahead_month="ahead_month",
        ahead_date=_date(finance.start, "ahead_month"),
        wait_6_cost="wait_6_cost",
        wait_12_cost="wait_12_cost",
        lcoh_own=pl.col("npv_own") / pl.col("pv_gpu_hours"),
        lcoh_rent=pl.col("npv_rent") / pl.col("pv_gpu_hours"),
        lcot_own=pl.col("npv_own") / per_mtok,
        lcot_rent=pl.col("npv_rent") / per_mtok,
        base_utilisation="base_utilisation",
        tipping_utilisation="tipping_utilisation",
        tipping_state="tipping_state",
        tipping_scale="tipping_scale",
        tipping_tokens_per_day=pl.when(per_mtok.is_not_null()).then(pl.col("tipping_scale") * tokens_per_day),
        tipping_gpu_hours_per_day=pl.col("tipping_scale") * pl.col("gpu_hours_per_day"),
        tipping_from_scale="tipping_from_scale",
        tipping_to_scale="tipping_to_scale",
        pue_mean="pue_mean",
        energy_price_per_mwh="energy_price_per_mwh",
        energy_mwh="energy_mwh",
        carbon_tonnes="carbon_tonnes",
        verdict_without_continuing_value="verdict_without_continuing_value",
        verdict_long_horizon="verdict_long_horizon",
        peak_servers="peak_servers",
        peak_it_kw="peak_it_kw",
        is_ruled="is_ruled",
        own_reason="own_reason",
        rent_reason="rent_reason",
    )


def _gpu_hours_per_day(basis: Basis) -> pl.DataFrame:
    """Mean GPU-hours of work a day over the plan -> profile, gpu_hours_per_day."""
    days = float(basis.months["hours"].sum()) / HOURS_PER_DAY
    return basis.gpu_hours.group_by("profile").agg(gpu_hours_per_day=pl.col("gpu_hours").sum() / days)


def _renamed(verdict: pl.DataFrame, name: str) -> pl.DataFrame:
    return verdict.rename({"verdict": name})


def _date(start: dt.date, month: str) -> pl.Expr:
    return pl.col(month).map_elements(lambda m: add_months(start, m), return_dtype=pl.Date)


def _paid(paid: pl.DataFrame) -> pl.DataFrame:
    """Payback of the whole of each site's own; the month counts from the plan's start."""
    own = paid.filter(pl.col("strategy") == "own", pl.col("scope") == WHOLE_PLAN)
    return own.select(
        *("site", "months", "months_discounted"),
        payback_month=pl.col("first_payment_month") + pl.col("months"),
    )


def _waiting(evaluation: Evaluation) -> pl.DataFrame:
    """PV(order later) - PV(order now); null where the later order would arrive after the horizon."""
    wide = evaluation.scan.select("site").unique().sort("site")
    at = {wait: evaluation.scan.filter(pl.col("order_month") == wait) for wait in (0, *WAITS)}
    for wait, rows in at.items():
        wide = wide.join(rows.select("site", pl.col("pv_cents").alias(f"at_{wait}")), on="site", how="left")
    return wide.select(
        "site", **{f"wait_{wait}_cost": (pl.col(f"at_{wait}") - pl.col("at_0")) / CENTS for wait in WAITS}
    )


def _utilisation(curves: pl.DataFrame) -> pl.DataFrame:
    last = curves.sort("site", "t").group_by("site", maintain_order=True).last()
    return last.select(
        "site",
        base_utilisation=pl.when(pl.col("gpu_hours_in_service") > 0).then(
            pl.col("gpu_hours") / pl.col("gpu_hours_in_service")
        ),
    )


def _energy_means(energy: pl.DataFrame) -> pl.DataFrame:
    price = pl.sum_horizontal("spot", "tax", "grid", "margin", "flat")
    return energy.group_by("site", maintain_order=True).agg(
        pue_mean=pl.col("total_mwh").sum() / pl.col("it_mwh").sum(),
        energy_price_per_mwh=(price * pl.col("total_mwh")).sum() / pl.col("total_mwh").sum(),
        energy_mwh=pl.col("total_mwh").sum(),
        carbon_tonnes=pl.when(pl.col("carbon_kg").null_count() == 0).then(
            pl.col("carbon_kg").sum() / KWH_PER_MWH
        ),
        peak_it_kw=pl.col("peak_it_kw").max(),
    )


def _largest(evaluation: Evaluation) -> pl.DataFrame:
    return (
        evaluation.schedule.installed.join(evaluation.chosen.select("site", "option"), on="option")
        .group_by("site")
        .agg(peak_servers=pl.col("servers").max())
    )


def rent_label(evaluation: Evaluation) -> Note:
    """The offers that the strategy ``rent`` takes for each workload."""
    choice = evaluation.basis.choice
    names = {w.id: w.name for w in evaluation.basis.plan.workloads}
    taken = [(names[workload], choice.label(workload, mode)) for workload, mode in choice.rent_modes.items()]
    if len({label for _, label in taken}) == 1:
        return taken[0][1]
    return several(
        [Note("workload_offers", None, {"workload": name, "offers": label}) for name, label in taken]
    )
