"""The bundled tables as typed frames.

Belongs here: reading one table by the types of its contract. Does not belong here: any figure.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from brytpunkt.folders import folders
from brytpunkt.publishers.curated import EMPTY_INSTEAD_OF_MISSING
from brytpunkt.tables.contracts import CONTRACTS


@cache
def table(name: str) -> pl.DataFrame:
    """A bundled table with the types of its contract; raises if a row breaks the contract."""
    contract = CONTRACTS[name]
    read = pl.read_csv(folders().data / f"{name}.csv", infer_schema=False)
    raw = read.with_columns(pl.col(EMPTY_INSTEAD_OF_MISSING.get(name, ())).fill_null(""))
    typed = raw.with_columns(
        pl.col(column).str.to_date("%Y-%m-%d") if of.dtype == pl.Date else pl.col(column).cast(of.dtype)
        for column, of in contract.columns().items()
    )
    return pl.DataFrame(contract.validate(typed))


def is_row(**key: object) -> pl.Expr:
    """The row whose columns have these values."""
    return pl.all_horizontal(pl.col(name) == value for name, value in key.items())
