"""SMHI metobs: temperature (parameter 1) and humidity (6) of a station, as CSV with a BOM and three blocks of metadata.

Old stations read at 06 and 18 UTC only; such a series is kept and found not to be hourly.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import polars as pl

from brytpunkt.publishers._shared.accounting import IGNORED, Account, Fields, meaning, unknown, value
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import no_more, no_probe, own_digest, problem
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.taken_apart import day_of, one_by_one, unlisted_names
from brytpunkt.publishers.weather.canonical_hours import (
    PERCENT,
    hour_rows,
    place_of,
    utc,
    weather_batches,
)
from brytpunkt.publishers.weather.readings import Readings, join, notes
from brytpunkt.series.findings import NOT_APPROVED, OTHER_LEVEL

PUBLISHER, SOURCE = "smhi", "SMHI, meteorologiska observationer (metobs)"
# Name of the parameter in a file -> column, the spellings of its unit, and the factor.
COLUMNS = {
    "Lufttemperatur": ("dry_bulb_c", ("celsius", "degree celsius", "°C"), 1.0),
    "Relativ Luftfuktighet": ("relative_humidity", ("procent", "percent", "%"), 1 / PERCENT),
}
PARAMETERS = (1, 6)
# One reading an hour; the other parameters are means and extremes of a day.
HOURLY = "momentanvärde, 1 gång/tim"
# G: checked and approved. Y: suspected or aggregated, roughly checked archive, unchecked readings of the latest months.
QUALITIES = {"G": True, "Y": False}
UNCHECKED = "quality Y: not checked, or only roughly"
ARCHIVE = "corrected-archive"
# Air is measured about two metres above the ground; a mast is another place.
HEIGHTS_M = (1.0, 3.0)
# Precedence: height before quality before period.
OTHER_HEIGHT, NOT_CHECKED, NOT_ARCHIVE = 100, 10, 1
STATION = re.compile(r"/station/(\d+)/")
HEAD = ("Datum", "Tid (UTC)")
FIELDS: Fields = {
    "Stationsnamn": IGNORED,
    "Stationsnummer": meaning("the station that was asked for, else refused"),
    "Stationsnät": IGNORED,
    "Mäthöjd (meter över marken)": meaning("about 2 m before other heights, which are a finding"),
    "Parameternamn": meaning("Lufttemperatur or Relativ Luftfuktighet, else refused"),
    "Beskrivning": meaning("momentanvärde, 1 gång/tim, else refused"),
    "Enhet": meaning("celsius, procent, else refused"),
    "Tidsperiod (fr.o.m)": IGNORED,
    "Tidsperiod (t.o.m)": IGNORED,
    "Höjd (meter över havet)": IGNORED,
    "Latitud (decimalgrader)": IGNORED,
    "Longitud (decimalgrader)": IGNORED,
    "Datum": value("start_utc"),
    "Tid (UTC)": value("start_utc"),
    "Lufttemperatur": value("dry_bulb_c"),
    "Relativ Luftfuktighet": value("relative_humidity"),
    "Kvalitet": meaning("G before Y; readings of any other quality are left out"),
    "Tidsutsnitt:": IGNORED,
    "": IGNORED,
}

probe, version, following = no_probe, own_digest, no_more
APART = True


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """Two files a station: the corrected archive and the latest months, which it excludes, of both parameters."""
    del pointer
    periods = source.parameters.get("periods", ["corrected-archive", "latest-months"])
    return [
        Request(
            name=f"{place}_{parameter}_{period}.csv",
            url=f"{source.url}/parameter/{parameter}/station/{station}/period/{period}/data.csv",
            media_type="text/csv",
        )
        for place, station in source.parameters["stations"].items()
        for parameter in PARAMETERS
        for period in periods
    ]


def named(source: Source, name: str, number: int, head: bytes) -> str:
    """A file states its station, and its name the place: the one that it begins with, or else the source's first."""
    del number, head
    places = source.parameters["stations"]
    return name if name.partition("_")[0] in places else f"{next(iter(places))}_{name}"


def parse(listing: Listing) -> Iterator[Batch]:
    """Files named ``<place>_...csv`` -> hours with dry bulb, and humidity where the station has it at that hour.

    Where files overlap, checked readings count before unchecked ones, and the corrected archive before the latest months.
    """
    places: dict[str, Readings] = {}
    newest: dict[str, Document] = {}

    def read(document: Document, account: Account) -> Iterator[Batch]:
        place = place_of(document)
        _read(document, account, place, readings := Readings(PUBLISHER))
        yield from unlisted_names(
            _names(document),
            document,
            account,
            publisher=PUBLISHER,
            source=SOURCE,
            subject=place,
            series="weather",
        )
        whole = places.setdefault(place, Readings(PUBLISHER))
        join(whole, readings)
        newest[place] = document

    yield from one_by_one(
        listing, read, publisher=PUBLISHER, source=SOURCE, subject=place_of, series="weather",
        has_any_rows=lambda: any(readings.records for readings in places.values()),
    )  # fmt: skip
    for place, readings in places.items():
        hours = readings.hours()
        if hours["dry_bulb_c"].null_count() == hours.height and any(
            record[2] != "dry_bulb_c" for record in readings.records
        ):
            raise problem(newest[place], f"{place} has humidity and no temperature")
        noted_hours = hours.with_columns(note=pl.Series(notes(hours, UNCHECKED), dtype=pl.String))
        rows = hour_rows(noted_hours.drop("is_checked"), newest[place], publisher=PUBLISHER, source=SOURCE)
        yield from weather_batches(rows, newest[place], SOURCE, readings.findings)


def _lines(document: Document) -> list[list[str]]:
    try:
        text = document.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise problem(document, "the file is not UTF-8 text") from error
    return list(csv.reader(io.StringIO(text), delimiter=";"))


def _names(document: Document) -> list[str]:
    """Names in the headers of the blocks that the table of fields does not list."""
    names: list[str] = []
    follows_gap = True
    for cells in _lines(document):
        if follows_gap and cells:
            names += [cell.strip() for cell in cells]
        if tuple(cells[:2]) == HEAD:
            break
        follows_gap = not any(cell.strip() for cell in cells)
    return unknown(FIELDS, names)


def _blocks(document: Document, lines: list[list[str]]) -> tuple[dict[str, str], int]:
    """What the blocks of metadata say, and the number of the header of the readings."""
    said: dict[str, str] = {}
    for number, cells in enumerate(lines):
        if tuple(cells[:2]) == HEAD:
            return said, number
        following_line = lines[number + 1] if number + 1 < len(lines) else []
        is_header = number == 0 or not any(cell.strip() for cell in lines[number - 1])
        if is_header and any(cell.strip() for cell in cells):
            said |= dict(
                zip((cell.strip() for cell in cells), (cell.strip() for cell in following_line), strict=False)
            )
    raise problem(document, "the file has no line that begins with Datum;Tid (UTC): its format has changed")


def _read(document: Document, account: Account, place: str, readings: Readings) -> None:
    """The readings after the blocks of metadata, ranked."""
    lines = _lines(document)
    said, header = _blocks(document, lines)
    name = lines[header][2].strip() if len(lines[header]) > 2 else ""  # noqa: PLR2004 - day, time, value
    if name not in COLUMNS:
        raise problem(document, f"the parameter {name} is neither of {', '.join(COLUMNS)}")
    if [cell.strip() for cell in lines[header][3:4]] != ["Kvalitet"]:
        raise problem(document, "the readings have no column Kvalitet: its format has changed")
    column, _, factor = COLUMNS[name]
    _check_meaning(document, said, name)
    rank = _height(document, place, said, readings) + (0 if ARCHIVE in document.name else NOT_ARCHIVE)
    unknown_qualities: Counter[str] = Counter()
    for number, cells in enumerate(lines[header + 1 :], header + 2):
        if not any(cell.strip() for cell in cells):
            continue
        row = f"line {number}"
        account.read(row)
        # The last two columns carry notes on the first lines only.
        if len(cells) < 4:  # noqa: PLR2004 - date, time, value, quality
            raise problem(document, f"{row} has {len(cells)} fields: is the file whole?")
        quality = cells[3].strip()
        if quality not in QUALITIES:
            account.leave_out(row, f"quality {quality or 'not stated'}: not approved")
            unknown_qualities[quality or "none"] += 1
            continue
        is_checked = QUALITIES[quality]
        readings.add(
            account, row, place, _moment(document, row, cells), column, _value(document, row, cells[2], factor),
            rank=rank + (0 if is_checked else NOT_CHECKED), is_checked=is_checked,
        )  # fmt: skip
    if unknown_qualities:
        listed = ", ".join(f"{count} x {quality}" for quality, count in sorted(unknown_qualities.items()))
        readings.find(place, day_of(document), NOT_APPROVED, f"{document.name}: quality {listed}; left out")


def _check_meaning(document: Document, said: dict[str, str], name: str) -> None:
    """Raise unless the blocks say hourly readings in a known unit, of the station that was asked for."""
    units = COLUMNS[name][1]
    for field_name, known in (("Parameternamn", (name,)), ("Beskrivning", (HOURLY,)), ("Enhet", units)):
        if said.get(field_name) not in known:
            raise problem(document, f"{field_name} is {said.get(field_name) or 'not stated'}, not {known[0]}")
    asked = STATION.search(document.url)
    if not said.get("Stationsnummer") or (asked and asked[1] != said["Stationsnummer"]):
        wanted = f", not {asked[1]}" if asked else ""
        raise problem(document, f"the station is {said.get('Stationsnummer') or 'not stated'}{wanted}")


def _height(document: Document, place: str, said: dict[str, str], readings: Readings) -> int:
    stated = said.get("Mäthöjd (meter över marken)", "")
    try:
        is_low = HEIGHTS_M[0] <= float(stated) <= HEIGHTS_M[1]
    except ValueError:
        is_low = False
    if is_low:
        return 0
    text = (
        f"{document.name}: the sensor is {stated} m above the ground"
        if stated
        else f"{document.name}: the sensor's height is not stated"
    )
    readings.find(place, day_of(document), OTHER_LEVEL, text)
    return OTHER_HEIGHT


def _moment(document: Document, row: str, cells: list[str]) -> dt.datetime:
    try:
        return utc(dt.datetime.fromisoformat(f"{cells[0].strip()}T{cells[1].strip()}"))
    except ValueError as error:
        raise problem(document, f"{row}: {cells[0]} {cells[1]} is not a time") from error


def _value(document: Document, row: str, text: str, factor: float) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text) * factor
    except ValueError as error:
        raise problem(document, f"{row}: {text!r} is not a reading") from error
