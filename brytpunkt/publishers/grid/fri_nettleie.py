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

from brytpunkt.errors import yaml_place
from brytpunkt.publishers._shared.accounting import IGNORED, Account, Fields, meaning, value
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import field, no_more, no_probe, own_digest, problem
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.taken_apart import one_by_one, unlisted, with_doubts
from brytpunkt.publishers.grid.grid_tariff import SERIES, TABLE, Element, Tariffs, UnsayableError

PUBLISHER, SOURCE = "fri-nettleie", "fri-nettleie, kraftsystemet.no"
BUSINESS = ("liten_næring", "næring")
HOUSEHOLD = ("husholdning", "fritid", "hytte")
# Measures of power by which bands of the fixed part are told apart; other methods count the amperes of a fuse.
METHODS = ("TRE_DØGNMAX_MND", "FEM_VEKTET_ÅR", "MND_MAX")
FIELDS: Fields = {
    "netteier": value("operator"),
    "tariffer[].kundegrupper": meaning("liten_næring or næring; households are left out, others remarked"),
    "tariffer[].kundegrupper[]": meaning("as above"),
    "tariffer[].gyldig_fra": value("valid_from"),
    "tariffer[].gyldig_til": value("valid_to"),
    "tariffer[].fastledd.metode": meaning("a measure of power in kW"),
    "tariffer[].fastledd.terskler[].terskel": value("note: the highest band is planned with"),
    "tariffer[].fastledd.terskler[].pris": value("value_native of the highest band [NOK a year]"),
    "tariffer[].fastledd.terskel_inkludert": IGNORED,
    "tariffer[].energiledd.grunnpris": value("value_native [oere/kWh]"),
    "tariffer[].energiledd.unntak[].navn": value("element"),
    "tariffer[].energiledd.unntak[].timer": value("hours"),
    "tariffer[].energiledd.unntak[].dager": value("days"),
    "tariffer[].energiledd.unntak[].dager[]": value("days"),
    "tariffer[].energiledd.unntak[].måneder": value("months"),
    "tariffer[].energiledd.unntak[].måneder[]": value("months"),
    "tariffer[].energiledd.unntak[].pris": value("value_native, less the basic price"),
    "tariffer[].energiledd.unntak[].tillegg": value("value_native"),
    "gln": IGNORED,
    "gln[]": IGNORED,
    "sist_oppdatert": IGNORED,
    "kilder": IGNORED,
    "kilder[]": IGNORED,
}
ORE = Decimal(100)
DAYS = {frozenset({"virkedag"}): "weekday", frozenset({"helg"}): "weekend", frozenset(): ""}
MONTHS = (
    *("januar", "februar", "mars", "april", "mai", "juni", "juli", "august"),
    *("september", "oktober", "november", "desember"),
)
LAST_HOUR = 24

probe, version, following = no_probe, own_digest, no_more
APART = True


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """One request for each file of parameter ``companies``."""
    del pointer
    return [
        Request(name=f"{company}.yml", url=f"{source.url}/{company}.yml", media_type="application/yaml")
        for company in source.parameters["companies"]
    ]


def parse(listing: Listing) -> Iterator[Batch]:
    """Files -> rows of ``grid_tariffs``; a tariff that rows cannot say is a finding, and leaves its last good version."""
    found = one_by_one(
        listing, _read, publisher=PUBLISHER, source=SOURCE, subject=lambda document: document.name,
        series=SERIES, keeps=TABLE,
    )  # fmt: skip
    yield from with_doubts(found, TABLE)


def _read(document: Document, account: Account) -> Iterator[Batch]:
    try:
        content = YAML(typ="safe", pure=True).load(document.read().decode("utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise problem(document, f"the file is not YAML{yaml_place(error)}") from error
    operator = str(field(document, content, "netteier"))
    tariffs = Tariffs(PUBLISHER, "NO", "NOK")
    listed = field(document, content, "tariffer")
    if not isinstance(listed, list):
        raise problem(document, "tariffer is no list: its format has changed")
    for number, tariff in enumerate(listed):
        place = f"tariffer[{number}]"
        account.read(place)
        groups = field(document, tariff, "kundegrupper")
        label = f"{operator} næring"
        try:
            begins = _date(tariff.get("gyldig_fra"), "gyldig_fra")
            _check_groups(groups)
            if not set(BUSINESS) & set(groups):
                account.leave_out(place, "a tariff of households")
                continue
            elements = list(_elements(tariff, begins))
        except UnsayableError as reason:
            day = document.fetched_at.date()
            account.remark(place, str(reason))
            tariffs.leave_out(label, _day_or(tariff.get("gyldig_fra"), day), str(reason))
        else:
            tariffs.add(label, operator, "low voltage", elements, [place])
    yield from tariffs.batches(document, SOURCE, account)
    yield from unlisted(
        FIELDS,
        content,
        document,
        account,
        publisher=PUBLISHER,
        source=SOURCE,
        subject=document.name,
        series=SERIES,
    )


def _check_groups(groups: list[str] | None) -> None:
    others = sorted(set(groups or []) - {*BUSINESS, *HOUSEHOLD})
    if others or not groups:
        raise UnsayableError(f"its customers are {', '.join(others) or 'not stated'}")


def _date(found: object, what: str) -> dt.date:
    try:
        return dt.date.fromisoformat(str(found))
    except ValueError as error:
        raise UnsayableError(f"its {what} is {found or 'not stated'}, not a day") from error


def _day_or(found: object, other: dt.date) -> dt.date:
    try:
        return dt.date.fromisoformat(str(found))
    except ValueError:
        return other


def _number(found: object, what: str) -> Decimal:
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise UnsayableError(f"{what} is {'not stated' if found is None else repr(found)}")
    return Decimal(str(found))


def _elements(tariff: dict[str, Any], begins: dt.date) -> Iterator[Element]:
    until = tariff.get("gyldig_til")
    ends = _date(until, "gyldig_til") if until else None
    fixed = tariff.get("fastledd")
    if not isinstance(fixed, dict) or not fixed.get("terskler"):
        raise UnsayableError("it has no fixed part (fastledd)")
    method = fixed.get("metode")
    if method not in METHODS:
        raise UnsayableError(f"its bands are of {method or 'a measure that is not stated'}, not of kW")
    bands = [
        (_number(band.get("terskel"), "a band's terskel"), _number(band.get("pris"), "a band's pris"))
        for band in fixed["terskler"]
    ]
    edge, price = max(bands)
    if len({at for at, _ in bands}) < len(bands):
        raise UnsayableError("two bands of its fixed part begin at the same power")
    yield Element(
        "fastledd", "fixed", price, begins, ends,
        note=f"the highest band, from {edge} kW ({method}); larger connections have other tariffs",
    )  # fmt: skip
    energy = tariff.get("energiledd")
    if not isinstance(energy, dict):
        raise UnsayableError("it has no energy part (energiledd)")
    base = _number(energy.get("grunnpris"), "grunnpris") / ORE
    yield Element("energiledd", "energy", base, begins, ends)
    for exception in energy.get("unntak") or []:
        name = str(exception.get("navn") or "unntak")
        stated = [key for key in ("tillegg", "pris") if exception.get(key) is not None]
        if len(stated) != 1:
            raise UnsayableError(f"{name} has {' and '.join(stated) or 'neither tillegg nor pris'}")
        priced = _number(exception[stated[0]], f"{name}: {stated[0]}") / ORE
        extra = priced if stated[0] == "tillegg" else priced - base
        named = exception.get("dager")
        days = DAYS.get(frozenset(named or []))
        if days is None:
            raise UnsayableError(f"{name} holds on {', '.join(map(str, named))}")
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
