"""fri-nettleie (kraftsystemet.no): Norwegian grid tariffs collected by hand, a YAML file a company, CC BY 4.0.

Prices are without taxes and VAT: energy in oere/kWh, the fixed part in NOK a year by bands of power. Only tariffs of
businesses are taken; they reach to about 100 kW and say little about high voltage.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import field, no_more, no_probe, own_digest, problem
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers.grid.grid_tariff import Element, Tariffs, UnsayableError

PUBLISHER, SOURCE = "fri-nettleie", "fri-nettleie, kraftsystemet.no"
BUSINESS = ("liten_næring", "næring")
ORE = Decimal(100)
DAYS = {frozenset({"virkedag"}): "weekday", frozenset({"helg"}): "weekend", frozenset(): ""}
MONTHS = (
    *("januar", "februar", "mars", "april", "mai", "juni", "juli", "august"),
    *("september", "oktober", "november", "desember"),
)
LAST_HOUR = 24

probe, version, following = no_probe, own_digest, no_more


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """One request for each file of parameter ``companies``."""
    del pointer
    return [
        Request(name=f"{company}.yml", url=f"{source.url}/{company}.yml", media_type="application/yaml")
        for company in source.parameters["companies"]
    ]


def parse(listing: Listing) -> Iterator[Batch]:
    """Files -> rows of ``grid_tariffs``; a tariff that rows cannot say is a finding."""
    for document in listing.documents:
        try:
            content = YAML(typ="safe", pure=True).load(document.read().decode("utf-8"))
        except (YAMLError, UnicodeDecodeError) as error:
            raise problem(document, f"the file is not YAML: {str(error).splitlines()[0]}") from error
        operator = str(field(document, content, "netteier"))
        tariffs = Tariffs(PUBLISHER, "NO", "NOK")
        for tariff in field(document, content, "tariffer"):
            if not set(BUSINESS) & set(field(document, tariff, "kundegrupper")):
                continue
            label = f"{operator} næring"
            begins = dt.date.fromisoformat(str(field(document, tariff, "gyldig_fra")))
            try:
                elements = list(_elements(document, tariff, begins))
            except UnsayableError as reason:
                tariffs.leave_out(label, begins, str(reason))
            else:
                tariffs.add(label, operator, "low voltage", elements)
        yield from tariffs.batches(document, SOURCE)


def _elements(document: Document, tariff: dict[str, Any], begins: dt.date) -> Iterator[Element]:
    until = tariff.get("gyldig_til")
    ends = dt.date.fromisoformat(str(until)) if until else None
    fixed = field(document, tariff, "fastledd")
    highest = max(field(document, fixed, "terskler"), key=lambda band: float(band["terskel"]))
    yield Element(
        "fastledd", "fixed", Decimal(str(highest["pris"])), begins, ends,
        note=f"the highest band, from {highest['terskel']} kW ({fixed.get('metode')}); larger connections have other tariffs",
    )  # fmt: skip
    energy = field(document, tariff, "energiledd")
    base = Decimal(str(field(document, energy, "grunnpris"))) / ORE
    yield Element("energiledd", "energy", base, begins, ends)
    for exception in energy.get("unntak") or []:
        name = str(exception.get("navn", "unntak"))
        extra = (
            Decimal(str(exception["tillegg"])) / ORE
            if "tillegg" in exception
            else Decimal(str(exception["pris"])) / ORE - base
        )
        days = DAYS.get(frozenset(exception.get("dager") or []))
        if days is None:
            raise UnsayableError(f"{name} holds on {', '.join(exception['dager'])}")
        yield Element(
            f"energiledd {name}", "energy", extra, begins, ends,
            months=_months(name, exception.get("måneder") or []),
            days=days,
            hours=_hours(name, exception.get("timer")),
            note="on top of the basic price",
        )  # fmt: skip


def _hours(name: str, text: object) -> str:
    """``6-21`` names the first and the last hour, so it ends at 22."""
    if text is None:
        return ""
    first, _, last = str(text).partition("-")
    if not first.isdigit() or not last.isdigit() or int(first) > int(last):
        raise UnsayableError(f"{name} holds at the hours {text}")
    until = int(last) + 1
    return "" if (int(first), until) == (0, LAST_HOUR) else f"{int(first)}-{until}"


def _months(name: str, names: list[str]) -> str:
    """Consecutive months as first and last, over the turn of the year too."""
    if not names:
        return ""
    try:
        numbers = {MONTHS.index(month) + 1 for month in names}
    except ValueError as error:
        raise UnsayableError(f"{name} holds in {', '.join(names)}") from error
    starts = [month for month in numbers if (month - 2) % len(MONTHS) + 1 not in numbers]
    if len(starts) != 1:
        raise UnsayableError(f"{name} holds in {', '.join(names)}")
    return f"{starts[0]}-{(starts[0] + len(numbers) - 2) % len(MONTHS) + 1}"
