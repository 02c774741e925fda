"""Material: whether two summaries of a plan differ by more than the declared thresholds.

Belongs here: the comparison of verdicts, order months and money. Does not belong here: why they differ
(brytpunkt.planning.changes.run_waterfall).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.verdicts.feasibility import verdict_cost

if TYPE_CHECKING:
    from collections.abc import Collection

    from brytpunkt.declarations.sections.delivery import OnChange

Row = dict[str, Any]


def material_changes(
    before: Row, after: Row, rule: OnChange, sites: Collection[str] | None = None
) -> tuple[str, ...]:
    """What is materially different at the given sites (none given: at all), as short reasons; empty if nothing."""
    if before["finance"]["currency"] != after["finance"]["currency"]:
        return (f"the currency is now {after['finance']['currency']}",)
    old = {row["site"]: row for row in before["sites"]}
    new = {row["site"]: row for row in after["sites"]}
    reasons: list[str] = []
    for site in sorted(old.keys() | new.keys()):
        if sites is not None and site not in sites:
            continue
        if site not in old or site not in new:
            reasons.append(f"{site}: {'new' if site in new else 'no longer'} in the plan")
        else:
            reasons += [f"{site}: {reason}" for reason in _site_changes(old[site], new[site], rule)]
    return tuple(reasons)


def _site_changes(old: Row, new: Row, rule: OnChange) -> list[str]:
    reasons = []
    if rule.verdict and old["verdict"] != new["verdict"]:
        reasons.append(f"the verdict was {old['verdict']} and is {new['verdict']}")
    if rule.tipping_months is not None:
        was, now = _month(old["switch_date"]), _month(new["switch_date"])
        if (was is None) != (now is None) or (
            was is not None and now is not None and abs(now - was) >= rule.tipping_months
        ):
            reasons.append(f"the month to order was {old['switch_date']} and is {new['switch_date']}")
    if rule.money_share is not None:
        for name, was_cost, cost in (
            ("rent", float(old["npv_rent"]), float(new["npv_rent"])),
            ("the best plan", verdict_cost(old), verdict_cost(new)),
        ):
            if was_cost is None or cost is None:
                continue  # nothing is feasible on one side; the verdict says so
            moved = abs(cost - was_cost)
            if moved and moved >= rule.money_share * abs(was_cost):
                reasons.append(f"the cost of {name} moved by {moved / abs(was_cost or cost):.1%}")
    return reasons


def _month(text: str | None) -> int | None:
    """Months since year 0, so that a plan that starts later is compared by date."""
    return None if text is None else int(text[:4]) * MONTHS_PER_YEAR + int(text[5:7])
