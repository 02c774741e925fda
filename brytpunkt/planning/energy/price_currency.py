"""Currencies of energy: that of the document which each price of a site's energy comes from.

Belongs here: a declaration, a row of a tariff, a tax, a price of heat. Does not belong here: rates of exchange (inputs/money.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.components import COMPONENTS, Native
from brytpunkt.planning.energy.tariff import YEARLY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brytpunkt.declarations import Money, Site
    from brytpunkt.planning.inputs.planning_inputs import Facts

DAY_AHEAD = "EUR"
"""Day-ahead prices of all European zones are published in euro."""
CHARGES: dict[Native, tuple[str, ...]] = {
    "grid_energy": ("energy",),
    "grid_power": ("peak_month",),
    "grid_year": (*YEARLY, "fixed"),
}
"""Charges of a tariff that make up a component."""
FEES: dict[Native, str] = {"grid_energy": "energy", "grid_power": "capacity"}
"""Kinds of a named fee that make up a component."""


def energy_currencies(site: Site, facts: Facts) -> dict[str, str]:
    """Native currency of each energy component of a site that one document prices.

    A component is not there whose price is in no document, in several with different money, or follows from others.
    """
    energy = site.energy
    tax = facts.tax_rules.filter(pl.col("country") == site.country, pl.col("kind") == "rate")
    older = facts.energy_taxes.filter(pl.col("country") == site.country)
    national = _one((tax if energy.tax is not None else older)["native_currency"]) or _one(
        pl.concat([tax["native_currency"], older["native_currency"]])
    )
    stated: dict[Native, str | None] = {
        "flat_price": _of(energy.price_per_kwh),
        "spot": DAY_AHEAD,
        "ppa": _of(energy.ppa_per_mwh),
        "margin": _of(energy.supplier_margin_per_mwh),
        "guarantees": _of(energy.guarantees_per_mwh),
        "grid_energy": _of(energy.grid_energy_per_kwh) or _of_grid(site, facts, "grid_energy"),
        "grid_power": _of(energy.grid_capacity_per_kw_year) or _of_grid(site, facts, "grid_power"),
        "grid_year": _of_grid(site, facts, "grid_year"),
        "electricity_tax": national,
        "country": national,
        "cold": _of(site.cooling_plant.district_price_per_mwh),
        "heat": _of_heat(site, facts),
    }
    of_component = {c.key: stated.get(c.native) for c in COMPONENTS if c.group == "energy"}
    return {key: currency for key, currency in of_component.items() if currency}


def _of(money: Money | None) -> str | None:
    return None if money is None else money.currency


def _one(currencies: Iterable[str]) -> str | None:
    """The currency of all of them; None where there is none, or more than one."""
    found = set(currencies)
    return found.pop() if len(found) == 1 else None


def _of_grid(site: Site, facts: Facts, native: Native) -> str | None:
    energy, charges = site.energy, CHARGES[native]
    if energy.tariff_elements:
        return _one(element.price.currency for element in energy.tariff_elements if element.charge in charges)
    fees = facts.grid_fees.filter(
        pl.col("grid_fee") == (energy.grid_fee or ""), pl.col("kind") == FEES.get(native, "")
    )
    rows = facts.grid_tariffs.filter(
        pl.col("tariff") == (energy.tariff or ""), pl.col("charge").is_in(charges)
    )
    return _one(pl.concat([fees["native_currency"], rows["native_currency"]]))


def _of_heat(site: Site, facts: Facts) -> str | None:
    if site.heat is None or site.heat.price_per_mwh is not None:
        return None if site.heat is None else _of(site.heat.price_per_mwh)
    return _one(facts.heat_prices.filter(pl.col("heat_price") == (site.heat.price or ""))["native_currency"])
