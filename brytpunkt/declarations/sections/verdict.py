"""Verdict: what has to be saved before owning is called better, and how soon the question is asked again.

Belongs here: thresholds of the verdict. Does not belong here: limits that a plan must keep (constraints).
"""

from __future__ import annotations

from brytpunkt.declarations.values.fields import NO_SOURCE, Months, Section, Share, default


class VerdictRules(Section):
    """Thresholds of the verdict."""

    least_saving_share: Share = default(
        0.03,
        unit="share of the cost of rent",
        source=NO_SOURCE,
        description="Saving against renting below which there is no clear difference.",
    )
    review_months: Months = default(
        6,
        unit="months",
        source=NO_SOURCE,
        description="Until the decision is looked at again: an order that may wait longer does so.",
    )
