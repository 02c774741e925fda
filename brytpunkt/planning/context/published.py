"""Published figures: each beside the one that the publication's own inputs give.

One server by hourly rates, or a cost sheet of lines that a calculator can follow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.declarations import InlineServer
from brytpunkt.declarations.sections.published import SHEET
from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.inputs.units import MILLION_TOKENS, MONTHS_PER_YEAR, SECONDS_PER_HOUR

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Published
    from brytpunkt.declarations.sections.published import Case, Sheet, SheetItem
    from brytpunkt.planning.inputs.money import Fx

PUBLISHED_SCHEMA = {
    "case": pl.String,
    "measure": pl.String,
    "server": pl.String,
    "offer": pl.String,
    "published": pl.Float64,
    "computed": pl.Float64,
    "difference": pl.Float64,
    "tolerance": pl.Float64,
    "agrees": pl.Boolean,
    "reproduces": pl.Boolean,
    "why": pl.String,
}


@dataclass(frozen=True)
class _Hourly:
    """One declared server by the publication's conventions: purchase, and operation per hour."""

    acquisition: float
    operating: float
    power: float
    life_hours: float

    @property
    def cost(self) -> float:
        return self.acquisition / self.life_hours + self.operating

    @property
    def total(self) -> float:
        return self.acquisition + self.operating * self.life_hours


def published_cases(plan: Plan, fx: Fx) -> pl.DataFrame:
    """Each published figure beside the one that its own inputs give -> ``PUBLISHED_SCHEMA``.

    ``agrees``: the difference is within the stated tolerance. ``reproduces``: what the plan says of it.
    """
    published = plan.published
    if published is None:
        return pl.DataFrame(schema=PUBLISHED_SCHEMA)
    rows = []
    for case in published.cases:
        computed = _compute_case(plan, published, case.id, fx)
        difference = computed - case.published
        rows.append(
            (
                *(case.id, case.measure, case.server, case.offer, case.published, computed, difference),
                *(case.tolerance, abs(difference) <= case.tolerance, case.reproduces, case.why),
            )
        )
    return pl.DataFrame(rows, schema=PUBLISHED_SCHEMA, orient="row")


def _compute_case(plan: Plan, published: Published, case_id: str, fx: Fx) -> float:
    case = next(c for c in published.cases if c.id == case_id)
    if case.measure in SHEET:
        assert published.sheet is not None
        return sheet_measure(published.sheet, case, fx)
    server = next(s for s in plan.build.servers if s.id == case.server)
    if not isinstance(server, InlineServer):
        raise InputError(
            (
                Problem(
                    f"published.cases.{case.id}.server", "a published case needs a server described inline"
                ),
            )
        )
    own = _hourly(plan, published, server, fx)
    offer = next((o for o in plan.rent.offers if o.id == case.offer), None)
    rent = fx.convert(offer.price) if offer else math.nan
    own_speed = (server.output_tokens_per_second or {}).get(case.model or "", math.nan)
    rent_speed = (
        (offer.output_tokens_per_second or {}).get(case.model or "", own_speed) if offer else math.nan
    )
    api = fx.convert(case.api_price_per_million_tokens) if case.api_price_per_million_tokens else math.nan
    own_per_mtok = own.cost / (own_speed * case.used_share * SECONDS_PER_HOUR) * MILLION_TOKENS
    rent_per_mtok = rent / (rent_speed * SECONDS_PER_HOUR) * MILLION_TOKENS
    break_even = own.acquisition / (rent - own.operating) if rent != own.operating else math.inf
    rent_total = rent * own.life_hours
    values = {
        "break_even_hours": break_even,
        "break_even_months": break_even / published.conventions.hours_per_month_breakeven,
        "own_total": own.total,
        "rent_total": rent_total,
        "saving": rent_total - own.total,
        "saving_share": 1 - own.total / rent_total,
        "own_opex_per_hour": own.operating,
        "own_cost_per_hour": own.cost,
        "own_per_million_tokens": own_per_mtok,
        "rent_per_million_tokens": rent_per_mtok,
        "rent_to_own_ratio": rent_per_mtok / own_per_mtok,
        "api_to_own_ratio": api / own_per_mtok,
        "threshold_hours_per_day": _threshold(own, rent, published),
    }
    return values[case.measure]


def _hourly(plan: Plan, published: Published, server: InlineServer, fx: Fx) -> _Hourly:
    """Maintenance, power and space of one server per hour, by the publication's rules."""
    site = plan.sites[0]
    energy, space = site.energy.price_per_kwh, site.colocation
    if energy is None or site.pue is None or space is None or space.price_per_rack_month is None:
        raise InputError(
            (
                Problem(
                    f"sites.{site.id}",
                    "a published calculation is recomputed from a pinned price_per_kwh, a pinned pue and a colocation "
                    "price_per_rack_month of the first site",
                    "declare all three",
                ),
            )
        )
    rules = published.conventions
    price = fx.convert(server.price)
    components = (
        price * plan.build.support_share_per_year / rules.hours_per_year,
        server.nameplate_kw * server.load_share * fx.convert(energy) * site.pue,
        fx.convert(space.price_per_rack_month) / rules.hours_per_month_colocation,
    )
    step = rules.truncate_hourly_components_to
    operating = sum(math.floor(c / step + 1e-9) * step for c in components) if step else sum(components)
    return _Hourly(price, operating, components[1], rules.life_hours)


def _threshold(own: _Hourly, rent: float, published: Published) -> float:
    """Hours a day above which the own server is cheaper over its life."""
    if not published.conventions.power_follows_use:
        return own.total / (rent * own.life_hours / 24)
    standing = own.acquisition + (own.operating - own.power) * own.life_hours
    return standing / ((rent - own.power) * own.life_hours / 24)


def sheet_lines(sheet: Sheet, fx: Fx) -> dict[str, float]:
    """Every line of a cost sheet as its cost a month [plan currency]."""
    monthly: dict[str, float] = {}
    for item in sheet.items:
        monthly[item.id] = _line(sheet, item, fx, monthly)
    return monthly


def _line(sheet: Sheet, item: SheetItem, fx: Fx, earlier: dict[str, float]) -> float:
    if item.share is not None:
        return item.share * sum(earlier[name] for name in item.share_of)
    assert item.amount is not None
    each = item.quantity * fx.convert(item.amount)
    hours = sheet.hours_per_month * item.used_share
    life = item.life_months or sheet.months
    return {
        "per_month": each,
        "per_year": each / MONTHS_PER_YEAR,
        "per_hour": each * hours,
        "per_kwh": each * item.pue * hours,
        "one_time": each * _annuity(item, life),
    }[item.basis]


def _annuity(item: SheetItem, months: float) -> float:
    """Payment a month per unit of a one-time cost, interest nominal by the month or by the year."""
    rate = item.rate_per_year
    if rate == 0:
        return 1 / months
    if item.annuity == "monthly":
        monthly = rate / MONTHS_PER_YEAR
        return float(monthly / (1 - (1 + monthly) ** -months))
    return float(rate / (1 - (1 + rate) ** -(months / MONTHS_PER_YEAR)) / MONTHS_PER_YEAR)


def sheet_measure(sheet: Sheet, case: Case, fx: Fx) -> float:
    """A figure of a cost sheet: a line, a column's month, its total, a ratio of columns, or a cost per unit."""
    lines = sheet_lines(sheet, fx)
    column = {
        name: sum(lines[item.id] for item in sheet.items if item.column == name)
        for name in {item.column for item in sheet.items}
    }
    if case.measure == "sheet_item":
        return lines[case.item or ""]
    month = column[case.column]
    return {
        "sheet_monthly": month,
        "sheet_total": month * sheet.months,
        "sheet_ratio": month / column[case.to_column or case.column],
        "sheet_per_unit": month / (case.units or 1.0),
    }[case.measure]


def unsummed_totals(cases: pl.DataFrame) -> list[str]:
    """Published totals that are not the sum of their own rows, for the report."""
    wrong = cases.filter(pl.col("measure").is_in(["sheet_monthly", "sheet_total"]) & ~pl.col("agrees"))
    return [
        f"The published total {row['case']} is {row['published']:,.2f}, its own rows sum to {row['computed']:,.2f}."
        for row in wrong.iter_rows(named=True)
    ]
