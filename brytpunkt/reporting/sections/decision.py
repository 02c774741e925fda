"""Decision: page one in words and tiles, readable in a minute.

Belongs here: turning a verdict row into sentences. Does not belong here: the verdict itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brytpunkt.planning.inputs.units import MONTHS_PER_YEAR
from brytpunkt.planning.note import Note, from_json, merged
from brytpunkt.reporting.note_texts import NoteTexts
from brytpunkt.reporting.sanitise import short

if TYPE_CHECKING:
    from brytpunkt.reporting.formats import Formats

Row = dict[str, Any]
LONG_HORIZON = 1.5
NAME_IN_SENTENCE = 80
NAME_IN_HEADLINE = 40


@dataclass(frozen=True)
class Tile:
    """One key figure: what it is, the figure, and what to know of it."""

    label: str
    value: str
    note: str


def outcome(row: Row) -> str:
    """What page one says.

    build_now, build_later, rent_only; unfit where nothing can be owned (late in a run that does not know why); build_ruled
    and rent_ruled where a constraint rules out renting or owning; impossible where nothing keeps to what is declared.
    """
    if row["verdict"] == "infeasible":
        return "impossible"
    if row.get("is_ruled"):
        return f"{row['verdict']}_ruled"
    if row["npv_own"] is None:
        return "unfit" if row.get("own_reason") else "late"
    if row["verdict"] == "rent":
        return "rent_only"
    return "build_later" if row["switch_month"] else "build_now"


def years(horizon_months: int, formats: Formats) -> str:
    """The horizon in words: years where it is whole years, else months."""
    whole, rest = divmod(horizon_months, MONTHS_PER_YEAR)
    if rest:
        return formats.texts("unit.months", count=horizon_months)
    return formats.texts("unit.years", count=whole)


def saving(row: Row) -> float | None:
    """Saved against renting by the best order month, or lost by ordering now where renting wins.

    None where one of the two is ruled out.
    """
    if row.get("is_ruled"):
        return None
    if row["verdict"] == "build" and row["switch_npv"] is not None:
        return float(row["npv_rent"]) - float(row["switch_npv"])
    return None if row["npv_own"] is None else float(row["npv_rent"]) - float(row["npv_own"])


def headline(row: Row, formats: Formats, prefix: str = "") -> str:
    """The verdict in a few words; with the prefix `portfolio_` it names the site."""
    site = short(row["site_name"], NAME_IN_HEADLINE)
    return formats.texts(f"verdict.{prefix}{outcome(row)}", site=site, date=formats.month(row["switch_date"]))


def lead(row: Row, horizon_months: int, formats: Formats) -> str:
    """The verdict in two or three sentences."""
    words = formats.texts
    kind = outcome(row)
    saved = saving(row) or 0.0
    text = words(
        f"lead.{kind}",
        site=short(row["site_name"], NAME_IN_SENTENCE),
        server=short(row["own_server_name"] or "", NAME_IN_SENTENCE),
        mode=words.name("mode", row["own_mode"]) if row["own_mode"] else "",
        years=years(horizon_months, formats),
        own=formats.money(row["npv_own"]),
        rent=formats.money(row["npv_rent"]),
        best=formats.money(row["switch_npv"]),
        saving=formats.money(saved),
        extra=formats.money(-saved),
        share=formats.percent(saved / float(row["npv_rent"]) if row["npv_rent"] else None),
        date=formats.month(row["switch_date"]),
        why=_why(row, formats),
    )
    if kind == "build_now" and "payback_months" in row:  # runs of 0.1.0 netted what is left
        paid = row["payback_date"]
        months = formats.number(row["payback_months"])
        text += " " + (
            words("payback.paid", date=formats.month(paid), months=months)
            if paid
            else words("payback.unpaid")
        )
    return text


def _why(row: Row, formats: Formats) -> str:
    """What rules out renting and owning, one sentence each; empty where neither is."""
    say = NoteTexts(formats)
    sentences = []
    if row.get("rent_reason"):
        sentences.append(formats.texts("lead.no_rent", reason=say(row["rent_reason"])))
    if row.get("own_reason"):
        key = "lead.no_own" if row["npv_own"] is None else "lead.no_own_alone"
        site = short(row["site_name"], NAME_IN_SENTENCE)
        sentences.append(formats.texts(key, site=site, reason=say(row["own_reason"])))
    return " ".join(sentences)


def mix(summary: Row, site: str | None, rent: float, formats: Formats) -> str:
    """One sentence on the optimal mix of a site, or of all sites together (None); nothing where it adds nothing."""
    found = next((row for row in summary["optimal"] if row["site"] == site), None)
    if found is None:
        return ""
    if not found["is_feasible"]:
        return " " + formats.texts("lead.mix_none", reason=NoteTexts(formats)(found["reason"]))
    here = [row for row in summary["sites"] if site in {None, row["site"]}]
    if any(row.get("is_ruled") for row in here) or all(row["npv_own"] is None for row in here):
        return ""  # the verdict is about this plan already, or there is nothing to mix
    saved = rent - found["present_value"]
    if found["source"] != "programme" or saved <= 0:
        return ""
    key = "lead.mix" if site is not None else "lead.mix_portfolio"
    return " " + formats.texts(
        key, value=formats.money(found["present_value"]), share=formats.percent(saved / rent)
    )


def tiles(row: Row, horizon_months: int, formats: Formats) -> list[Tile]:
    """The key figures; none where nothing is feasible."""
    words = formats.texts
    if row["verdict"] == "infeasible":
        return []
    saved = saving(row)
    gains = saved is None or saved >= 0
    share = None if saved is None or not row["npv_rent"] else abs(saved) / float(row["npv_rent"])
    label = words("tile.saving", years=years(horizon_months, formats)) if gains else words("tile.extra")
    never = row["switch_month"] is None
    return [
        Tile(
            label,
            formats.money(abs(saved) if saved is not None else None),
            words("tile.saving_none")
            if saved is None
            else words("tile.saving_note", share=formats.percent(share)),
        ),
        Tile(
            words("tile.order"),
            words("never") if never else formats.month_short(row["switch_date"]),
            words(_order_note(row)),
        ),
        Tile(
            words("tile.paid"),
            formats.month_short(row["payback_date"]) if row["payback_date"] else words("never"),
            words("tile.paid_note" if row["payback_date"] else "tile.unpaid_note"),
        ),
        _against("gpu_hour", row["lcoh_own"], row["lcoh_rent"], formats),
        _energy(row, formats)
        if row["lcot_rent"] is None
        else _against("tokens", row["lcot_own"], row["lcot_rent"], formats),
        Tile(words("tile.tipping"), _tipping_volume(row, formats), _tipping_note(row, formats)),
    ]


def _tipping_volume(row: Row, formats: Formats) -> str:
    """The tipping volume in tokens a day, or in GPU-hours where none are counted."""
    if row["tipping_scale"] is None:
        return formats.texts("none")
    if row["tipping_tokens_per_day"] is not None:
        return formats.texts("tipping.tokens", amount=quantity(row["tipping_tokens_per_day"], formats))
    return formats.texts("tipping.gpu_hours", amount=formats.significant(row["tipping_gpu_hours_per_day"]))


def _tipping_note(row: Row, formats: Formats) -> str:
    """What is to be known of it: how far from the plan, or which side is the better in the range that was searched."""
    state = row["tipping_state"] or "nothing"
    scales = {name: formats.significant(row[f"tipping_{name}_scale"], 2) for name in ("from", "to")}
    return formats.texts(f"tipping.{state}", scale=formats.significant(row["tipping_scale"], 3), **scales)


def _order_note(row: Row) -> str:
    if row["npv_own"] is None:
        return "tile.order_nothing"
    if row["switch_month"] is None:
        return "tile.order_never"
    return "tile.order_ruled" if row.get("is_ruled") else "tile.order_note"


def _against(name: str, own: float | None, rent: float | None, formats: Formats) -> Tile:
    return Tile(
        formats.texts(f"tile.{name}"),
        formats.price(own),
        formats.texts("tile.against", price=formats.price(rent)),
    )


def _energy(row: Row, formats: Formats) -> Tile:
    """Where no tokens are counted, the price of energy takes the place of the price of tokens."""
    pue = formats.number(row["pue_mean"], 2)
    return Tile(
        formats.texts("tile.energy"),
        formats.price(row["energy_price_per_mwh"]),
        formats.texts("tile.energy_note", pue=pue),
    )


def flips(row: Row, horizon_months: int, formats: Formats) -> list[str]:
    """What would change the verdict, and what was tried and would not."""
    words = formats.texts
    if row["npv_own"] is None or row.get("is_ruled"):
        return []
    found = [_volume(row, formats), _use(row, formats)]
    if row["wait_6_cost"] is not None and row["wait_12_cost"] is not None:
        six, twelve = (formats.money(row[f"wait_{months}_cost"], signed=True) for months in (6, 12))
        found.append(words("flip.waiting", six=six, twelve=twelve))
    found.append(words("flip.value", outcome=_turn(row, "verdict_without_continuing_value", formats)))
    longer = math.ceil(LONG_HORIZON * horizon_months)
    turn = _turn(row, "verdict_long_horizon", formats)
    found.append(words("flip.horizon", months=longer, horizon=horizon_months, outcome=turn))
    return found


def _use(row: Row, formats: Formats) -> str:
    words = formats.texts
    planned = formats.percent(row["base_utilisation"])
    if row["tipping_utilisation"] is None:
        return words("flip.utilisation_none", planned=planned)
    tipping = formats.percent(row["tipping_utilisation"])
    return words("flip.utilisation", tipping=tipping, planned=planned)


def _volume(row: Row, formats: Formats) -> str:
    state = row["tipping_state"]
    if state == "crosses":
        lead = formats.texts("flip.volume", volume=_tipping_volume(row, formats))
        return f"{lead} {_tipping_note(row, formats)}."
    return f"{formats.texts('flip.volume_none')} {_tipping_note(row, formats)}."


def _turn(row: Row, column: str, formats: Formats) -> str:
    verdict = formats.texts.name("verdict", row[column])
    return formats.texts("flip.stays" if row[column] == row["verdict"] else "flip.turns", verdict=verdict)


def quantity(value: float | None, formats: Formats) -> str:
    """A large count in words: `4.2 billion`."""
    if value is None:
        return formats.number(None)
    for name, size in (("billion", 1e9), ("million", 1e6)):
        if value >= size:
            return f"{formats.significant(value / size, 3)} {formats.texts(f'count.{name}')}"
    return formats.number(value)


def warnings(summary: dict[str, Any], site: str | None = None) -> list[Note]:
    """What a reader of a site's report must know: about the site, or about the whole plan; of the portfolio's, all of it.

    Notes that say the same of several sites are one.
    """
    notes = [from_json(said) for said in summary["warnings"]]
    return merged(note for note in notes if site is None or note.site in {None, site})
