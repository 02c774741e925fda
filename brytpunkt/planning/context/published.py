"""Published figures: each beside the one that the publication's own inputs give.

One server by hourly rates, or a cost sheet of lines that a calculator can follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.declarations.sections.published import SHEET
from brytpunkt.planning.context.not_defined import NotDefinedError
from brytpunkt.planning.context.published_server import server_measure
from brytpunkt.planning.context.published_sheet import sheet_measure
from brytpunkt.planning.note import Note, decode, encode

if TYPE_CHECKING:
    from brytpunkt.declarations import Case, Plan, Published
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
    "not_defined": pl.String,
}


def published_cases(plan: Plan, fx: Fx) -> pl.DataFrame:
    """Each published figure beside the one that its own inputs give -> ``PUBLISHED_SCHEMA``.

    ``agrees``: the difference is within the stated tolerance. ``reproduces``: what the plan says of it. Where the
    inputs give no figure, ``computed`` and ``difference`` are null and ``not_defined`` is the reason, a note.
    """
    published = plan.published
    if published is None:
        return pl.DataFrame(schema=PUBLISHED_SCHEMA)
    rows = []
    for case in published.cases:
        computed: float | None = None
        difference: float | None = None
        reason: str | None = None
        try:
            computed = _computed(plan, published, case, fx)
            difference = computed - case.published
        except NotDefinedError as error:
            reason = encode(error.reason)
        agrees = difference is not None and abs(difference) <= case.tolerance
        rows.append(
            (
                *(case.id, case.measure, case.server, case.offer, case.published, computed, difference),
                *(case.tolerance, agrees, case.reproduces, case.why, reason),
            )
        )
    return pl.DataFrame(rows, schema=PUBLISHED_SCHEMA, orient="row")


def _computed(plan: Plan, published: Published, case: Case, fx: Fx) -> float:
    if case.measure in SHEET:
        assert published.sheet is not None
        return sheet_measure(published.sheet, case, fx)
    return server_measure(plan, published, case, fx)


def undefined_figures(cases: pl.DataFrame) -> list[Note]:
    """Published figures that the publication's own inputs do not give, each with the reason."""
    missing = cases.filter(pl.col("not_defined").is_not_null())
    return [
        Note("published_undefined", None, {"name": row["case"], "reason": decode(row["not_defined"])})
        for row in missing.iter_rows(named=True)
    ]


def unsummed_totals(cases: pl.DataFrame) -> list[Note]:
    """Published totals that are not the sum of their own rows, for the report."""
    wrong = cases.filter(pl.col("measure").is_in(["sheet_monthly", "sheet_total"]) & ~pl.col("agrees"))
    return [
        Note("published_total", None, {"name": name, "published": published, "computed": computed})
        for name, published, computed in wrong.select("case", "published", "computed").iter_rows()
    ]
