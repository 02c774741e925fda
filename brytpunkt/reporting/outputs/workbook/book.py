"""Book: the sheets of the workbook. Totals are formulas over the sheet with the ledger.

Belongs here: which rows stand on which sheet. Does not belong here: how a cell is written (see sheet.py).
"""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import xlsxwriter

from brytpunkt.reporting.outputs.workbook.sheet import (
    DAY,
    MONEY,
    NUMBER,
    SHARE,
    WHOLE,
    Column,
    Formula,
    Styles,
    write_cell,
    write_table,
    write_text,
)
from brytpunkt.reporting.sections.decision import warnings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlsxwriter.workbook import Workbook

    from brytpunkt.reporting.sections.context import Desk
    from brytpunkt.reporting.translations import Texts

Row = dict[str, Any]
FORBIDDEN = set("[]:*?/\\'")
LEDGER_HEAD = 1
MOST_ROWS = 1_048_576 - LEDGER_HEAD - 1
SUMS = (("amount", "nominal_total"), ("present_value", "present_value"))


def workbook_bytes(at: Desk) -> bytes:
    """The workbook of a plan; equal results give equal bytes.

    Raises `ValueError` where the ledger has more rows than a sheet can hold.
    """
    if at.frames.ledger.height > MOST_ROWS:
        message = (
            f"the ledger has {at.frames.ledger.height} rows, a sheet holds {MOST_ROWS}; use ledger.parquet"
        )
        raise ValueError(message)
    written = io.BytesIO()
    settings = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }  # fmt: skip
    with xlsxwriter.Workbook(written, settings) as book:
        words = at.formats.texts
        plan = at.summary["plan"]
        book.set_properties(
            {
                "title": plan["name"][:250],
                "author": words("doc.product"),
                "comments": words("doc.tagline"),
                "created": datetime.combine(
                    date.fromisoformat(at.summary["run"]["as_of"]), time(), UTC
                ).replace(tzinfo=None),
            }
        )
        styles = Styles(book)
        names = {
            key: _sheet_name(words, key) for key in ("summary", "sites", "ledger", "assumptions", "sources")
        }
        sheets = {key: book.add_worksheet(name) for key, name in names.items()}
        columns = _ledger_columns(words)
        _summary(at, sheets["summary"], styles, columns, names["ledger"])
        _sites(at, sheets["sites"], styles)
        _ledger(at, sheets["ledger"], styles, columns)
        _assumptions(at, sheets["assumptions"], styles)
        _sources(at, sheets["sources"], styles)
        _print_setup(book)
    return written.getvalue()


def _sheet_name(words: Texts, key: str) -> str:
    """A name that Excel takes: 31 characters, none of its own signs."""
    return "".join(c for c in words(f"book.{key}") if c not in FORBIDDEN)[:31]


def _print_setup(book: Workbook) -> None:
    for sheet in book.worksheets():
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)


def _summary(at: Desk, sheet: Any, styles: Styles, columns: list[Column], ledger: str) -> None:
    """What the plan is, what to know before relying on it, and every strategy with totals over the ledger."""
    words, summary = at.formats.texts, at.summary
    finance, run = summary["finance"], summary["run"]
    write_text(sheet, 0, 0, summary["plan"]["name"], styles)
    facts: list[tuple[str, Any, str]] = [
        ("plan", summary["plan"]["id"], "text"),
        ("run", run["run_id"], "text"),
        ("as_of", run["as_of"], DAY),
        ("currency", finance["currency"], "text"),
        ("start", finance["start"], DAY),
        ("horizon", finance["horizon_months"], WHOLE),
        ("rate", finance["discount_rate_per_year"], SHARE),
    ]
    line = 2
    for key, value, kind in facts:
        sheet.write_string(line, 0, words(f"book.{key}"), styles.bold)
        write_cell(sheet, line, 1, value, kind, styles)
        line += 1
    for number, warning in enumerate(warnings(summary)):
        if number == 0:
            sheet.write_string(line, 0, words("book.warning"), styles.bold)
        write_text(sheet, line, 1, at.say(warning), styles)
        line += 1
    sheet.write_string(line + 1, 0, words("book.note"), styles.text)
    shown = [
        Column("site", words("book.site"), width=26),
        Column("site_name", words("book.site_name"), width=24),
        Column("strategy_id", words("book.strategy_id"), width=16),
        Column("strategy", words("book.strategy"), width=26),
        Column("amount", words("book.amount"), MONEY, 18),
        Column("present_value", words("book.present_value"), MONEY, 18),
        Column("label", words("book.offer"), width=60),
    ]
    for number, column in enumerate(shown):
        sheet.set_column(number, number, column.width)
    write_table(sheet, shown, _strategies(at, columns, ledger, line + 3), styles, at=line + 3, is_main=False)


def _strategies(at: Desk, columns: list[Column], ledger: str, head: int) -> Iterator[Row]:
    """Strategies with their totals as SUMIFS over the ledger, beside the value that the model computed."""
    names = {row["site"]: row["site_name"] for row in at.summary["sites"]}
    first, last = LEDGER_HEAD + 2, LEDGER_HEAD + 1 + max(at.frames.ledger.height, 1)
    letters = {column.key: _letter(number) for number, column in enumerate(columns)}
    ranges = {key: f"'{ledger}'!${letter}${first}:${letter}${last}" for key, letter in letters.items()}
    for line, row in enumerate(at.summary["strategies"], head + 2):
        sums = {}
        for key, total in SUMS:
            value = row[total]
            sums[key] = None if value is None else Formula(
                f'=SUMIFS({ranges[key]},{ranges["site"]},IF($A{line}="","",$A{line}),{ranges["strategy_id"]},$C{line})',
                float(Decimal(str(value))),
            )  # fmt: skip
        yield {
            "site": row["site"] or "",
            "site_name": names.get(row["site"], ""),
            "strategy_id": row["strategy"],
            "strategy": at.formats.texts.name("strategy", row["strategy"]),
            "label": at.say(row["label"] or row["reason"] or ""),
        } | sums


def _letter(number: int) -> str:
    return chr(ord("A") + number)


def _sites(at: Desk, sheet: Any, styles: Styles) -> None:
    words = at.formats.texts
    columns = [
        Column("site", words("book.site"), width=18),
        Column("site_name", words("book.site_name"), width=28),
        Column("verdict_name", words("book.verdict"), width=10),
        Column("switch_date", words("book.order"), DAY, 12),
        Column("payback_date", words("book.paid_back"), DAY, 12),
        Column("npv_rent", words("book.rent"), MONEY, 18),
        Column("npv_own", words("book.own"), MONEY, 18),
        Column("switch_npv", words("book.best"), MONEY, 18),
        Column("saved", words("book.saving"), MONEY, 18),
        Column("share", words("book.share"), SHARE, 10),
        Column("pue_mean", words("col.pue"), NUMBER, 10),
        Column("energy_price_per_mwh", words("col.price", currency=at.formats.currency), NUMBER, 12),
        Column("energy_mwh", words("col.energy_mwh"), NUMBER, 14),
        Column("carbon_tonnes", words("col.carbon"), NUMBER, 14),
    ]
    rows = []
    for line, row in enumerate(at.sites, 2):
        best, rent = row["switch_npv"], row["npv_rent"]
        known = best is not None and rent is not None
        rows.append(
            row
            | {
                "verdict_name": words.name("verdict", row["verdict"]),
                "saved": Formula(f"=F{line}-H{line}", rent - best) if known else None,
                "share": Formula(f"=I{line}/F{line}", (rent - best) / rent) if known and rent else None,
            }
        )
    write_table(sheet, columns, rows, styles)


def _ledger_columns(words: Texts) -> list[Column]:
    return [
        Column("site", words("book.site"), width=16),
        Column("strategy_id", words("book.strategy_id"), width=16),
        Column("month", words("book.month"), WHOLE, 8),
        Column("date", words("book.date"), DAY, 12),
        Column("component_id", words("book.component_id"), width=22),
        Column("component", words("book.component"), width=26),
        Column("item", words("book.item"), width=30),
        Column("timing", words("book.timing"), width=10),
        Column("amount", words("book.amount"), MONEY, 16),
        Column("present_value", words("book.present_value"), MONEY, 16),
        Column("native_amount", words("book.native_amount"), NUMBER, 16),
        Column("native_currency", words("book.native_currency"), width=10),
        Column("fx_rate", words("book.fx_rate"), NUMBER, 12),
    ]


def _ledger(at: Desk, sheet: Any, styles: Styles, columns: list[Column]) -> None:
    """Every row of the ledger; above the head stands the sum of the rows that the filter shows."""
    words = at.formats.texts
    ledger = at.frames.ledger
    components = {key: words.name("component", key) for key in ledger["component"].unique()}
    order = ["site", "strategy", "month", "component", "item", "timing", "amount"]
    present = [name for name in order if name in ledger.columns]
    rows = (
        row
        | {
            "site": row["site"] or "",
            "strategy_id": row["strategy"],
            "component_id": row["component"],
            "component": components[row["component"]],
        }
        for row in ledger.sort(present, nulls_last=False).iter_rows(named=True)
    )
    write_table(sheet, columns, rows, styles, at=LEDGER_HEAD)
    sheet.write_string(0, 0, words("book.shown"), styles.bold)
    last = LEDGER_HEAD + 1 + max(ledger.height, 1)
    for number, column in enumerate(columns):
        if column.key in {"amount", "present_value"}:
            letter = _letter(number)
            whole = ledger.select(pl.col(column.key).sum()).item() or 0
            text = f"=SUBTOTAL(109,{letter}{LEDGER_HEAD + 2}:{letter}{last})"
            write_cell(sheet, 0, number, Formula(text, float(whole)), MONEY, styles, is_sum=True)


def _assumptions(at: Desk, sheet: Any, styles: Styles) -> None:
    words = at.formats.texts
    columns = [
        Column("path", words("book.path"), width=52),
        Column("value", words("book.value"), width=20),
        Column("unit", words("book.unit"), width=26),
        Column("origin", words("book.origin"), width=12),
        Column("source", words("book.source"), width=60),
        Column("description", words("book.description"), width=70),
    ]
    rows = (
        item
        | {
            "unit": at.say.unit(item["unit"]),
            "origin": words.name("origin", item["origin"]),
            "source": at.say.declared(item["source"]),
            "description": at.say.declared(item["description"]).replace("`", ""),
        }
        for item in at.summary["assumptions"]
    )
    write_table(sheet, columns, rows, styles)


def _sources(at: Desk, sheet: Any, styles: Styles) -> None:
    words = at.formats.texts
    columns = [
        Column("table_name", words("book.table"), width=26),
        Column("source", words("book.source"), width=70),
        Column("rows", words("book.rows"), WHOLE, 10),
        Column("newest_source_date", words("book.newest"), DAY, 12),
        Column("retrieved_on", words("book.collected"), DAY, 12),
        Column("licence", words("book.licence"), width=24),
        Column("confidence", words("book.confidence"), width=14),
        Column("document_sha256", words("book.document"), width=68),
    ]
    rows = (
        row
        | {
            "table_name": words.name("table", row["table"]),
            "confidence": words.name("confidence", row["lowest_confidence"]),
        }
        for row in at.summary["sources"]
    )
    write_table(sheet, columns, rows, styles)
