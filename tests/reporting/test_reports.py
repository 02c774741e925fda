"""Reports as a reader meets them: what the PDF says, in both languages, the same every time."""

from __future__ import annotations

import copy
import re
from datetime import date
from decimal import Decimal
from functools import cache
from html import unescape
from pathlib import Path

import pytest
from pypdf import PdfReader

from brytpunkt.folders import folders
from brytpunkt.reporting.frames import frames_of
from brytpunkt.reporting.note_texts import english as in_english
from brytpunkt.reporting.outputs.html import context, document
from brytpunkt.reporting.outputs.render import render_reports
from brytpunkt.reporting.sections.context import desk
from brytpunkt.reporting.sections.decision import warnings
from tests.reporting.conftest import Made


@cache
def pages_of(path: Path) -> tuple[str, ...]:
    """The text of each page of a PDF, with plain spaces but its lines kept."""
    return tuple(re.sub(r"[^\S\n]+", " ", page.extract_text()) for page in PdfReader(path).pages)


def text_of(path: Path) -> str:
    """All text of a PDF, with plain spaces."""
    return re.sub(r"\s+", " ", " ".join(pages_of(path)))


def html_of(made: Made, name: str, language: str, today: date | None = None) -> str:
    """A report as the PDF engine is given it."""
    found = folders().templates
    at = desk(made.summary, frames_of(made.result), found / "fonts", language, today=today)
    return document(context(at, name), found)


def shown(html: str) -> str:
    """The text of a page of HTML, with plain spaces, without its charts and keys of the declaration."""
    bare = re.sub(r'<svg.*?</svg>|<span class="path">.*?</span>|<[^>]+>', " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(bare))


def test_a_run_becomes_a_pdf_and_a_page_for_each_report_and_one_workbook(english: Path) -> None:
    pages = {f"{name}.{kind}" for name in ("portfolio", "lulea", "oslo") for kind in ("pdf", "html")}
    assert {path.name for path in english.iterdir()} == pages | {"small.xlsx"}


def test_the_page_of_a_site_states_its_verdict_and_its_totals(made: Made, english: Path) -> None:
    text = text_of(english / "lulea.pdf")
    site = next(row for row in made.summary["sites"] if row["site"] == "lulea")
    assert "Luleå: build or rent" in text
    assert site["own_server_name"] in text
    own = next(s for s in made.summary["strategies"] if (s["site"], s["strategy"]) == ("lulea", "own"))
    for total in (own["present_value"], f"{site['npv_rent']:.2f}"):
        assert f"{Decimal(total):,.2f}" in text, "the exact total stands under the cost table"


def test_components_in_the_summary_add_up_to_the_totals_of_the_ledger(made: Made) -> None:
    for strategy in made.summary["strategies"]:
        if strategy["is_feasible"]:
            rows = [
                row
                for row in made.result.ledger.iter_rows(named=True)
                if (row["site"], row["strategy"]) == (strategy["site"], strategy["strategy"])
            ]
            assert rows
            assert sum((row["amount"] for row in rows), Decimal(0)) == Decimal(strategy["nominal_total"])
            assert sum((row["present_value"] for row in rows), Decimal(0)) == Decimal(
                strategy["present_value"]
            )


def test_every_source_and_warning_is_in_the_report(made: Made, english: Path) -> None:
    text = text_of(english / "portfolio.pdf").replace(" ", "")
    assert made.summary["warnings"]
    for warning in warnings(made.summary):
        assert in_english(warning).replace(" ", "")[:60] in text
    for source in made.summary["sources"]:
        assert source["source"].replace(" ", "")[:24] in text, source


def test_fonts_are_ours_and_embedded(english: Path) -> None:
    fonts = set()
    for page in PdfReader(english / "lulea.pdf").pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            fonts.add(str(font.get_object()["/BaseFont"]))
    assert fonts
    assert all(re.fullmatch(r"/[A-Z]{6}\+Report(-[\w-]+)?", name) for name in fonts), (
        "subsets of the report's family"
    )


def test_pages_are_tagged_and_have_a_language_and_a_title(english: Path) -> None:
    reader = PdfReader(english / "portfolio.pdf")
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert str(root["/Lang"]).startswith("en")  # type: ignore[index]
    assert reader.metadata is not None
    assert reader.metadata.title


def test_swedish_is_swedish(made: Made) -> None:
    text = shown(html_of(made, "lulea", "sv"))
    assert "Luleå: bygga eller hyra" in text
    assert "nuvärde" in text.lower()
    theirs = {row["source"] for table in ("sources", "control", "assumptions") for row in made.summary[table]}
    theirs |= {row["note"] for row in made.summary["advantage"] if row["note"]}
    for name in sorted(theirs | {row["licence"] for row in made.summary["sources"]}, key=len, reverse=True):
        text = text.replace(name, "")
    text = text[: text.rindex("Källor")]
    english = (
        r"\b(Assumptions|Provenance|Every strategy|declared|default|planning assumption|share|years|months)\b"
    )
    assert sorted(set(re.findall(english, text))) == []


def test_a_report_that_fails_leaves_no_half_file(made: Made, tmp_path: Path) -> None:
    broken = copy.deepcopy(made.summary)
    del broken["sites"][0]["npv_rent"]
    with pytest.raises(KeyError):
        render_reports(broken, made.result, folders(), tmp_path, "en", workers=0, formats=("pdf", "html"))
    assert list(tmp_path.iterdir()) == []


def test_contents_name_every_section_with_the_page_that_it_starts_on(english: Path) -> None:
    pages = pages_of(english / "lulea.pdf")
    listed = re.findall(r"^(\d+) ?(\D.*?) ?(\d+)$", pages[1], flags=re.MULTILINE)
    assert len(listed) > 12
    assert [int(number) for number, _, _ in listed] == list(range(1, len(listed) + 1))
    for number, title, page in listed:
        there = re.sub(r"\s+", " ", pages[int(page) - 1])
        assert re.search(rf"{number} ?{re.escape(title.strip())}", there), (title, page)


def test_page_one_holds_the_whole_decision(made: Made, english: Path) -> None:
    assert made.summary["warnings"]
    for name in ("portfolio", "lulea", "oslo"):
        first, second = (re.sub(r"\s+", " ", page) for page in pages_of(english / f"{name}.pdf")[:2])
        assert "How sure is that?" in first
        assert "Before you rely on this" in first
        assert "Section" in first, "page one refers on"
        assert "Contents" in second


def test_page_one_says_how_probable_it_is_that_building_wins(made: Made, english: Path) -> None:
    chances = {
        r["site"]: r["probability"] for r in made.summary["risk_chances"] if r["strategy"] == "building"
    }
    for site in ("lulea", "oslo"):
        first = re.sub(r"\s+", " ", pages_of(english / f"{site}.pdf")[0])
        assert f"wins with a probability of {chances[site]:.0%}, and in" in first


def test_the_discount_rate_is_shown_beside_the_draws(made: Made, english: Path) -> None:
    rows = [r for r in made.summary["discount_rates"] if r["site"] == "lulea"]
    assert [round(r["change"], 6) for r in rows] == [-0.02, 0.0, 0.02]
    text = text_of(english / "lulea.pdf")
    assert "If money costs more or less" in text
    for row in rows:
        assert (
            f"{row['rate_per_year']:.1%} {row['npv_rent'] / 1000:,.0f} {row['npv_own'] / 1000:,.0f}" in text
        )


def test_sources_stand_as_footnotes_under_their_figure(english: Path) -> None:
    pages = [re.sub(r"\s+", " ", page) for page in pages_of(english / "lulea.pdf")]
    costs = next(text for text in pages if "is the largest cost of owning" in text)
    assert re.search(r"\d\. ?Sources: ", costs)


def test_provenance_names_document_and_date(made: Made, english: Path) -> None:
    text = text_of(english / "oslo.pdf").replace(" ", "")
    for source in made.summary["sources"]:
        assert f"document{source['document_sha256'][:12]}" in text


def test_stale_sources_lead_page_one_and_a_fresh_clock_flags_nothing(made: Made) -> None:
    stale = html_of(made, "lulea", "en", date(2028, 1, 1))
    first = stale[: stale.index("<nav")]
    assert first.count("Stale data:") > 1
    assert "(stale)" in stale
    for fresh in (None, date.fromisoformat(made.summary["run"]["as_of"])):
        assert "Stale data:" not in html_of(made, "lulea", "en", fresh)


def test_worker_processes_write_the_same_bytes(made: Made, english: Path, tmp_path: Path) -> None:
    heard: list[Path] = []
    paths = render_reports(
        made.summary,
        made.result,
        folders(),
        tmp_path,
        "en",
        only={"portfolio", "lulea"},
        workers=2,
        on_done=heard.append,
    )
    assert heard == paths
    assert {path.name for path in paths} >= {"portfolio.pdf", "lulea.pdf", "lulea.html", "small.xlsx"}
    for path in paths:
        assert path.read_bytes() == (english / path.name).read_bytes(), path.name


def test_a_report_stays_below_a_megabyte_and_a_half(english: Path) -> None:
    assert {path.name: path.stat().st_size for path in english.iterdir() if path.stat().st_size > 1.5e6} == {}
