"""Readiness: whether each site can take each server in each mode, today, after a refit, or not at all.

A limit that is not declared is never passed in silence: it stands in ``unknown``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

import polars as pl

from brytpunkt.declarations import InlineServer
from brytpunkt.declarations.sections.room_limits import RoomLimits
from brytpunkt.planning.energy.cooling import LIQUID_SUPPLY_C
from brytpunkt.planning.inputs.units import FORGIVEN
from brytpunkt.planning.note import Note, encoded

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Site
    from brytpunkt.planning.inputs.money import Fx
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.planning.note import Argument

RACK_UNITS = 48  # of a tall rack; a server that is higher stands in several
LIQUID = ("liquid", "air_liquid")
HARDWARE_SCHEMA = {"server": pl.String, "cooling": pl.String, "rack_units": pl.Float64}
READINESS_SCHEMA = {
    "option": pl.String,
    "site": pl.String,
    "mode": pl.String,
    "server": pl.String,
    "status": pl.String,
    "reasons": pl.String,
    "remarks": pl.String,
    "unknown": pl.String,
    "retrofit_capex_per_kw": pl.Float64,
    "retrofit_months": pl.Int64,
    "most_servers": pl.Int64,
    "grid_month": pl.Int64,
}


@dataclass
class Checks:
    """What was found about one option: faults that a refit mends, faults that stay, remarks, unknown limits."""

    mended: list[Note] = field(default_factory=list)
    staying: list[Note] = field(default_factory=list)
    remarks: list[Note] = field(default_factory=list)
    unknown: list[Note] = field(default_factory=list)

    @property
    def status(self) -> str:
        """Ready, after_retrofit or not_ready."""
        if self.staying:
            return "not_ready"
        return "after_retrofit" if self.mended else "ready"


def limits_of(site: Site) -> RoomLimits:
    """The declared limits of a room; without any, all are unknown."""
    return site.limits


def hardware_frame(plan: Plan, facts: Facts) -> pl.DataFrame:
    """How each server of the plan is cooled and how high it is -> server, cooling, rack_units; null: unknown."""
    inline = [s for s in plan.build.servers if isinstance(s, InlineServer)]
    catalog = [s.id for s in plan.build.servers if not isinstance(s, InlineServer)]
    declared = pl.DataFrame(
        [(s.id, s.cooling, s.rack_units) for s in inline], schema=HARDWARE_SCHEMA, orient="row"
    )
    known = facts.servers.filter(pl.col("server").is_in(catalog)).select(
        pl.col(name).cast(of) for name, of in HARDWARE_SCHEMA.items()
    )
    return pl.concat([declared, known]).sort("server")


def readiness(
    plan: Plan, options: pl.DataFrame, hardware: pl.DataFrame, fx: Fx, *, with_grid: bool = True
) -> pl.DataFrame:
    """One row per site x mode x server. Without ``with_grid`` it is judged by power and room alone, whenever the grid comes.

    ``options``: site, mode, server, nameplate_kw, power_limit_kw, highest_pue, max_servers, rack_kw, grid_month.
    ``hardware``: server, cooling, rack_units.

    | column | unit |
    |---|---|
    | option, site, mode, server | key |
    | status | ready, after_retrofit, not_ready |
    | reasons | encoded note: why it is not ready today, number against number; null: nothing |
    | remarks | encoded note: what is no obstacle but must be known; null: nothing |
    | unknown | encoded note: limits and figures that are not declared, so not checked; null: none |
    | retrofit_capex_per_kw | plan currency per kW of nameplate; null without a refit |
    | retrofit_months | months; null without a refit |
    | most_servers | by the site's power limit; null: no limit declared |
    | grid_month | first month with grid power |
    """
    sites = {site.id: site for site in plan.sites}
    rows = []
    for option in options.join(hardware, on="server", how="left").iter_rows(named=True):
        limits = limits_of(sites[option["site"]])
        horizon = plan.finance.months if with_grid else None
        found = _check(option, sites[option["site"]], limits, horizon)
        refit = limits.retrofit if found.status == "after_retrofit" else None
        rows.append(
            {
                "option": "/".join((option["site"], option["mode"], option["server"])),
                "site": option["site"],
                "mode": option["mode"],
                "server": option["server"],
                "status": found.status,
                "reasons": encoded([*found.staying, *found.mended]),
                "remarks": encoded(found.remarks),
                "unknown": encoded(found.unknown),
                "retrofit_capex_per_kw": fx.convert(refit.capex_per_kw) if refit else None,
                "retrofit_months": refit.months if refit else None,
                "most_servers": option["max_servers"],
                "grid_month": option["grid_month"],
            }
        )
    return pl.DataFrame(rows, schema=READINESS_SCHEMA).sort("option")


def _check(option: dict[str, Any], site: Site, limits: RoomLimits, horizon: int | None) -> Checks:
    found = Checks()
    _density(option, limits, found)
    _liquid(option, site, limits, found)
    _power(option, site, found)
    _floor(limits, found)
    if horizon is not None:
        _grid(option, horizon, found)
    if limits.feeds == "single":
        found.remarks.append(Note("single_feed", site.id))
    return found


def _density(option: dict[str, Any], limits: RoomLimits, found: Checks) -> None:
    if option["rack_units"] is None:
        found.unknown.append(Note("unknown_server_height"))
    declared = [limits.rack_density_limit_kw]
    if option["mode"] == "own_colocation":
        declared.append(option["rack_kw"])
    known = [kw for kw in declared if kw is not None]
    if not known:
        found.unknown.append(Note("unknown_rack_power"))
        return
    draws = option["nameplate_kw"]
    racks = max(1, ceil((option["rack_units"] or 0) / RACK_UNITS))
    per_rack, carries = draws / racks, min(known)
    if per_rack <= carries + FORGIVEN:
        return
    said: dict[str, Argument] = {"kw": draws, "limit": carries}
    if racks > 1:
        said |= {"racks": racks, "each": per_rack}
    refit = limits.retrofit
    if refit is not None and per_rack > refit.rack_density_kw + FORGIVEN:
        code = "rack_density_after_refit" if racks == 1 else "rack_density_in_several_after_refit"
        found.staying.append(Note(code, option["site"], {**said, "refit": refit.rack_density_kw}))
        return
    reason = Note("rack_density" if racks == 1 else "rack_density_in_several", option["site"], said)
    (found.staying if refit is None else found.mended).append(reason)


def _liquid(option: dict[str, Any], site: Site, limits: RoomLimits, found: Checks) -> None:
    if option["cooling"] is None:
        found.unknown.append(Note("unknown_server_cooling"))
        return
    has_liquid = limits.liquid_cooling_installed or site.cooling in LIQUID_SUPPLY_C
    if option["cooling"] not in LIQUID or has_liquid:
        return
    reason = Note("no_liquid_cooling", site.id)
    if limits.retrofit is not None and limits.retrofit.liquid_cooling:
        found.mended.append(reason)
    else:
        found.staying.append(reason)


def _power(option: dict[str, Any], site: Site, found: Checks) -> None:
    limit = option["power_limit_kw"]
    if limit is None:
        found.unknown.append(Note("unknown_site_power", site.id))
    elif option["max_servers"] < 1:
        needs = option["nameplate_kw"] * option["highest_pue"]
        whole = site.power_limit_kw or limit
        said: dict[str, Argument] = {"kw": needs, "pue": option["highest_pue"], "limit": limit}
        found.staying.append(
            Note("site_power_in_heat", site.id, {**said, "whole": whole})
            if limit < whole  # the weather leaves less to cool with
            else Note("site_power_short", site.id, said)
        )


def _floor(limits: RoomLimits, found: Checks) -> None:
    floor = limits.floor_load_limit_kg_per_m2
    if floor is None:
        found.unknown.append(Note("unknown_floor_load"))
    else:
        found.unknown.append(Note("unknown_server_weight", None, {"load": floor}))


def _grid(option: dict[str, Any], horizon: int, found: Checks) -> None:
    month = option["grid_month"]
    if month >= horizon:
        found.staying.append(Note("grid_after_horizon", option["site"], {"horizon": horizon}))
    elif month > 0:
        found.remarks.append(Note("grid_from_month", option["site"], {"month": month}))
