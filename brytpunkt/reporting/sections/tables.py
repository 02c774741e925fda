"""Tables that site and portfolio reports share: assumptions, sources, strategies, rules, unit economics.

Belongs here: summary rows in, formatted rows out. Does not belong here: layout.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.formats import MINUS, SCALES
from brytpunkt.reporting.sanitise import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.reporting.charts.timeline import Timeline
    from brytpunkt.reporting.formats import Formats
    from brytpunkt.reporting.note_texts import NoteTexts

Row = dict[str, Any]
LONGEST_VALUE = 120
NAME_LENGTH = 40
LABEL_LENGTH = 160
SECTIONS = ("finance", "workloads", "build", "rent", "energy", "staff", "sites", "benchmarks")
SHARED = ("sites", "workloads")
OTHER = "other"
DECLARED = "declared in the plan"
SHARE = "share"
NAMED = re.compile(r"[A-Za-z]|\d{4}-\d{2}")


def assumption_rows(
    summary: Row, formats: Formats, site: str | None, say: NoteTexts
) -> list[tuple[str, list[Row]]]:
    """Assumptions by section; of one site or of all; figures that sites or workloads share are one row.

    The head of a section tells the key that all of its rows begin with; a row tells the rest of its key.
    """
    listed = [item for item in summary["assumptions"] if _concerns(item["path"], site)]
    listed = _drawn_together(listed, formats)
    by_section: dict[str, list[Row]] = {}
    for item in listed:
        section, _, key = item["path"].partition(".")
        where, path = (section, key) if section in SECTIONS else (OTHER, item["path"])
        by_section.setdefault(where, []).append(_assumption(item | {"path": path}, formats, say))
    order = [name for name in (*SECTIONS, OTHER) if name in by_section]
    return [(_section(name, formats), by_section[name]) for name in order]


def _section(name: str, formats: Formats) -> str:
    shown = formats.texts.name("assumptions", name)
    return shown if name == OTHER else formats.texts("text.assumptions_of", name=shown, path=name)


def _concerns(path: str, site: str | None) -> bool:
    return site is None or not path.startswith("sites.") or path.startswith(f"sites.{site}.")


def _drawn_together(items: list[Row], formats: Formats) -> list[Row]:
    """Figures that several sites, or several workloads, share are one row."""
    kept: dict[Any, Row] = {}
    for item in items:
        group, _, rest = item["path"].partition(".")
        rest = rest.partition(".")[2]
        key = (
            (group, rest, item["value"], item["unit"], item["origin"], item["source"])
            if group in SHARED
            else item["path"]
        )
        if key in kept:
            kept[key]["count"] += 1
        else:
            kept[key] = item | {"count": 1}
    for item in kept.values():
        if item["count"] > 1:
            group, _, rest = item["path"].partition(".")
            named = formats.texts(f"text.assumptions_{group}", count=item["count"])
            item["path"] = f"{group}.({named}).{rest.partition('.')[2]}"
    return list(kept.values())


def _assumption(item: Row, formats: Formats, say: NoteTexts) -> Row:
    value = item["value"]
    if isinstance(value, bool):
        shown = formats.texts("yes" if value else "no")
    elif isinstance(value, (int, float)):
        shown = formats.plain(value)
        unit, share = say.unit(item["unit"]), formats.texts("unit.share")
        if item["unit"].split(" ")[0] == SHARE and unit.startswith(share):
            return _marked(
                item, formats, say, formats.texts("unit.percent", number=_hundredfold(value, formats)),
                unit.removeprefix(share).strip(),
            )  # fmt: skip
    else:
        shown = short(say.declared(str(value)), LONGEST_VALUE)
        if NAMED.match(str(value)):  # a word or a month is not so many of anything
            return _marked(item, formats, say, shown, "")
    return _marked(item, formats, say, shown, say.unit(item["unit"]))


def _hundredfold(value: float, formats: Formats) -> str:
    """A share as a percentage with the digits that were declared."""
    return formats.plain(Decimal(str(value)) * 100)


def _marked(item: Row, formats: Formats, say: NoteTexts, shown: str, unit: str) -> Row:
    declared = item["origin"] == "declared"
    return item | {
        "shown": shown,
        "unit": unit,
        "description": say.declared(item["description"]).replace(
            "`", ""
        ),  # marks of code, which paper does not have
        "source": ""
        if declared and item["source"] == DECLARED
        else short(say.declared(item["source"]), LABEL_LENGTH),
        "mark": formats.texts.name("origin_mark", item["origin"]),
        "origin_name": formats.texts.name("origin", item["origin"]),
    }


def rule_rows(summary: Row, site: str, time: Timeline, formats: Formats) -> list[list[str]]:
    """Readings of the 60-70 % rule: name, meaning, value at the end, month at 0.60, month at 0.70."""
    rows: dict[str, dict[float, Row]] = {}
    for row in summary["rule"]:
        if row["site"] == site:
            rows.setdefault(row["reading"], {})[round(row["threshold"], 2)] = row
    return [
        [
            reading,
            formats.texts.name("rule", reading),
            formats.number(next(iter(by_threshold.values()))["value_at_horizon"], 2),
            *(_first(by_threshold.get(threshold), time, formats) for threshold in (0.6, 0.7)),
        ]
        for reading, by_threshold in sorted(rows.items())
    ]


def _first(row: Row | None, time: Timeline, formats: Formats) -> str:
    if row is None or row["first_month"] is None:
        return formats.texts("never")
    return formats.month_short(time.month(int(row["first_month"])))


def strategy_rows(
    summary: Row, formats: Formats, site: str | None, say: NoteTexts, *, scale: str = "thousand"
) -> list[Row]:
    """Strategies of renting, and of one site's own capacity or of all sites."""
    names = {row["site"]: short(row["site_name"], NAME_LENGTH) for row in summary["sites"]}
    rank = {row["site"]: row["rank"] for row in summary["sites"]}
    chosen = [row for row in summary["strategies"] if row["site"] is None or site in (None, row["site"])]
    chosen.sort(key=lambda row: rank.get(row["site"], 0))
    return [
        {
            "site": names.get(row["site"], ""),
            "name": formats.texts("text.optimal_everywhere")
            if (row["site"], row["strategy"]) == (None, "optimal")
            else formats.texts.name("strategy", row["strategy"]),
            "label": short(say(row["reason"] or row["label"] or ""), LABEL_LENGTH),
            "is_feasible": row["is_feasible"],
            "nominal": _scaled(row["nominal_total"], scale, formats),
            "present_value": _scaled(row["present_value"], scale, formats),
            "lcoh": formats.number(row["lcoh"], 2),
            "lcot": formats.significant(row["lcot"], 3),
        }
        for row in chosen
        if not (site is None and row["strategy"] == "own")
    ]


def _scaled(value: str | float | None, scale: str, formats: Formats) -> str:
    return formats.number(None if value is None else float(value) / SCALES[scale])


def unit_rows(summary: Row, formats: Formats, site: str | None) -> list[Row]:
    """One server, one hour, around the clock."""
    names = {row["site"]: short(row["site_name"], NAME_LENGTH) for row in summary["sites"]}
    return [
        {
            "site": names.get(row["site"], row["site"]),
            "mode": formats.texts.name("mode", row["mode"]),
            "server": short(row["server_name"], NAME_LENGTH),
            "cells": [
                formats.number(row["acquisition"]),
                *(
                    formats.number(row[f"{part}_per_hour"], 2)
                    for part in ("capital", "support", "space", "energy")
                ),
                formats.number(row["per_gpu_hour"], 2),
                formats.number(row["rent_per_gpu_hour"], 2),
                formats.number(row["break_even_hours"]),
            ],
            "offer": row["offer"],
        }
        for row in summary["unit_economics"]
        if site in (None, row["site"])
    ]


def published_rows(summary: Row, formats: Formats, say: NoteTexts) -> list[Row]:
    """Published figures beside ours, and why they differ."""
    published = summary["published"] or {"cases": []}
    return [
        {
            "case": row["case"],
            "measure": formats.texts.name("measure", row["measure"]),
            "published": formats.plain(row["published"]),
            "ours": formats.significant(row["computed"], 6),
            "difference": formats.significant(row["difference"], 3).replace("-", MINUS),
            "agrees": bool(row["agrees"]),
            "why": " ".join(filter(None, (row["not_defined"] and say(row["not_defined"]), row["why"]))),
        }
        for row in published["cases"]
    ]


def workload_rows(summary: Row, formats: Formats, quantity: Any) -> list[Sequence[str]]:
    """What has to be computed."""
    return [
        (
            short(row["name"], NAME_LENGTH),
            short(row["model"] or formats.number(None), NAME_LENGTH),
            quantity(row["output_tokens_per_day"], formats),
            quantity(row["input_tokens_per_day"], formats),
            formats.percent(row["growth_per_year"]),
            formats.texts.name("residency", row["residency"]),
        )
        for row in summary["workloads"]
    ]
