"""The quote inbox: CSV and XLSX files in, quotes out; every mistake is named by file, sheet, row and column."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from brytpunkt.errors import InputError
from brytpunkt.publishers._shared.protocol import Batch
from brytpunkt.publishers.quotes import quotes
from tests.publishers.documents import document, listing, rows, table, text

SERVERS = """\
quote,vendor,server,price_per_server,currency,quoted_on,valid_until,note
Q-2026-17,"Hardware AB",dgx_b200,"412000.50",EUR,2026-11-02,2026-12-31,"with three years of support"
Q-2026-17,Hardware AB,dgx_h100,255000,EUR,2026-11-02,,
"""
COLOCATION = """\
Provider;Quote;country;price_per_kw_month;price_per_rack_month;rack_power_kw;power_included;currency;quoted_on
Hall AS;H1;no;1450;;;no;NOK;2026-10-01
Rum AB;R1;SE;;9800;40;Yes;SEK;2026-10-05
"""
SERVER_COLUMNS = (
    "quote",
    "vendor",
    "server",
    "price_native_per_server",
    "native_currency",
    "quoted_on",
    "valid_until",
)
ROOM_COLUMNS = (
    *("quote", "provider", "country", "price_native_per_kw_month", "price_native_per_rack_month"),
    *("rack_power_kw", "is_power_included", "native_currency", "quoted_on"),
)


def parsed(folder: Path, **files: str | bytes) -> list[Batch]:
    """Batches of files; a double underscore in a name is its dot."""
    documents = [document(folder, name.replace("__", "."), body) for name, body in files.items()]
    return list(quotes.parse(listing(*documents)))


def test_files_of_both_kinds_become_quotes(tmp_path: Path) -> None:
    batches = parsed(tmp_path, servers__csv=SERVERS, halls__csv=COLOCATION)
    servers = rows(batches, "server_quotes")
    assert text(servers, *SERVER_COLUMNS, "note") == table("""
        Q-2026-17 | Hardware AB | dgx_b200 | 412000.5 | EUR | 2026-11-02 | 2026-12-31 | with three years of support
        Q-2026-17 | Hardware AB | dgx_h100 | 255000   | EUR | 2026-11-02 |            |
    """)
    assert text(rows(batches, "colocation_quotes"), *ROOM_COLUMNS) == table("""
        H1 | Hall AS | NO | 1450 |      |    | False | NOK | 2026-10-01
        R1 | Rum AB  | SE |      | 9800 | 40 | True  | SEK | 2026-10-05
    """)
    assert servers["source"][0] == "quote Q-2026-17 of Hardware AB, servers.csv"
    assert set(servers["source_date"]) == {date(2026, 11, 2)}


def workbook() -> bytes:
    """A workbook as a vendor would send it: dates as dates, a formula with its stored value, an empty sheet."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet("Servers")
    sheet.write_row(1, 0, ["Quote", "Vendor", "Server", "Price_per_server", "Currency", "Quoted_on"])
    sheet.write_row(2, 0, ["V-9", "Vendor Oy", "dgx_b300"])
    sheet.write_formula(2, 3, "=500000*1.1", value=550000)
    sheet.write(2, 4, "usd")
    sheet.write_datetime(2, 5, datetime(2026, 11, 3), day)  # noqa: DTZ001 - a workbook knows no time zones
    book.add_worksheet("Notes")
    book.close()
    return buffer.getvalue()


def test_a_workbook_is_read_by_its_stored_values(tmp_path: Path) -> None:
    batches = parsed(tmp_path, offer__xlsx=workbook())
    assert text(rows(batches, "server_quotes"), *SERVER_COLUMNS) == table("""
        V-9 | Vendor Oy | dgx_b300 | 550000 | USD | 2026-11-03 |
    """)
    assert rows(batches, "server_quotes")["source"][0] == "quote V-9 of Vendor Oy, offer.xlsx, sheet Servers"


def test_a_formula_without_a_stored_value_is_not_evaluated(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["quote", "vendor", "server", "price_per_server", "currency", "quoted_on"])
    sheet.append(["V-9", "Vendor Oy", "dgx_b300", "=500000*1.1", "USD", date(2026, 11, 3)])
    buffer = io.BytesIO()
    book.save(buffer)
    with pytest.raises(
        InputError, match=r"offer\.xlsx, sheet Sheet, row 2, column price_per_server: the cell is empty"
    ):
        parsed(tmp_path, offer__xlsx=buffer.getvalue())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "412000.50",
            "412 000,50",
            r"servers\.csv, row 2, column price_per_server: '412 000,50' is not a number",
        ),
        ("412000.50", "0", "column price_per_server: '0' is not a price or a size above zero"),
        ("412000.50", "=1+1", r"column price_per_server: '=1\+1' is not a number"),
        ("412000.50", "NaN", "column price_per_server: 'NaN' is not a price"),
        (
            "EUR,2026-11-02,2026-12-31",
            "CHF,2026-11-02,2026-12-31",
            "row 2, column currency: 'CHF' is not one of",
        ),
        ("2026-11-02,,", "02/11/2026,,", "row 3, column quoted_on: '02/11/2026' is not a date"),
        ("2026-12-31", "2026-10-31", "column valid_until: 2026-10-31 is before 2026-11-02"),
        (
            "dgx_h100",
            "dgx_b200",
            r"row 3, column quote: quote Q-2026-17 stands already in servers\.csv, row 2",
        ),
        ("dgx_h100", "", "row 3, column server: the cell is empty"),
        ("vendor", "seller", r"servers\.csv, row 1: the header lacks vendor"),
        ("vendor", "seller", r"servers\.csv, row 1: the header does not know seller"),
        ("note\n", "note,note\n", "more than once|beside the table"),
        ("quote,vendor,server", "a,b,c", "the header is neither of servers nor of colocation"),
        ("Q-2026-17,Hardware AB", "=cmd|x,Hardware AB", r"row 3, column quote: '=cmd\|x' is not an id"),
        ("255000,EUR,2026-11-02,,", "255000,EUR,2026-11-02,,,,x", "row 3: a cell stands beside the table"),
    ],
)
def test_a_mistake_is_named_where_it_stands(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in SERVERS
    with pytest.raises(InputError, match=message):
        parsed(tmp_path, servers__csv=SERVERS.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            ";1450;;;",
            ";1450;9000;;",
            r"halls\.csv, row 2: one of price_per_kw_month and price_per_rack_month",
        ),
        (";1450;;;", ";;;;", "row 2: one of price_per_kw_month and price_per_rack_month"),
        (";;9800;40;", ";;9800;;", "row 3, column rack_power_kw: a price per rack needs the power of a rack"),
        (";no;NOK", ";maybe;NOK", "row 2, column power_included: 'maybe' is neither yes nor no"),
        ("H1;no", "H1;Norway", "row 2, column country: 'NORWAY' is not a country of two letters"),
    ],
)
def test_a_mistake_in_a_room_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in COLOCATION
    with pytest.raises(InputError, match=message):
        parsed(tmp_path, halls__csv=COLOCATION.replace(old, new))


def test_every_mistake_of_every_file_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        parsed(
            tmp_path,
            a__csv=SERVERS.replace("EUR", "XXX"),
            b__csv=COLOCATION.replace(";no;NOK", ";maybe;NOK"),
            c__txt="hello",
            d__xlsx=b"PK\x03\x04 not a workbook",
        )
    places = [problem.where for problem in caught.value.problems]
    assert places == [
        "a.csv, row 2, column currency",
        "a.csv, row 3, column currency",
        "b.csv, row 2, column power_included",
        "c.txt",
        "d.xlsx",
    ]


def test_an_empty_file_and_an_empty_sheet_say_nothing(tmp_path: Path) -> None:
    assert parsed(tmp_path, empty__csv="\n\n") == []


def unfolding(texts: int) -> bytes:
    """A workbook of a few kilobytes whose list of shared texts has so many empty entries."""
    whole = io.BytesIO(workbook())
    buffer = io.BytesIO()
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            body = old.read(entry)
            if entry == "xl/sharedStrings.xml":
                # Entries that differ a little, so that the archive stays within the ratio that any zip may have.
                body = body.replace(
                    b"</sst>", b"".join(b"<si><t>%d</t></si>" % n for n in range(texts)) + b"</sst>"
                )
            new.writestr(entry, body)
    return buffer.getvalue()


def test_a_workbook_that_unfolds_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rows(parsed(tmp_path, offer__xlsx=unfolding(20)), "server_quotes").height == 1

    def never(*_: object, **__: object) -> None:
        pytest.fail("the workbook was opened")

    monkeypatch.setattr("brytpunkt.publishers.quotes.quote_files.openpyxl.load_workbook", never)
    with pytest.raises(
        InputError, match=r"offer\.xlsx: the workbook unfolds into \d{3},\d{3} cells and texts"
    ):
        parsed(tmp_path, offer__xlsx=unfolding(130_000))
