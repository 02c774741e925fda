"""Frames: the part of a planning result that reports draw from, small enough to send to a worker process.

Belongs here: selections and sums of result frames. Does not belong here: formats, charts.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = dict[str, Any]

FRAMES = (
    "curves", "switch_curve", "tipping_curve", "rule_series", "demand", "schedule", "energy", "ledger",
)  # fmt: skip


class Results(Protocol):
    """What reporting needs of `brytpunkt.planning.Result`; columns are in docs/summary.md."""

    @property
    def verdicts(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def strategies(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def ledger(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def curves(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def switch_curve(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def tipping_curve(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def tipping_volumes(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def tipping_turns(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def rule(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def rule_series(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def demand(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def schedule(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def energy(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def unit_economics(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def published(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def optimal(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def optimal_schedule(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def margins(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def scenarios(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def regret(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def disruptions(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def expected(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def paradox(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def returns(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def financing(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def readiness(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def control(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def footprint(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def storage(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def warnings(self) -> Sequence[str]: ...  # noqa: D102


@dataclass(frozen=True)
class Frames:
    """Result frames as the report uses them.

    `costs` is the ledger summed by site, strategy and component:
    site (null for rent), strategy, component, amount, present_value (decimals of the plan's currency).
    """

    costs: pl.DataFrame
    curves: pl.DataFrame
    switch_curve: pl.DataFrame
    tipping_curve: pl.DataFrame
    rule_series: pl.DataFrame
    demand: pl.DataFrame
    schedule: pl.DataFrame
    energy: pl.DataFrame
    ledger: pl.DataFrame

    def at(self, name: str, site: str) -> pl.DataFrame:
        """The rows of one site."""
        frame: pl.DataFrame = getattr(self, name)
        return frame.filter(pl.col("site") == site)

    def own_costs(self, site: str) -> list[Row]:
        """Components of `own` at a site -> component, amount, present_value."""
        return self._costs((pl.col("site") == site) & (pl.col("strategy") == "own"))

    def rent_costs(self) -> list[Row]:
        """Components of the cheapest rent, which no site changes -> component, amount, present_value."""
        return self._costs(pl.col("site").is_null() & (pl.col("strategy") == "rent"))

    def _costs(self, chosen: pl.Expr) -> list[Row]:
        return self.costs.filter(chosen).select("component", "amount", "present_value").to_dicts()


def frames_of(result: Results) -> Frames:
    """The report's part of a result: sums of ledger rows stay exact, because they are decimals."""
    costs = (
        result.ledger.group_by("site", "strategy", "component")
        .agg(pl.col("amount").sum(), pl.col("present_value").sum())
        .sort("site", "strategy", "component", nulls_last=False)
    )
    return Frames(costs=costs, **{name: getattr(result, name) for name in FRAMES})


def total(rows: list[Row], column: str) -> Decimal:
    """Exact sum of a decimal column."""
    return sum((Decimal(row[column]) for row in rows), Decimal(0))
