"""First: page one of a report, the decision that a board member understands in one minute.

Belongs here: what stands on page one, and what of it is cut to fit. Does not belong here: its sentences
(decision.py, robustness.py, sources.py).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.charts import bars
from brytpunkt.reporting.sanitise import short
from brytpunkt.reporting.sections import decision
from brytpunkt.reporting.sections.decision import years
from brytpunkt.reporting.sections.robustness import certainty
from brytpunkt.reporting.sections.sources import stale_notes

if TYPE_CHECKING:
    from brytpunkt.planning.note import Note
    from brytpunkt.reporting.sections.context import Desk

Row = dict[str, Any]
LONG_NAME = 60
FIRST_TILES = 3
MOST_WARNINGS = 4
LONGEST_WARNING = 260
LINE = 42  # characters of half a page's width
SITE_LINES, PORTFOLIO_LINES, MOST_ROWS = (
    16,
    18,
    12,
)  # what fits beside; each site's row takes one from the portfolio


def site_decision(at: Desk, row: Row) -> Row:
    """Page one of a site."""
    formats = at.formats
    lead = decision.lead(row, at.horizon, formats) + decision.mix(
        at.summary, row["site"], float(row["npv_rent"]), formats
    )
    return _shared(at, row, decision.warnings(at.summary, row["site"])) | {
        "headline": decision.headline(row, formats),
        "lead": lead,
        "bar": bars.decision_bar(at.canvas, row),
        "bar_head": formats.texts("figure.decision", years=years(at.horizon, formats)),
        "flips": decision.flips(row, at.horizon, formats),
        "comparator": formats.texts("verdict.comparator", site=short(row["site_name"], LONG_NAME))
        if row["is_comparator"]
        else None,
    }


def portfolio_decision(at: Desk, best: Row) -> Row:
    """Page one of all sites together."""
    words = at.formats.texts
    candidates = [row for row in at.sites if not row["is_comparator"]]
    winners = sum(row["verdict"] == "build" for row in candidates)
    key = "text.portfolio_build" if winners else "text.portfolio_rent"
    counted = words(key, count=winners, total=len(candidates)) if len(candidates) > 1 else ""
    mixed = decision.mix(at.summary, None, float(best["npv_rent"]), at.formats)
    return _shared(at, best, decision.warnings(at.summary)) | {
        "headline": decision.headline(best, at.formats, "portfolio_"),
        "lead": counted + decision.lead(best, at.horizon, at.formats) + mixed,
        "flips": [],
        "comparator": None,
    }


def _shared(at: Desk, row: Row, warnings: list[Note]) -> Row:
    stale = stale_notes(at)
    said = stale + [short(at.say(text), LONGEST_WARNING) for text in warnings]
    room = PORTFOLIO_LINES - min(len(at.sites), MOST_ROWS) if at.is_portfolio else SITE_LINES
    shown = _fitting(said, room)
    return {
        "outcome": decision.outcome(row),
        "tiles": decision.tiles(row, at.horizon, at.formats)[: FIRST_TILES if at.is_portfolio else None],
        "sure": certainty(at, row, with_checks=at.is_portfolio),
        "has_stale": bool(stale),
        "warnings": shown,
        "more_warnings": [*stale, *(at.say(text) for text in warnings)] if len(said) > len(shown) else [],
        "more_count": len(said) - len(shown),
    }


def _fitting(said: list[str], lines: int) -> list[str]:
    """As many as page one has room for, the first in any case."""
    shown: list[str] = []
    for text in said[:MOST_WARNINGS]:
        lines -= math.ceil(len(text) / LINE)
        if shown and lines < 0:
            break
        shown.append(text)
    return shown
