"""Unit economics: one server beside one rented instance, the sums that a calculator can follow.

Break-even calculations are published in this form, so published cases are checked here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.declarations import InlineServer
from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.build import server_life_months
from brytpunkt.planning.calendar import MONTHS_PER_YEAR
from brytpunkt.planning.energy import PRICE_COLUMNS
from brytpunkt.planning.money import monthly_rate, share_annuity

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Published
    from brytpunkt.planning.evaluate import Basis, Evaluation
    from brytpunkt.planning.money import Fx

HOURS_PER_YEAR = 8760
SECONDS_PER_HOUR = 3600
TOKENS_PER_PRICE = 1e6
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


@dataclass(frozen=True)
class _Hourly:
    """One declared server by the publication's conventions: purchase, and operation per hour."""

    acquisition: float
    operating: float
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
    own_per_mtok = own.cost / (own_speed * SECONDS_PER_HOUR) * TOKENS_PER_PRICE
    rent_per_mtok = rent / (rent_speed * SECONDS_PER_HOUR) * TOKENS_PER_PRICE
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
        "threshold_hours_per_day": own.total / (rent * own.life_hours / 24),
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
        price * plan.build.support_share_per_year / HOURS_PER_YEAR,
        server.nameplate_kw * server.load_share * fx.convert(energy) * site.pue,
        fx.convert(space.price_per_rack_month) / rules.hours_per_month_colocation,
    )
    step = rules.truncate_hourly_components_to
    operating = sum(math.floor(c / step + 1e-9) * step for c in components) if step else sum(components)
    return _Hourly(price, operating, rules.life_hours)
