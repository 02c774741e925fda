"""RISE Eltariff-API: Swedish grid tariffs as every company that keeps the standard publishes them.

Format: samples and schemas of the API's repository. Prices are taken without VAT; the energy tax that some companies
list beside their fees is left out, for taxes are facts of their own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import field, no_more, no_probe, own_digest, read_json
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers.grid.grid_tariff import Element, Tariffs, UnsayableError

PUBLISHER, SOURCE = "eltariff", "Eltariff-API"
PER_YEAR = {"P1Y": 1, "P1M": 12}
DAYS = {
    frozenset({"weekdays"}): "weekday",
    frozenset({"weekends"}): "weekend",
    frozenset({"weekdays", "weekends"}): "",
}
MIDNIGHT, LAST_HOUR = "00:00:00", 24

probe, version, following = no_probe, own_digest, no_more


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """One request a company; parameter ``companies`` maps its name to the root of its API."""
    del pointer
    return [
        Request(name=f"{company}.json", url=f"{root}/gridtariff/v0/tariffs")
        for company, root in source.parameters["companies"].items()
    ]


def parse(listing: Listing) -> Iterator[Batch]:
    """Answers -> rows of ``grid_tariffs``; a tariff that rows cannot say is a finding."""
    for document in listing.documents:
        tariffs = Tariffs(PUBLISHER, "SE", "SEK")
        for tariff in field(document, read_json(document), "tariffs"):
            company, name = str(field(document, tariff, "companyName")), str(field(document, tariff, "name"))
            if tariff.get("direction", "consumption") != "consumption":
                continue
            label = f"{company} {name}"
            try:
                elements = list(_elements(document, tariff))
            except UnsayableError as reason:
                begins = dt.date.fromisoformat(field(document, tariff, "validPeriod", "fromIncluding"))
                tariffs.leave_out(label, begins, str(reason))
            else:
                tariffs.add(label, company, name, elements)
        yield from tariffs.batches(document, SOURCE)


def _elements(document: Document, tariff: dict[str, Any]) -> Iterator[Element]:
    billing = PER_YEAR.get(str(tariff.get("billingPeriod")))
    for section, charge in (("fixedPrice", "fixed"), ("energyPrice", "energy"), ("powerPrice", "peak_month")):
        for component in (tariff.get(section) or {}).get("components", []):
            if component.get("reference") == "tax":
                continue
            name = str(field(document, component, "name"))
            price = Decimal(str(field(document, component, "price", "priceExVat")))
            note = None
            if charge == "fixed":
                price *= _per_year(name, component.get("pricedPeriod"))
            elif charge == "energy":
                if component.get("spotPriceSettings") or component.get("type") not in {"fixed", None}:
                    raise UnsayableError(f"{name} follows the spot price or changes by the hour")
            else:
                note = _peak(name, component)
                if billing is None:
                    raise UnsayableError(f"{name} is billed every {tariff.get('billingPeriod')}")
                price *= billing
            begins, ends = _period(document, component)
            for number, (days, hours) in enumerate(_windows(name, component)):
                label = name if number == 0 else f"{name} ({number + 1})"
                yield Element(label, charge, price, begins, ends, days=days, hours=hours, note=note)


def _per_year(name: str, period: object) -> int:
    if period not in PER_YEAR:
        raise UnsayableError(f"{name} is priced every {period}")
    return PER_YEAR[str(period)]


def _peak(name: str, component: dict[str, Any]) -> str | None:
    """The highest hour of a month, or the mean of a few; anything cleverer is not said by a row."""
    settings = component.get("peakIdentificationSettings") or {}
    function, duration = str(settings.get("peakFunction", "")), settings.get("peakDuration")
    if not function.startswith("peak(") or duration != "PT1H":
        raise UnsayableError(f"{name} is charged on {function} over {duration}")
    count = int(settings.get("numberOfPeaksForAverageCalculation", 1))
    return (
        None if count == 1 else f"charged on the mean of the {count} highest peaks; planned with the highest"
    )


def _period(document: Document, component: dict[str, Any]) -> tuple[dt.date, dt.date | None]:
    period = field(document, component, "validPeriod")
    until = period.get("toExcluding")
    begins = dt.date.fromisoformat(field(document, period, "fromIncluding"))
    return begins, dt.date.fromisoformat(until) if until else None


def _windows(name: str, component: dict[str, Any]) -> list[tuple[str, str]]:
    """Days and hours in which an element is charged; none stated means always."""
    windows = []
    for recurring in component.get("recurringPeriods") or []:
        if recurring.get("frequency") != "P1D":
            raise UnsayableError(f"{name} recurs every {recurring.get('frequency')}")
        for active in recurring.get("activePeriods", []):
            pattern = active.get("calendarPatternReferences") or {}
            days = DAYS.get(frozenset(pattern.get("include") or ["weekdays", "weekends"]))
            if days is None:
                raise UnsayableError(f"{name} holds on {', '.join(pattern['include'])}")
            windows.append((days, _hours(name, active["fromIncluding"], active["toExcluding"])))
    return windows or [("", "")]


def _hours(name: str, begins: str, ends: str) -> str:
    if not begins.endswith(":00:00") or not ends.endswith(":00:00"):
        raise UnsayableError(f"{name} begins at {begins} and ends at {ends}, not on the hour")
    first, last = int(begins[:2]), LAST_HOUR if ends == MIDNIGHT else int(ends[:2])
    return "" if (first, last) == (0, LAST_HOUR) else f"{first}-{last}"
