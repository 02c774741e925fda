"""Place: the section on a site's market, cooling and grid, beside the money: what the price rests on and what limits it.

Belongs here: history and regime of the zone, what was filled, the industrial bound, class limits, indicators, waiting for
the grid. Does not belong here: their calculation (planning), cost by part (advantage).
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from brytpunkt.reporting.sections.panel import Row, site_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from brytpunkt.reporting.sections.context import Desk

FILLED_HOURS = re.compile(r"(\d+) h filled by (\w+)")
SECOND_HALF_FROM = 7


def place_section(at: Desk, row: Row) -> Row | None:
    """Context of the partial `panels`: one site, or all of them in the portfolio."""
    site = None if at.is_portfolio else row["site"]
    here = [s for s in at.sites if site in (None, s["site"])]
    zones = {s["zone"] for s in here}
    of_sites = {s["site"] for s in here}
    made = (
        _table(at, "market", [r for r in at.summary["price_outlook"] if r["zone"] in zones], _market),
        _gaps(at, zones),
        *(
            _table(at, key, [r for r in at.summary[table] if r["site"] in of_sites], line)
            for key, table, line in (
                ("industrial", "industrial", _industrial),
                ("limits", "cooling_limits", _limit),
                ("indicators", "indicators", _indicator),
                ("connections", "connections", _connection),
            )
        ),
    )
    found = [panel for panel in made if panel is not None]
    return {"panels": found} if found else None


def _table(
    at: Desk, key: str, rows: list[Row], line: Callable[[Desk, Row], list[tuple[str, str, bool]]]
) -> Row | None:
    """A panel of one line a row; a line is (column, text, is a number) for each cell."""
    if not rows:
        return None
    words = at.formats.texts
    lines = [line(at, row) for row in rows]
    return {
        "head": words(f"place.{key}"),
        "note": words(f"place.{key}_note"),
        "columns": [(words(f"place.col.{column}"), is_number) for column, _, is_number in lines[0]],
        "rows": [[text for _, text, _ in cells] for cells in lines],
        "is_long": False,
    }


def _market(at: Desk, row: Row) -> list[tuple[str, str, bool]]:
    formats = at.formats
    months = f"{formats.month_short(row['first_month'])}\u2013{formats.month_short(row['last_month'])}"
    return [
        ("zone", row["zone"], False),
        ("history", f"{formats.number(row['history_years'], 1)} ({months})", False),
        *(
            (name, formats.number(row[f"{column}_eur_per_mwh"]), True)
            for name, column in (("planned", "planning_mean"), ("p10", "p10"), ("p50", "p50"), ("p90", "p90"))
        ),
        ("newest", formats.number(row["newest_year_eur_per_mwh"]), True),
        ("times", formats.number(row["newest_to_planning_ratio"], 2), True),
        ("low", formats.percent(row["low_hours_share"]), True),
        ("negative", formats.percent(row["negative_hours_share"], 1), True),
    ]


def _apart(at: Desk, zones: set[str | None]) -> list[str]:
    """A sentence for each zone whose publishers do not agree, or that nobody could disagree."""
    words, formats = at.formats.texts, at.formats
    here = [row for row in at.summary["price_outlook"] if row["zone"] in zones]
    if all(row["apart_hours"] is None for row in here):
        return [words("place.one_publisher")]
    return [
        words(
            "place.apart",
            zone=row["zone"],
            hours=formats.number(row["apart_hours"]),
            widest=formats.number(row["widest_apart_eur_per_mwh"], 1),
        )
        for row in here
        if row["apart_hours"]
    ] or [words("place.agree")]


def _gaps(at: Desk, zones: set[str | None]) -> Row | None:
    """Months and hours that were filled, counted by zone and method; a sentence where there are none."""
    words, formats = at.formats.texts, at.formats
    rows = [r for r in at.summary["price_gaps"] if r["zone"] in zones]
    months: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    hours: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in rows:
        found = FILLED_HOURS.search(row["method"])
        method = found[2] if found else row["method"].replace(" ", "_")
        key = (row["zone"], method, row["donor"] or "")
        months[key].append(row["month"])
        hours[key] += int(found[1]) if found else 0
    listed = [
        [
            zone,
            words.get(f"place.method.{method}", "") or method,
            donor or "\u2013",
            formats.number(len(at_months)),
            formats.number(hours[zone, method, donor]) if hours[zone, method, donor] else "\u2013",
            "\u2013".join(dict.fromkeys(formats.month_short(m) for m in (min(at_months), max(at_months)))),
        ]
        for (zone, method, donor), at_months in sorted(months.items())
    ]
    columns = (
        ("zone", False),
        ("method", False),
        ("donor", False),
        ("months", True),
        ("hours", True),
        ("span", False),
    )
    if not at.summary["price_outlook"]:
        return None
    return {
        "head": words("place.gaps"),
        "note": " ".join([words("place.gaps_note" if listed else "place.gaps_none"), *_apart(at, zones)]),
        "columns": [(words(f"place.col.{name}"), is_number) for name, is_number in columns],
        "rows": listed,
        "is_long": False,
    }  # fmt: skip


def _industrial(at: Desk, row: Row) -> list[tuple[str, str, bool]]:
    formats = at.formats
    year, month, _ = str(row["half_year"]).split("-")
    half = "S1" if int(month) < SECOND_HALF_FROM else "S2"
    return [
        ("site", site_names(at)[row["site"]] or "", False),
        ("plan_price", formats.number(row["plan_eur_per_mwh"]), True),
        ("industry_price", formats.number(row["industry_eur_per_mwh"]), True),
        ("ratio", formats.number(row["ratio"], 2), True),
        ("half_year", f"{row['country']} {year}-{half}", False),
        ("source", at.say.declared(row["source"]), False),
    ]


def _limit(at: Desk, row: Row) -> list[tuple[str, str, bool]]:
    formats = at.formats
    hot = row["hot_year"]
    return [
        ("site", site_names(at)[row["site"]] or "", False),
        ("class", f"{row['hardware_class']}, {formats.number(row['limit_c'])}\u00a0°C", False),
        ("hottest", formats.number(row["highest_c"], 1), True),
        ("above", formats.number(row["hours_above"]), True),
        ("hot_year", "\u2013" if hot is None else str(hot), True),
        ("hot_above", formats.number(row["hot_year_hours_above"]), True),
        ("usable", formats.percent(row["usable_share"]), True),
    ]


def _indicator(at: Desk, row: Row) -> list[tuple[str, str, bool]]:
    formats, words = at.formats, at.formats.texts
    return [
        ("site", site_names(at)[row["site"]] or "", False),
        ("pue", formats.number(row["pue"], 3), True),
        ("wue", formats.number(row["wue_litres_per_kwh"], 3), True),
        ("erf", formats.number(row["erf"], 2), True),
        ("ref", formats.number(row["ref"], 2), True),
        ("must_report", words("place.yes" if row["must_report"] else "place.no"), False),
    ]


def _connection(at: Desk, row: Row) -> list[tuple[str, str, bool]]:
    formats = at.formats
    return [
        ("site", site_names(at)[row["site"]] or "", False),
        *((f"wait_{key}", formats.number(row[f"{key}_months"]), True) for key in ("low", "mode", "high")),
        ("confidence", formats.texts.name("confidence", row["confidence"]), False),
        ("source", at.say.declared(row["source"]), False),
    ]
