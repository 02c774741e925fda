"""Reports as a reader meets them: what the PDF says, in both languages, the same every time."""

from __future__ import annotations

import copy
import re
from decimal import Decimal
from pathlib import Path

import pytest
from pypdf import PdfReader
from ruamel.yaml import YAML

from brytpunkt.folders import folders
from brytpunkt.reporting.pdf import render_reports
from tests.reporting.conftest import Made


def text_of(path: Path) -> str:
    """All text of a PDF, with plain spaces."""
    pages = [page.extract_text() for page in PdfReader(path).pages]
    return re.sub(r"\s+", " ", " ".join(pages))


@pytest.fixture(scope="module")
def english(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports of the small plan."""
    folder = tmp_path_factory.mktemp("english")
    paths = render_reports(made.summary, made.result, folders(), folder, "en", workers=0)
    assert {path.name for path in paths} == {"portfolio.pdf", "lulea.pdf", "oslo.pdf"}
    return folder


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
    for warning in made.summary["warnings"]:
        assert warning.replace(" ", "")[:60] in text
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


def test_equal_results_give_equal_bytes(made: Made, english: Path, tmp_path: Path) -> None:
    again = render_reports(made.summary, made.result, folders(), tmp_path, "en", workers=0)
    for path in again:
        assert path.read_bytes() == (english / path.name).read_bytes()


def test_swedish_is_swedish(made: Made, tmp_path: Path) -> None:
    paths = render_reports(made.summary, made.result, folders(), tmp_path, "sv", only=["lulea"], workers=0)
    assert [path.name for path in paths] == ["lulea.pdf"]
    text = text_of(tmp_path / "lulea.pdf")
    assert "Luleå: bygga eller hyra" in text
    assert "nuvärde" in text.lower()
    assert not re.search(r"\b(Assumptions|Provenance|Every strategy)\b", text)


def test_both_languages_say_the_same_things() -> None:
    def keys(node: object, path: str = "") -> set[str]:
        if isinstance(node, dict):
            return (
                set().union(*(keys(value, f"{path}.{key}") for key, value in node.items()))
                if node
                else {path}
            )
        return {path}

    def gaps(node: object, path: str = "") -> dict[str, set[str]]:
        if isinstance(node, dict):
            return {k: v for key, value in node.items() for k, v in gaps(value, f"{path}.{key}").items()}
        return {path: set(re.findall(r"\{(\w+)", str(node)))}

    folder = folders().checkout / "brytpunkt" / "reporting" / "texts"
    english, swedish = (YAML(typ="safe").load(folder / f"{name}.yaml") for name in ("en", "sv"))
    assert keys(english) == keys(swedish)
    assert gaps(english) == gaps(swedish)


def test_names_from_the_user_are_text_and_not_markup(made: Made, tmp_path: Path) -> None:
    summary = copy.deepcopy(made.summary)
    hostile = '<img src="file:///etc/passwd"><b>Ö & Co</b>'
    summary["plan"]["name"] = hostile
    summary["sites"][0]["site_name"] = "<script>alert(1)</script>"
    render_reports(summary, made.result, folders(), tmp_path, "en", only=["portfolio"], workers=0)
    text = text_of(tmp_path / "portfolio.pdf")
    assert "<b>Ö & Co</b>" in text
    assert "<script>" in text
    assert "root:" not in text


def test_a_report_that_fails_leaves_no_half_file(made: Made, tmp_path: Path) -> None:
    broken = copy.deepcopy(made.summary)
    del broken["sites"][0]["npv_rent"]
    with pytest.raises(KeyError):
        render_reports(broken, made.result, folders(), tmp_path, "en", workers=0)
    assert [path for path in tmp_path.iterdir() if path.suffix == ".pdf" and path.stat().st_size == 0] == []
