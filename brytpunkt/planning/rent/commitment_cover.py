"""Covers: which instance size each workload commits to, and which others bridges and the optimal plan may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.rent.commitments import COVER, openings
from brytpunkt.planning.rent.rent import (
    DECLARED,
    commitment_flows,
    commitment_needs,
    present_value,
    sign,
    with_partners,
)

if TYPE_CHECKING:
    from brytpunkt.planning.rent.rent import Market

OFFER = ["workload", "offer"]


@dataclass(frozen=True)
class Covers:
    """What commitments a plan settles on at its declared demand; columns as ``with_partners``.

    ``best``: the cover of each workload that costs least. ``settled``: every size that is the best with all terms, or under
    one term alone. ``terms``: the best offer of each term, and those that the best cover signs. ``paid``: workload, way
    (offer), present_value in the best cover. ``needs``, ``signed`` of all of them, over the whole horizon.
    """

    best: pl.DataFrame
    settled: pl.DataFrame
    terms: pl.DataFrame
    paid: pl.DataFrame
    needs: pl.DataFrame
    signed: pl.DataFrame


def choose_covers(market: Market, kept: pl.DataFrame | None = None) -> Covers:
    """Settle the covers; ``kept`` (workload, offer) holds to commitments chosen earlier wherever one is still to be had."""
    horizon = [market.months.height]
    sizes = with_partners(market)
    alone = each_term_alone(sizes)
    held = sizes.clear() if kept is None else _held(sizes, kept)
    tried = pl.concat([sizes, alone, held])
    needs = commitment_needs(market, tried, DECLARED)
    signed = sign(market, tried, needs, horizon)
    flows = commitment_flows(market, tried, needs, signed, horizon)
    values = present_value(market.months, flows, COVER)
    free = _cheapest(values.join(sizes, on=COVER, how="semi"), ["workload"])
    bound = _cheapest(values.join(held, on=COVER, how="semi"), ["workload"])
    chosen = pl.concat([bound, free.join(bound, on="workload", how="anti")])
    by_term = _best_of_each_term(market, tried.join(held, on=COVER, how="anti"), values)
    best = tried.join(chosen, on=COVER, how="semi").sort(OFFER)
    may = pl.concat([by_term, signed.join(best, on=COVER, how="semi").select(OFFER)])
    settled = pl.concat([free.select(COVER), sizes.join(by_term, on=OFFER, how="semi").select(COVER)])
    return Covers(
        best=best,
        settled=sizes.join(settled, on=COVER, how="semi"),
        terms=sizes.join(may, on=OFFER, how="semi"),
        paid=present_value(market.months, flows.join(best, on=COVER, how="semi"), OFFER).rename(
            {"offer": "way"}
        ),
        needs=needs,
        signed=signed,
    )


def each_term_alone(sizes: pl.DataFrame) -> pl.DataFrame:
    """The commitments of every size that mixes terms, one cover for each of them."""
    mixed = pl.col("term_months").n_unique().over(COVER) > 1
    return sizes.filter(mixed).with_columns(
        cover=pl.format("{}, {} months", pl.col("cover"), pl.col("term_months"))
    )


def _held(sizes: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """Covers of the kept commitments alone."""
    return sizes.join(kept, on=OFFER, how="semi").with_columns(
        cover=pl.format("{}, as chosen earlier", pl.col("cover"))
    )


def _best_of_each_term(market: Market, tried: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """The offer of each term whose size costs least under that term alone -> workload, offer."""
    single = tried.filter(pl.col("term_months").n_unique().over(COVER) == 1)
    opened = openings(single, market.months, market.gpu_path)
    return (
        opened.unique(COVER, keep="first", maintain_order=True)
        .join(values, on=COVER)
        .sort("workload", "term_months", "present_value", "cover")
        .unique(["workload", "term_months"], keep="first", maintain_order=True)
        .select(OFFER)
    )


def _cheapest(values: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return values.sort(*by, "present_value", "cover").unique(by, keep="first", maintain_order=True)
