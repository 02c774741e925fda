"""Advantage: the section on what energy costs and emits here and at places outside the Nordics.

Belongs here: words and numbers of the section. Does not belong here: the calculation (planning/advantage.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brytpunkt.reporting.charts.bars import energy_prices
from brytpunkt.reporting.charts.theme import STACK
from brytpunkt.reporting.sanitise import short
from brytpunkt.reporting.sections.panel import NAME_LENGTH, Row, best_site_id, site_names

if TYPE_CHECKING:
    from brytpunkt.reporting.sections.context import Desk

DRAWN = ("spot", "grid", "tax", "cooling")
ROWS = (*DRAWN, "heat", "total", "carbon")


def advantage_section(at: Desk, row: Row) -> Row | None:
    """Context of the partial `advantage`: this site against places outside the Nordics, or all sites."""
    return advantage(at, None if at.is_portfolio else row["site"])


def advantage(at: Desk, site: str | None) -> Row | None:
    """Chart and table of one site, or of all; none where no comparator could be computed."""
    shown = site or best_site_id(at)
    mine = [row for row in at.summary["advantage"] if row["site"] == shown]
    if not mine:
        return None
    words, formats = at.formats.texts, at.formats
    names = site_names(at)
    places = {row["against"]: row["against_name"] for row in mine}
    bars = [_bar(at, s["site"], names[s["site"]] or "") for s in at.sites if site in (None, s["site"])]
    drawn = [bar for bar in bars if bar] + [
        {"site": f"against-{place}", "site_name": words("adv.place", name=name)} | _side(mine, place, "there")
        for place, name in places.items()
    ]
    drawn.sort(key=lambda row: sum(row[part] for part in DRAWN))
    table = _site_table(at, mine, places) if site else _all_table(at, places)
    return {
        "head": words("adv.head", site=short(names[shown] or "", NAME_LENGTH)),
        "sub": words("adv.sub", unit=words("unit.per_mwh", currency=formats.currency)),
        "note": words("adv.note"),
        "measure": _measure(at, mine, places),
        "svg": energy_prices(at.canvas, drawn, DRAWN, shown),
        "key": [(words(f"adv.part_{part}"), STACK[index]) for index, part in enumerate(DRAWN)],
        "caption": words("adv.caption" if site else "adv.caption_all"),
        "table": table,
        "cautions": [
            words("adv.caution", place=name, note=at.say.declared(note))
            for place, name in places.items()
            for note in {row["note"] for row in mine if row["against"] == place and row["note"]}
        ],
    }


def _bar(at: Desk, site: str, name: str) -> Row | None:
    rows = [row for row in at.summary["advantage"] if row["site"] == site]
    if not rows:
        return None
    return {"site": site, "site_name": name} | _side(rows, rows[0]["against"], "here")


def _side(rows: list[Row], place: str, side: str) -> Row:
    return {row["part"]: row[side] for row in rows if row["against"] == place and row["part"] in DRAWN}


def _measure(at: Desk, mine: list[Row], places: dict[str, str]) -> str:
    """How much of own's total cost the difference really is, in a sentence."""
    shares = [
        at.formats.texts(
            "adv.share",
            place=places[row["against"]],
            share=at.formats.percent(row["share_of_total_cost"], 1, signed=True),
        )
        for row in mine
        if row["part"] == "total" and row["share_of_total_cost"] is not None
    ]
    return at.formats.texts("adv.measure", list="; ".join(shares)) if shares else ""


def _site_table(at: Desk, mine: list[Row], places: dict[str, str]) -> Row:
    """Parts by place, then what the difference is for a million tokens and of the whole cost."""
    words, formats = at.formats.texts, at.formats
    value = {(row["against"], row["part"]): row for row in mine}
    first = next(iter(places))
    rows = [
        [
            words(f"adv.part_{part}"),
            formats.number(value[first, part]["here"], 1),
            *(formats.number(value[place, part]["there"], 1) for place in places),
        ]
        for part in ROWS
    ]
    for part, name in (("total", "adv.per_billion"), ("carbon", "adv.per_billion_carbon")):
        if value[first, part]["here_per_million_tokens"] is not None:
            rows.append(
                [
                    words(name, currency=formats.currency),
                    formats.number(_times(value[first, part]["here_per_million_tokens"]), 2),
                    *(
                        formats.number(_times(value[place, part]["there_per_million_tokens"]), 2)
                        for place in places
                    ),
                ]
            )
    rows.append(
        [
            words("adv.of_total"),
            "",
            *(
                formats.percent(value[place, "total"]["share_of_total_cost"], 1, signed=True)
                for place in places
            ),
        ]
    )
    return {"columns": [words("adv.part"), words("adv.here"), *places.values()], "rows": rows}


def _all_table(at: Desk, places: dict[str, str]) -> Row:
    """Every site: what a MWh of IT costs and emits, and the difference to each place."""
    words, formats = at.formats.texts, at.formats
    names = site_names(at)
    rows = []
    for site in at.sites:
        mine = {
            (row["against"], row["part"]): row
            for row in at.summary["advantage"]
            if row["site"] == site["site"]
        }
        if not mine:
            continue
        whole = {place: mine[place, "total"] for place in places if (place, "total") in mine}
        carbon = next(row for (_, part), row in mine.items() if part == "carbon")
        rows.append(
            [
                names[site["site"]] or "",
                formats.number(next(iter(whole.values()))["here"], 1),
                formats.number(carbon["here"], 1),
                *(
                    f"{formats.number(row['difference'], 1, signed=True)} "
                    f"({formats.percent(row['share_of_total_cost'], 1, signed=True)})"
                    for row in whole.values()
                ),
            ]
        )
    head = [words("col.site"), words("adv.part_total"), words("adv.part_carbon")]
    return {"columns": [*head, *(words("adv.against", place=name) for name in places.values())], "rows": rows}


def _times(value: float | None) -> float | None:
    return None if value is None else value * 1000
