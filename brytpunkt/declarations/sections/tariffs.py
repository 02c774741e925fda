"""Tariffs: elements of a grid tariff with their hours and bands, and what decides the electricity tax.

Belongs here: what a user may declare about fees and taxes. Does not belong here: published tariffs and rates (facts).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from brytpunkt.declarations.values.fields import (
    Finding,
    Id,
    Items,
    Section,
    Share,
    Text,
    described,
    refuse,
    wrong,
)
from brytpunkt.declarations.values.money import Money

Charge = Literal["energy", "peak_month", "peak_year", "peak_four", "subscription", "fixed"]
MonthWindow = Annotated[str, Field(pattern=r"^(1[0-2]|[1-9])-(1[0-2]|[1-9])$")]
HourWindow = Annotated[str, Field(pattern=r"^(2[0-3]|1?[0-9])-(2[0-4]|1?[0-9])$")]


class TariffElement(Section):
    """One element of a grid tariff: what is charged, in which hours, and from which band on.

    Elements of the same ``id`` are the bands of one charge.
    """

    id: Annotated[Id, described("Name of the element; bands of one charge share it.")]
    charge: Annotated[
        Charge,
        described(
            "energy by kWh; peak_month and peak_year on the highest hour of the window; peak_four on the mean of the "
            "year's four highest monthly peaks; subscription on the year's highest hour with headroom; fixed by year."
        ),
    ]
    price: Annotated[Money, described("Fee: per kWh, per kW and year, or per year. VAT excluded.")]
    band_from: Annotated[
        float, described("Lower edge of the band.", unit="kW, or kWh a month", ge=0, le=1e12)
    ] = 0.0
    band_rule: Annotated[
        Literal["parts", "whole"],
        described(
            "parts: each part at its band's price; whole: everything at the price of the band reached."
        ),
    ] = "parts"
    months: Annotated[MonthWindow | None, described("First and last month, as 11-3.")] = None
    days: Annotated[Literal["weekday", "weekend"] | None, described("Days; public holidays are weekend.")] = (
        None
    )
    hours: Annotated[HourWindow | None, described("From and to in local time, as 6-22.")] = None

    @field_validator("hours", mode="after")
    @classmethod
    def _hours_occur(cls, hours: str | None) -> str | None:
        if hours is not None and len({*hours.split("-")}) == 1:
            raise wrong(f"the window {hours} never occurs: it ends when it begins", "write for example 6-22")
        return hours

    @field_validator("months", "days", "hours", mode="after")
    @classmethod
    def _fixed_has_no_window(cls, window: Any, info: ValidationInfo) -> Any:
        if window is not None and info.data.get("charge") == "fixed":
            raise wrong(
                "a fixed fee is paid whatever the hour", "leave the window out, or choose another charge"
            )
        return window


def bands_fit(elements: tuple[TariffElement, ...]) -> tuple[TariffElement, ...]:
    """The elements, if the bands of each charge begin at zero, do not overlap and agree on everything else."""
    findings: list[Finding] = []
    by_name: dict[str, list[tuple[int, TariffElement]]] = defaultdict(list)
    for position, element in enumerate(elements):
        by_name[element.id].append((position, element))
    for name, bands in by_name.items():
        first_at, first = bands[0]
        edges = [element.band_from for _, element in bands]
        if min(edges) > 0:
            findings.append(
                Finding((first_at, "band_from"), f"no band of '{name}' begins at 0", "add the lowest band")
            )
        for position, element in bands[1:]:
            alike = ("charge", "band_rule", "months", "days", "hours")
            differing = [key for key in alike if getattr(element, key) != getattr(first, key)]
            if differing:
                findings.append(
                    Finding(
                        (position, differing[0]),
                        f"bands of '{name}' differ in {differing[0]}",
                        "give another id to another charge",
                    )
                )
            if edges.count(element.band_from) > 1:
                findings.append(
                    Finding(
                        (position, "band_from"),
                        f"bands of '{name}' overlap: two begin at {element.band_from:g}",
                        "give each band its own edge",
                    )
                )
            if element.price.currency != first.price.currency:
                findings.append(
                    Finding(
                        (position, "price"), f"bands of '{name}' are in two currencies", "use one currency"
                    )
                )
        if first.charge == "fixed" and len(bands) > 1:
            findings.append(Finding((first_at, "charge"), "a fixed fee has no bands", "keep one element"))
    refuse(findings)
    return elements


class TaxSituation(Section):
    """What decides which rows of the electricity tax apply; replaces ``tax_segment``."""

    use: Annotated[
        Literal["datacentre", "process", "comfort", "manufacturing"],
        described("What the energy is used for."),
    ] = "datacentre"
    area: Annotated[
        Literal["any", "north", "tiltakssone"],
        described("Class of municipality: north (Swedish deduction) or tiltakssone (Norwegian)."),
    ] = "any"
    flags: Annotated[
        Items[Text],
        described("Eligibilities that the site has been granted, for example aid_scheme.", max_length=10),
    ] = ()
    relief_share: Annotated[
        Share | None, described("Share of the tax that a granted relief scheme pays back.", unit="share")
    ] = None
