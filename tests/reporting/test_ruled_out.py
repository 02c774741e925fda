"""What cannot be done stands on page one with its reason, in both languages, in the mail and on the console."""

from __future__ import annotations

import html
import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from assets.plan import mismatched_totals, verdict_table
from brytpunkt.delivery.mail_text import words
from brytpunkt.delivery.materiality import material_changes
from brytpunkt.folders import folders
from brytpunkt.planning.changes.run_waterfall import stored_values
from brytpunkt.reporting.formats import Formats
from brytpunkt.reporting.note_texts import NoteTexts
from brytpunkt.reporting.outputs.render import render_reports
from brytpunkt.reporting.translations import texts
from pipelines.cli.progress import verdict_lines
from tests.conftest import Bundled
from tests.planning.optimal.test_optimal import SMALL
from tests.planning.rent.test_residency import API, LETTERS, RATES
from tests.reporting.conftest import Made, make


def text(**changes: Any) -> str:
    """The small plan of the optimum's tests as YAML (JSON is YAML)."""
    return json.dumps(deepcopy(SMALL) | changes)


CASES = {
    "unfit": text(sites=[SMALL["sites"][0] | {"power_limit_kw": 11.5}]),
    "impossible": text(
        sites=[SMALL["sites"][0] | {"power_limit_kw": 11.5}], constraints={"sovereign_share": 1.0}
    ),
    "build_ruled": text(constraints={"sovereign_share": 1.0}),
    "resident": text(
        workloads=[
            LETTERS
            | {"residency": "nordic", "storage": {"capacity_tb": 3}}
            | {"api_equivalents": [API, API | {"country": "US"}, API | {"region": "eu"}]}
        ],
        sites=[SMALL["sites"][0] | {"country": "DE", "zone": "DE-LU"}],
        build={"servers": [SMALL["build"]["servers"][0] | RATES]},
        rent={
            "offers": [
                SMALL["rent"]["offers"][0] | RATES | more
                for more in ({"id": "away", "country": "FR"}, {"id": "near", "provider": "aws"})
            ]
        },
        constraints={"sovereign_share": 0.5},
    ),
}
NO_PLACE = {
    "en": "no place for box: one server needs 12.24 kW with its cooling (PUE 1.20), the site gives 11.5 kW",
    "sv": "ingen plats för box: en server behöver 12,24 kW med sin kyla (PUE 1,20), platsen ger 11,5 kW",
}
SAID = {
    ("unfit", "en"): ("Rent", NO_PLACE["en"]),
    ("unfit", "sv"): ("Hyr", NO_PLACE["sv"]),
    ("impossible", "en"): ("Not possible as declared", "Renting everything breaks the sovereign share"),
    ("impossible", "sv"): ("Går inte med de villkor som är angivna", "Att hyra allt bryter mot den suveräna andelen"),
    ("resident", "sv"): ("Går inte med de villkor", "ingen plats för box: letters (nordic) får inte ligga i DE"),
    ("build_ruled", "en"): ("Build, with the first order in", "Renting everything breaks the sovereign share"),
    ("build_ruled", "sv"): ("Bygg, med första beställningen i", "Att hyra allt bryter mot den suveräna andelen"),
}  # fmt: skip


@pytest.fixture(scope="module")
def cases(bundled: Bundled, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    """Each case, computed once."""
    return {name: make(bundled, tmp_path_factory.mktemp(name), plan) for name, plan in CASES.items()}


@pytest.mark.parametrize(("name", "language"), SAID)
def test_page_one_says_what_cannot_be_done(
    cases: dict[str, Made], tmp_path: Path, name: str, language: str
) -> None:
    made = cases[name]
    files = render_reports(
        made.summary, made.result, folders(), tmp_path, language, workers=0, formats=("html", "xlsx")
    )
    assert {path.name for path in files} == {"portfolio.html", "here.html", "small.xlsx"}
    page = (tmp_path / "here.html").read_text(encoding="utf-8")
    outcome = "impossible" if name == "resident" else name
    first = page[page.index(f'class="verdict {outcome}"') :][:6000]
    said = re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", first)))
    for part in SAID[name, language]:
        assert part in said
    if language == "sv":
        assert "no place" not in said
        assert "breaks" not in said


@pytest.mark.parametrize(("name", "language"), SAID)
def test_the_mail_says_it_too(cases: dict[str, Made], name: str, language: str) -> None:
    templates = folders().templates
    message = words(
        cases[name].summary, ["portfolio"], language, templates, attached=[], left_out=[], where=""
    )
    assert SAID[name, language][1] in message.text
    assert "None" not in message.text


@pytest.mark.parametrize("name", CASES)
def test_every_warning_of_it_is_said_in_swedish(cases: dict[str, Made], name: str) -> None:
    say = NoteTexts(Formats(texts("sv"), "EUR"))
    reasons = [row["reason"] for row in cases[name].summary["strategies"] if row["reason"]]
    warnings = cases[name].summary["warnings"]
    assert warnings
    assert name != "resident" or sum("is left out" in note["text"] for note in warnings) == 4
    for note in (*reasons, *warnings):
        assert say(note) != note["text"]


def test_the_console_names_the_verdict_and_the_reason(cases: dict[str, Made]) -> None:
    lines = verdict_lines(cases["impossible"].summary)
    row = next(line for line in lines if line.startswith("here"))
    assert row.split() == ["here", "infeasible", "never", "-", row.split()[4], "-", "-"]
    assert any(line.startswith("! At here no plan keeps") and NO_PLACE["en"] in line for line in lines)
    unfit = verdict_lines(cases["unfit"].summary)
    assert any(line.startswith("! Nothing can be owned at here") and NO_PLACE["en"] in line for line in unfit)


@pytest.mark.parametrize("name", CASES)
def test_totals_of_what_is_ruled_out_are_still_sums_of_rows(cases: dict[str, Made], name: str) -> None:
    result = cases[name].result
    assert mismatched_totals(result.ledger, result.strategies).is_empty()
    assert result.verdicts["verdict"][0] in verdict_table(result.verdicts, result.currency)


def test_a_verdict_that_costs_nothing_because_nothing_is_possible_is_no_move_of_money(
    cases: dict[str, Made],
) -> None:
    before, after = cases["unfit"].summary, cases["impossible"].summary
    rule = type("Rule", (), {"verdict": True, "tipping_months": None, "money_share": 0.01})()
    assert material_changes(before, after, rule) == ("here: the verdict was rent and is infeasible",)
    assert {measure for _, measure in stored_values(cases["impossible"].result)} == {"rent"}
