"""Quarter tables: a day a row, a quarter-hour a column, in files that the user downloaded; the name begins with the zone.

``SE3-q.csv``: ``Date,00:00-00:15,...,23:45-00:00`` and perhaps ``Baseload``, the day's mean, in Central European time and
EUR/MWh. Of the three lengths of a market day most such tables know one: 96 columns. Then the spring day carries four
filler values in an hour that did not happen, and the autumn day has one of the two hours from 02:00, without saying which.
The fillers are dropped and the doubtful hour is left out, each with a finding. A table with the second hour in columns
of its own (02:00 twice, or 2A and 2B) is complete.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from brytpunkt.publishers._shared.accounting import Account, Fields, meaning, value
from brytpunkt.publishers._shared.intervals import across_documents, taken
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
    POINTS,
    PRICES,
    batches,
    finding,
    no_more,
    no_probe,
    own_digest,
    problem,
)
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.taken_apart import one_by_one, unlisted_names
from brytpunkt.series.findings import mean_mismatches
from brytpunkt.series.market_days import MARKET_TIMEZONE, hours_of_day

PUBLISHER, SOURCE = "quarter-table", "table of quarter-hours, file downloaded by the user"
ZONE = re.compile(r"^(DE-LU|IE-SEM|[A-Z]{2}[0-9]?)(?![A-Za-z0-9])")
COLUMN = re.compile(r"^([01]?[0-9]|2[0-3])([AB]?):([0-5][0-9])(?:\s*-\s*[0-9]{1,2}[AB]?:[0-5][0-9])?$")
MINUTES, QUARTERS = 15, 4
SHORT, LONG, CHANGED_HOUR = 23, 25, 2
MEAN = "Baseload"
FIELDS: Fields = {
    "Date": value("start_utc"),
    MEAN: meaning("the mean of the day's quarters, else a finding"),
    "*": value("price_eur_per_mwh of the quarter in the column's name"),
}
EMPTY = frozenset({"", "-", "n/a", "null"})
STATED: dict[str, Any] = {"zone": pl.String, "day": pl.Date, "mean_eur_per_mwh": pl.Float64}
Column = tuple[int, int, bool]

probe, version, following = no_probe, own_digest, no_more


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """Nothing is requested: the files come from the inbox."""
    del source, pointer
    return ()


def parse(listing: Listing) -> Iterator[Batch]:
    """Tables -> intervals of a quarter; where two files give an interval two prices, the file retrieved later counts."""
    found = one_by_one(listing, _read, publisher=PUBLISHER, source=SOURCE, subject=zone_of)
    yield from across_documents(list(found), PUBLISHER, SOURCE)


def zone_of(document: Document) -> str:
    """The zone that the file's name begins with, or the name if it begins with none."""
    zone = ZONE.match(document.name)
    return zone[1] if zone else document.name


def _read(document: Document, account: Account) -> Iterator[Batch]:
    points, stated, odd, others = _table(document, account)
    found = list(
        taken(points, document, account, publisher=PUBLISHER, source=SOURCE, findings=odd, place="cell {}")
    )
    yield from found
    doubtful = pl.DataFrame(
        [(item["subject"], item["day"]) for item in odd if item["kind"] == "doubtful hour"],
        schema={"zone": pl.String, "day": pl.Date},
        orient="row",
    )
    # The mean of a day says nothing of the day's other quarters where an hour was left out, in that zone.
    whole = stated.join(doubtful, on=["zone", "day"], how="anti")
    rows = [batch.frame for batch in found if batch.table == PRICES]
    if rows:
        yield from batches(rows[0].clear(), mean_mismatches(pl.concat(rows), whole), document, SOURCE)
    yield from unlisted_names(
        others, document, account, publisher=PUBLISHER, source=SOURCE, subject=zone_of(document)
    )


def _table(
    document: Document, account: Account
) -> tuple[pl.DataFrame, pl.DataFrame, list[dict[str, Any]], list[str]]:
    """Intervals of a file, the means that it states, what is odd about its days, and columns that are not known."""
    zone = ZONE.match(document.name)
    if zone is None:
        raise problem(
            document, "the file's name does not begin with a bidding zone", "name it for example SE3-q.csv"
        )
    lines = list(csv.reader(io.StringIO(_text(document))))
    if not lines or lines[0][:1] != ["Date"]:
        raise problem(document, "the first column is not Date: its format has changed")
    columns = _columns(document, lines[0])
    mean_at = lines[0].index(MEAN) if MEAN in lines[0] else None
    others = [
        name.strip() or f"column {at + 1} without a name"
        for at, name in enumerate(lines[0])
        if at not in columns and name.strip() not in {"Date", MEAN}
    ]
    points: list[tuple[Any, ...]] = []
    means, odd, dropped = [], [], 0
    for number, line in enumerate(lines[1:], 2):
        if not line:
            continue
        day, values = _day(document, number, line, columns, len(lines[0]))
        kept, found = _of_day(zone[1], day, values, has_both=any(second for _, _, second in columns.values()))
        dropped += len(values) - len(kept)
        empty = [
            (zone[1], _instant(day, column), MINUTES, None)
            for column in columns.values()
            if column not in values and _must_have_a_price(day, column)
        ]
        points += [(*point, len(points) + n) for n, point in enumerate([*kept, *empty], 1)]
        odd += found
        if mean_at is not None and line[mean_at].strip().lower() not in EMPTY:
            means.append((zone[1], day, _price(document, number, line[mean_at])))
    account.left_out_unseen("an hour that did not happen, or that is one of two", dropped)
    return (
        pl.DataFrame(points, schema=POINTS | {"row": pl.Int64}, orient="row"),
        pl.DataFrame(means, schema=STATED, orient="row"),
        odd,
        others,
    )


def _must_have_a_price(day: dt.date, column: Column) -> bool:
    """Whether a quarter happened that day whatever the clock did: the hour of the change has its own rules."""
    return column[0] != CHANGED_HOUR or (not column[2] and hours_of_day(day) not in {SHORT, LONG})


def _text(document: Document) -> str:
    try:
        return document.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise problem(document, "the file is not text") from error


def _columns(document: Document, header: list[str]) -> dict[int, Column]:
    """Position of each quarter's column -> local hour, minute, and whether it is the second of that name."""
    found: dict[int, Column] = {}
    for position, name in enumerate(header):
        match = COLUMN.match(name.strip())
        if match is not None:
            hour, minute = int(match[1]), int(match[3])
            second = match[2] == "B" or (hour, minute, False) in found.values()
            found[position] = (hour, minute, second)
    quarters = {(hour, minute) for hour, minute, _ in found.values()}
    if len(quarters) != 24 * QUARTERS or any(minute % MINUTES for _, minute in quarters):
        message = f"the table has {len(quarters)} quarters of a day, not 96: its format has changed"
        raise problem(document, message)
    return found


def _day(
    document: Document, number: int, line: list[str], columns: dict[int, Column], width: int
) -> tuple[dt.date, dict[Column, float]]:
    if len(line) != width:
        raise problem(document, f"line {number} has {len(line)} columns, the first line {width}")
    try:
        day = dt.date.fromisoformat(line[0])
    except ValueError as error:
        raise problem(document, f"line {number}: {line[0][:40]!r} is not a date (YYYY-MM-DD)") from error
    values = {
        column: _price(document, number, line[position])
        for position, column in columns.items()
        if line[position].strip().lower() not in EMPTY
    }
    return day, values


def _price(document: Document, number: int, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise problem(document, f"line {number}: {text[:40]!r} is not a price") from error


def _of_day(
    zone: str, day: dt.date, values: dict[Column, float], *, has_both: bool
) -> tuple[list[tuple[str, dt.datetime, int, float]], list[dict[str, Any]]]:
    """A day's points, less what did not happen in spring and what is doubtful in autumn."""
    odd = []
    hours = hours_of_day(day)
    changed = {column: value for column, value in values.items() if column[0] == CHANGED_HOUR}
    if hours == SHORT and changed:
        odd.append(
            finding(
                zone,
                PUBLISHER,
                day,
                "filler values",
                "02:00 to 03:00 did not happen; its values are left out",
            )
        )
    if hours == LONG and changed and not has_both:
        odd.append(
            finding(
                zone,
                PUBLISHER,
                day,
                "doubtful hour",
                "one of the two hours from 02:00, without saying which; left out",
            )
        )
    if hours == SHORT or (hours == LONG and not has_both):
        values = {column: value for column, value in values.items() if column[0] != CHANGED_HOUR}
    elif hours != LONG:
        values = {column: value for column, value in values.items() if not column[2]}
    return [(zone, _instant(day, column), MINUTES, value) for column, value in sorted(values.items())], odd


def _instant(day: dt.date, column: Column) -> dt.datetime:
    hour, minute, is_second = column
    local = dt.datetime.combine(day, dt.time(hour, minute, fold=int(is_second)), ZoneInfo(MARKET_TIMEZONE))
    return local.astimezone(dt.UTC)
