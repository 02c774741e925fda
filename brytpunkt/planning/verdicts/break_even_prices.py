"""Margins: by how much one figure must change before the verdict between rent and own flips.

Purchases, offers and levels of commitment are kept as planned, so that each margin is one division that a reader
can repeat from the ledger. Before tax, also where tax is declared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.energy.site_prices import ENERGY_COMPONENTS
from brytpunkt.planning.inputs.money import monthly_rate
from brytpunkt.planning.optimal.unit_cash_flows import annuity_left
from brytpunkt.planning.own.own_costs import ACQUISITION
from brytpunkt.planning.verdicts.verdicts import rent_value

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation

CENTS = 100
GPU_RENT = ("rent_on_demand", "rent_spot", "rent_committed", "rent_committed_upfront")
HARDWARE = (*ACQUISITION[:-1], "support", "insurance", "decommissioning")
SCHEMA = {
    "site": pl.String,
    "factor": pl.String,
    "multiple": pl.Float64,
    "sensitivity": pl.Float64,
    "is_build": pl.Boolean,
}
TAXES = ("tax", "tax_on_continuing_value")
Row = tuple[str, str, float | None, float | None, bool]


def margins(evaluation: Evaluation) -> pl.DataFrame:
    """Multiples of a price at which own and rent cost the same, order placed at the start.

    | column | unit |
    |---|---|
    | site, factor | key; factor is cloud, hardware, energy, space, staff, delivery |
    | multiple | of the planned price (delivery: months later); null where no value flips the verdict |
    | sensitivity | change of own less rent [plan currency] for the factor's cost doubled |
    | is_build | whether own is the cheaper one as planned |
    """
    rented = evaluation.rent.filter(pl.col("strategy") == "rent")
    rows: list[Row] = []
    for site, option in evaluation.chosen.select("site", "option").sort("site").iter_rows():
        own = evaluation.own.filter(pl.col("option") == option)
        gap = _before_tax(own) - _before_tax(rented)
        hall = _hall_value(evaluation, option, own)
        hardware = _of(own, HARDWARE) + _of(own, ("continuing_value",)) + hall
        weights = {
            "cloud": _of(own, GPU_RENT) - _of(rented, GPU_RENT),
            "hardware": hardware,
            "energy": _of(own, ENERGY_COMPONENTS),
            "space": _of(own, ("colocation_rent", "facility_maintenance", "facility_capex")) - hall,
            "staff": _of(own, ("hardware_staff",)),
        }
        for factor, weight in weights.items():
            multiple = 1 - gap / weight if weight else None
            rows.append(
                (site, factor, multiple if multiple is not None and multiple > 0 else None, weight, gap < 0)
            )
        rows.append((site, "delivery", _latest(evaluation, site, rent_value(evaluation), gap), None, gap < 0))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _before_tax(rows: pl.DataFrame) -> float:
    return _sum(rows.filter(~pl.col("component").is_in(TAXES)))


def _sum(rows: pl.DataFrame) -> float:
    return float(rows["pv_cents"].sum()) / CENTS


def _of(rows: pl.DataFrame, components: tuple[str, ...]) -> float:
    return _sum(rows.filter(pl.col("component").is_in(components)))


def _hall_value(evaluation: Evaluation, option: str, own: pl.DataFrame) -> float:
    """Present value of what the hall is still worth at the horizon."""
    basis = evaluation.basis
    built = own.filter(pl.col("component") == "facility_capex")
    if built.is_empty():
        return 0.0
    life = int(basis.options.filter(pl.col("option") == option)["facility_months"][0])
    rate = monthly_rate(basis.plan.finance)
    left = int(built["month"][0]) + life - basis.horizon
    share = annuity_left(rate, life, left) * float((1 + rate) ** -basis.horizon)
    return float(built["cents"].sum()) / CENTS * share


def _latest(evaluation: Evaluation, site: str, rent: float, gap: float) -> float | None:
    """Months after which an order placed later no longer beats renting; null where none flips it."""
    if gap >= 0:
        return None
    scan = evaluation.scan.filter(pl.col("site") == site).sort("order_month")
    late = scan.filter(pl.col("pv_cents") / CENTS >= rent)["order_month"]
    return float(late[0]) if len(late) else None
