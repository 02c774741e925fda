"""Tariffs, heat and connections that cannot be: what is wrong, where, and what to do."""

from __future__ import annotations

import pytest

from tests.declarations.conftest import SMALL, Read, Refuse

ZONE = "    zone: SE1\n"
# what is added to the site, where the error is, and what message and suggestion say
CASES = {
    "overlapping bands": (
        "    energy: {tariff_elements: [{id: a, charge: energy, price: {eur: 0.01}}, "
        "{id: a, charge: energy, price: {eur: 0.02}}]}\n",
        "sites[0].energy.tariff_elements[1].band_from",
        "bands of 'a' overlap: two begin at 0",
        "its own edge",
    ),
    "no lowest band": (
        "    energy: {tariff_elements: [{id: a, charge: energy, price: {eur: 0.01}, band_from: 10.0}]}\n",
        "sites[0].energy.tariff_elements[0].band_from",
        "no band of 'a' begins at 0",
        "add the lowest band",
    ),
    "bands with different windows": (
        "    energy: {tariff_elements: [{id: a, charge: energy, price: {eur: 0.01}}, "
        "{id: a, charge: energy, price: {eur: 0.02}, band_from: 5.0, hours: 6-22}]}\n",
        "sites[0].energy.tariff_elements[1].hours",
        "bands of 'a' differ in hours",
        "another id",
    ),
    "a window that never occurs": (
        "    energy: {tariff_elements: [{id: a, charge: energy, price: {eur: 0.01}, hours: 6-6}]}\n",
        "sites[0].energy.tariff_elements[0].hours",
        "the window 6-6 never occurs",
        "6-22",
    ),
    "a fixed fee by the hour": (
        "    energy: {tariff_elements: [{id: a, charge: fixed, price: {eur: 900}, days: weekday}]}\n",
        "sites[0].energy.tariff_elements[0].days",
        "a fixed fee is paid whatever the hour",
        "leave the window out",
    ),
    "two grid fees": (
        "    energy: {grid_fee: se-10kv-karlsborg, tariff: se-10kv-karlsborg-2024}\n",
        "sites[0].energy.tariff",
        "`tariff` and `grid_fee` are both grid fees",
        "keep one",
    ),
    "heat with two prices": (
        "    heat: {price: stockholm-exergi, price_per_mwh: {eur: 20}}\n",
        "sites[0].heat.price_per_mwh",
        "the heat has two prices",
        "keep `price`",
    ),
    "heat without a price": (
        "    heat: {share: 0.5}\n",
        "sites[0].heat",
        "the heat has no price",
        "price_per_mwh",
    ),
    "a connection with a date": (
        "    grid_available_from: 2028-01-01\n    connection: {size_mw: 5}\n",
        "sites[0].connection",
        "the connection has a date already",
        "keep `grid_available_from` or `connection`",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_is_refused(name: str, refuse: Refuse) -> None:
    added, where, message, suggestion = CASES[name]
    (problem,) = refuse(SMALL.replace(ZONE, ZONE + added))
    assert where in problem.where
    assert message in problem.message
    assert suggestion in (problem.suggestion or "")


def test_a_tariff_of_ones_own_is_read(read: Read) -> None:
    added = (
        "    energy:\n      tariff_elements:\n"
        "        - {id: power, charge: peak_year, price: {sek: 400}, months: 11-3, days: weekday, hours: 6-22}\n"
    )
    (element,) = read(SMALL.replace(ZONE, ZONE + added)).plan.sites[0].energy.tariff_elements
    assert (element.months, element.hours, element.band_from) == ("11-3", "6-22", 0.0)
