"""Arrays for the programme and the dispatch: needs, prices and power by workload, month and cell.

Everything is counted on the home calendar, so that sites can be mixed. Shapes: W workloads, H months,
C = 72 cells. Money is in the plan's currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.components import KWH_PRICES
from brytpunkt.planning.demand.gpu_sizing import needed_gpus
from brytpunkt.planning.inputs.calendar import CELL
from brytpunkt.planning.inputs.money import price_path
from brytpunkt.planning.inputs.units import MILLION_TOKENS, MONTHS_PER_YEAR
from brytpunkt.planning.optimal.cells import by_workload, month_cells, month_grids
from brytpunkt.planning.optimal.pool_tariff import PoolBill, pool_bill
from brytpunkt.planning.own.capacity import service_months
from brytpunkt.planning.own.storage_flows import rented_storage_flows, storage_flows
from brytpunkt.planning.rent.rent import FLEET, hourly_component

if TYPE_CHECKING:
    from collections.abc import Callable

    from brytpunkt.planning.ledger.prepare import Basis
    from brytpunkt.planning.optimal.milp import Floats, Ints


@dataclass(frozen=True)
class Hourly:
    """An offer rented by the hour: instances, or billed units of jobs, needed [H, C], and the price of an hour of one [H].

    What is billed by the month runs in all of its hours.
    """

    workload: int
    offer: str
    component: str
    gpus: int
    instances: Floats
    price: Floats
    is_monthly: bool = False


@dataclass(frozen=True)
class Term:
    """A commitment: instances that would serve the whole workload [H, C], and the price at signature [H]."""

    workload: int
    offer: str
    months: int
    instances: Floats
    price: Floats
    upfront_share: float


@dataclass(frozen=True)
class Pool:
    """An option at a site: needs of each workload on its GPU type, and what power costs there.

    ``needed``, ``busy`` [W, H, C] GPUs; ``kwh_price`` [H, C] a kWh drawn (energy components by name in
    ``prices``); ``pue``, ``pue_peak`` [H, C]; ``bill`` the tariff with windows, bands and peaks.
    """

    row: dict[str, object]
    needed: Floats
    busy: Floats
    prices: dict[str, Floats]
    pue: Floats
    pue_peak: Floats
    life: int
    bill: PoolBill

    def number(self, name: str) -> float:
        """A figure of the option, zero where it has none."""
        value = self.row[name]
        return float(value) if isinstance(value, (int, float)) else 0.0

    @property
    def option(self) -> str:
        """Key of the option, as in lulea/own_colocation/dgx_b200."""
        return str(self.row["option"])

    @property
    def gpus(self) -> int:
        """GPUs of a server."""
        return int(self.number("server_gpus"))

    @property
    def spare(self) -> int:
        """Servers that carry no load."""
        return int(self.number("spare_servers"))

    @property
    def kwh_price(self) -> Floats:
        """All energy components of a kWh drawn [H, C]; zero where the space price contains them."""
        total: Floats = np.sum(list(self.prices.values()), axis=0)
        return total

    def delivery(self, order: int) -> int:
        """Month in which an order of month ``order`` enters service."""
        return max(order + int(self.number("lead_months")), int(self.number("grid_month")))


@dataclass(frozen=True)
class Field:
    """What every mix shares: hours [H, C], discount factors [H], escalator [H], offers and pools."""

    workloads: tuple[str, ...]
    hours: Floats
    month_hours: Floats
    start_factor: Floats
    end_factor: Floats
    escalator: Floats
    hourly: tuple[Hourly, ...]
    terms: tuple[Term, ...]
    api: dict[int, tuple[str, Floats]]
    work: Floats
    gpu_hours: Floats
    staff: Floats
    api_staff: Floats
    storage: Callable[[int | None], pl.DataFrame]
    other_income: float | None
    pools: tuple[Pool, ...]

    @property
    def horizon(self) -> int:
        """Months of the plan."""
        return int(self.hours.shape[0])


def field_of(basis: Basis, options: pl.DataFrame) -> Field:
    """Arrays of a plan with the given options as pools."""
    months = basis.months
    horizon = months.height
    workloads = tuple(sorted(w.id for w in basis.plan.workloads))
    hours = _home_hours(basis)
    offers = basis.market.offers
    hourly_offers = pl.concat([basis.choice.on_demand, basis.choice.spot, partner_offers(basis)])
    fleets = _fleets(basis, offers)
    path = price_path(basis.plan.rent.gpu_price_path_per_year, np.arange(horizon, dtype=float))
    hourly = tuple(
        Hourly(
            workloads.index(row["workload"]),
            row["offer"],
            hourly_component(row["term"]),
            int(row["gpu_count"]),
            fleets[tuple(row[name] for name in FLEET)],
            row["unit_price"] * path,
            row["is_monthly"],
        )
        for row in hourly_offers.iter_rows(named=True)
    )
    terms = tuple(
        Term(
            workloads.index(row["workload"]),
            row["offer"],
            int(row["term_months"]),
            fleets[tuple(row[name] for name in FLEET)],
            row["price_per_hour"] * path,
            float(row["upfront_share"]),
        )
        for row in basis.choice.terms.sort("workload", "offer").iter_rows(named=True)
    )
    return Field(
        workloads=workloads,
        hours=hours,
        month_hours=months["hours"].to_numpy(),
        start_factor=months["start_factor"].to_numpy(),
        end_factor=months["end_factor"].to_numpy(),
        escalator=months["escalator"].to_numpy(),
        hourly=hourly,
        terms=terms,
        api=_apis(basis, workloads, horizon),
        work=_work_shares(basis, workloads, hours),
        gpu_hours=_gpu_hours(basis, workloads, horizon),
        staff=_staff(basis, basis.plan.staff.platform_fte),
        api_staff=_staff(basis, basis.plan.staff.api_fte),
        # every mix that a search tries asks for one of a few months
        storage=cache(lambda delivery: _storage(basis, delivery)),
        other_income=_other_income(basis),
        pools=tuple(_pool(basis, row, workloads) for row in options.sort("option").iter_rows(named=True)),
    )


def partner_offers(basis: Basis) -> pl.DataFrame:
    """Offers of the market that serve what lies above commitments, where they are not the best by the hour anyway."""
    choice = basis.choice
    return (
        basis.market.on_demand()
        .join(choice.partners(), on=["workload", "offer"], how="semi")
        .join(choice.on_demand, on=["workload", "offer"], how="anti")
    )


def _home_hours(basis: Basis) -> Floats:
    home = basis.shares.filter(pl.col("calendar") == basis.home)
    return month_cells(home.unique(["month", *CELL]), "n_hours", basis.months.height)


def _fleets(basis: Basis, offers: pl.DataFrame) -> dict[tuple[object, ...], Floats]:
    """Instances [H, C] of every fleet that an hourly or committed offer may use."""
    choice = basis.choice
    wanted = pl.concat(
        frame.select(FLEET) for frame in (choice.on_demand, choice.spot, choice.terms, partner_offers(basis))
    ).unique()
    needs = basis.market.instances(offers.join(wanted, on=FLEET, how="semi"), [1.0])
    return {
        fleet: month_cells(frame, "instances", basis.months.height) for fleet, frame in needs.group_by(FLEET)
    }


def fleet_of(basis: Basis, offer: dict[str, object]) -> Floats:
    """Instances [H, C] of any offer of the market."""
    fleet = basis.market.offers.filter(
        pl.col("workload") == offer["workload"], pl.col("offer") == offer["offer"]
    )
    return month_cells(basis.market.instances(fleet, [1.0]), "instances", basis.months.height)


def _work_shares(basis: Basis, workloads: tuple[str, ...], hours: Floats) -> Floats:
    """Share of a month's volume that falls into each cell [W, H, C]; sums to 1 over a month with volume."""
    asked = pl.col("output_tokens") + pl.col("uncached_input_tokens") + pl.col("declared_gpu_hours")
    home = basis.shares.filter(pl.col("calendar") == basis.home).join(
        basis.volume.filter(asked > 0), on=["workload", "month"], how="semi"
    )
    busy = by_workload(home, "share_per_hour", workloads, basis.months.height) * hours
    whole = busy.sum(axis=2, keepdims=True)
    shares: Floats = np.divide(busy, whole, out=np.zeros_like(busy), where=whole > 0)
    return shares


def _storage(basis: Basis, delivery: int | None) -> pl.DataFrame:
    """Flows of storage with the first own servers in a month, or never."""
    if delivery is None or delivery >= basis.horizon:
        return rented_storage_flows(basis.plan, basis.fx, basis.months)
    return storage_flows(basis.plan, basis.fx, basis.months, [delivery]).drop("delivery_month")


def _staff(basis: Basis, people: float) -> Floats:
    """Platform staff, or that of token APIs alone, at the end of each month [H]."""
    monthly = people * basis.fx.convert(basis.plan.staff.cost_per_fte_year)
    return np.asarray(monthly / MONTHS_PER_YEAR * basis.months["escalator"].to_numpy())


def _other_income(basis: Basis) -> float | None:
    tax = basis.plan.finance.tax
    if tax is None or tax.other_income_per_year is None:
        return None
    return basis.fx.convert(tax.other_income_per_year)


def _gpu_hours(basis: Basis, workloads: tuple[str, ...], horizon: int) -> Floats:
    """GPU-hours of work in each month, on the GPU type that the workload rents by the hour, else on one that serves it [W, H]."""
    hours = np.zeros((len(workloads), horizon))
    hourly = basis.choice.on_demand.select("workload", "profile")
    any_type = basis.gpu_hours.select("workload", "profile").unique().sort("workload", "profile")
    rented = pl.concat(
        [hourly, any_type.unique("workload", keep="first").join(hourly, on="workload", how="anti")]
    )
    for workload, month, amount in (
        basis.gpu_hours.join(rented, on=["workload", "profile"]).select("workload", "month", "gpu_hours")
    ).iter_rows():
        hours[workloads.index(workload), month] = amount
    return hours


def _apis(basis: Basis, workloads: tuple[str, ...], horizon: int) -> dict[int, tuple[str, Floats]]:
    """Per workload its cheapest token API with the cost of a whole month's volume [H]."""
    path = price_path(basis.plan.rent.token_price_path_per_year, np.arange(horizon, dtype=float))
    found: dict[int, tuple[str, Floats]] = {}
    for row in basis.choice.apis.iter_rows(named=True):
        volume = basis.volume.filter(pl.col("workload") == row["workload"]).sort("month")
        price = (
            volume["uncached_input_tokens"].to_numpy() * row["input_price"]
            + volume["cached_input_tokens"].to_numpy() * row["cached_price"]
            + volume["output_tokens"].to_numpy() * row["output_price"]
        ) / MILLION_TOKENS
        found[workloads.index(row["workload"])] = (
            row["offer"],
            price * row["tokens_per_task_ratio"] * path,
        )
    return found


def _pool(basis: Basis, row: dict[str, object], workloads: tuple[str, ...]) -> Pool:
    horizon = basis.months.height
    load = basis.busy.filter(
        pl.col("calendar") == basis.home, pl.col("profile") == row["profile"]
    ).with_columns(needed=needed_gpus())
    cells = basis.cells.filter(pl.col("site") == row["site"])
    paid = 0.0 if row["is_power_included"] else 1.0
    grids = month_grids(cells, (*KWH_PRICES, "pue", "pue_p99"), horizon)
    return Pool(
        row=row,
        needed=by_workload(load, "needed", workloads, horizon),
        busy=by_workload(load, "busy", workloads, horizon),
        prices={name: grids[name] * paid for name in KWH_PRICES},
        pue=grids["pue"],
        pue_peak=grids["pue_p99"],
        life=service_months(basis.plan),
        bill=pool_bill(basis.bills, row, basis.months, _headroom(basis, row)),
    )


def _headroom(basis: Basis, row: dict[str, object]) -> float:
    return next(s.energy.subscription_headroom for s in basis.plan.sites if s.id == row["site"])


def quarters(horizon: int) -> Ints:
    """Months in which orders and signatures may be made."""
    return np.arange(0, horizon, 3)
