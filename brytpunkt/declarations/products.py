"""Products: declarations that are each in range, but come to nonsense together, or to a plan too large to finish.

Belongs here: volumes at their highest, compound paths to the plan's end, years without a calendar, the size of the
computation. Does not belong here: limits of one field, or anything that needs the facts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from brytpunkt.declarations.values.fields import Finding

if TYPE_CHECKING:
    from brytpunkt.declarations.plan import Plan
    from brytpunkt.declarations.sections.workloads import Workload

MONTHS_PER_YEAR = 12
FIRST_YEAR, LAST_YEAR = 2000, 2100
MOST_MULTIPLE = 1000.0  # of any price or volume over the plan
LEAST_MULTIPLE = 1e-9
MOST_TOKENS_A_DAY = 1e14  # planning assumption: beyond what any one company is said to serve
MOST_GPU_HOURS_A_DAY = 2.4e8  # ten million GPUs
# The example (8 sites, 12 rooms, 4 servers, 84 months, 2 workloads) takes two minutes of one core.
SECONDS_OF_ONE = 120 / (12 * 4 * 84 * 2)
LONGEST_HOURS = 24
WORTH_TELLING_MINUTES = 10


def nonsense(plan: Plan) -> list[Finding]:
    """What the declarations of a plan come to that cannot be meant, each at the key that does most for it."""
    return [*_years(plan), *_paths(plan), *_volumes(plan), *_too_large(plan)]


def estimated_minutes(plan: Plan) -> float:
    """Rough time of computing a plan on one core, in proportion to the example."""
    rooms = sum((site.colocation is not None) + (site.own_hall is not None) for site in plan.sites)
    servers, workloads = len(plan.build.servers), len(plan.workloads)
    return SECONDS_OF_ONE * rooms * servers * plan.finance.months * workloads / 60


def _years(plan: Plan) -> Iterator[Finding]:
    start, months = plan.finance.start, plan.finance.months
    if start.year < FIRST_YEAR or start.year + months / MONTHS_PER_YEAR > LAST_YEAR:
        yield Finding(
            ("finance", "start"),
            f"a plan of {months} months from {start} does not lie between {FIRST_YEAR} and {LAST_YEAR}: no calendar and no "
            "price reaches there",
            "check the year",
        )


def _paths(plan: Plan) -> Iterator[Finding]:
    years = plan.finance.months / MONTHS_PER_YEAR
    paths: list[tuple[tuple[str | int, ...], float]] = [
        (("finance", "inflation_per_year"), plan.finance.inflation_per_year),
        (("build", "price_path_per_year"), plan.build.price_path_per_year),
        (("rent", "gpu_price_path_per_year"), plan.rent.gpu_price_path_per_year),
        (("rent", "token_price_path_per_year"), plan.rent.token_price_path_per_year),
    ]
    if plan.energy.escalation_per_year is not None:
        paths.append((("energy", "escalation_per_year"), plan.energy.escalation_per_year))
    paths += [
        (("workloads", at, "efficiency_gain_per_year"), w.efficiency_gain_per_year)
        for at, w in enumerate(plan.workloads)
    ]
    for path, rate in paths:
        multiple = (1 + rate) ** years
        if not LEAST_MULTIPLE <= multiple <= MOST_MULTIPLE:
            yield Finding(
                path,
                f"{rate:.0%} a year over {years:g} years is {multiple:,.3g} times as much",
                "check the rate, or plan for a shorter time",
            )


def _volumes(plan: Plan) -> Iterator[Finding]:
    for at, workload in enumerate(plan.workloads):
        demand, multiple = workload.demand, _highest_multiple(workload, plan.finance.months)
        if multiple > MOST_MULTIPLE:
            yield Finding(
                ("workloads", at, "demand", "growth"),
                f"the volume grows to {multiple:,.3g} times the declared one",
                "check the growth, or give it a ceiling_multiple",
            )
            continue
        for key, amount, most, unit in (
            ("output_tokens_per_day", demand.output_tokens_per_day, MOST_TOKENS_A_DAY, "tokens"),
            ("input_tokens_per_day", demand.input_tokens_per_day, MOST_TOKENS_A_DAY, "tokens"),
            ("gpu_hours_per_day", demand.gpu_hours_per_day, MOST_GPU_HOURS_A_DAY, "GPU-hours"),
            ("gpu_hours_per_window", demand.gpu_hours_per_window, MOST_GPU_HOURS_A_DAY, "GPU-hours"),
        ):
            if amount is not None and amount * multiple > most:
                yield Finding(
                    ("workloads", at, "demand", key),
                    f"{amount * multiple:.3g} {unit} a day at the highest are more than all the world's ({most:.3g})",
                    "check the unit and the growth",
                )


def _highest_multiple(workload: Workload, months: int) -> float:
    growth = workload.demand.growth
    if growth.kind == "table":
        return max(point.multiple for point in growth.table)
    if growth.kind == "logistic" and growth.ceiling_multiple is not None:
        return growth.ceiling_multiple
    return float(max(1.0, (1 + growth.per_year) ** (months / MONTHS_PER_YEAR)))


def _too_large(plan: Plan) -> Iterator[Finding]:
    minutes = estimated_minutes(plan)
    if minutes > LONGEST_HOURS * 60:
        yield Finding(
            ("sites",),
            f"{len(plan.sites)} sites, {len(plan.build.servers)} servers, {len(plan.workloads)} workloads and "
            f"{plan.finance.months} months would take about {minutes / 60:,.0f} hours to compute",
            f"declare fewer of them, so that it takes under {LONGEST_HOURS} hours; several plans can share the work",
        )
