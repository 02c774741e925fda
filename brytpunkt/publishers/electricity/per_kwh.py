"""The form that elprisetjustnu.se and hvakosterstrommen.no share: a file a day and zone, prices per kWh without VAT.

Belongs here: requests and parsing of that form. Does not belong here: which of the two publishes what.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
    POINTS,
    batches,
    days_between,
    finding,
    instant,
    newest_revision,
    price_rows,
    problem,
    read_json,
    wanted_days,
)
from brytpunkt.publishers._shared.source import Source

KWH_PER_MWH = 1000
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
        Request(name=f"{day}_{zone}.json", url=f"{source.url}/{day:%Y}/{day:%m-%d}_{zone}.json")
        for day in days_between(first, last)
        for zone in source.parameters.get("zones", form.zones)
    ]


def parse_form(form: Form, listing: Listing) -> Iterator[Batch]:
    """Daily files -> intervals in EUR/MWh; the zone is that of the file's name."""
    for document in listing.documents:
        zone = document.name.removesuffix(".json").rpartition("_")[2]
        if zone not in form.zones:
            raise problem(document, f"the file's name ends in {zone}, not in one of {', '.join(form.zones)}")
        records = read_json(document)
        if not isinstance(records, list):
            raise problem(document, "the document is not a list of intervals: its format has changed")
        points = pl.DataFrame(
            [_point(form, document, zone, record) for record in records],
            schema=POINTS
            | {"fx_units_per_eur": pl.Float64, "native_currency": pl.String, "native": pl.Float64},
        )
        yield from batches(
            newest_revision(
                price_rows(points.drop("native"), document, publisher=form.publisher, source=form.source)
            ),
            _odd(form, points),
            document,
            form.source,
        )


def _point(form: Form, document: Document, zone: str, record: dict[str, Any]) -> dict[str, Any]:
    try:
        begin, end = instant(record["time_start"]), instant(record["time_end"])
        euro, native, rate = (float(record[k]) for k in ("EUR_per_kWh", f"{form.currency}_per_kWh", "EXR"))
    except (KeyError, TypeError, ValueError) as error:
        raise problem(document, f"an interval is not as expected: {error}") from error
    return {
        "zone": zone,
        "start_utc": begin,
        "resolution_minutes": int((end - begin).total_seconds() // 60),
        "price_eur_per_mwh": euro * KWH_PER_MWH,
        "fx_units_per_eur": rate,
        "native_currency": form.currency,
        "native": native,
    }


def _odd(form: Form, points: pl.DataFrame) -> list[dict[str, Any]]:
    """Intervals whose two currencies do not fit the file's own exchange rate, once a zone and day."""
    euro = pl.col("price_eur_per_mwh") / KWH_PER_MWH
    apart = points.filter(
        (pl.col("native") - euro * pl.col("fx_units_per_eur")).abs()
        > TOLERANCE + 0.0006 * pl.col("native").abs()
    )
    rows: dict[tuple[str, dt.date], dict[str, Any]] = {}
    for row in apart.iter_rows(named=True):
        day = row["start_utc"].date()
        detail = (
            f"{row['native']:g} {form.currency}/kWh is not {row['price_eur_per_mwh'] / KWH_PER_MWH:g} EUR/kWh "
            f"at {row['fx_units_per_eur']:g}"
        )
        rows.setdefault(
            (row["zone"], day), finding(row["zone"], form.publisher, day, "currencies do not fit", detail)
        )
    return list(rows.values())
