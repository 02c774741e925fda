"""Payback and what is left, as a reader meets them: the figures of the summary, in both languages."""

from __future__ import annotations

import pytest

from brytpunkt.reporting.sections.value_left import value_left_section
from tests.reporting.conftest import Made
from tests.reporting.sections.test_changes import at
from tests.reporting.test_reports import html_of, shown

PAID = {
    "site": "lulea", "strategy": "own", "scope": "plan", "first_payment_month": 4, "months": 21, "months_discounted": None,
    "first_payment_date": "2027-05-01", "date": "2029-02-01", "date_discounted": None,
}  # fmt: skip
END = {
    "site": "lulea", "strategy": "own", "continuing": 400_000.0, "resale": 300_000.0, "break_even": 1.25,
    "share_of_purchases": 0.5, "reads": "needs_more_than_book",
}  # fmt: skip
READ = {
    "site": "lulea",
    "strategy": "own",
    "reading": "nothing",
    "kept_value": 900e3,
    "rent_value": 800e3,
    "difference": 100e3,
}


@pytest.mark.parametrize(
    ("language", "back", "never", "book"),
    [
        ("en", "21 months, Feb 2029", "not within the plan", "needs more than book"),
        ("sv", "21 månader, feb. 2029", "inte inom planen", "kräver mer än bokfört"),
    ],
)
def test_what_is_not_there_is_said(made: Made, language: str, back: str, never: str, book: str) -> None:
    desk = at(made, language, payback=[PAID], end_values=[END], readings=[READ], bridge=[])
    found = value_left_section(desk, {"site": "lulea"})
    assert found is not None
    payback, readings = found["panels"]
    assert [text.replace("\xa0", " ") for text in payback["rows"][0][3:]] == [back, never]
    assert book in readings["note"]
    assert "1.25" in readings["note"].replace(",", ".")
    assert readings["rows"][0][-1].startswith("+")


def test_a_site_where_nothing_is_owned_has_no_such_section(made: Made) -> None:
    desk = at(made, "en", payback=[], end_values=[], readings=[], bridge=[])
    assert value_left_section(desk, {"site": "lulea"}) is None


def test_the_bridge_of_the_report_ends_at_the_levelised_cost(made: Made) -> None:
    row = next(site for site in made.summary["sites"] if site["site"] == "lulea")
    desk = at(made, "en")
    panels = value_left_section(desk, row)
    assert panels is not None
    assert panels["panels"][-1]["rows"][-1][1] == desk.formats.number(row["lcoh_own"], 3)
    text = shown(html_of(made, "lulea", "en"))
    assert "Payback in cash" in text
    assert "From a server-hour to the levelised cost" in text
