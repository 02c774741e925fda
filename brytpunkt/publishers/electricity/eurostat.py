"""Eurostat nrg_pc_205: electricity prices of non-household consumers by half-year, JSON-stat 2.0 with sparse values.

A sanity bound for the all-in price of a plan, never a price to plan with. The form of JSON-stat was seen in a document of
the sister table for households (nrg_pc_204); the codes of this one were not, so the source is unconfirmed.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any
from urllib.parse import urlencode

import polars as pl

from brytpunkt.publishers._shared.accounting import IGNORED, Account, Fields, meaning, value
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
    field,
    finding,
    no_more,
    no_probe,
    own_digest,
    problem,
    read_json,
)
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.taken_apart import noted, one_by_one, unlisted

PUBLISHER, SOURCE = "eurostat", "Eurostat nrg_pc_205, electricity prices for non-household consumers"
TABLE = "industrial_prices"
SERIES = "industrial"
WANTED = {"freq": "S", "currency": "EUR", "unit": "KWH"}
DIMENSIONS = ("freq", "nrg_cons", "unit", "tax", "currency", "geo", "time")
TAXES = ("X_TAX", "X_VAT", "I_TAX")
FLAGS = {
    "p": "provisional",
    "e": "estimated",
    "b": "break in the series",
    "u": "low reliability",
    "c": "confidential",
}
FIELDS: Fields = {
    "class": meaning("dataset, else refused"),
    "version": meaning("2.0, else refused"),
    "id": meaning("the dimensions; those that are needed are there, else refused"),
    "size": meaning("the number of codes of each dimension, else refused"),
    "dimension.*.category.index.*": meaning("currency EUR and unit KWH, else refused; the other codes fill columns"),
    "dimension.*.category.index": meaning("as above, where it is a list"),
    "dimension.*.category.label.**": IGNORED,
    "dimension.*.label": IGNORED,
    "value.*": value("eur_per_kwh"),
    "value": value("eur_per_kwh, where it is a list"),
    "status.*": meaning("a reservation, kept as a note and a finding"),
    "status": meaning("as above, where it is a list"),
    "label": IGNORED,
    "source": IGNORED,
    "updated": IGNORED,
    "href": IGNORED,
    "extension.**": IGNORED,
    "error.**": meaning("the reason for an answer without data"),
}  # fmt: skip
HALVES = {"S1": 1, "S2": 7}

probe, version, following = no_probe, own_digest, no_more
APART = True


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """One request for the countries and the band of consumption of the declaration."""
    del pointer
    query = [("geo", country) for country in source.parameters["countries"]]
    query += [
        ("nrg_cons", source.parameters["band"]),
        ("currency", WANTED["currency"]),
        ("unit", WANTED["unit"]),
    ]
    return [Request(name="nrg_pc_205.json", url=f"{source.url}/nrg_pc_205?{urlencode(query)}")]


def parse(listing: Listing) -> Iterator[Batch]:
    """A JSON-stat data set -> a price for each country, band, tax and half-year."""
    yield from one_by_one(
        listing,
        _read,
        publisher=PUBLISHER,
        source=SOURCE,
        subject=lambda document: document.name,
        series=SERIES,
    )


def _read(document: Document, account: Account) -> Iterator[Batch]:
    answer = read_json(document)
    names, cells = _cells(document, answer)
    rows, odd = _priced(document, account, answer, names, cells)
    if not rows and not odd:
        raise problem(document, "the data set has no value")
    retrieved = document.fetched_at.date()
    schema = {"day": pl.Date, "eur_per_kwh": pl.Float64, "note": pl.String}
    if rows:
        yield Batch(
            TABLE,
            pl.DataFrame(rows, schema_overrides=schema).with_columns(
                publisher=pl.lit(PUBLISHER),
                source=pl.lit(SOURCE),
                source_date=pl.min_horizontal(
                    pl.col("day").dt.offset_by("6mo").dt.offset_by("-1d"), pl.lit(retrieved)
                ),
                retrieved_on=pl.lit(retrieved),
                licence=pl.lit(document.licence),
                confidence=pl.lit("stated"),
            ),
            document,
        )
    if odd:
        yield noted(
            document, account, SOURCE,
            *(
                finding(here["geo"], PUBLISHER, _half_year(document, here), "price with a reservation", said, series=SERIES)
                for here, said in odd
            ),
        )  # fmt: skip
    yield from unlisted(
        FIELDS,
        answer,
        document,
        account,
        publisher=PUBLISHER,
        source=SOURCE,
        subject=document.name,
        series=SERIES,
    )


def _cells(document: Document, answer: Any) -> tuple[list[str], list[tuple[str, ...]]]:
    """The dimensions and their codes in each cell; raises for anything that is no whole JSON-stat data set."""
    if isinstance(answer, dict) and "error" in answer and "value" not in answer:
        error = answer["error"]
        said = error[0] if isinstance(error, list) and error else error
        label = said.get("label", said) if isinstance(said, dict) else said
        raise problem(document, f"Eurostat answered: {str(label)[:200]}")
    for name, known in (("class", "dataset"), ("version", "2.0")):
        if field(document, answer, name) != known:
            raise problem(document, f"{name} is {answer[name]}, not {known}: its format has changed")
    names, sizes = field(document, answer, "id"), field(document, answer, "size")
    codes = [_codes(document, answer, name) for name in names]
    if [len(of) for of in codes] != list(sizes):
        raise problem(document, f"the dimensions {', '.join(names)} do not have the sizes that are stated")
    lacking = [name for name in DIMENSIONS if name not in names]
    if lacking:
        raise problem(document, f"the data set has no dimension {', '.join(lacking)}: its format has changed")
    count = math.prod(sizes)
    for of in (field(document, answer, "value"), answer.get("status")):
        strange = (
            [key for key in of if not key.isdigit() or int(key) >= count] if isinstance(of, dict) else []
        )
        if strange:
            raise problem(
                document, f"{strange[0]} is no position among {count} cells: its format has changed"
            )
    return names, list(product(*codes))


def _priced(
    document: Document, account: Account, answer: Any, names: list[str], cells: list[tuple[str, ...]]
) -> tuple[list[dict[str, Any]], list[tuple[dict[str, str], str]]]:
    """Rows of the cells that have a price, and the reservations about them."""
    values, flags = answer["value"], answer.get("status") or {}
    rows, odd = [], []
    for at, cell in enumerate(cells):
        found, flag = (of.get(str(at)) if isinstance(of, dict) else of[at] for of in (values, flags))
        if found is None:
            continue
        place = f"value[{at}]"
        account.read(place)
        here = dict(zip(names, cell, strict=True))
        for name, wanted in WANTED.items():
            if here.get(name) != wanted:
                raise problem(document, f"{name} is {here.get(name)}, not {wanted}")
        if here["tax"] not in TAXES:
            account.leave_out(place, f"tax {here['tax']} is none of {', '.join(TAXES)}")
            odd.append((here, f"its tax is {here['tax']}, which is not known; left out"))
            continue
        rows.append(_row(document, here, found) | {"note": FLAGS.get(flag, f"flag {flag}") if flag else None})
        account.take(place)
        if flag:
            odd.append((here, f"flagged {flag}: {FLAGS.get(flag, 'a flag that is not known')}"))
    return rows, odd


def _codes(document: Document, answer: dict[str, Any], name: str) -> list[str]:
    index = field(document, answer, "dimension", name, "category", "index")
    if isinstance(index, list):
        return list(index)
    if sorted(index.values(), key=repr) != sorted(range(len(index)), key=repr):
        raise problem(document, f"the codes of {name} are not numbered 0 to {len(index) - 1}")
    return sorted(index, key=index.__getitem__)


def _half_year(document: Document, here: dict[str, str]) -> dt.date:
    try:
        year, half = here["time"].split("-")
        return dt.date(int(year), HALVES[half], 1)
    except (KeyError, ValueError) as error:
        raise problem(document, f"{here.get('time')} is not a half-year") from error


def _row(document: Document, here: dict[str, str], found: object) -> dict[str, Any]:
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise problem(document, f"the price of {here['geo']} {here['time']} is {found!r}, not a number")
    return {
        "country": here["geo"],
        "day": _half_year(document, here),
        "band": here["nrg_cons"],
        "tax": here["tax"],
        "eur_per_kwh": float(found),
    }
