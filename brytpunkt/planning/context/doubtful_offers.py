"""Doubtful offers: rented offers whose price is in doubt, or that a second opinion prices otherwise, and what hangs on them.

Belongs here: which of a plan's rented offers a person should look at. Does not belong here: which price holds (warehouse).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.note import Note, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brytpunkt.declarations import Plan
    from brytpunkt.planning.inputs.planning_inputs import Facts


def doubtful_offers(plan: Plan, facts: Facts, rented: pl.DataFrame) -> list[Note]:
    """A warning for each offer of renting that is in doubt or far from a second opinion, with the amount that hangs on it.

    ``rented``: offer, label, is_rent, present_value [plan currency] of each workload and mode. An amount is the present value of
    the renting that the offer bears.
    """
    used = (
        rented.filter("is_rent")
        .group_by("offer")
        .agg(pl.col("label").first(), amount=pl.col("present_value").sum())
        .sort("offer")
    )
    return [*_in_doubt(plan, facts, used), *_far(plan, facts, used)]


def _in_doubt(plan: Plan, facts: Facts, used: pl.DataFrame) -> Iterator[Note]:
    found = used.join(facts.offers_in_doubt, on="offer", maintain_order="left")
    for label, amount, confirmed, doubted in found.select(
        "label", "amount", "confirmed_on", "doubted_on"
    ).iter_rows():
        said = {
            "label": decode(label),
            "doubted": doubted,
            "confirmed": confirmed,
            "amount": amount,
            "currency": plan.finance.currency,
        }
        yield Note("offer_in_doubt", None, said)


def _far(plan: Plan, facts: Facts, used: pl.DataFrame) -> Iterator[Note]:
    """The farthest opinion on each offer, if it is farther than the plan declares."""
    share = pl.col("second_native_per_hour") / pl.col("list_native_per_hour") - 1
    found = (
        used.join(facts.offer_opinions.with_columns(share=share), on="offer", maintain_order="left")
        .filter(pl.col("share").abs() > plan.rent.second_opinion_share)
        .sort("offer", pl.col("share").abs(), "publisher", descending=[False, True, False])
        .unique("offer", keep="first", maintain_order=True)
    )
    for row in found.iter_rows(named=True):
        said = {
            "label": decode(row["label"]),
            "price": float(row["list_native_per_hour"]),
            "native": row["native_currency"],
            "publisher": row["publisher"],
            "second": float(row["second_native_per_hour"]),
            "share": float(row["share"]),
            "amount": row["amount"],
            "currency": plan.finance.currency,
        }
        yield Note("second_opinion", None, said)
