"""Shared: what every page of a report needs, and the parts that site and portfolio have in common.

Belongs here: the desk that pages are made at. Does not belong here: content of one report alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from brytpunkt.reporting import fonts
from brytpunkt.reporting.charts.theme import STACK
from brytpunkt.reporting.charts.timeline import Timeline
from brytpunkt.reporting.charts.vega import Canvas
from brytpunkt.reporting.formats import SCALES, Formats
from brytpunkt.reporting.note_texts import NoteTexts
from brytpunkt.reporting.sanitise import printable, short
from brytpunkt.reporting.sections.appendix import how_to_read
from brytpunkt.reporting.sections.decision import years
from brytpunkt.reporting.sections.monthly import PARTS, energy_means
from brytpunkt.reporting.sections.sources import footnote
from brytpunkt.reporting.translations import texts

if TYPE_CHECKING:
    from pathlib import Path

    from brytpunkt.reporting.frames import Frames

Row = dict[str, Any]
HEAD_SIZE = 8 * 25.4 / 72  # [mm], like the widths, as in print.css
PLAN_WIDTH, SUBJECT_WIDTH, FOOT_WIDTH = 100.0, 68.0, 128.0
LONG_NAME = 60
NAME_IN_TABLE = 40


@dataclass(frozen=True)
class Desk:
    """Summary, frames, formats and canvas of one report.

    `say` has the words for notes of planning in the reader's language. `today` is the clock that staleness is
    measured against, None for none. `extra` holds what a page needs beyond the summary, by the page's key.
    """

    summary: Row
    frames: Frames
    formats: Formats
    canvas: Canvas
    time: Timeline
    say: NoteTexts
    today: date | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    is_portfolio: bool = False

    @property
    def sites(self) -> list[Row]:
        """Rows of the sites, in rank order."""
        rows: list[Row] = self.summary["sites"]
        return rows

    @property
    def horizon(self) -> int:
        """Months of the plan."""
        return int(self.summary["finance"]["horizon_months"])

    def site(self, site: str) -> Row:
        """The row of one site."""
        return next(row for row in self.sites if row["site"] == site)


def desk(
    summary: Row,
    frames: Frames,
    font_folder: Path,
    language: str,
    *,
    today: date | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Desk:
    """Everything that pages are made from, in one language."""
    finance = summary["finance"]
    formats = Formats(texts(language), finance["currency"])
    time = Timeline(date.fromisoformat(finance["start"]), int(finance["horizon_months"]))
    return Desk(
        summary,
        frames,
        formats,
        Canvas(formats, font_folder),
        time,
        NoteTexts(formats),
        today,
        extra or {},
    )


def common(at: Desk, title: str, subject: str) -> Row:
    """Values that every report prints: title, running head, foot, plan line, how to read it."""
    formats, summary, words = at.formats, at.summary, at.formats.texts
    finance, run, plan = summary["finance"], summary["run"], summary["plan"]
    rate, day = formats.percent(finance["discount_rate_per_year"], 1), formats.day(run["as_of"])
    return {
        "t": formats.texts,
        "f": formats,
        "language": formats.texts.language,
        "title": printable(title),
        "reading": how_to_read(at),
        "running": {
            "plan": _head(at, f"{words('doc.product')} · ", plan["name"], PLAN_WIDTH),
            "subject": _head(at, "", subject, SUBJECT_WIDTH),
            "foot": _head(
                at, f"{words('doc.as_of', date=day)} · ", words("doc.run", run=run["run_id"]), FOOT_WIDTH
            ),
        },
        "is_long_title": len(title) > LONG_NAME,
        "description": words("doc.description", plan=short(plan["name"], LONG_NAME)),
        "currency": finance["currency"],
        "horizon": years(at.horizon, formats),
        "prepared": formats.texts(
            "doc.prepared",
            plan=short(plan["name"], LONG_NAME),
            start=formats.month(finance["start"]),
            end=formats.month(at.time.month(at.horizon - 1)),
            currency=finance["currency"],
            rate=rate,
        ),
    }


def _head(at: Desk, before: str, text: str, widest: float) -> str:
    """A running head, its text cut so that all of it fits a width [mm] in the boldest cut.

    The style sheet could cut it, too, but the engine would then have the mark of omission read out as what was cut,
    wherever it stands.
    """
    letters = fonts.advances(at.canvas.font_folder, at.canvas.bold)
    heads = (before + short(text, length) for length in range(len(text), 0, -1))
    return next((head for head in heads if letters.width(head) * HEAD_SIZE <= widest), before)


def energy_chart(at: Desk, here: str | None) -> Row | None:
    """Price of a MWh by site, by part; none where no site draws energy that is priced."""
    means = energy_means(at.frames)
    rows = [
        {"site": s["site"], "site_name": s["site_name"]} | means[s["site"]]
        for s in at.sites
        if s["site"] in means
    ]
    parts = [part for part in PARTS if any(abs(row.get(part, 0.0)) > 0 for row in rows)]
    if not rows or not parts:
        return None
    from brytpunkt.reporting.charts.bars import energy_prices

    rows.sort(key=lambda row: sum(row[part] for part in parts))
    words = at.formats.texts
    return {
        "svg": energy_prices(at.canvas, rows, parts, here),
        "key": [(words.name("energy_part", part), STACK[index]) for index, part in enumerate(parts)],
        "cheapest": short(rows[0]["site_name"], LONG_NAME),
        "unit": words("unit.per_mwh", currency=at.formats.currency),
        "sources": footnote(at, "day_ahead_monthly", "day_ahead_shape", "energy_taxes", "grid_fees"),
    }


def gpus_of(at: Desk, row: Row) -> float:
    """GPUs in one server of the site's `own`."""
    for item in at.summary["unit_economics"]:
        if (item["site"], item["server"]) == (row["site"], row["own_server"]):
            return float(item["server_gpus"])
    return 1.0


def curve_charts(at: Desk, row: Row) -> Row:
    """Crossing curves and switch curve of a site, with headings that say what they show."""
    from brytpunkt.reporting.charts import curves

    formats, words = at.formats, at.formats.texts
    crossing, scan = at.frames.at("curves", row["site"]), at.frames.at("switch_curve", row["site"])
    site = short(row["site_name"], LONG_NAME)
    ahead, switched = row.get("ahead_date"), row["switch_date"]
    unit = formats.unit(formats.scale_of([float(row["npv_rent"])]))
    return {
        "sources": footnote(at, "gpu_offers", "servers", "token_prices"),
        "crossing": curves.crossing(at.canvas, crossing, row, at.time),
        "crossing_head": words("figure.crossing_wins", site=site, date=formats.month(ahead))
        if ahead
        else words("figure.crossing_never", site=site),
        "crossing_sub": words("figure.crossing_sub", unit=unit),
        "switch": curves.switch(at.canvas, scan, row, at.time) if scan.height > 1 else None,
        "switch_head": words("figure.switch_at", date=formats.month(switched))
        if switched
        else words("figure.switch_never"),
        "switch_sub": words("figure.switch_sub", unit=unit),
    }


def comparison(at: Desk, here: str | None) -> Row:
    """The sites on one scale, and as a table."""
    from brytpunkt.reporting.charts import bars

    formats, words = at.formats, at.formats.texts
    built = [row for row in at.sites if row["switch_npv"] is not None]
    scale = formats.scale_of([float(row["switch_npv"]) for row in built] + [float(at.sites[0]["npv_rent"])])
    unit = formats.unit(scale)
    own_sites = [row for row in built if not row["is_comparator"]] or built
    return {
        "svg": bars.sites(at.canvas, at.sites, here) if built else None,
        "head": words("figure.sites_head", best=short(own_sites[0]["site_name"], LONG_NAME)) if built else "",
        "sub": words("figure.sites_sub", years=years(at.horizon, formats), unit=unit),
        "rows": [site_cells(at, row, scale) for row in at.sites],
        "unit": unit,
    }


def site_cells(at: Desk, row: Row, scale: str) -> Row:
    """One site in the comparison table; the saving is that of its best order month."""
    formats, words = at.formats, at.formats.texts
    rent, best = float(row["npv_rent"]), row["switch_npv"]
    saved = None if best is None or row.get("is_ruled") else rent - best
    share = None if saved is None or not rent else saved / rent
    return {
        "site": row["site"],
        "name": short(row["site_name"], NAME_IN_TABLE),
        "is_comparator": row["is_comparator"],
        "rank": row["rank"],
        "verdict": row["verdict"],
        "verdict_name": words.name("verdict", row["verdict"]),
        "space": words.name("mode", row["own_mode"]) if row["own_mode"] else formats.number(None),
        "own": formats.number(_in(row["npv_own"], scale), 2),
        "best": formats.number(_in(row["switch_npv"], scale), 2),
        "saving": formats.number(_in(saved, scale), 2, signed=True),
        "share": formats.percent(share, signed=True),
        "order": formats.month_short(row["switch_date"]) if row["switch_date"] else words("never"),
        "paid": formats.month_short(row["payback_date"]) if row["payback_date"] else words("never"),
    }


def _in(value: float | None, scale: str) -> float | None:
    return None if value is None else value / SCALES[scale]
