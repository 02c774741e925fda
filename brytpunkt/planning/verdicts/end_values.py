"""What is left at the horizon, read in other ways: the kept plan with resale values, with nothing, over 1.5 x the horizon.

In: ledger rows, decisions and what they stand for at the horizon. Out: present values of the kept plan and of ``rent`` in each reading,
and the end value at which both cost the same. Nothing is planned anew here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from brytpunkt.planning.components import BY_KEY, CONTINUING_VALUE, PURCHASE, of_group
from brytpunkt.planning.inputs.calendar import plan_months
from brytpunkt.planning.inputs.money import monthly_rate
from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.optimal import unit_cash_flows
from brytpunkt.planning.optimal.kept_orders import KeptOptimum, kept_values
from brytpunkt.planning.own.capacity import service_months
from brytpunkt.planning.own.storage import storage_life_months
from brytpunkt.planning.own.unit_costs import resale_share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brytpunkt.declarations import Plan
    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.optimal.mix import Mix
    from brytpunkt.planning.optimal.problem import Field
    from brytpunkt.planning.verdicts.disruptions import Decided

Reading = Literal["continuing", "resale", "nothing", "long_horizon"]
Stands = Literal["stands_without", "within_book", "needs_more_than_book", "nothing_left"]
READING_SCHEMA = {
    "site": pl.String,
    "strategy": pl.String,
    "reading": pl.String,
    "kept_value": pl.Float64,
    "rent_value": pl.Float64,
}
END_SCHEMA = {
    "site": pl.String,
    "strategy": pl.String,
    "continuing": pl.Float64,
    "resale": pl.Float64,
    "break_even": pl.Float64,
    "share_of_purchases": pl.Float64,
    "reads": pl.String,
}


@dataclass(frozen=True)
class Left:
    """What a plan leaves at the horizon, present values before tax [plan currency].

    ``continuing``: of every cohort, hall and storage; ``resale``: the market's value of the servers in service less removal;
    ``beyond``: charges of signed terms for months after the horizon; ``tax_rate``: on any of them.
    """

    continuing: float
    resale: float
    beyond: float = 0.0
    tax_rate: float = 0.0


def read_as(value: float, left: Left, reading: Reading) -> float:
    """Present value of a kept plan in another reading of what is left; ``value`` is that with the continuing value."""
    if reading == "continuing":
        return value
    kept = left.resale if reading == "resale" else 0.0
    return value + (left.continuing - kept + left.beyond) * (1 - left.tax_rate)


def break_even_end_value(value: float, rent: float, left: Left) -> float | None:
    """The multiple s of every cohort's continuing value at which the kept plan costs what ``rent`` costs.

    With s instead of 1 the plan costs ``(1 - s) x continuing value`` more, less the tax on it. None where nothing is left, so that no
    multiple changes anything.
    """
    after_tax = left.continuing * (1 - left.tax_rate)
    return 1 - (rent - value) / after_tax if after_tax > 0 else None


def reads(multiple: float | None) -> Stands:
    """What a break-even end value says."""
    if multiple is None:
        return "nothing_left"
    return "stands_without" if multiple <= 0 else "within_book" if multiple <= 1 else "needs_more_than_book"


def left_by(evaluation: Evaluation, rows: pl.DataFrame, field: Field, mix: Mix) -> Left:
    """What a plan of ledger rows and decisions leaves."""
    plan, horizon = evaluation.basis.plan, evaluation.basis.horizon
    factor = (1 + monthly_rate(plan.finance)) ** -horizon
    continuing = -float(rows.filter(pl.col("component") == CONTINUING_VALUE)["pv_cents"].sum()) / CENTS
    resale = 0.0
    for position, pool in enumerate(field.pools):
        for delivery, finish, count in mix.cohorts(field, position):
            if finish > horizon:
                paid = unit_cash_flows.price(plan, pool, delivery) * count
                resale += paid * resale_share(plan, horizon - delivery) * factor
    rate = plan.finance.tax.rate if plan.finance.tax is not None else 0.0
    return Left(continuing, resale, _beyond(plan, field, mix), rate)


def _beyond(plan: Plan, field: Field, mix: Mix) -> float:
    """Charges of signed terms for months after the horizon, at the signing month's price [present value]."""
    ends = [signed + field.terms[at].months for at, signed, _ in mix.signed]
    months = plan_months(plan.finance, max([field.horizon, *ends]))
    hours, factor = months["hours"].to_numpy(), months["end_factor"].to_numpy()
    charged = 0.0
    for at, signed, count in mix.signed:
        term = field.terms[at]
        late = slice(field.horizon, max(field.horizon, signed + term.months))
        charged += count * float(term.price[signed]) * float(hours[late] @ factor[late])
    return charged


def purchases_in_service(plan: Plan, rows: pl.DataFrame, horizon: int) -> float:
    """What was paid for that still serves at the horizon: servers with network, halls, storage [plan currency, nominal]."""
    lives = dict.fromkeys(PURCHASE, service_months(plan)) | dict.fromkeys(
        of_group("storage"), storage_life_months(plan.storage)
    )
    capital = rows.filter(pl.col("component").is_in([key for key, c in BY_KEY.items() if c.is_capitalised]))
    life = pl.col("component").replace_strict(lives, default=None, return_dtype=pl.Int64)
    serves = life.is_null() | (pl.col("month") + life > horizon)
    return float(capital.filter(serves)["cents"].sum()) / CENTS


def end_values(
    evaluation: Evaluation, plans: Mapping[tuple[str, str], pl.DataFrame], strategies: list[Decided]
) -> pl.DataFrame:
    """Break-even end value of every plan that owns.

    | column | unit |
    |---|---|
    | site, strategy | key |
    | continuing, resale | plan currency at the horizon, before tax |
    | break_even | multiple of every cohort's continuing value at which the plan costs what rent costs; null: nothing is left |
    | share_of_purchases | the same as a share of what was paid for what is in service at the horizon |
    | reads | stands_without (0 or less), within_book, needs_more_than_book (above 1), nothing_left |
    """
    rent = _value(evaluation.rent.filter(pl.col("strategy") == "rent"))
    horizon, plan = evaluation.basis.horizon, evaluation.basis.plan
    at_horizon = (1 + monthly_rate(plan.finance)) ** horizon
    found: list[tuple[object, ...]] = []
    for choice, rows in _owning(plans, strategies):
        left = left_by(evaluation, rows, choice.field, choice.mix)
        multiple = break_even_end_value(_value(rows), rent, left)
        in_service = purchases_in_service(plan, rows, horizon)
        worth = left.continuing * at_horizon
        share = None if multiple is None or in_service <= 0 else multiple * worth / in_service
        key = (choice.site, choice.strategy)
        found.append((*key, worth, left.resale * at_horizon, multiple, share, reads(multiple)))
    return pl.DataFrame(found, schema=END_SCHEMA, orient="row")


def kept_readings(
    evaluation: Evaluation,
    plans: Mapping[tuple[str, str], pl.DataFrame],
    strategies: list[Decided],
    longer: Mapping[tuple[str | None, str], float],
) -> pl.DataFrame:
    """Every plan that owns, as decided, and ``rent``, in each reading of what is left.

    ``longer``: values over 1.5 x the horizon by site and strategy, where they are known (``rent`` has no site).

    | column | unit |
    |---|---|
    | site, strategy, reading | key; continuing, resale, nothing, long_horizon |
    | kept_value, rent_value | present value of cost [plan currency]; null: not known |
    """
    rent = next(choice for choice in strategies if choice.strategy == "rent")
    rent_rows = evaluation.rent.filter(pl.col("strategy") == "rent")
    rent_left = left_by(evaluation, rent_rows, rent.field, rent.mix)
    found: list[tuple[object, ...]] = []
    for choice, rows in _owning(plans, strategies):
        left = left_by(evaluation, rows, choice.field, choice.mix)
        key = (choice.site, choice.strategy)
        readings: tuple[Reading, ...] = ("continuing", "resale", "nothing")
        found += [
            (*key, name, read_as(_value(rows), left, name), read_as(_value(rent_rows), rent_left, name))
            for name in readings
        ]
        found.append((*key, "long_horizon", longer.get(key), longer.get((None, "rent"))))
    return pl.DataFrame(found, schema=READING_SCHEMA, orient="row").with_columns(
        difference=pl.col("kept_value") - pl.col("rent_value")
    )


def kept_over(longer: Evaluation, strategies: list[Decided]) -> dict[tuple[str | None, str], float]:
    """Present value of every plan as decided in another evaluation, and of its ``rent`` -> by site and strategy."""
    found: dict[tuple[str | None, str], float] = {
        (None, "rent"): _value(longer.rent.filter(pl.col("strategy") == "rent"))
    }
    for name in dict.fromkeys(choice.strategy for choice in strategies):
        kept = [
            _kept(choice, choice.site)
            for choice in strategies
            if choice.strategy == name and choice.site is not None and choice.mix.bought
        ]
        found |= {(site, name): value for site, value in kept_values(longer.basis, kept).items()}
    return found


def _kept(choice: Decided, site: str) -> KeptOptimum:
    """Decisions by name."""
    field = choice.field
    return KeptOptimum(
        site,
        tuple((field.pools[at].option, month, count) for at, month, count in choice.mix.bought),
        tuple(
            (field.workloads[field.terms[at].workload], field.terms[at].offer, month, count)
            for at, month, count in choice.mix.signed
        ),
    )


def _owning(
    plans: Mapping[tuple[str, str], pl.DataFrame], strategies: list[Decided]
) -> list[tuple[Decided, pl.DataFrame]]:
    pairs = [(choice, plans.get((choice.site or "", choice.strategy))) for choice in strategies]
    return [(choice, rows) for choice, rows in pairs if rows is not None and choice.mix.bought]


def _value(rows: pl.DataFrame) -> float:
    return float(np.int64(rows["pv_cents"].sum())) / CENTS
