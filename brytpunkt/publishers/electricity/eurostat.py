"""Eurostat nrg_pc_205: electricity prices of non-household consumers by half-year, JSON-stat 2.0 with sparse values.

A sanity bound for the all-in price of a plan, never a price to plan with. The form of JSON-stat was seen in a document of
the sister table for households (nrg_pc_204); the codes of this one were not, so the source is unconfirmed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any
from urllib.parse import urlencode

import polars as pl

from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import field, no_more, no_probe, own_digest, problem, read_json
from brytpunkt.publishers._shared.source import Source

PUBLISHER, SOURCE = "eurostat", "Eurostat nrg_pc_205, electricity prices for non-household consumers"
TABLE = "industrial_prices"
WANTED = {"currency": "EUR", "unit": "KWH"}
HALVES = {"S1": 1, "S2": 7}

probe, version, following = no_probe, own_digest, no_more


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """One request for the countries and the band of consumption of the declaration."""
    del pointer
    query = [("geo", country) for country in source.parameters["countries"]]
    query += [("nrg_cons", source.parameters["band"]), *WANTED.items()]
    return [Request(name="nrg_pc_205.json", url=f"{source.url}/nrg_pc_205?{urlencode(query)}")]


def parse(listing: Listing) -> Iterator[Batch]:
    """A JSON-stat data set -> a price for each country, band, tax and half-year."""
    for document in listing.documents:
        answer = read_json(document)
        names, sizes = field(document, answer, "id"), field(document, answer, "size")
        values = field(document, answer, "value")
        codes = [_codes(document, answer, name) for name in names]
        if [len(of) for of in codes] != list(sizes):
            raise problem(
                document, f"the dimensions {', '.join(names)} do not have the sizes that are stated"
            )
        rows = []
        for at, cell in enumerate(product(*codes)):
            value = values.get(str(at)) if isinstance(values, dict) else values[at]
            if value is None:
                continue
            here = dict(zip(names, cell, strict=True))
            for name, wanted in WANTED.items():
                if here.get(name) != wanted:
                    raise problem(document, f"{name} is {here.get(name)}, not {wanted}")
            rows.append(_row(document, here, float(value)))
        if not rows:
            raise problem(document, "the data set has no value")
        retrieved = document.fetched_at.date()
        yield Batch(
            TABLE,
            pl.DataFrame(rows).with_columns(
                publisher=pl.lit(PUBLISHER),
                source=pl.lit(SOURCE),
                source_date=pl.min_horizontal(
                    pl.col("day").dt.offset_by("6mo").dt.offset_by("-1d"), pl.lit(retrieved)
                ),
                retrieved_on=pl.lit(retrieved),
                licence=pl.lit(document.licence),
                confidence=pl.lit("stated"),
                note=pl.lit(None, dtype=pl.String),
            ),
            document,
        )


def _codes(document: Document, answer: dict[str, Any], name: str) -> list[str]:
    index = field(document, answer, "dimension", name, "category", "index")
    return list(index) if isinstance(index, list) else sorted(index, key=index.__getitem__)


def _row(document: Document, here: dict[str, str], value: float) -> dict[str, Any]:
    try:
        year, half = here["time"].split("-")
        day = dt.date(int(year), HALVES[half], 1)
        return {
            "country": here["geo"],
            "day": day,
            "band": here["nrg_cons"],
            "tax": here["tax"],
            "eur_per_kwh": value,
        }
    except (KeyError, ValueError) as error:
        raise problem(document, f"a cell is not as expected: {here}") from error
