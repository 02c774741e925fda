"""Provenance: the columns that every row of every table carries, and the words that contracts share.

Belongs here: where a figure comes from, and the vocabularies of terms, currencies and confidence.
Does not belong here: the tables themselves.
"""

from __future__ import annotations

from typing import Any

import dataframely as dy
import polars as pl

PRICE_DECIMALS = (18, 6)
CONFIDENCES = ["stated", "measured", "derived", "estimated", "suspect"]
TERMS = ["on_demand", "spot", "reserved_1y", "reserved_3y", "reserved_5y", "savings_1y", "savings_3y"]
# Between an instance type and its way of paying, where a publisher sells one commitment in several ways.
WAY = " "
PAID_UPFRONT = f"{WAY}(?:partial|all)-upfront$"
CURRENCIES = ["EUR", "SEK", "NOK", "DKK", "ISK", "USD", "GBP"]


def about(description: str, unit: str | None = None) -> dict[str, Any]:
    """Metadata of a column: what it says, and in which unit."""
    return {"description": description} | ({"unit": unit} if unit else {})


def currency_has_a_rate() -> pl.Expr:
    """Whether ``native_currency`` is one that has an exchange rate."""
    return pl.col("native_currency").is_in(CURRENCIES)


class Provenance(dy.Schema):
    """Where a figure comes from; every row of every table says it."""

    source = dy.String(min_length=3, metadata=about("Page, dataset or repository that states the figure."))
    source_date = dy.Date(metadata=about("Date that the figure speaks for."))
    retrieved_on = dy.Date(metadata=about("Date on which it was collected."))
    licence = dy.String(min_length=2, metadata=about("Licence of the figure, or 'none stated'."))
    confidence = dy.String(metadata=about("stated, measured, derived, estimated or suspect."))
    note = dy.String(nullable=True, metadata=about("What a reader should know about the figure."))

    @dy.rule()
    def confidence_is_known(cls) -> pl.Expr:
        """One of the five words."""
        return pl.col("confidence").is_in(CONFIDENCES)

    @dy.rule()
    def date_is_not_after_retrieval(cls) -> pl.Expr:
        """A figure cannot have been collected before it was published."""
        return pl.col("source_date") <= pl.col("retrieved_on")
