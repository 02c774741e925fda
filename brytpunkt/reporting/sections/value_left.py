"""Value left: payback in cash, what is left at the horizon read in other ways, and the bridge to the levelised cost.

Belongs here: tables of one site. Does not belong here: the month from which owning is ahead (the crossing curves show it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.sections.panel import panel, rows_of, thousands

if TYPE_CHECKING:
    from brytpunkt.reporting.sections.context import Desk

Row = dict[str, Any]
OWN = "own"


def value_left_section(at: Desk, row: Row) -> Row | None:
    """Context of the partial `panels`: payback, readings with the break-even end value, bridge."""
    site = row["site"]
    found = [item for item in (_payback(at, site), _readings(at, site), _bridge(at, site)) if item["rows"]]
    return {"panels": found} if found else None


def _payback(at: Desk, site: str) -> Row:
    words, formats = at.formats.texts, at.formats

    def when(months: int | None, date: str | None) -> str:
        if months is None:
            return words("panel.not_within")
        return words("panel.months_by", months=formats.number(months), date=formats.month_short(date))

    rows = [
        [
            words.name("strategy", item["strategy"]),
            words.name("panel_scope", item["scope"]),
            formats.month_short(item["first_payment_date"]),
            when(item["months"], item["date"]),
            when(item["months_discounted"], item["date_discounted"]),
        ]
        for item in rows_of(at, "payback", site)
    ]
    columns = (
        ("strategy", False), ("scope", False), ("first_payment", False), ("paid_back", False),
        ("paid_back_discounted", False),
    )  # fmt: skip
    return panel(at, "payback", columns, rows)


def _readings(at: Desk, site: str) -> Row:
    words = at.formats.texts
    rows = [
        [
            words.name("strategy", item["strategy"]),
            words.name("panel_reading", item["reading"]),
            thousands(at, item["kept_value"]),
            thousands(at, item["rent_value"]),
            thousands(at, item["difference"], signed=True),
        ]
        for item in rows_of(at, "readings", site)
    ]
    columns = (
        ("strategy", False), ("reading", False), ("plan_value", True), ("rent", True),
        ("plan_less_rent", True),
    )  # fmt: skip
    said = [_end_value(at, item) for item in rows_of(at, "end_values", site) if item["strategy"] == OWN]
    return panel(at, "readings", columns, rows, note=" ".join([words("panel.readings_note"), *said]))


def _end_value(at: Desk, item: Row) -> str:
    formats = at.formats
    return formats.texts(
        f"panel.end_{item['reads']}",
        multiple=formats.number(item["break_even"], 2),
        share=formats.percent(item["share_of_purchases"]),
    )


def _bridge(at: Desk, site: str) -> Row:
    words, formats = at.formats.texts, at.formats
    bars = rows_of(at, "bridge", site)
    rows = [
        [
            words.name("panel_step", item["step"]),
            formats.number(item["per_gpu_hour"], 3, signed=bool(place)),
        ]
        for place, item in enumerate(bars)
    ]
    if rows:
        rows.append([words("panel.levelised"), formats.number(sum(item["per_gpu_hour"] for item in bars), 3)])
    return panel(at, "bridge", (("step", False), ("per_gpu_hour", True)), rows)
