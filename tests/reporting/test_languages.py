"""Languages: a catalog is all that a new one needs, and every catalog says everything."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from brytpunkt.declarations import assumptions, read_plan
from brytpunkt.declarations.values.fields import Section
from brytpunkt.errors import BrytpunktError, InputError
from brytpunkt.folders import TEXTS, folders, report_languages
from brytpunkt.reporting.formats import MINUS, Formats
from brytpunkt.reporting.frames import frames_of
from brytpunkt.reporting.note_texts import NoteTexts
from brytpunkt.reporting.outputs.html import context, document
from brytpunkt.reporting.sections.context import desk
from brytpunkt.reporting.translations import texts
from tests.conftest import SMALL_PLAN
from tests.reporting.conftest import Made

CATALOGS = sorted(TEXTS.glob("*.yaml"))


def flat(node: Any, path: str = "") -> dict[str, str]:
    """Texts of a catalog by key."""
    if isinstance(node, dict):
        return {k: v for key, value in node.items() for k, v in flat(value, f"{path}.{key}").items()}
    return {path: str(node)}


def load(path: Path) -> dict[str, str]:
    return flat(YAML(typ="safe").load(path))


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.stem)
def test_every_catalog_has_every_key_and_fills_the_same_gaps(path: Path) -> None:
    english, other = load(TEXTS / "en.yaml"), load(path)
    assert set(other) == set(english)
    gaps = {key: set(re.findall(r"\{(\w+)", text)) for key, text in english.items()}
    assert {key for key, text in other.items() if set(re.findall(r"\{(\w+)", text)) != gaps[key]} == set()


def test_a_file_is_all_that_a_new_language_needs(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogs = tmp_path / "texts"
    catalogs.mkdir()
    for path in CATALOGS:
        (catalogs / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    danish = (catalogs / "sv.yaml").read_text(encoding="utf-8").replace("Innehåll", "Indhold")
    (catalogs / "da.yaml").write_text(danish, encoding="utf-8")
    for module in ("brytpunkt.folders", "brytpunkt.reporting.translations"):
        monkeypatch.setattr(f"{module}.TEXTS", catalogs)
    assert report_languages(catalogs) == ("da", "en", "sv")
    words = texts("da", catalogs)
    monkeypatch.setattr(
        "brytpunkt.reporting.sections.context.texts", lambda language: texts(language, catalogs)
    )
    monkeypatch.setattr("brytpunkt.reporting.note_texts.texts", lambda language: texts(language, catalogs))
    at = desk(made.summary, frames_of(made.result), folders().templates / "fonts", "da")
    html = document(context(at, "oslo"), folders().templates)
    assert '<html lang="da">' in html
    assert "Indhold" in html
    assert Formats(words, "DKK").number(1234567.5, 1) == "1.234.567,5", (
        "numbers follow without a line of code"
    )


def test_a_language_without_a_catalog_is_refused_where_it_is_declared(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(SMALL_PLAN + "report: {language: fr}\n", encoding="utf-8")
    with pytest.raises(InputError, match="no report texts in 'fr'"):
        read_plan(plan)
    with pytest.raises(BrytpunktError, match="no report texts"):
        texts("fr")


@pytest.mark.parametrize(
    ("language", "number", "money", "percent", "day"),
    [
        ("en", "1,234.50", "−12.3\u00a0M\u00a0SEK", "4.9%", "24 Nov 2026"),
        ("sv", "1\u00a0234,50", "−12,3\u00a0M\u00a0SEK", "4,9\u00a0%", "24 nov. 2026"),
    ],
)
def test_numbers_money_and_dates_are_those_of_the_language(
    language: str, number: str, money: str, percent: str, day: str
) -> None:
    formats = Formats(texts(language), "SEK")
    assert formats.number(1234.5, 2) == number
    assert formats.money(-12.3e6) == money
    assert formats.percent(0.049, 1) == percent
    assert formats.day("2026-11-24") == day
    assert formats.number(-1.0) == f"{MINUS}1"


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_what_is_no_number_is_a_dash(value: float | None) -> None:
    formats = Formats(texts("en"), "EUR")
    shown = {
        formats.number(value), formats.money(value), formats.percent(value), formats.price(value),
        formats.significant(value), formats.plain(value), formats.cents(value),
    }  # fmt: skip
    assert shown == {"–"}


def test_every_default_and_its_source_is_said_in_swedish(tmp_path: Path) -> None:
    say = NoteTexts(Formats(texts("sv"), "EUR"))

    def sections(of: type[Section]) -> list[type[Section]]:
        return [item for below in of.__subclasses__() for item in (below, *sections(below))]

    plan = tmp_path / "plan.yaml"
    plan.write_text(SMALL_PLAN, encoding="utf-8")
    assert assumptions(read_plan(plan).plan)
    unsaid = set()
    for section in sections(Section):
        for field in section.model_fields.values():
            extra = field.json_schema_extra
            if isinstance(extra, dict) and "unit" in extra:
                unsaid |= {
                    text
                    for text in (field.description, str(extra.get("source") or ""))
                    if text and not say.knows(text)
                }
    assert unsaid == set(), "add them to `declared` in the texts"
