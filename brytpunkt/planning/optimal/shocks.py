"""Worlds: the field of a plan after a blow, and the mixes of the pure strategies as decisions already made."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from brytpunkt.planning.components import RENT_ON_DEMAND
from brytpunkt.planning.inputs.money import price_path
from brytpunkt.planning.optimal.mix import Mix
from brytpunkt.planning.optimal.problem import Hourly, field_of, fleet_of
from brytpunkt.planning.rent.offers import sovereign_offers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brytpunkt.planning.ledger.evaluate import Evaluation
    from brytpunkt.planning.ledger.prepare import Basis
    from brytpunkt.planning.optimal.dispatch import Served
    from brytpunkt.planning.optimal.milp import Floats
    from brytpunkt.planning.optimal.problem import Field


def rent_mix(evaluation: Evaluation, field: Field) -> Mix:
    """The commitments of ``rent``; what they do not cover is rented by the hour or by the token."""
    basis = evaluation.basis
    committed = [w for w, mode in basis.choice.rent_modes.items() if mode == "committed"]
    signed = basis.choice.signatures().filter(pl.col("workload").is_in(committed))
    position = {(field.workloads[term.workload], term.offer): at for at, term in enumerate(field.terms)}
    return Mix(
        (),
        tuple(
            (position[workload, offer], int(month), int(count))
            for workload, offer, month, count in signed.select(
                "workload", "offer", "signed_month", "count"
            ).iter_rows()
        ),
    )


def rent_shares(evaluation: Evaluation, field: Field, strategy: str) -> Iterable[Served]:
    """Which offer of a rent strategy serves what share of each workload's need [H, C]."""
    choice = evaluation.basis.choice
    signed = choice.signatures()
    terms = {(field.workloads[term.workload], term.offer): term for term in field.terms}
    for position, workload in enumerate(field.workloads):
        left = (field.work[position] > 0).astype(np.float64)
        mode = choice.rent_modes[workload] if strategy == "rent" else strategy
        here = pl.col("workload") == workload
        if mode != "committed":
            offer = choice.offers.filter(here, pl.col("mode") == mode)["offer"][0]
            yield position, "hourly", offer, left
            continue
        for offer, begin, end, count in (
            signed.filter(here).select("offer", "signed_month", "expiry_month", "count").iter_rows()
        ):
            needs = terms[workload, offer].instances
            share = np.divide(count, needs, out=np.zeros_like(needs), where=needs > 0)
            share[:begin] = share[end:] = 0.0
            share = np.minimum(share, left)
            left = left - share
            yield position, "committed", offer, share
        yield position, "hourly", choice.commitments.filter(here)["partner"][0], left


def own_mix(evaluation: Evaluation, field: Field) -> Mix:
    """The purchases of own for the field's only pool, ordered at the start."""
    pool = field.pools[0]
    bought = evaluation.schedule.bought.filter(pl.col("option") == pool.option)
    first = pool.delivery(0)
    return Mix(
        tuple(
            (0, int(delivery) - first, int(count))
            for delivery, count in bought.select("delivery_month", "servers").iter_rows()
        ),
        (),
    )


def own_field(basis: Basis, option: str) -> Field:
    """The field with one option as its only pool."""
    return field_of(basis, basis.options.filter(pl.col("option") == option))


def shocked(field: Field, month: int, multiple: float) -> Field:
    """Everything rented is dearer from a month on; commitments signed before keep their price."""
    factor = np.where(np.arange(field.horizon) >= month, multiple, 1.0)
    return replace(
        field,
        hourly=tuple(replace(offer, price=offer.price * factor) for offer in field.hourly),
        terms=tuple(replace(term, price=term.price * factor) for term in field.terms),
        api={workload: (name, cost * factor) for workload, (name, cost) in field.api.items()},
    )


def banned(basis: Basis, field: Field, month: int) -> Field:
    """From a month on only operators seated in the EEA serve; commitments with others are paid and stand idle."""
    stays = sovereign_offers(basis.market.offers, basis.market.apis)
    gone = np.where(np.arange(field.horizon) >= month, np.inf, 1.0)
    after = np.arange(field.horizon) >= month

    hourly = tuple(
        offer if offer.offer in stays else replace(offer, price=offer.price * gone) for offer in field.hourly
    )
    terms = tuple(
        term
        if term.offer in stays
        else replace(term, instances=np.where(after[:, None], np.inf, term.instances))
        for term in field.terms
    )
    api = {
        workload: (name, cost if name in stays else cost * gone)
        for workload, (name, cost) in field.api.items()
    }
    return replace(field, hourly=(*hourly, *_european(basis, field, stays, month)), terms=terms, api=api)


def _european(basis: Basis, field: Field, stays: frozenset[str], month: int) -> Iterable[Hourly]:
    """From the ban on, the cheapest hour at an operator seated in the EEA, for workloads that lose all others."""
    kept = {offer.workload for offer in field.hourly if offer.offer in stays}
    before = np.where(np.arange(field.horizon) < month, np.inf, 1.0)
    path = before * price_path(basis.plan.rent.gpu_price_path_per_year, np.arange(field.horizon, dtype=float))
    offers = basis.market.on_demand().filter(pl.col("offer").is_in(sorted(stays)))
    best = (
        offers.join(_work_hours(basis), on=["workload", "profile"])
        .with_columns(work_price=pl.col("price_per_hour") / pl.col("gpu_count") * pl.col("gpu_hours"))
        .sort("workload", "work_price", "offer")
        .unique("workload", keep="first", maintain_order=True)
    )
    for row in best.iter_rows(named=True):
        workload = field.workloads.index(row["workload"])
        if workload not in kept:
            yield Hourly(
                workload,
                row["offer"],
                RENT_ON_DEMAND,
                int(row["gpu_count"]),
                fleet_of(basis, row),
                row["unit_price"] * path,
                row["is_monthly"],
            )


def _work_hours(basis: Basis) -> pl.DataFrame:
    return basis.gpu_hours.group_by("workload", "profile").agg(pl.col("gpu_hours").sum())


def failed(field: Field, workloads: Iterable[int], month: int) -> Field:
    """Workloads that ask for nothing from a month on."""
    names = set(workloads)

    def ended(values: Floats, workload: int) -> Floats:
        if workload not in names:
            return values
        kept = values.copy()
        kept[month:] = 0.0
        return kept

    def each(values: Floats) -> Floats:
        return np.stack([ended(values[workload], workload) for workload in range(len(field.workloads))])

    return replace(
        field,
        hourly=tuple(replace(o, instances=ended(o.instances, o.workload)) for o in field.hourly),
        terms=tuple(replace(t, instances=ended(t.instances, t.workload)) for t in field.terms),
        api={w: (name, ended(cost, w)) for w, (name, cost) in field.api.items()},
        work=each(field.work),
        gpu_hours=each(field.gpu_hours),
        pools=tuple(replace(p, needed=each(p.needed), busy=each(p.busy)) for p in field.pools),
    )
