"""RISE Eltariff-API: Swedish grid tariffs as every company that keeps the standard publishes them.

Format: samples and schemas of the API's repository. Prices are taken without VAT; the energy tax that some companies
list beside their fees is left out, for taxes are facts of their own.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from brytpunkt.publishers._shared.accounting import IGNORED, Account, Fields, meaning, value
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import field, no_more, no_probe, own_digest, problem, read_json
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.taken_apart import one_by_one, unlisted, with_doubts
from brytpunkt.publishers.grid.grid_tariff import SERIES, TABLE, Element, Tariffs, UnsayableError
from brytpunkt.tables.provenance import CURRENCIES

PUBLISHER, SOURCE = "eltariff", "Eltariff-API"
PER_YEAR = {"P1Y": 1, "P6M": 2, "P3M": 4, "P1M": 12}
# A fee on the highest power, by how often it is billed.
PEAKS = {"P1M": ("peak_month", 12), "P1Y": ("peak_year", 1)}
DAYS = {
    frozenset({"weekdays"}): "weekday",
    frozenset({"weekends"}): "weekend",
    frozenset({"weekdays", "weekends"}): "",
}
MIDNIGHT, LAST_HOUR = "00:00:00", 24
TIMEZONE = "Europe/Stockholm"
TAX = "tax"
# VAT is at most 27 % anywhere in Europe, and prices are rounded.
HIGHEST_VAT = Decimal("1.3")
HOUR = re.compile(r"^([01][0-9]|2[0-3]):00:00$")
PEAK = re.compile(r"^peak\(\w+\)$")
# Each price object of a tariff: the types of component that a row can say, its unit, and how its parts are added up.
SECTIONS = {
    "fixedPrice": (("fixed", "public"), None, "sum(price(c))"),
    "energyPrice": (("fixed",), "kWh", "sum(energy(c)*price(c))"),
    "powerPrice": (("peak",), "kW", "sum(peak(c)*price(c))"),
}
_OF_PRICE: Fields = {
    "name": value("element"),
    "price.priceExVat": value("value_native"),
    "price.priceIncVat": meaning("the price without VAT and at most 30 % more"),
    "price.currency": value("native_currency, of those that are known"),
    "pricedPeriod": meaning("P1Y, P6M, P3M or P1M of a fixed fee"),
    "validPeriod.fromIncluding": value("valid_from"),
    "validPeriod.toExcluding": value("valid_to"),
    "type": meaning("fixed or public, fixed, peak; customer-specific, spot and dynamic are not said by rows"),
    "reference": meaning("tax is left out: taxes are facts of their own"),
    "unit": meaning("kWh of energy, kW of power"),
    "spotPriceSettings": meaning("none"),
    "spotPriceSettings.**": meaning("none"),
    "peakIdentificationSettings.peakFunction": meaning("peak(...)"),
    "peakIdentificationSettings.peakIdentificationPeriod": meaning("P1D or P1M"),
    "peakIdentificationSettings.peakDuration": meaning("PT1H"),
    "peakIdentificationSettings.numberOfPeaksForAverageCalculation": value("note, if above 1"),
    "recurringPeriods": meaning("none, or the windows in which it holds"),
    "recurringPeriods[].reference": IGNORED,
    "recurringPeriods[].frequency": meaning("P1D"),
    "recurringPeriods[].activePeriods[].fromIncluding": value("hours"),
    "recurringPeriods[].activePeriods[].toExcluding": value("hours"),
    "recurringPeriods[].activePeriods[].calendarPatternReferences.include[]": value("days"),
    "recurringPeriods[].activePeriods[].calendarPatternReferences.include": value("days"),
    "recurringPeriods[].activePeriods[].calendarPatternReferences.exclude[]": meaning("none"),
    "recurringPeriods[].activePeriods[].calendarPatternReferences.exclude": meaning("none"),
    "id": IGNORED,
    "description": IGNORED,
    "url": IGNORED,
}
FIELDS: Fields = {
    "tariffs[].name": value("tariff"),
    "tariffs[].companyName": value("operator"),
    "tariffs[].direction": meaning("consumption; production is left out"),
    "tariffs[].billingPeriod": meaning("P1M or P1Y where power is billed"),
    "tariffs[].timeZone": meaning("Europe/Stockholm where hours are stated"),
    "tariffs[].validPeriod.fromIncluding": value("valid_from, if later than the element's own"),
    "tariffs[].validPeriod.toExcluding": value("valid_to, if earlier than the element's own"),
    "tariffs[].id": IGNORED,
    "tariffs[].description": IGNORED,
    "tariffs[].lastUpdated": IGNORED,
    "tariffs[].companyOrgNo": IGNORED,
    "tariffs[].product": IGNORED,
    **{
        f"tariffs[].{section}{place}.{name}": role
        for section in SECTIONS
        for place in ("", ".components[]")
        for name, role in _OF_PRICE.items()
    },
    **{f"tariffs[].{section}.components": IGNORED for section in SECTIONS},
    **{f"tariffs[].{section}.name": IGNORED for section in SECTIONS},
    **{f"tariffs[].{section}.costFunction": meaning("the sum of its parts") for section in SECTIONS},
}
Period = tuple[dt.date, dt.date | None]

probe, version, following = no_probe, own_digest, no_more
APART = True


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """One request a company; parameter ``companies`` maps its name to the root of its API."""
    del pointer
    return [
        Request(name=f"{company}.json", url=f"{root}/gridtariff/v0/tariffs")
        for company, root in source.parameters["companies"].items()
    ]


def parse(listing: Listing) -> Iterator[Batch]:
    """Answers -> rows of ``grid_tariffs``; a tariff that rows cannot say is a finding, and leaves its last good version."""
    found = one_by_one(
        listing, _read, publisher=PUBLISHER, source=SOURCE, subject=lambda document: document.name,
        series=SERIES, keeps=TABLE,
    )  # fmt: skip
    yield from with_doubts(found, TABLE)


def _read(document: Document, account: Account) -> Iterator[Batch]:
    answer = read_json(document)
    listed = field(document, answer, "tariffs")
    if not isinstance(listed, list):
        raise problem(document, "tariffs is no list: its format has changed")
    tariffs = Tariffs(PUBLISHER, "SE")
    for number, tariff in enumerate(listed):
        company, name = str(field(document, tariff, "companyName")), str(field(document, tariff, "name"))
        place, label = f"tariffs[{number}]", f"{company} {name}"
        parts = [f"{place}{where}" for where, _, _ in _parts(tariff)] or [place]
        for part in parts:
            account.read(part)
        direction = tariff.get("direction")
        if direction == "production":
            _leave_out(account, parts, "a tariff of production")
            continue
        said: list[str] = []
        try:
            taken: list[str] = []
            elements = list(_elements(account, place, tariff, said, taken))
        except UnsayableError as reason:
            for part in parts:
                account.remark(part, str(reason))
            tariffs.leave_out(label, _day(tariff.get("validPeriod"), document), str(reason))
            continue
        tariffs.add(label, company, name, elements, taken)
        if said:
            tariffs.note(label, _day(tariff.get("validPeriod"), document), "; ".join(dict.fromkeys(said)))
    yield from tariffs.batches(document, SOURCE, account)
    yield from unlisted(
        FIELDS,
        answer,
        document,
        account,
        publisher=PUBLISHER,
        source=SOURCE,
        subject=document.name,
        series=SERIES,
    )


def _leave_out(account: Account, parts: Sequence[str], reason: str) -> None:
    for part in parts:
        account.leave_out(part, reason)


def _day(period: object, document: Document) -> dt.date:
    """First day of a period, or the day of retrieval where it does not say."""
    try:
        return dt.date.fromisoformat(period["fromIncluding"])  # type: ignore[index]
    except (TypeError, KeyError, ValueError):
        return document.fetched_at.date()


def _parts(tariff: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each priced part of a tariff: where it is, the section, and the component; a section may be priced itself."""
    for section in SECTIONS:
        whole = tariff.get(section)
        if not isinstance(whole, dict):
            continue
        if "price" in whole:
            yield f".{section}", section, whole
        components = whole.get("components")
        for number, component in enumerate(components if isinstance(components, list) else []):
            yield f".{section}.components[{number}]", section, component


def _elements(
    account: Account, place: str, tariff: dict[str, Any], said: list[str], taken: list[str]
) -> Iterator[Element]:
    if tariff.get("direction") != "consumption":
        raise UnsayableError(f"its direction is {tariff.get('direction') or 'not stated'}")
    _check_sections(tariff, said)
    whole = _period("the tariff", tariff.get("validPeriod"))
    names: Counter[tuple[str, dt.date]] = Counter()
    for where, section, component in _parts(tariff):
        if not isinstance(component, dict):
            raise UnsayableError(f"{where.strip('.')} is no price")
        is_section = not where.endswith("]")
        name = str(component.get("name") or section)
        if component.get("reference") == TAX:
            account.leave_out(f"{place}{where}", "a tax: taxes are facts of their own")
            continue
        _check_kind(name, section, component, is_section=is_section, said=said)
        price, currency = _price(name, component)
        charge, note = "energy", None
        if section == "fixedPrice":
            charge, price = "fixed", price * _per_year(name, component.get("pricedPeriod"))
        elif section == "powerPrice":
            charge, per_year = _billed(name, tariff, component)
            note, price = _peak(name, component), price * per_year
        begins, ends = _within(name, _period(name, component.get("validPeriod")), whole)
        for days, hours in _windows(name, component, tariff):
            names[name, begins] += 1
            count = names[name, begins]
            label = name if count == 1 else f"{name} ({count})"
            yield Element(
                label, charge, price, begins, ends, days=days, hours=hours, note=note, currency=currency
            )
        taken.append(f"{place}{where}")


def _check_sections(tariff: dict[str, Any], said: list[str]) -> None:
    """Every price object is one that is known, with parts that are added up; what is not stated is said."""
    others = [name for name in tariff if name.lower().endswith("price") and name not in SECTIONS]
    if others:
        raise UnsayableError(f"it has a price that is not known: {', '.join(others)}")
    for section, (_, _, function) in SECTIONS.items():
        whole = tariff.get(section)
        if whole is None:
            said.append(f"it has no {section}")
            continue
        if not isinstance(whole, dict) or (
            "price" not in whole and not isinstance(whole.get("components"), list)
        ):
            raise UnsayableError(f"its {section} has neither a price nor components")
        stated = whole.get("costFunction")
        if stated is None:
            said.append(f"how the parts of {section} are added up is not stated; taken for their sum")
        elif str(stated).replace(" ", "") != function:
            raise UnsayableError(f"its {section} is computed by {stated}")
    if tariff.get("fixedPrice") is None and tariff.get("energyPrice") is None:
        raise UnsayableError("it has neither a fixed price nor one of energy")


def _check_kind(
    name: str, section: str, component: dict[str, Any], *, is_section: bool, said: list[str]
) -> None:
    types, unit, _ = SECTIONS[section]
    kind = component.get("type")
    if kind not in types and not (is_section and kind is None):
        raise UnsayableError(f"{name} is of the type {kind or 'that is not stated'}")
    if not is_section and not component.get("reference"):
        raise UnsayableError(f"{name} does not say whether it is a tax (reference)")
    if component.get("spotPriceSettings"):
        raise UnsayableError(f"{name} follows the spot price")
    if unit is None:
        return
    stated = component.get("unit")
    if stated is None:
        said.append(f"{name}: its unit is not stated; taken for {unit}, as the standard has it")
    elif stated != unit:
        raise UnsayableError(f"{name} is priced by {stated}, not by {unit}")


def _price(name: str, component: dict[str, Any]) -> tuple[Decimal, str]:
    price = component.get("price")
    if not isinstance(price, dict):
        raise UnsayableError(f"{name} has no price")
    without, with_vat = (_decimal(name, price, key) for key in ("priceExVat", "priceIncVat"))
    if not abs(without) <= abs(with_vat) <= abs(without) * HIGHEST_VAT:
        raise UnsayableError(f"{name} costs {without} without and {with_vat} with VAT")
    currency = price.get("currency")
    if currency not in CURRENCIES:
        raise UnsayableError(f"{name} is priced in {currency or 'a currency that is not stated'}")
    return without, str(currency)


def _decimal(name: str, price: dict[str, Any], key: str) -> Decimal:
    found = price.get(key)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise UnsayableError(f"{name}: {key} is {'not stated' if found is None else repr(found)}")
    return Decimal(str(found))


def _per_year(name: str, period: object) -> int:
    if period not in PER_YEAR:
        raise UnsayableError(f"{name} is priced every {period or 'period that is not stated'}")
    return PER_YEAR[str(period)]


def _billed(name: str, tariff: dict[str, Any], component: dict[str, Any]) -> tuple[str, int]:
    """Charge of a fee on power and how often a year it is paid."""
    period = component.get("pricedPeriod") or tariff.get("billingPeriod")
    if tariff.get("billingPeriod") not in PEAKS or period not in PEAKS:
        raise UnsayableError(
            f"{name} is billed every {tariff.get('billingPeriod') or 'period that is not stated'}"
        )
    charge, _ = PEAKS[str(tariff["billingPeriod"])]
    return charge, PEAKS[str(period)][1]


def _peak(name: str, component: dict[str, Any]) -> str | None:
    """The highest hour of a month, or the mean of a few; anything cleverer is not said by a row."""
    settings = component.get("peakIdentificationSettings") or {}
    function, duration = str(settings.get("peakFunction", "")), settings.get("peakDuration")
    if not PEAK.match(function) or duration != "PT1H":
        raise UnsayableError(f"{name} is charged on {function} over {duration}")
    within = settings.get("peakIdentificationPeriod")
    if within not in {"P1D", "P1M"}:
        raise UnsayableError(f"{name} has a peak every {within or 'period that is not stated'}")
    count = settings.get("numberOfPeaksForAverageCalculation")
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise UnsayableError(f"{name} does not say of how many peaks it is the mean")
    return (
        None if count == 1 else f"charged on the mean of the {count} highest peaks; planned with the highest"
    )


def _period(name: str, period: object) -> Period:
    if not isinstance(period, dict) or "fromIncluding" not in period:
        raise UnsayableError(f"{name} does not say from when it holds")
    until = period.get("toExcluding")
    try:
        begins = dt.date.fromisoformat(str(period["fromIncluding"]))
        return begins, dt.date.fromisoformat(str(until)) if until else None
    except ValueError as error:
        raise UnsayableError(
            f"{name} holds from {period['fromIncluding']} to {until}, which are not days"
        ) from error


def _within(name: str, own: Period, whole: Period) -> Period:
    """An element's period within that of its tariff."""
    begins = max(own[0], whole[0])
    ends = min((end for end in (own[1], whole[1]) if end is not None), default=None)
    if ends is not None and ends <= begins:
        raise UnsayableError(f"{name} does not hold within the tariff's own period")
    return begins, ends


def _windows(name: str, component: dict[str, Any], tariff: dict[str, Any]) -> list[tuple[str, str]]:
    """Days and hours in which an element is charged; none stated means always."""
    windows = []
    for recurring in component.get("recurringPeriods") or []:
        if recurring.get("frequency") != "P1D":
            raise UnsayableError(f"{name} recurs every {recurring.get('frequency')}")
        for active in recurring.get("activePeriods") or []:
            pattern = active.get("calendarPatternReferences")
            if not isinstance(pattern, dict) or "include" not in pattern:
                raise UnsayableError(f"{name} does not say on which days it holds")
            days = DAYS.get(frozenset(pattern["include"] or []))
            if days is None:
                raise UnsayableError(
                    f"{name} holds on {', '.join(map(str, pattern['include'] or ['no day']))}"
                )
            if pattern.get("exclude"):
                raise UnsayableError(f"{name} does not hold on {', '.join(map(str, pattern['exclude']))}")
            hours = _hours(name, active.get("fromIncluding"), active.get("toExcluding"))
            if hours and tariff.get("timeZone") != TIMEZONE:
                raise UnsayableError(
                    f"{name} has hours in the time zone {tariff.get('timeZone') or 'that is not stated'}"
                )
            windows.append((days, hours))
    return windows or [("", "")]


def _hours(name: str, begins: object, ends: object) -> str:
    first, last = str(begins), str(ends)
    if not HOUR.match(first) or not HOUR.match(last):
        raise UnsayableError(f"{name} begins at {begins} and ends at {ends}, not on the hour")
    hours = int(first[:2]), LAST_HOUR if last == MIDNIGHT else int(last[:2])
    return "" if hours == (0, LAST_HOUR) else f"{hours[0]}-{hours[1]}"
