"""Advantage: what a steady kWh of IT costs and emits at each site, beside the same hall at places outside the Nordics.

The comparators stand in the facts, so that every plan is compared with them. Each site is compared with itself
moved: same hardware, cooling system and supplier margin; other market, grid, tax, weather and carbon, no heat sold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from brytpunkt.declarations import Money, SiteEnergy
from brytpunkt.declarations.sections.tariffs import TaxSituation
from brytpunkt.errors import InputError
from brytpunkt.planning.components import (
    ENERGY_FLAT,
    ENERGY_GRID,
    ENERGY_TAX,
    KWH_PRICES,
    Part,
    of_part,
)
from brytpunkt.planning.energy.electricity_tax import tax_in_force, unrecovered_vat
from brytpunkt.planning.energy.site_prices import (
    grid_capacity_fee,
    newest_intensities,
    site_cells,
    spot_prices,
)
from brytpunkt.planning.energy.tariff import COMPONENT, Bills, bills_of, measured, month_fees, year_fees
from brytpunkt.planning.inputs.calendar import CELL, calendars
from brytpunkt.planning.inputs.money import Fx
from brytpunkt.planning.inputs.units import CENTS, KWH_PER_MWH, MILLION_TOKENS, MONTHS_PER_YEAR

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Site
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.ledger.evaluate import Evaluation

PARTS = ("spot", "grid", "tax", "cooling", "heat", "total", "carbon")
MONEY = PARTS[:-2]
USUAL_KW = 100.0  # of IT, where a plan has no own servers whose mean load could be taken
SCHEMA = {
    "site": pl.String,
    "against": pl.String,
    "against_name": pl.String,
    "part": pl.String,
    "here": pl.Float64,
    "there": pl.Float64,
    "difference": pl.Float64,
    "here_per_million_tokens": pl.Float64,
    "there_per_million_tokens": pl.Float64,
    "difference_per_million_tokens": pl.Float64,
    "share_of_total_cost": pl.Float64,
    "note": pl.String,
}


def advantage(evaluation: Evaluation, facts: Facts, energy: pl.DataFrame) -> pl.DataFrame:
    """Every site against every comparator, part by part.

    | column | unit |
    |---|---|
    | site, against, part | key; part is spot, grid, tax, cooling, heat, total, carbon |
    | here, there, difference | plan currency per MWh of IT, mean over the plan; carbon: kgCO2e per MWh of IT |
    | here_, there_, difference_per_million_tokens | the same for a million output tokens (carbon: kgCO2e); null without tokens |
    | share_of_total_cost | of part total: difference x IT energy of the site's own / own's nominal cost |

    ``note``: what a reader should know about the comparator's figures.

    Negative differences are in favour of the site. ``energy``: energy by month of each site's own servers.
    """
    basis = evaluation.basis
    plan, fx, months = basis.plan, basis.fx, basis.months
    load = _mean_load(energy, months)
    intensities = newest_intensities(facts)
    here = _by_site(plan, facts, fx, months, basis.cells, basis.bills, load)
    there = _moved_costs(plan, facts, fx, months, load)
    names = {row["comparator"]: row for row in facts.comparators.to_dicts()}
    tokens = _mwh_per_million_tokens(evaluation, energy)
    totals = _own_totals(evaluation)
    drawn = dict(energy.group_by("site").agg(pl.col("it_mwh").sum()).iter_rows())
    rows: list[tuple[Any, ...]] = []
    for site in plan.sites:
        intensity = intensities.get(site.zone or "", intensities.get(site.country))
        mine = _with_carbon(here[site.id], intensity)
        for name, row in sorted(names.items()):
            other = there.get((name, _hall(site)))
            if other is None:
                continue
            theirs = _with_carbon(other, intensities.get(row["carbon_zone"]))
            for part in PARTS:
                a, b = mine[part], theirs[part]
                gap = None if a is None or b is None else a - b
                share = None
                if part == "total" and gap is not None and site.id in drawn and totals.get(site.id):
                    share = gap * drawn[site.id] / totals[site.id]
                per_tokens = (None if v is None or tokens is None else v * tokens for v in (a, b, gap))
                rows.append((site.id, name, row["name"], part, a, b, gap, *per_tokens, share, row["note"]))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _hall(site: Site) -> str:
    """What is moved with a site: sites that agree in it share a comparator."""
    margin = site.energy.supplier_margin_per_mwh
    return f"{site.cooling}|{site.pue}|{site.cooling_plant.model_dump_json()}|{margin}"


def _at(site: Site, row: dict[str, Any]) -> Site:
    """A site at a comparator: its market, grid, tax and weather."""
    currency = row["native_currency"]
    flat = row["spot_native_per_kwh"]
    energy = (
        SiteEnergy(price_per_kwh=Money(amount=flat + row["grid_native_per_kwh"], currency=currency))
        if row["zone"] is None
        else SiteEnergy(
            grid_energy_per_kwh=Money(amount=row["grid_native_per_kwh"], currency=currency),
            grid_capacity_per_kw_year=Money(amount=row["grid_native_per_kw_year"], currency=currency),
            supplier_margin_per_mwh=site.energy.supplier_margin_per_mwh,
            tax=TaxSituation(),
        )
    )
    place = {"country": row["country"], "zone": row["zone"], "climate": row["climate"], "timezone": None}
    return site.model_copy(update=place | {"energy": energy, "heat": None, "connection": None})


def _moved_costs(
    plan: Plan, facts: Facts, fx: Fx, months: pl.DataFrame, load: float
) -> dict[tuple[str, str], dict[str, float]]:
    """Costs of each different hall of the plan at each comparator -> (comparator, hall): parts.

    A comparator is left out where the facts hold too little about it in the declared history.
    """
    halls = {_hall(site): site for site in reversed(plan.sites)}
    places = facts.comparators.sort("comparator").to_dicts()
    keys = [
        (row["comparator"], hall) for row in places if _is_known(plan, facts, row) for hall in sorted(halls)
    ]
    if not keys:
        return {}
    rows = {row["comparator"]: row for row in places}
    moved = {
        f"{place}/{number}": (place, hall, _at(halls[hall], rows[place]))
        for number, (place, hall) in enumerate(keys)
    }
    sites = tuple(site.model_copy(update={"id": name}) for name, (_, _, site) in moved.items())
    abroad = plan.model_copy(update={"sites": sites})
    hours = calendars(abroad, facts, months)
    cells = site_cells(abroad, facts, fx, months, hours)
    fees = {name: _grid_share(rows[place]) for name, (place, _, _) in moved.items()}
    share = pl.col("site").replace_strict(fees, return_dtype=pl.Float64)
    split = cells.with_columns(
        (pl.col(ENERGY_GRID) + pl.col(ENERGY_FLAT) * share).alias(ENERGY_GRID),
        (pl.col(ENERGY_FLAT) * (1 - share)).alias(ENERGY_FLAT),
    )
    costs = _by_site(abroad, facts, fx, months, split, bills_of(abroad, facts, fx, months, hours), load)
    return {(place, hall): costs[name] for name, (place, hall, _) in moved.items()}


def _is_known(plan: Plan, facts: Facts, row: dict[str, Any]) -> bool:
    """Whether prices, weather and tax of a comparator can be computed."""
    site = _at(plan.sites[0], row)
    climate = facts.climate_hours.filter(pl.col("place") == row["climate"])
    if climate.is_empty():
        return False
    try:
        if site.zone is not None:
            spot_prices(site, plan, facts)
            tax_in_force(site, facts, Fx("EUR", {"EUR": 1.0}), plan.finance.start)
    except InputError:
        return False
    return True


def _grid_share(row: dict[str, Any]) -> float:
    """Share of a flat price that is grid fee; zero where there is a market."""
    if row["zone"] is not None:
        return 0.0
    whole = row["spot_native_per_kwh"] + row["grid_native_per_kwh"]
    return float(row["grid_native_per_kwh"] / whole) if whole else 0.0


def _by_site(
    plan: Plan,
    facts: Facts,
    fx: Fx,
    months: pl.DataFrame,
    cells: pl.DataFrame,
    bills: Bills,
    load: float,
) -> dict[str, dict[str, float]]:
    """Parts of the cost of a steady MWh of IT by site, and its mean PUE. [plan currency/MWh]

    Spot, grid and tax are what the energy would cost with a PUE of 1; cooling is what the site's PUE adds to them, and
    the cold that is bought.
    """
    bare_cells = cells.with_columns(pue=pl.lit(1.0), pue_p99=pl.lit(1.0))
    bare = _costs(plan, facts, fx, months, bare_cells, bills, load)
    cooled = _costs(plan, facts, fx, months, cells, bills, load)
    found = {}
    for site in plan.sites:
        plain, whole = bare[site.id], cooled[site.id]
        parts = {name: plain[name] for name in ("spot", "grid", "tax")}
        parts["cooling"] = sum(whole[name] - plain[name] for name in ("spot", "grid", "tax")) + whole["cold"]
        parts["heat"] = whole["heat"]
        found[site.id] = parts | {"pue": whole["pue"]}
    return found


def _costs(
    plan: Plan,
    facts: Facts,
    fx: Fx,
    months: pl.DataFrame,
    cells: pl.DataFrame,
    bills: Bills,
    load: float,
) -> dict[str, dict[str, float]]:
    """Spot, grid, tax and heat of a steady IT load by site [plan currency per MWh of IT], and its PUE."""
    key = ["site", "month"]
    fees = pl.DataFrame(
        [
            (
                site.id,
                grid_capacity_fee(site, facts, fx) / MONTHS_PER_YEAR,
                unrecovered_vat(site, facts, months["date"][0]),
                site.energy.subscription_headroom,
            )
            for site in plan.sites
        ],
        schema={"site": pl.String, "fee": pl.Float64, "vat": pl.Float64, "headroom": pl.Float64},
        orient="row",
    )
    grid = cells.with_columns(it_kw=pl.lit(load)).with_columns(
        kwh=pl.col("it_kw") * pl.col("n_hours") * pl.col("pue")
    )
    shown = measured(grid, bills, ["month"])
    served = (
        grid.select(key)
        .unique()
        .join(months.select("month", year=pl.col("date").dt.year()), on="month")
        .with_columns(option=pl.col("site"), order_month=pl.lit(0, dtype=pl.Int64))
    )
    yearly = year_fees(shown.join(served, on=key), served, bills, fees.select("site", "headroom")).select(
        "month", site="option", yearly="amount"
    )

    def of(*parts: Part) -> pl.Expr:
        return (pl.col("kwh") * pl.sum_horizontal(n for n in of_part(*parts) if n in KWH_PRICES)).sum()

    fees_of_a_month = [name for name in of_part("grid") if name in COMPONENT.values()]
    by_month = (
        grid.sort("site", "month", *CELL)
        .group_by(key, maintain_order=True)
        .agg(
            it_kwh=(pl.col("it_kw") * pl.col("n_hours")).sum(),
            drawn=pl.col("kwh").sum(),
            peak=(pl.col("it_kw") * pl.col("pue_p99")).max(),
            spot=of("spot", "margin", "flat"),
            grid=of("grid"),
            tax=of("tax"),
            heat=of("heat"),
            cold=of("cold"),
        )
        .join(months.select("month", "escalator"), on="month")
        .join(month_fees(shown, bills, key), on=key, how="left")
        .join(yearly, on=key, how="left")
        .join(fees, on="site")
        .with_columns(pl.col(*COMPONENT.values(), "yearly").fill_null(0.0))
        .with_columns(
            charged=pl.col("fee") * pl.col("escalator") * pl.col("peak")
            + pl.sum_horizontal(*fees_of_a_month, "yearly")
        )
        .with_columns(
            grid=pl.col("grid") + pl.col("charged"),
            tax=pl.col("tax") + pl.col(ENERGY_TAX) + pl.col("vat") * (pl.col("charged") + pl.col(ENERGY_TAX)),
        )
    )
    per_mwh = KWH_PER_MWH / pl.col("it_kwh").sum()
    sums = by_month.group_by("site").agg(
        *(pl.col(name).sum() * per_mwh for name in ("spot", "grid", "tax", "heat", "cold")),
        pue=pl.col("drawn").sum() / pl.col("it_kwh").sum(),
    )
    return {row.pop("site"): row for row in sums.to_dicts()}


def _with_carbon(parts: dict[str, float], g_per_kwh: float | None) -> dict[str, float | None]:
    total = sum(parts[name] for name in MONEY)
    carbon = None if g_per_kwh is None else g_per_kwh * parts["pue"]
    return {name: parts[name] for name in MONEY} | {"total": total, "carbon": carbon}


def _mean_load(energy: pl.DataFrame, months: pl.DataFrame) -> float:
    """Mean IT power of own servers over sites and months in service [kW], for tariffs with bands."""
    served = energy.join(months.select("month", "hours"), on="month")
    if served.is_empty():
        return USUAL_KW
    return float(served.select(pl.col("it_mwh").sum() * KWH_PER_MWH / pl.col("hours").sum()).item())


def _mwh_per_million_tokens(evaluation: Evaluation, energy: pl.DataFrame) -> float | None:
    """IT energy of a million output tokens on the cheapest own, which every place is compared with. [MWh]"""
    best = evaluation.chosen.join(evaluation.best, on="option").sort("pv_cents", "site").head(1)
    mine = energy.join(best.select("site"), on="site", how="semi")
    served = evaluation.basis.volume.join(mine.select("month"), on="month", how="semi")
    tokens = float(served.select(pl.col("output_tokens").sum()).item()) / MILLION_TOKENS
    return float(mine.select(pl.col("it_mwh").sum()).item()) / tokens if tokens else None


def _own_totals(evaluation: Evaluation) -> dict[str, float]:
    """Nominal cost of each site's own over the plan. [plan currency]"""
    return dict(
        evaluation.own.join(evaluation.chosen.select("option", "site"), on="option")
        .group_by("site")
        .agg(pl.col("cents").sum() / CENTS)
        .iter_rows()
    )
