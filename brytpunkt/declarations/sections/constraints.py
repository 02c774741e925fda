"""Constraints: what a plan must keep to, whatever it costs.

Belongs here: limits on the plan as a whole. Does not belong here: residency (the workload declares it) and power
(the site declares it).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from brytpunkt.declarations.values.fields import Items, Section, Share, default, described, wrong
from brytpunkt.declarations.values.money import Money


def _some(money: Money) -> Money:
    if money.amount == 0:
        raise wrong("a budget of 0 pays for nothing", "give the ceiling, or leave it out")
    return money


Budget = Annotated[Money, AfterValidator(_some)]


class Constraints(Section):
    """Limits of the optimal plan. What is left out does not bind."""

    budget_per_year: Annotated[
        Budget | None, described("Most cash in any plan year, all costs included.", unit="per year")
    ] = None
    budget_by_year: Annotated[
        Items[Budget] | None,
        described(
            "Most cash by plan year, instead of one figure; the last holds on.", unit="per year", min_length=1
        ),
    ] = None
    sovereign_share: Annotated[
        Share | None,
        described(
            "Least share of the GPU work on own servers or at operators seated in the EEA.", unit="share"
        ),
    ] = None
    carbon_tonnes_per_year: Annotated[
        float | None,
        described("Most operational carbon in any plan year, location-based.", unit="tCO2e per year", gt=0),
    ] = None
    max_sites: int = default(
        1,
        unit="sites",
        source="planning assumption: one hall to look after",
        description="Sites that may serve one workload in the portfolio.",
        ge=1,
        le=40,
    )
    rented_kw_per_gpu: float = default(
        1.3,
        unit="kW per GPU",
        source="MLPerf Inference v5.1: 10.4 kW for 8 B200 under full load",
        description="Power of a rented GPU at work, for its carbon.",
        gt=0,
        le=20,
    )
    rented_pue: float = default(
        1.2,
        unit="ratio",
        source="planning assumption: no provider's figure by region is used",
        description="PUE where GPUs are rented, for their carbon.",
        ge=1,
        le=4,
    )

    @property
    def are_declared(self) -> bool:
        """Whether anything limits the plan as a whole."""
        declared = (
            self.budget_per_year,
            self.budget_by_year,
            self.sovereign_share,
            self.carbon_tonnes_per_year,
        )
        return any(limit is not None for limit in declared)
