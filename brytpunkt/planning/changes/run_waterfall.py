"""Changes: from one result of a plan to a later one, split by cause into bars that sum to the change (docs/model.md).

The causes: *model* is old inputs under today's code less the stored old result; prices, energy, FX and declarations
share the change of inputs by their Shapley values, with the old choices kept (servers, offers, verdict and order
month); *choices* is what choosing anew then brings.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from brytpunkt.errors import InputError
from brytpunkt.planning.changes.shapley import Coalition, coalitions, shapley
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.ledger.ledger import totals
from brytpunkt.planning.ledger.order_month_scan import order_scan
from brytpunkt.planning.note import Note
from brytpunkt.planning.verdicts.feasibility import verdict_cost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brytpunkt.declarations import Plan
    from brytpunkt.planning.ledger.evaluate import Evaluation

PLAYERS = ("prices", "energy", "fx", "declarations")
CAUSES = ("model", *PLAYERS, "inputs", "choices")
MEASURES = ("rent", "own", "best")
ENERGY_TABLES = frozenset(
    {
        *("day_ahead_monthly", "day_ahead_shape", "energy_taxes", "grid_fees", "carbon_intensity"),
        *("climate_hours", "climate_bins", "places"),
    }
)
FX_TABLES = frozenset({"fx_rates"})
NO_CAUSE = frozenset({"vintages", "price_findings", "offers_in_doubt", "offer_opinions"})
WITHOUT_EFFECT = frozenset(
    {"plan", "name", "report", "delivery", "published", "scenarios", "disruptions", "uncertainty"}
)
PROVENANCE = frozenset(
    {
        *("source", "source_date", "retrieved_on", "licence", "note", "document_sha256", "content_sha256"),
        *("first_seen_at", "last_seen_at", "withdrawn_at"),
    }
)
BARS = {"site": pl.String, "measure": pl.String, "cause": pl.String, "cents": pl.Int64}

Key = tuple[str, str]


class Stored(Protocol):
    """What is needed of a kept result (`brytpunkt.planning.Result`)."""

    @property
    def currency(self) -> str:
        """Currency of its money."""

    @property
    def verdicts(self) -> pl.DataFrame:
        """One row a site."""

    @property
    def rent_offers(self) -> pl.DataFrame:
        """The offers that each mode settled on."""

    @property
    def margins(self) -> pl.DataFrame:
        """What each price weighs in own less rent."""


@dataclass(frozen=True)
class Side:
    """One of the two results, with what it was computed from."""

    plan: Plan
    facts: Facts
    stored: Stored


@dataclass(frozen=True)
class Waterfall:
    """The bars of every site and measure, which sum to its change.

    ``bars``: site, measure (rent, own, best), cause, cents [plan currency]. ``is_split``: whether the inputs could be
    told apart; ``note``: why not, if so.
    """

    bars: pl.DataFrame
    is_split: bool
    note: Note | None = None


def table_cause(table: str) -> str | None:
    """The player that a table of facts belongs to: what is not energy or FX is the prices of what can be had."""
    if table in NO_CAUSE:
        return None
    return "energy" if table in ENERGY_TABLES else "fx" if table in FX_TABLES else "prices"


def changed_causes(old: Side, new: Side) -> tuple[str, ...]:
    """The players whose inputs differ in more than where they come from."""
    changed = {
        table_cause(table)
        for table in _tables()
        if not _states_the_same(getattr(old.facts, table), getattr(new.facts, table))
    }
    if _effective(old.plan) != _effective(new.plan):
        changed.add("declarations")
    return tuple(player for player in PLAYERS if player in changed)


def mixed(old: Side, new: Side, coalition: Coalition) -> tuple[Plan, Facts]:
    """Inputs of which those of the coalition are new and the others old."""
    taken = {table: getattr(new.facts, table) for table in _tables() if table_cause(table) in coalition}
    is_later = bool(coalition & {"energy", "fx"})
    facts = replace(old.facts, as_of=new.facts.as_of if is_later else old.facts.as_of, **taken)
    return new.plan if "declarations" in coalition else old.plan, facts


def waterfall(old: Side, new: Side, *, is_same_code: bool) -> Waterfall:
    """The bars from the old to the new result, for every site that both have.

    ``is_same_code``: the old result was computed by today's code, so the model is no cause and is not tried.
    """
    before, after = stored_values(old.stored), stored_values(new.stored)
    keys = [key for key in before if key in after]
    if old.stored.currency != new.stored.currency:
        currencies = {"before": old.stored.currency, "after": new.stored.currency}
        note = Note("currency_changed", None, currencies)
        return Waterfall(pl.DataFrame(schema=BARS), is_split=False, note=note)
    players = changed_causes(old, new)
    none, everything = Coalition(), Coalition(players)
    values: dict[Coalition, Mapping[Key, int]] = {}
    if is_same_code:
        values[none] = before
    obstacle: Note | None = None
    try:
        for coalition in coalitions(players):
            if coalition not in values:
                values[coalition] = kept_values(old, *mixed(old, new, coalition))
    except InputError as error:
        obstacle = Note("inputs_not_mixable", None, {"reason": error.problems[0].message})
    rows: list[tuple[str, str, str, int]] = []
    for key in keys:
        known = {coalition: found[key] for coalition, found in values.items() if key in found}
        rows += [
            (*key, cause, cents)
            for cause, cents in _bars(known, players, before[key], after[key], none, everything)
        ]
    return Waterfall(pl.DataFrame(rows, schema=BARS, orient="row"), is_split=obstacle is None, note=obstacle)


def _bars(
    known: Mapping[Coalition, int],
    players: tuple[str, ...],
    before: int,
    after: int,
    none: Coalition,
    everything: Coalition,
) -> list[tuple[str, int]]:
    """Causes and cents of one measure at one site; they sum to after - before whatever could be evaluated."""
    at_start = known.get(none, before)
    at_end = known.get(everything, after)
    bars = [("model", at_start - before)]
    if all(coalition in known for coalition in coalitions(players)):
        shares = shapley(known, players)
        bars += [(player, shares.get(player, 0)) for player in PLAYERS]
    else:
        bars.append(("inputs", at_end - at_start))
    return [*bars, ("choices", after - at_end)]


def stored_values(stored: Stored) -> dict[Key, int]:
    """Present values of a result by site and measure, in cents; ``best`` is what the verdict costs."""
    values: dict[Key, int] = {}
    for row in stored.verdicts.iter_rows(named=True):
        # what keeps to constraints is optimised, and no choice that could be kept under other inputs
        best = None if row.get("is_ruled") else verdict_cost(row)
        for measure, amount in zip(MEASURES, (row["npv_rent"], row["npv_own"], best), strict=True):
            if amount is not None:
                values[row["site"], measure] = round(amount * CENTS)
    return values


def kept_values(old: Side, plan: Plan, facts: Facts) -> dict[Key, int]:
    """Present values of the old choices under other inputs, by site and measure, in cents.

    A choice that is no longer to be had (an offer, a server, a room) is replaced by the cheapest.
    """
    offers = old.stored.rent_offers.select("mode", "workload", "offer", "is_rent")
    evaluation = evaluate(plan, facts, plan.finance.months, scan=False, kept_offers=offers)
    rent = int(evaluation.rent.filter(pl.col("strategy") == "rent")["pv_cents"].sum())
    kept = _kept_options(old.stored.verdicts, evaluation)
    values: dict[Key, int] = {(site.id, measure): rent for site in plan.sites for measure in ("rent", "best")}
    own = totals(evaluation.own.join(kept, on="option", how="semi"), ["option"]).join(kept, on="option")
    values |= {(site, "own"): cents for site, cents in own.select("site", "pv_cents").iter_rows()}
    built = kept.filter(
        pl.col("verdict") == "build", pl.col("switch_month").is_between(0, plan.finance.months - 1)
    )
    if built.is_empty():
        return values
    scan = order_scan(evaluation.basis, built, sorted(set(built["switch_month"])))
    ordered = built.join(scan, left_on=["site", "switch_month"], right_on=["site", "order_month"])
    return values | {(site, "best"): cents for site, cents in ordered.select("site", "pv_cents").iter_rows()}


def _kept_options(verdicts: pl.DataFrame, evaluation: Evaluation) -> pl.DataFrame:
    """Each site's old option, or today's cheapest where the old one is gone -> site, option, verdict, switch_month."""
    decided = verdicts.select("site", "verdict", "switch_month", mode="own_mode", server="own_server")
    known = evaluation.basis.options.select("option", "site", "mode", "server").join(
        evaluation.best.select("site").unique(), on="site", how="semi"
    )
    found = decided.join(known, on=["site", "mode", "server"])
    rest = decided.join(found, on="site", how="anti").join(evaluation.chosen, on="site")
    columns = ["site", "option", "verdict", "switch_month"]
    return pl.concat([found.select(columns), rest.select(columns)]).sort("site")


def _tables() -> list[str]:
    return [field.name for field in fields(Facts) if field.name != "as_of"]


def _states_the_same(old: pl.DataFrame, new: pl.DataFrame) -> bool:
    stated = [name for name in new.columns if name not in PROVENANCE]
    if [name for name in old.columns if name not in PROVENANCE] != stated or old.height != new.height:
        return False
    return old.select(stated).equals(new.select(stated))


def _effective(plan: Plan) -> dict[str, Any]:
    return plan.model_dump(exclude=set(WITHOUT_EFFECT))
