"""Comparison of planning with its reference, row by row and to the cent."""

from __future__ import annotations

from functools import cache

import polars as pl

from brytpunkt.planning.ledger.evaluate import Evaluation
from brytpunkt.planning.rent.commitments import COVER
from brytpunkt.planning.rent.rent import sign
from brytpunkt.planning.verdicts.verdicts import switch
from tests.planning.reference import Reference, Row
from tests.planning.reference.offers import Given, Signature

ROW = ["month", "component", "item", "timing"]
NEARLY_HALF = 1e-4
Ledger = dict[tuple[int, str, str, str], tuple[int, int]]


def ledger_of(evaluation: Evaluation, key: str, name: str) -> Ledger:
    """Rows of one strategy or option as planned."""
    frame = evaluation.rent if key == "strategy" else evaluation.own
    rows = frame.filter(frame[key] == name).select(*ROW, "cents", "pv_cents")
    return {row[:4]: row[4:] for row in rows.iter_rows()}


def differences(planned: Ledger, expected: dict[tuple[int, str, str, str], Row]) -> list[str]:
    """Rows that differ. A cent is allowed where the exact amount lies on the edge between two."""
    found = []
    for key in sorted(planned.keys() | expected.keys()):
        cents, pv_cents = planned.get(key, (0, 0))
        row = expected.get(key, Row(0.0, 0, 0))
        slack = int(_on_the_edge(row))
        if abs(cents - row.cents) > slack or abs(pv_cents - row.pv_cents) > slack:
            found.append(f"{key}: planned {cents} ({pv_cents}), expected {row.cents} ({row.pv_cents})")
    return found


def _on_the_edge(row: Row) -> bool:
    return abs(abs(row.exact * 100) % 1 - 0.5) < NEARLY_HALF


def signed(evaluation: Evaluation) -> Given:
    """The signatures of a plan, for the reference to check and to price."""
    choice, market = evaluation.basis.choice, evaluation.basis.market
    pairs = pl.concat([choice.covers, choice.commitments]).unique(maintain_order=True)

    @cache
    def given(workload: str, size: str, until: int) -> tuple[Signature, ...] | None:
        chosen = pairs.filter(pl.col("workload") == workload, pl.col("cover") == size)
        if chosen.is_empty():
            return None
        needs = choice.needs.join(chosen, on=COVER, how="semi")
        rows = sign(market, chosen, needs, [until]).select("offer", "signed_month", "expiry_month", "count")
        return tuple(Signature(*row) for row in rows.iter_rows())

    return given


def compare(
    evaluation: Evaluation, reference: Reference, order_months: tuple[int, ...] = (0, 7)
) -> list[str]:
    """Everything that differs between a plan and its reference."""
    reference.rent.given = signed(evaluation)
    found: list[str] = []
    strategies = set(evaluation.rent["strategy"])
    if strategies != set(reference.rented):
        found.append(f"strategies: planned {strategies}, expected {set(reference.rented)}")
    for name, expected in reference.rented.items():
        found += [f"{name} {line}" for line in differences(ledger_of(evaluation, "strategy", name), expected)]
    options = set(evaluation.own["option"])
    named = set()
    for site in reference.plan.sites:
        for mode, room in (("own_colocation", site.colocation), ("own_hall", site.own_hall)):
            for server in reference.servers if room is not None else []:
                ledger = reference.order(site.id, mode, server.id, 0)
                option = f"{site.id}/{mode}/{server.id}"
                if ledger is not None:
                    named.add(option)
                    planned = ledger_of(evaluation, "option", option)
                    found += [f"{option} {line}" for line in differences(planned, ledger)]
    if options != named:
        found.append(f"options: planned {options}, expected {named}")
    return found + _verdicts(evaluation, reference, order_months)


def _verdicts(evaluation: Evaluation, reference: Reference, order_months: tuple[int, ...]) -> list[str]:
    chosen = dict(evaluation.chosen.select("site", "option").iter_rows())
    scans = {
        (site, order): cents
        for site, order, cents in evaluation.scan.select("site", "order_month", "pv_cents").iter_rows()
    }
    found = []
    for site in reference.plan.sites:
        own = reference.own(site.id)
        expected = "/".join((site.id, *own)) if own else None
        if chosen.get(site.id) != expected:
            found.append(f"{site.id}: planned {chosen.get(site.id)}, expected {expected}")
        elif own:
            for order in order_months:
                ledger = reference.order(site.id, *own, order) if order < reference.world.horizon else None
                value = None if ledger is None else sum(row.pv_cents for row in ledger.values())
                slack = 0 if ledger is None else sum(_on_the_edge(row) for row in ledger.values())
                planned = scans.get((site.id, order))
                missing = (value is None) != (planned is None)
                if missing or abs((planned or 0) - (value or 0)) > slack:
                    found.append(f"{site.id} ordered in month {order}: planned {planned}, expected {value}")
    return found


def switch_months(evaluation: Evaluation) -> dict[str, int | None]:
    """Switch month of each site as planned."""
    return dict(switch(evaluation).select("site", "switch_month").iter_rows())
