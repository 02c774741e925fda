"""Comparison: two kept runs of a plan, and what changed from one to the other as one JSON-safe dict.

Belongs here: reading both runs back and putting the parts together. Does not belong here: the arithmetic
(planning.changes, planning.movements), words (reporting.pages.changes), or which run to compare with.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from brytpunkt.declarations import read_plan
from brytpunkt.errors import InputError
from brytpunkt.planning.changes.price_movements import movements
from brytpunkt.planning.changes.run_waterfall import Side, stored_values, waterfall
from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.note import Note, as_json, decode
from brytpunkt.runs.store import read_inputs

if TYPE_CHECKING:
    from brytpunkt.planning.inputs.planning_inputs import Facts
    from brytpunkt.runs.store import Run

SCHEMA_VERSION = 2
RENTED = ("offer", "token_price")
SHOWN_MOVEMENTS = 40


@dataclass(frozen=True)
class _Kept:
    """The frames of a kept result that a comparison needs; a run of an older version may lack others."""

    currency: str
    verdicts: pl.DataFrame
    rent_offers: pl.DataFrame
    margins: pl.DataFrame
    servers: pl.DataFrame
    ledger: pl.DataFrame


def compare(old: Run, new: Run, code: str) -> dict[str, Any]:
    """What changed from ``old`` to ``new``, both runs of one plan (docs/summary.md, `changes.json`).

    ``code``: today's version of the code. Where the new run was computed by another one, what that changed is in
    `choices`, and `note` says so. A declaration that today's code no longer reads leaves before and after, with
    the reason why nothing is split by cause.
    """
    before, after = _kept(old), _kept(new)
    content: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "from_run": old.run_id,
        "from_as_of": old.as_of.isoformat(),
        "to_run": new.run_id,
        "to_as_of": new.as_of.isoformat(),
        "currency_before": before.currency,
        "currency": after.currency,
        "sites": _sites(before, after),
        "bars": [],
        "movements": [],
        "is_split": False,
        "note": None,
    }
    try:
        new_side = _side(new, after, None)
        old_side = _side(old, before, new_side.facts)
    except InputError as error:
        return content | {
            "note": as_json(Note("declaration_unreadable", None, {"reason": error.problems[0].message}))
        }
    fall = waterfall(old_side, new_side, is_same_code=old.label()["code_version"] == code)
    moved = movements(old_side, new_side, before.ledger, (before.servers, after.servers))
    note = fall.note
    if note is None and new.label()["code_version"] != code:
        note = Note("other_version")
    return content | {
        "bars": [
            {"site": site, "measure": measure, "cause": cause, "amount": f"{Decimal(cents) / CENTS:.2f}"}
            for site, measure, cause, cents in fall.bars.iter_rows()
        ],
        "movements": [_movement(row) for row in moved.head(SHOWN_MOVEMENTS).iter_rows(named=True)],
        "is_split": fall.is_split,
        "note": None if note is None else as_json(note),
    }


def _movement(row: dict[str, Any]) -> dict[str, Any]:
    """A price that moved; what is rented, and the unit, are notes."""
    row = row | {"unit": as_json(decode(row["unit"]))}
    return row | {"item": as_json(decode(row["item"]))} if row["kind"] in RENTED else row


def _kept(run: Run) -> _Kept:
    names = ("verdicts", "rent_offers", "margins", "servers")
    frames = {name: pl.read_parquet(run.folder / "frames" / f"{name}.parquet") for name in names}
    return _Kept(
        currency=run.label()["currency"], ledger=pl.read_parquet(run.folder / "ledger.parquet"), **frames
    )


def _side(run: Run, kept: _Kept, missing: Facts | None) -> Side:
    plan = read_plan(run.folder / "declaration.yaml").plan
    return Side(plan, read_inputs(run.folder / "inputs", missing), kept)


def _sites(before: _Kept, after: _Kept) -> list[dict[str, Any]]:
    """Verdict, month and money of every site then and now; null where it is not in the plan."""
    old, new = (
        {row["site"]: row for row in kept.verdicts.sort("rank").iter_rows(named=True)}
        for kept in (before, after)
    )
    values = stored_values(before), stored_values(after)
    rows = []
    for site in [*new, *(name for name in old if name not in new)]:
        row: dict[str, Any] = {"site": site, "site_name": (new.get(site) or old[site])["site_name"]}
        for suffix, found, money in (
            ("before", old.get(site), values[0]),
            ("after", new.get(site), values[1]),
        ):
            row[f"verdict_{suffix}"] = found and found["verdict"]
            date = found and found["switch_date"]
            row[f"switch_date_{suffix}"] = date and date.isoformat()
            for measure in ("rent", "own", "best"):
                cents = money.get((site, measure))
                row[f"{measure}_{suffix}"] = None if cents is None else cents / CENTS
        rows.append(row)
    return rows
