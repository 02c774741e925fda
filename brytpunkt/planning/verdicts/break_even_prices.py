"""Margins: by how much one figure must change before the verdict between rent and own flips.

Purchases, offers and levels of commitment are kept as planned, so that each margin is one division that a reader
can repeat from the ledger. Before tax, also where tax is declared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.components import CONTINUING_VALUE, FACILITY_CAPEX, of_group, of_price
from brytpunkt.planning.inputs.money import annuity_left, monthly_rate
from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.verdicts.verdicts import rent_value

if TYPE_CHECKING:
    from brytpunkt.planning.ledger.evaluate import Evaluation

SCHEMA = {
    "site": pl.String,
    "factor": pl.String,
    "multiple": pl.Float64,
    "sensitivity": pl.Float64,
    "is_build": pl.Boolean,
}
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
        hardware = _of(own, of_price("hardware")) + _of(own, (CONTINUING_VALUE,)) + hall
        weights = {
            "cloud": _of(own, of_price("cloud")) - _of(rented, of_price("cloud")),
            "hardware": hardware,
            "energy": _of(own, of_price("energy")),
            "space": _of(own, of_price("space")) - hall,
            "staff": _of(own, of_price("staff")),
        }
        for factor, weight in weights.items():
            multiple = 1 - gap / weight if weight else None
            rows.append(
                (site, factor, multiple if multiple is not None and multiple > 0 else None, weight, gap < 0)
            )
        rows.append((site, "delivery", _latest(evaluation, site, rent_value(evaluation), gap), None, gap < 0))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _before_tax(rows: pl.DataFrame) -> float:
    return _sum(rows.filter(~pl.col("component").is_in(of_group("tax"))))


def _sum(rows: pl.DataFrame) -> float:
    return float(rows["pv_cents"].sum()) / CENTS


def _of(rows: pl.DataFrame, components: tuple[str, ...]) -> float:
    return _sum(rows.filter(pl.col("component").is_in(components)))


def _hall_value(evaluation: Evaluation, option: str, own: pl.DataFrame) -> float:
    """Present value of what the hall is still worth at the horizon."""
    basis = evaluation.basis
    built = own.filter(pl.col("component") == FACILITY_CAPEX)
    if built.is_empty():
        return 0.0
    life = int(basis.options.filter(pl.col("option") == option)["facility_months"][0])
    rate = monthly_rate(basis.plan.finance)
    left = int(built["month"][0]) + life - basis.horizon
    share = float(annuity_left(rate, life, left)) * float((1 + rate) ** -basis.horizon)
    return float(built["cents"].sum()) / CENTS * share


def _latest(evaluation: Evaluation, site: str, rent: float, gap: float) -> float | None:
    """Months after which an order placed later no longer beats renting; null where none flips it."""
    if gap >= 0:
        return None
    scan = evaluation.scan.filter(pl.col("site") == site).sort("order_month")
    late = scan.filter(pl.col("pv_cents") / CENTS >= rent)["order_month"]
    return float(late[0]) if len(late) else None
