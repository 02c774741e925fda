"""What users, publishers and planning may put into a report by mistake or on purpose: it is shown, never run."""

from __future__ import annotations

import copy
import dataclasses
import math
import re
import shutil
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import polars as pl
import pytest
from pypdf import PdfReader
from selenium import webdriver
from weasyprint.urls import FatalURLFetchingError

from brytpunkt.folders import folders
from brytpunkt.planning.note import as_json, verbatim
from brytpunkt.reporting.frames import Frames, frames_of
from brytpunkt.reporting.outputs.html import context, document, standalone
from brytpunkt.reporting.outputs.pdf import epoch, pdf_bytes
from brytpunkt.reporting.sanitise import printable, short
from brytpunkt.reporting.sections.context import desk
from tests.reporting.conftest import Made

TEMPLATES = folders().templates
DRIVER = shutil.which("chromedriver")
LONG = "Anläggningen " * 16
HOSTILE = {
    "markup": '<script>document.title="owned"</script><img src="file:///etc/passwd" onerror=alert(1)>',
    "jinja": "{{ 7919 * 7907 }}{% for x in range(9) %}x{% endfor %}{# gone #}",
    "css": '</style><style>@import url("file:///etc/passwd");body{display:none}</style>',
    "attribute": '" onload="alert(1)" style="background:url(file:///etc/passwd)',
    "formula": '=HYPERLINK("file:///etc/passwd","x")',
    "format": "{0.__class__.__mro__} {site!r} %s %(x)s ${x}",
    "controls": "a\x00b\x07c\x1bd\u2028e\ud800f",
    "long words": "W" * 200,
    "long": LONG[:200],
    "right to left": "שלום עולם \u202egnp.exe مرحبا",
    "emoji": "Hall 🏔️🧊👩🏽‍💻 №1",
}  # fmt: skip
TEXT_FIELDS = {
    "sites": ("site_name", "own_server_name", "rent_label", "zone"),
    "workloads": ("name", "model"),
    "sources": ("source", "licence"),
    "assumptions": ("source", "description", "unit"),  # paths are made of checked ids
    "control": ("finding", "source"),
    "readiness": ("reasons", "unknown"),
    "footprint": ("basis",),
    "scenarios": ("scenario_name",),
    "disruptions": ("disruption_name",),
    "strategies": ("label",),
    "unit_economics": ("server_name", "offer"),
    "optimal_schedule": ("name",),
}


class Tags(HTMLParser):
    """Names of the elements of a page, and of their attributes, as a browser reads them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes |= {name for name, _ in attrs}


def poisoned(summary: dict[str, Any], text: str) -> dict[str, Any]:
    """A summary in which every text that somebody declares or publishes is the given one."""
    made = copy.deepcopy(summary)
    made["plan"]["name"] = text
    made["warnings"] = [as_json(verbatim(text))] * 7
    for table, names in TEXT_FIELDS.items():
        for row in made[table]:
            for name in names:
                if row.get(name) is not None:
                    row[name] = as_json(verbatim(text)) if isinstance(row[name], dict) else text
    return made


def page(summary: dict[str, Any], frames: Frames, name: str) -> dict[str, Any]:
    return context(desk(summary, frames, TEMPLATES / "fonts", "en"), name)


def pdf_of(html: str, path: Path) -> PdfReader:
    with epoch("2026-11-24"):
        path.write_bytes(pdf_bytes(html, TEMPLATES))
    return PdfReader(path)


@pytest.fixture(scope="module")
def clean(made: Made) -> Tags:
    """The report of a site with nothing hostile in it."""
    return Tags(document(page(made.summary, frames_of(made.result), "lulea"), TEMPLATES))


@pytest.mark.parametrize("kind", HOSTILE)
def test_declared_text_is_shown_as_text(made: Made, clean: Tags, kind: str) -> None:
    html = document(page(poisoned(made.summary, HOSTILE[kind]), frames_of(made.result), "lulea"), TEMPLATES)
    found = Tags(html)
    assert set(found.names) == set(clean.names)
    for tag in ("script", "img", "style", "link", "iframe", "object", "meta"):
        assert found.names.count(tag) == clean.names.count(tag), tag
    assert found.attributes == clean.attributes
    assert "62615533" not in html, "nothing is reckoned"
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e]", html)


@pytest.mark.parametrize("kind", ["css", "long words", "emoji"])
def test_hostile_text_neither_breaks_the_layout_nor_is_fetched(made: Made, kind: str, tmp_path: Path) -> None:
    html = document(
        page(poisoned(made.summary, HOSTILE[kind]), frames_of(made.result), "portfolio"), TEMPLATES
    )
    reader = pdf_of(html, tmp_path / "hostile.pdf")
    text = "".join(found.extract_text() for found in reader.pages)
    assert "root:" not in text
    assert len(reader.pages) < 80
    if kind != "emoji":  # text in a fallback font is not found again by this reader
        first = re.sub(r"\s+", " ", reader.pages[0].extract_text())
        assert "How sure is that?" in first, "page one still holds the decision"


def test_the_engine_refuses_every_address_but_data(tmp_path: Path) -> None:
    asked: list[str] = []

    class Trap(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Nothing is printed."""

    with HTTPServer(("127.0.0.1", 0), Trap) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        secret = tmp_path / "secret.svg"
        secret.write_text(
            "<svg xmlns='http://www.w3.org/2000/svg'><text>secret</text></svg>", encoding="utf-8"
        )
        html = (
            f'<html lang="en"><head><title>t</title><link rel="stylesheet" href="{address}/a.css"/></head><body>'
            f'<p>kept<img alt="x" src="{address}/b.png"/><img alt="y" src="{secret.as_uri()}"/></p>'
            f'<p style="background:url({address}/c.png)"/></body></html>'
        )
        with pytest.raises(FatalURLFetchingError, match="Error fetching"):
            pdf_bytes(html, TEMPLATES)
        server.shutdown()
    assert asked == []


def test_the_html_file_asks_for_nothing_and_runs_nothing(made: Made, tmp_path: Path) -> None:
    hostile = HOSTILE["markup"] + HOSTILE["css"] + HOSTILE["attribute"]
    file = tmp_path / "report.html"
    file.write_text(
        standalone(page(poisoned(made.summary, hostile), frames_of(made.result), "lulea"), TEMPLATES),
        encoding="utf-8",
    )
    said = file.read_text(encoding="utf-8")
    assert "default-src 'none'" in said[: said.index("<style>")]
    sheet = said[said.index("<style>") : said.index("</style>")]
    addresses = set(re.findall(r"(?:src|href)\s*=\s*[\"']?([^\"' >]+)", re.sub(r"&[#\w]+;[^<]*", "", said)))
    assert {address for address in addresses if not address.startswith(("#", "data:"))} == set()
    assert all(found.startswith("data:") for found in re.findall(r"url\(([^)]{0,9})", sheet))
    options = webdriver.ChromeOptions()
    for setting in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(setting)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    assert DRIVER, "chromedriver is missing: apt-get install chromium-driver"
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER)) as browser:
        kept: Any = browser
        browser.get(file.as_uri())
        assert browser.title != "owned"
        assert browser.execute_script("return document.fonts.check('12px Report')")
        log = " ".join(str(entry["message"]) for entry in kept.get_log("performance"))
        asked = set(re.findall(r'"requestWillBeSent".*?"url":"([^"]+)"', log.replace("\\", "")))
        assert {url for url in asked if not url.startswith(("data:", file.as_uri(), "chrome:"))} == set()
        assert not browser.execute_script(
            "return document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
        ), "nothing hangs over the edge"


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_figure_that_is_missing_is_a_gap(made: Made, value: float | None) -> None:
    frames = frames_of(made.result)
    names = ("curves", "switch_curve", "tipping_curve", "rule_series", "demand", "energy")
    gone = dataclasses.replace(frames, **{name: with_holes(getattr(frames, name), value) for name in names})
    summary = copy.deepcopy(made.summary)
    for table in ("margins", "footprint", "scenarios", "disruptions", "paradox", "unit_economics"):
        for row in summary[table][::3]:
            for key, known in row.items():
                if isinstance(known, float):
                    row[key] = None if value is None else value
    for name in ("portfolio", "lulea"):
        html = document(page(summary, gone, name), TEMPLATES)
        assert not re.search(r"\b(NaN|nan|inf|Infinity|None)\b", html)


def with_holes(frame: pl.DataFrame, value: float | None) -> pl.DataFrame:
    """Every third figure of every column of floats is the given one."""
    hole = pl.int_range(pl.len()) % 3 == 1
    return frame.with_columns(
        pl.when(hole).then(pl.lit(value, dtype=pl.Float64)).otherwise(pl.col(name)).alias(name)
        for name, kind in frame.schema.items()
        if kind == pl.Float64
    )


def many(made: Made, count: int) -> tuple[dict[str, Any], Frames]:
    """The small plan with its best site under many names, or with it alone."""
    summary = copy.deepcopy(made.summary)
    first = summary["sites"][0]
    names = [first["site"], *(f"site-{n}" for n in range(1, count))]
    summary["sites"] = [
        first | {"site": name, "site_name": f"{first['site_name']} {n}", "rank": n}
        for n, name in enumerate(names, 1)
    ]

    def spread(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        own = [row for row in rows if row["site"] == first["site"]]
        return [row for row in rows if row["site"] is None] + [
            row | {"site": name} for name in names for row in own
        ]

    for table, rows in summary.items():
        if (
            isinstance(rows, list)
            and table != "sites"
            and rows
            and isinstance(rows[0], dict)
            and "site" in rows[0]
        ):
            summary[table] = spread(rows)
    frames = frames_of(made.result)
    wide = {}
    for field in dataclasses.fields(frames):
        frame = getattr(frames, field.name)
        if "site" in frame.columns and field.name not in {"costs", "ledger"}:
            own = frame.filter(pl.col("site") == first["site"])
            wide[field.name] = pl.concat([own.with_columns(site=pl.lit(name)) for name in names])
    return summary, dataclasses.replace(frames, **wide)


@pytest.mark.parametrize("count", [1, 40])
def test_one_site_and_forty_fit(made: Made, count: int, tmp_path: Path) -> None:
    summary, frames = many(made, count)
    summary["warnings"] = [
        "A figure of the plan is far from what everybody else pays, by a source that is known: check it and its date."
    ] * 5
    reader = pdf_of(document(page(summary, frames, "portfolio"), TEMPLATES), tmp_path / "many.pdf")
    first = re.sub(r"\s+", " ", reader.pages[0].extract_text())
    assert "How sure is that?" in first
    assert "Contents" in reader.pages[1].extract_text()
    whole = re.sub(r"\s+", " ", " ".join(found.extract_text() for found in reader.pages))
    assert f"{summary['sites'][-1]['site_name']}" in whole
    assert ("The first 12 of 40 sites" in first) == (count == 40)


def test_turned_text_is_kept_to_itself() -> None:
    assert printable("a\u202eb\u2066c\u2069\x00d") == "abc d"
    assert short("שלום") == "\u2068שלום\u2069"
    assert short("x" * 50, 10) == "x" * 9 + "…"
