"""The publisher ``curated``: tables in our own form, a CSV file each: the bundled snapshot, and what was derived."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from brytpunkt.errors import InputError, Problem
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing
from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.tables.series_contracts import SERIES

TABLES = CONTRACTS | SERIES
MAX_BYTES = 20_000_000
# A region that is not stated is part of a key, and so empty instead of missing.
EMPTY_INSTEAD_OF_MISSING = {
    "gpu_offers": ("region",),
    "tax_rules": ("flag",),
    "grid_tariffs": ("months", "days", "hours"),
}


def parse(listing: Listing) -> Iterator[Batch]:
    """CSV documents named like their tables -> one batch a table.

    Raises ``InputError`` for an unknown table, other columns than the contract's, or a value that is not
    what its column holds; the message names file, line and column.
    """
    for document in listing.documents:
        table = document.name.removesuffix(".csv")
        if table not in TABLES:
            raise _problem(document.name, "no table has this name", f"tables: {', '.join(TABLES)}")
        yield Batch(table, _typed(table, document), document)


def _problem(where: str, message: str, suggestion: str | None = None) -> InputError:
    return InputError((Problem(where, message, suggestion),))


def _typed(table: str, document: Document) -> pl.DataFrame:
    contract = TABLES[table].columns()
    raw = _read(document)
    lacking, unknown = sorted(set(contract) - set(raw.columns)), sorted(set(raw.columns) - set(contract))
    if lacking or unknown:
        parts = [f"lacks {', '.join(lacking)}"] * bool(lacking) + [
            f"has unknown {', '.join(unknown)}"
        ] * bool(unknown)
        raise _problem(f"{document.name}:1", f"the header {' and '.join(parts)}")
    filled = raw.with_columns(pl.col(EMPTY_INSTEAD_OF_MISSING.get(table, ())).fill_null(""))
    return filled.select(_cast(document, filled, name, column.dtype) for name, column in contract.items())


def _read(document: Document) -> pl.DataFrame:
    body = document.read()
    if not body.strip():
        raise _problem(document.name, "the file is empty")
    if len(body) > MAX_BYTES:
        raise _problem(document.name, f"the file has {len(body):,} bytes; at most {MAX_BYTES:,} are read")
    if b"\0" in body:
        raise _problem(document.name, "the file is not text")
    try:
        return pl.read_csv(body, infer_schema=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise _problem(document.name, "the file is not a CSV table") from error


def _cast(document: Document, raw: pl.DataFrame, name: str, dtype: pl.DataType) -> pl.Series:
    text = raw[name]
    values = (
        text.str.to_date("%Y-%m-%d", strict=False) if dtype == pl.Date else text.cast(dtype, strict=False)
    )
    wrong = (values.is_null() & text.is_not_null()).arg_true()
    if len(wrong):
        line = int(wrong[0]) + 2
        raise _problem(
            f"{document.name}:{line}", f"column {name}: {text[int(wrong[0])][:40]!r} is not a {_said(dtype)}"
        )
    return values


def _said(dtype: pl.DataType) -> str:
    if dtype == pl.Date:
        return "date (YYYY-MM-DD)"
    return "whole number" if dtype.is_integer() else "number"
