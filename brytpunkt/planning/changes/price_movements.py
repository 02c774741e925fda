"""Movements: which prices moved between two results, with before and after, the weightiest first.

The effect is first-order: the present value that the old result spends on the thing, times the relative move of its
price. It ranks; the waterfall (brytpunkt.planning.changes.run_waterfall) measures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from brytpunkt.planning.changes.run_waterfall import changed_causes
from brytpunkt.planning.components import BY_KEY, of_price
from brytpunkt.planning.inputs.money import exchange_rates
from brytpunkt.planning.note import Note, encode

if TYPE_CHECKING:
    from brytpunkt.planning.changes.run_waterfall import Side
    from brytpunkt.planning.inputs.planning_inputs import Facts

MOVEMENTS = {
    "kind": pl.String,
    "item": pl.String,
    "site": pl.String,
    "unit": pl.String,
    "before": pl.Float64,
    "after": pl.Float64,
    "change_share": pl.Float64,
    "effect": pl.Float64,
}


def movements(
    old: Side, new: Side, ledger: pl.DataFrame, servers: tuple[pl.DataFrame, pl.DataFrame]
) -> pl.DataFrame:
    """Prices that moved and that either result rests on, by size of effect.

    ``ledger``: of the old result; ``servers``: as planned with in the old and in the new one.

    | column | |
    |---|---|
    | kind | offer, token_price, server, energy, fx |
    | item, site | what it is the price of; the site where it is one's own |
    | unit | of before and after |
    | change_share | share of the price before |
    | effect | plan currency, present value, first order |
    """
    weights = _Weights(old, ledger)
    rows = [
        *_offers(old, new, weights),
        *_token_prices(old, new, weights),
        *_servers(*servers, weights),
        *_energy(old, new, weights),
        *_rates(old, new, weights),
    ]
    return pl.DataFrame(rows, schema=MOVEMENTS, orient="row").sort(
        pl.col("effect").abs(), "kind", "item", "site", descending=[True, False, False, False]
    )


class _Weights:
    """Present value that the old result spends, by what it is spent on. [plan currency]"""

    def __init__(self, old: Side, ledger: pl.DataFrame) -> None:
        first = old.stored.verdicts.sort("rank").filter(pl.col("npv_own").is_not_null())["site"].first()
        self.site = None if first is None else str(first)
        self.server = old.stored.verdicts.filter(pl.col("site") == self.site)["own_server"].first()
        self._rows = ledger.with_columns(pl.col("present_value").cast(pl.Float64))
        self._margins = old.stored.margins
        self._own = self._rows.filter(pl.col("strategy") == "own")

    def of_offer(self, offer: str) -> float:
        """Spent on an offer by renting throughout."""
        rented = self._rows.filter(pl.col("strategy") == "rent", pl.col("item") == offer)
        return float(rented["present_value"].sum())

    def of_hardware(self) -> float:
        """What servers cost the first site's own, value left at the end included: as its break-even price weighs it."""
        weighed = self._margins.filter(pl.col("site") == self.site, pl.col("factor") == "hardware")
        return float(weighed["sensitivity"].fill_null(0.0).sum())

    def of_energy(self, site: str | None) -> float:
        """Spent by a site's own on energy, heat that is sold and its pump left out, as in the mean price."""
        paid = [name for name in of_price("energy") if BY_KEY[name].part != "heat"]
        rows = self._own.filter(pl.col("site") == site, pl.col("component").is_in(paid))
        return float(rows["present_value"].sum())

    def of_currency(self, currency: str) -> float:
        """Spent in a currency by own at the first site, or by rent where there is no own."""
        rows = (
            self._own.filter(pl.col("site") == self.site)
            if self.site
            else self._rows.filter(pl.col("strategy") == "rent")
        )
        return float(rows.filter(pl.col("native_currency") == currency)["present_value"].sum())


def _row(
    kind: str, item: str, site: str | None, unit: str, before: float, after: float, spent: float
) -> list[tuple[Any, ...]]:
    if before == after or not before:
        return []
    share = after / before - 1
    return [(kind, item, site, unit, before, after, share, spent * share)]


def _taken(old: Side, new: Side) -> list[tuple[str, str]]:
    """Offers that either result would rent -> (offer, label)."""
    both = [side.stored.rent_offers.filter("is_rent").select("offer", "label") for side in (old, new)]
    return pl.concat(both).unique("offer").sort("offer").rows()


def _offers(old: Side, new: Side, weights: _Weights) -> list[tuple[Any, ...]]:
    before, after = _offer_prices(old.facts), _offer_prices(new.facts)
    rows = []
    for offer, label in _taken(old, new):
        if offer in before and offer in after and before[offer][0] == after[offer][0]:
            (currency, was), (_, now) = before[offer], after[offer]
            rows += _row("offer", label, None, f"{currency}/h", was, now, weights.of_offer(offer))
    return rows


def _offer_prices(facts: Facts) -> dict[str, tuple[str, float]]:
    named = facts.offers.select(
        pl.concat_str("provider", pl.col("region").fill_null(""), "sku", "term", separator="/"),
        "native_currency",
        pl.col("price_native_per_instance_hour").cast(pl.Float64),
    )
    return {offer: (currency, price) for offer, currency, price in named.iter_rows()}


def _token_prices(old: Side, new: Side, weights: _Weights) -> list[tuple[Any, ...]]:
    before, after = _newest_token_prices(old.facts), _newest_token_prices(new.facts)
    rows = []
    for offer, label in _taken(old, new):
        if offer in before and offer in after and before[offer][0] == after[offer][0]:
            (currency, was), (_, now) = before[offer], after[offer]
            unit = encode(Note("unit_million_tokens", None, {"currency": currency}))
            rows += _row("token_price", label, None, unit, was, now, weights.of_offer(offer))
    return rows


def _newest_token_prices(facts: Facts) -> dict[str, tuple[str, float]]:
    newest = (
        facts.token_prices.filter(pl.col("confidence") != "suspect")
        .sort("provider", "model", "valid_from")
        .unique(["provider", "model"], keep="last", maintain_order=True)
    )
    named = newest.select(
        pl.concat_str("provider", "model", separator="/"),
        "native_currency",
        pl.col("price_native_per_million_output").cast(pl.Float64),
    )
    return {offer: (currency, price) for offer, currency, price in named.iter_rows()}


def _servers(before: pl.DataFrame, after: pl.DataFrame, weights: _Weights) -> list[tuple[Any, ...]]:
    """Prices of servers, as planned with; the effect is that of the server which the first site would own."""
    key = ["server", "server_name", "price_currency"]
    both = (
        before.select(*key, was="price_native")
        .join(after.select(*key, now="price_native"), on=key)
        .sort("server")
    )
    spent = weights.of_hardware()
    owned = weights.server
    rows = []
    for server, name, currency, was, now in both.iter_rows():
        rows += _row("server", name, None, currency, was, now, spent if server == owned else 0.0)
    return rows


def _energy(old: Side, new: Side, weights: _Weights) -> list[tuple[Any, ...]]:
    """Mean price of the energy that own servers draw at each site, tax and grid included, where facts moved it."""
    if not {"energy", "fx"} & set(changed_causes(old, new)):
        return []  # what moved the mean is when energy is drawn
    column = "energy_price_per_mwh"
    both = old.stored.verdicts.select("site", "site_name", was=column).join(
        new.stored.verdicts.select("site", now=column), on="site"
    )
    rows = []
    for site, name, was, now in both.drop_nulls().sort("site").iter_rows():
        unit = f"{old.stored.currency}/MWh"
        rows += _row("energy", name, site, unit, was, now, weights.of_energy(site))
    return rows


def _rates(old: Side, new: Side, weights: _Weights) -> list[tuple[Any, ...]]:
    """Plan currency for one unit of each foreign one."""
    before, after = (exchange_rates(side.plan.finance, side.facts) for side in (old, new))
    rows = []
    for currency in sorted(before.units_per_eur.keys() & after.units_per_eur.keys() - {before.currency}):
        if before.currency == after.currency:
            unit = encode(Note("unit_exchange", None, {"to": before.currency, "currency": currency}))
            was, now = before.rate(currency), after.rate(currency)
            rows += _row("fx", currency, None, unit, was, now, weights.of_currency(currency))
    return rows
