"""The form that elprisetjustnu.se and hvakosterstrommen.no share: a file a day and zone, prices per kWh without VAT.

Belongs here: requests and parsing of that form. Does not belong here: which of the two publishes what.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from brytpunkt.publishers._shared.accounting import Account, Fields, meaning, value
from brytpunkt.publishers._shared.intervals import across_documents, taken
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
    POINTS,
    days_between,
    finding,
    instant,
    named_zone,
    problem,
    read_json,
    wanted_days,
)
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.taken_apart import DAY_OF_NAME, day_of, one_by_one, unlisted
from brytpunkt.series.findings import CURRENCIES_APART, INCOMPLETE_DAY, OTHER_DAY
from brytpunkt.series.market_days import MINUTES_PER_HOUR, hours_of_day, market_day

KWH_PER_MWH = 1000
# A file that is not published yet, or never was, is a gap beside the others.
OK, NOT_FOUND = 200, 404
# EUR_per_kWh has five decimals, kroner too; EXR ties them together.
TOLERANCE = 0.0006


@dataclass(frozen=True)
class Form:
    """One of the two publishers: its name in rows, its currency, and the zones that it has."""

    publisher: str
    source: str
    currency: str
    zones: tuple[str, ...]


def requests_of(form: Form, source: Source) -> Sequence[Request]:
    """A request for every day and zone; the year is a folder, month and day two digits each."""
    first, last = wanted_days(source)
    return [
        Request(
            name=f"{day}_{zone}.json",
            url=f"{source.url}/{day:%Y}/{day:%m-%d}_{zone}.json",
            accepts=(OK, NOT_FOUND),
        )
        for day in days_between(first, last)
        for zone in source.parameters.get("zones", form.zones)
    ]


def fields_of(form: Form) -> Fields:
    """The fields of a publisher of this form."""
    return {
        "[].EUR_per_kWh": value("price_eur_per_mwh, times 1000"),
        f"[].{form.currency}_per_kWh": meaning("the price in euros at EXR, else a finding"),
        "[].EXR": value("fx_units_per_eur"),
        "[].time_start": value("start_utc"),
        "[].time_end": value("resolution_minutes, from time_start"),
    }


def parse_form(form: Form, listing: Listing) -> Iterator[Batch]:
    """Daily files -> intervals in EUR/MWh; zone and day are those of the file's name."""
    found = one_by_one(
        listing,
        lambda document, account: _read(form, document, account),
        publisher=form.publisher,
        source=form.source,
        subject=zone_of,
    )
    yield from across_documents(list(found), form.publisher, form.source)


def named_of(form: Form, source: Source, name: str) -> str:
    """A day's file does not say its zone: it is of the one that its name has, or else of the source's first."""
    stem = name.removesuffix(".json")
    if stem.rpartition("_")[2] in form.zones:
        return name
    zones = source.parameters.get("zones", form.zones)
    return f"{stem}_{named_zone(stem, form.zones) or next(iter(zones))}.json"


def zone_of(document: Document) -> str:
    """The zone of a file named ``<day>_<zone>.json``."""
    return document.name.removesuffix(".json").rpartition("_")[2]


def _read(form: Form, document: Document, account: Account) -> Iterator[Batch]:
    zone = zone_of(document)
    if zone not in form.zones:
        raise problem(document, f"the file's name ends in {zone}, not in one of {', '.join(form.zones)}")
    records = read_json(document)
    if not isinstance(records, list) or not records:
        raise problem(document, "the document is not a list of intervals: its format has changed")
    points = pl.DataFrame(
        [_point(form, document, zone, n, record) for n, record in enumerate(records)],
        schema=POINTS
        | {
            "fx_units_per_eur": pl.Float64,
            "native_currency": pl.String,
            "native": pl.Float64,
            "row": pl.Int64,
        },
    )
    here = points
    findings = _odd(form, points)
    if DAY_OF_NAME.match(document.name):
        day = day_of(document)
        here = points.filter(market_day() == day)
        for row in points.filter(market_day() != day)["row"]:
            account.read(f"[{row}]")
            account.remark(f"[{row}]", f"it is not of {day}, the day of the file")
        if here.height < points.height:
            said = f"{points.height - here.height} intervals of {document.name} are not of {day}; left out"
            findings.append(finding(zone, form.publisher, day, OTHER_DAY, said))
        findings += _short(form, zone, day, here)
    yield from taken(
        here.drop("native"), document, account, publisher=form.publisher, source=form.source,
        findings=findings, place="[{}]",
    )  # fmt: skip
    yield from unlisted(
        fields_of(form), records, document, account, publisher=form.publisher, source=form.source,
        subject=zone,
    )  # fmt: skip


def _short(form: Form, zone: str, day: dt.date, here: pl.DataFrame) -> list[dict[str, Any]]:
    """A file is a whole market day: hours that it lacks were lost, dropped or merged."""
    starts = here.unique("start_utc")
    hours, expected = starts["resolution_minutes"].sum() / MINUTES_PER_HOUR, hours_of_day(day)
    if hours == expected:
        return []
    return [finding(zone, form.publisher, day, INCOMPLETE_DAY, f"the file has {hours:g} of {expected} hours")]


def _point(form: Form, document: Document, zone: str, row: int, record: Any) -> dict[str, Any]:
    place = f"interval {row + 1}"
    if not isinstance(record, dict):
        raise problem(document, f"{place} is no object: its format has changed")
    begin, end = (_instant(document, place, record, name) for name in ("time_start", "time_end"))
    names = ("EUR_per_kWh", f"{form.currency}_per_kWh", "EXR")
    euro, native, rate = (_number(document, place, record, name) for name in names)
    if rate is None or rate <= 0:
        raise problem(document, f"{place} has no exchange rate (EXR)")
    return {
        "zone": zone,
        "start_utc": begin,
        "resolution_minutes": int((end - begin).total_seconds() // 60),
        "price_eur_per_mwh": None if euro is None else euro * KWH_PER_MWH,
        "fx_units_per_eur": rate,
        "native_currency": form.currency,
        "native": native,
        "row": row,
    }


def _number(document: Document, place: str, record: dict[str, Any], name: str) -> float | None:
    """A number, or None where the publisher says null; raises for anything else, an absent field too."""
    if name not in record:
        raise problem(document, f"{place} has no {name}: its format has changed")
    found = record[name]
    if found is not None and (isinstance(found, bool) or not isinstance(found, int | float)):
        raise problem(document, f"{place}: {name} is {found!r}, not a number")
    return None if found is None else float(found)


def _instant(document: Document, place: str, record: dict[str, Any], name: str) -> dt.datetime:
    try:
        return instant(str(record[name]))
    except (KeyError, ValueError) as error:
        said = record.get(name, "not stated")
        raise problem(document, f"{place}: {name} is {said}, not a time with an offset") from error


def _odd(form: Form, points: pl.DataFrame) -> list[dict[str, Any]]:
    """Intervals whose two currencies do not fit the file's own exchange rate, once a zone and day."""
    euro = pl.col("price_eur_per_mwh") / KWH_PER_MWH
    apart = points.filter(
        pl.col("native").is_null()
        | (
            (pl.col("native") - euro * pl.col("fx_units_per_eur")).abs()
            > TOLERANCE + 0.0006 * pl.col("native").abs()
        ),
        pl.col("price_eur_per_mwh").is_not_null(),
    ).with_columns(day=market_day())
    rows: dict[tuple[str, dt.date], dict[str, Any]] = {}
    for row in apart.iter_rows(named=True):
        native = "no price" if row["native"] is None else f"{row['native']:g} {form.currency}/kWh"
        detail = (
            f"{native} is not {row['price_eur_per_mwh'] / KWH_PER_MWH:g} EUR/kWh "
            f"at {row['fx_units_per_eur']:g}"
        )
        rows.setdefault(
            (row["zone"], row["day"]),
            finding(row["zone"], form.publisher, row["day"], CURRENCIES_APART, detail),
        )
    return list(rows.values())
