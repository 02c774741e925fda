"""Note texts: every note has words in every language, fills every gap, and comes from somewhere."""

from __future__ import annotations

import ast
import copy
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from brytpunkt.folders import TEXTS, folders, report_languages
from brytpunkt.planning.note import Note, as_json, decode, encode, from_json, merged, several, verbatim
from brytpunkt.reporting.formats import Formats
from brytpunkt.reporting.frames import frames_of
from brytpunkt.reporting.note_texts import NoteTexts, english
from brytpunkt.reporting.outputs.html import context, document
from brytpunkt.reporting.sections.context import desk
from brytpunkt.reporting.sections.decision import warnings
from brytpunkt.reporting.translations import texts
from tests.reporting.conftest import Made

ROOT = Path(__file__).parents[2] / "brytpunkt"
ALIKE = {"offer_spot"}
GAP = re.compile(r"\{(\w+)(?::([^}]*))?\}")
NESTED = Note("rack_density", "umea", {"kw": 11.52, "limit": 6.0})


def codes(language: str) -> dict[str, str]:
    """Texts of notes by code."""
    entries = texts(language).entries
    return {key.partition(".")[2]: text for key, text in entries.items() if key.startswith("notes.")}


def constants(folder: Path) -> Iterator[str]:
    """Every string that stands in the code below a folder."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def literal_codes(folder: Path) -> Iterator[tuple[str, set[str] | None]]:
    """Code and names of the arguments of every note that is made with a literal code; None where a variable holds them."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Note"
            ):
                continue
            code, *rest = node.args
            if not isinstance(code, ast.Constant):
                continue
            given = rest[1] if len(rest) > 1 else ast.Dict([], [])
            named = isinstance(given, ast.Dict) and all(isinstance(key, ast.Constant) for key in given.keys)
            yield str(code.value), {key.value for key in given.keys} if named else None  # type: ignore[attr-defined]


def test_every_code_has_a_text_and_every_text_a_producer() -> None:
    made = {code for code, _ in literal_codes(ROOT)}
    assert len(made) > 100
    assert made - codes("en").keys() == set(), "notes without a text"
    assert codes("en").keys() - set(constants(ROOT)) == set(), "texts of notes that nobody makes"


@pytest.mark.parametrize("language", report_languages(TEXTS))
def test_what_a_note_brings_is_what_its_text_asks_for(language: str) -> None:
    said = codes(language)
    for code, arguments in literal_codes(ROOT):
        if arguments is not None:
            assert {name for name, _ in GAP.findall(said[code])} == arguments, code


def filled(language: str) -> list[Note]:
    """A note of every code, with arguments of the kind that its text asks for."""
    notes = []
    for code, text in codes(language).items():
        if code in {"verbatim", "several"}:
            continue
        values = {
            name: dt.date(2027, 3, 1)
            if spec in {"day", "month"}
            else 12.0
            if re.fullmatch(r"%?\d|s\d|%", spec)
            else ("site power", "carbon ceiling")
            if spec.endswith("constraint")
            else (NESTED, NESTED)
            if spec == ";"
            else "rent"
            for name, spec in GAP.findall(text)
        }
        notes.append(Note(code, None, values))
    return notes


@pytest.mark.parametrize("language", report_languages(TEXTS))
def test_every_text_of_a_note_can_be_filled_in(language: str) -> None:
    say = NoteTexts(Formats(texts(language), "EUR"))
    for note in filled(language):
        text = codes(language)[note.code]
        assert say(note)
        assert "{" not in say(note), note.code
        if language != "en" and note.code not in ALIKE and re.search("[a-z]{2}", GAP.sub("", text)):
            assert text != codes("en")[note.code], f"{note.code} is not translated"


@pytest.mark.parametrize(
    ("note", "in_english", "in_swedish"),
    [
        (
            Note("catalog_price_range", None, {"server": "X", "low": 480_000.0, "high": 650_000.0}),
            "X: the catalog's price is a range of USD 480,000 to 650,000; the plan uses its middle. Replace it with a quote.",
            "X: katalogens pris är ett spann, 480\u00a0000 till 650\u00a0000 USD; planen använder mitten. Ersätt det med en offert.",
        ),
        (
            Note("nothing_owned", "umea", {"site": "Umeå", "reason": several([NESTED, Note("no_liquid_cooling")])}),
            "Nothing can be owned at Umeå: one server draws 11.52 kW, a rack here carries 6 kW; the server needs liquid "
            "cooling, none is installed here.",
            "Inget går att äga i Umeå: en server drar 11,52 kW, ett rack här klarar 6 kW; servern behöver vätskekylning, "
            "ingen är installerad här.",
        ),
        (
            Note("renting_everything", None, {"reason": Note("breaks", None, {"constraints": ("site power", "yearly budget", "carbon ceiling")})}),
            "Renting everything breaks the site power, the yearly budget and the carbon ceiling.",
            "Att hyra allt bryter mot platsens effekt, årsbudgeten och koldioxidtaket.",
        ),
        (
            Note("sovereign_share_by_renting", None, {"share": 0.5, "workloads": ("a", "b")}),
            "The sovereign share of 50% is kept by renting only from operators seated in the EEA for a, b; others are cheaper.",
            "Den suveräna andelen på 50\u00a0% hålls genom att bara hyra av operatörer med säte i EES för a, b; andra är billigare.",
        ),
    ],
)  # fmt: skip
def test_a_note_is_said_as_a_reader_of_the_language_writes(
    note: Note, in_english: str, in_swedish: str
) -> None:
    assert english(note) == in_english
    assert NoteTexts(Formats(texts("sv"), "EUR"))(note) == in_swedish
    assert english(encode(note)) == english(as_json(note)) == in_english


def test_a_note_comes_back_from_a_column_and_from_json_as_it_was() -> None:
    note = Note(
        "unknown_vat",
        "umea",
        {
            "site": "Umeå",
            "first": dt.date(2027, 1, 1),
            "share": 0.25,
            "count": 3,
            "why": NESTED,
            "all": (NESTED, "x"),
        },
    )
    assert decode(encode(note)) == from_json(as_json(note)) == note
    assert hash(decode(encode(note))) == hash(note)


@pytest.mark.parametrize("name", ['{"code":"capital_free"}', '{"code":', "{price:2}", "{text}"])
def test_a_name_that_looks_like_a_note_is_printed_as_it_is(name: str) -> None:
    note = Note("no_grid_fee", "umea", {"site": name})
    assert english(encode(verbatim(name))) == name
    assert name in english(encode(note))


def test_a_sentence_of_an_earlier_version_is_said_as_it_was_kept() -> None:
    kept = "Nobody is paid to look after the hardware at Umeå."
    assert english(kept) == english(from_json(kept)) == english(decode(kept)) == kept
    assert from_json(kept).site is None


def test_a_site_whose_name_begins_another_ones_does_not_show_its_warnings(made: Made) -> None:
    """Oslo and Oslo 2: what is said of one is not said of the other, whatever they are called."""
    summary = copy.deepcopy(made.summary)
    summary["warnings"] = [
        as_json(Note("always_busy", "oslo-2", {"site": "Oslo 2"})),
        as_json(Note("no_grid_fee", "oslo", {"site": "Oslo"})),
        as_json(Note("capital_free")),
    ]
    assert [note.code for note in warnings(summary, "oslo")] == ["no_grid_fee", "capital_free"]
    assert [note.code for note in warnings(summary, "oslo-2")] == ["always_busy", "capital_free"]
    assert len(warnings(summary)) == 3


def test_what_holds_for_several_sites_is_said_once() -> None:
    notes = [
        Note("nobody_paid", "oslo", {"site": "Oslo"}),
        Note("capital_free"),
        Note("nobody_paid", "umea", {"site": "Umeå"}),
        Note("unknown_vat", "oslo", {"site": "Oslo", "country": "NO"}),
        Note("unknown_vat", "umea", {"site": "Umeå", "country": "SE"}),
    ]
    first, *rest = merged(notes)
    assert english(first) == "Nobody is paid to look after the hardware at Oslo, Umeå."
    assert first.site is None
    assert [note.code for note in rest] == ["capital_free", "unknown_vat", "unknown_vat"]


def shown(summary: dict[str, Any], made: Made, language: str) -> str:
    """What the report of all sites and that of one show, without markup and with plain blanks."""
    found = folders().templates
    at = desk(summary, frames_of(made.result), found / "fonts", language)
    names = ("portfolio", summary["sites"][0]["site"])
    html = " ".join(
        document(context(replace(at, is_portfolio=name == "portfolio"), name), found) for name in names
    )
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]+>", " ", html)))


def notes_in(content: Any) -> Iterator[dict[str, Any]]:
    """Every note of a summary, wherever it stands."""
    if isinstance(content, list):
        for item in content:
            yield from notes_in(item)
    elif isinstance(content, dict):
        if content.keys() >= {"code", "site", "arguments", "text"}:
            yield content
        for item in content.values():
            yield from notes_in(item)


def test_a_swedish_report_of_every_warning_there_is_has_no_english_note(made: Made) -> None:
    summary = copy.deepcopy(made.summary)
    every = filled("sv")
    assert len(every) > 100
    summary["warnings"] = [as_json(note) for note in every]
    text = shown(summary, made, "sv")
    say = NoteTexts(Formats(texts("sv"), "EUR"))
    for note in every:
        swedish = re.sub(r"\s+", " ", say(note))
        assert swedish in text, note.code
        if re.search("[a-z]{2}", GAP.sub("", codes("sv")[note.code])) and note.code not in ALIKE:
            assert english(note) not in text, note.code


def test_a_swedish_report_says_none_of_its_own_notes_in_english(made: Made) -> None:
    text = shown(made.summary, made, "sv")
    say = NoteTexts(Formats(texts("sv"), "EUR"))
    found = {note["text"]: say(note) for note in notes_in(made.summary)}
    translated = {text: swedish for text, swedish in found.items() if text != swedish}
    assert len(translated) > 20
    assert [said for said in translated if said[:40] in text and said[:40] != translated[said][:40]] == []
