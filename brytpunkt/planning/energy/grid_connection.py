"""Connection: how long a grid connection takes, as a range by country and size.

A pure function of facts; the usual time feeds the plan, the whole range feeds risk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.errors import InputError, Problem

if TYPE_CHECKING:
    import datetime as dt

    from brytpunkt.declarations import Plan, Site
    from brytpunkt.planning.inputs.planning_inputs import Facts


@dataclass(frozen=True)
class Wait:
    """Months from the plan's start until a connection is live: quick, usual, slow; and what was found about it."""

    low: int
    mode: int
    high: int
    confidence: str
    source: str


def connection_months(site: Site, facts: Facts) -> Wait | None:
    """The waiting time of a site that declares ``connection``; None where it declares none.

    Raises ``InputError`` where no time is known for the country, kind and size.
    """
    asked = site.connection
    if asked is None:
        return None
    known = facts.connection_times.filter(
        pl.col("country") == site.country,
        pl.col("kind") == asked.kind,
        pl.col("size_from_mw") <= asked.size_mw,
        pl.col("size_to_mw") > asked.size_mw,
    )
    if known.is_empty():
        where = f"sites.{site.id}.connection"
        message = f"no connection time is known for {asked.size_mw:g} MW ({asked.kind}) in {site.country}"
        raise InputError((Problem(where, message, "declare grid_available_from instead"),))
    row = known.row(0, named=True)
    return Wait(
        int(row["low_months"]),
        int(row["mode_months"]),
        int(row["high_months"]),
        row["confidence"],
        row["source"],
    )


def grid_month(site: Site, facts: Facts, dates: list[dt.date]) -> int:
    """First month with a live connection: the declared date, else the usual waiting time, else the start."""
    wait = connection_months(site, facts)
    if wait is not None:
        return wait.mode
    available = site.grid_available_from
    return 0 if available is None else sum(date < available for date in dates)


def connections(plan: Plan, facts: Facts) -> pl.DataFrame:
    """Waiting times of all sites that declare a connection -> site, low_months, mode_months, high_months, confidence, source."""
    rows = []
    for site in plan.sites:
        wait = connection_months(site, facts)
        if wait is not None:
            rows.append((site.id, wait.low, wait.mode, wait.high, wait.confidence, wait.source))
    schema = {
        "site": pl.String,
        "low_months": pl.Int64,
        "mode_months": pl.Int64,
        "high_months": pl.Int64,
        "confidence": pl.String,
        "source": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
