"""The section on market, cooling and connection, and the words of energy in Swedish."""

from __future__ import annotations

import copy
import datetime as dt

import pytest

from brytpunkt.folders import folders
from brytpunkt.planning.note import Argument, Note
from brytpunkt.reporting.formats import Formats
from brytpunkt.reporting.frames import frames_of
from brytpunkt.reporting.note_texts import NoteTexts
from brytpunkt.reporting.outputs.html import context, document
from brytpunkt.reporting.sections.context import Desk, desk
from brytpunkt.reporting.sections.market_and_climate import place_section
from brytpunkt.reporting.sections.nordic_advantage import advantage_section
from brytpunkt.reporting.translations import texts
from tests.reporting.conftest import Made
from tests.reporting.test_reports import shown

GAPS = "What was filled, and where publishers differ"


def at(made: Made, language: str = "en", **changes: object) -> Desk:
    """The desk of the small plan, some tables of its summary replaced."""
    summary = copy.deepcopy(made.summary) | changes
    return desk(summary, frames_of(made.result), folders().templates / "fonts", language)


def panels(found: Desk, site: str = "lulea") -> dict[str, list[list[str]]]:
    """Rows of the section's tables by heading."""
    section = place_section(found, found.site(site))
    assert section is not None
    return {panel["head"]: panel["rows"] for panel in section["panels"]}


def test_a_site_shows_its_own_zone_and_what_was_filled(made: Made) -> None:
    rows = panels(at(made))
    [market] = rows["The market that the price rests on"]
    assert market[:2] == ["SE1", "5.2 (Jan 2021–Jul 2026)"]
    assert {row[0] for row in rows[GAPS]} == {"SE1"}
    assert sum(int(row[3]) for row in rows[GAPS]) == 4, "October 2024 to January 2025"
    [bound] = rows["Held against what industry pays"]
    assert (bound[0], bound[2], bound[4]) == ("Luleå", "120", "SE 2025-S1")


def test_hours_that_were_filled_are_counted_by_method(made: Made) -> None:
    gaps = [
        {"zone": "SE1", "month": f"2026-0{n}-01", "method": f"hourly, {n} h filled by interpolate", "donor": None, "ratio": None}
        for n in (1, 2, 4)
    ]  # fmt: skip
    rows = panels(at(made, price_gaps=gaps))[GAPS]
    assert rows == [["SE1", "along a straight line, two hours at most", "–", "3", "7", "Jan 2026–Apr 2026"]]
    section = place_section(empty := at(made, price_gaps=[]), empty.site("lulea"))
    assert section is not None
    notes = " ".join(panel["note"] for panel in section["panels"])
    assert "No gap of the price history was filled. Every month is of a single publisher here" in notes


def test_publishers_that_differ_are_named(made: Made) -> None:
    outlook = [
        row | {"apart_hours": 12, "widest_apart_eur_per_mwh": 8.25} for row in made.summary["price_outlook"]
    ]
    section = place_section(found := at(made, price_outlook=outlook), found.site("lulea"))
    assert section is not None
    said = "Publishers of SE1 differ by more than 1 EUR/MWh in 12 hours, at most by 8.2."
    assert said in " ".join(panel["note"] for panel in section["panels"])


def test_waiting_and_limits_are_shown_where_the_plan_has_them(made: Made) -> None:
    connection = {
        "site": "lulea", "low_months": 6, "mode_months": 9, "high_months": 12, "confidence": "estimated",
        "source": "general knowledge: brownfield or colocation half a year to a year, 5-20 MW 2-4 years, above 50 MW 4-8 years",
    }  # fmt: skip
    limit = {
        "site": "lulea", "hardware_class": "W32", "limit_c": 32.0, "hours_above": 74.2, "highest_c": 33.5,
        "usable_share": 0.75, "policy": "reduce", "hot_year": 2014, "hot_year_hours_above": 190.4,
    }  # fmt: skip
    found = at(made, "sv", connections=[connection], cooling_limits=[limit])
    rows = panels(found)
    [waits] = rows["Väntan på elnätet"]
    assert waits[1:5] == ["6", "9", "12", "uppskattad"]
    assert waits[5].startswith("allmänt känt")
    [hot] = rows["Klassgränsen i värmen"]
    assert hot[1:] == ["W32, 32\u00a0°C", "33,5", "74", "2014", "190", "75\u00a0%"]
    assert "allmänt känt" in shown(document(context(found, "lulea"), folders().templates))


WET: dict[str, Argument] = {"site": "Luleå", "class": "A2", "limit": 35.0, "hours": 3.7}


@pytest.mark.parametrize(
    ("note", "swedish"),
    [
        (
            Note("short_price_history", None, {"zone": "SE1", "years": 2.5, "least": 3.0}),
            "Zon SE1 har 2,5 år av priser, färre än 3: utsikten vilar på för lite.",
        ),
        (
            Note(
                "price_regime_changed",
                None,
                {"zone": "NO4", "newest": 38.1, "month": dt.date(2026, 7, 1), "ratio": 1.62, "planned": 23.6},
            ),
            "Priserna i zon NO4 var 38 EUR/MWh under de tolv månaderna till juli 2026, 1,6 gånger de planerade 24",
        ),
        (
            Note("outdoor_air_reduced", "lulea", {**WET, "share": 0.8}),
            "planen använder 80\u00a0% av effektgränsen",
        ),
        (
            Note("outdoor_air_chiller", "lulea", WET),
            "planen kör alla servrar, med kylmaskin under de timmarna",
        ),
        (
            Note("outdoor_air_nevertheless", "lulea", WET),
            "Luleå: uteluft ensam håller inte A2 (35 °C) under 4 timmar per år; planen kör ändå alla servrar.",
        ),
    ],
)
def test_what_energy_warns_of_is_said_in_swedish(note: Note, swedish: str) -> None:
    assert swedish in NoteTexts(Formats(texts("sv"), "EUR"))(note)


def test_notes_of_every_comparator_are_said_in_swedish(made: Made) -> None:
    say = NoteTexts(Formats(texts("sv"), "EUR"))
    notes = {row["note"] for row in made.summary["advantage"] if row["note"]}
    assert len(notes) == 4
    assert sorted(note for note in notes if not say.knows(note)) == []


def test_a_billion_tokens_cost_and_emit_here_and_elsewhere(made: Made) -> None:
    """IT energy of a million tokens on the cheapest own is one figure; money and carbon are its multiples."""
    found = at(made)
    mine = [row for row in made.summary["advantage"] if row["site"] == "lulea"]
    per_mwh = {
        row["here_per_million_tokens"] / row["here"] for row in mine if row["part"] in {"total", "carbon"}
    }
    assert max(per_mwh) == pytest.approx(min(per_mwh))
    section = advantage_section(found, found.site("lulea"))
    assert section is not None
    rows = {row[0]: row[1:] for row in section["table"]["rows"]}
    total = next(row for row in mine if row["part"] == "total")
    assert rows["A billion tokens, EUR"][0] == f"{total['here_per_million_tokens'] * 1000:.2f}"
    assert len(rows["A billion tokens, kg CO₂e"]) == 5
