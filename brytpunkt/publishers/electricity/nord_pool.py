"""Nord Pool: day-ahead prices out of files that the user downloaded from the data portal (JSON, one delivery day).

Nord Pool's terms forbid automatic extraction, so nothing is requested: the files are put into the inbox.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from brytpunkt.publishers._shared.accounting import IGNORED, Account, Fields, meaning, value
from brytpunkt.publishers._shared.intervals import across_documents, taken
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.series_rows import (
    POINTS,
    PRICES,
    Schema,
    batches,
    field,
    finding,
    instant,
    no_more,
    no_probe,
    own_digest,
    problem,
    read_json,
)
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.taken_apart import one_by_one, unlisted
from brytpunkt.series.findings import INCOMPLETE_DAY, OTHER_DAY, mean_mismatches
from brytpunkt.series.market_days import MINUTES_PER_HOUR, day_start, hours_of_day, market_day
from brytpunkt.tables.series_contracts import RESOLUTIONS

PUBLISHER, SOURCE = "nord-pool", "Nord Pool data portal, file downloaded by the user"
INDEX_SOURCE = "Nord Pool data portal, price indices, file downloaded by the user"
MEAN_UNCHECKED = "mean of the day not checked"
BLOCK_APART = "block does not fit its intervals"
AREAS = {"GER": "DE-LU"}
LEFT_OUT = {"SYS", "SYSTEM", "TEL"}
CURRENCIES = {"EUR", "SEK", "NOK", "DKK"}
MARKET = "DayAhead"
FINAL, PRELIMINARY = "Final", "Preliminary"
# The form of prices and the form of indices; an index is the price of its area, by the interval that was chosen.
FORMS = {"multiAreaEntries": "prices", "multiIndexEntries": "price indices"}
# Units of a currency per euro between which a rate can be right.
PLAUSIBLE = {"EUR": (1.0, 1.0), "SEK": (7.0, 16.0), "NOK": (6.0, 16.0), "DKK": (7.3, 7.6)}
# Averages are rounded to hundredths of the currency.
ROUNDING = 0.02
FIELDS: Fields = {
    "deliveryDateCET": meaning("the market day of every interval"),
    "version": value("revision; 0 is before publication"),
    "market": meaning("DayAhead, else refused"),
    "currency": value("native_currency, of those that are known"),
    "exchangeRate": meaning("units of the currency per euro; 1 for euros"),
    "resolutionInMinutes": meaning("the length of an index's intervals"),
    "areaStates[].state": meaning("Final; areas of any other state are left out with a finding"),
    "areaStates[].areas": meaning("whose state it is"),
    "areaAverages[].areaCode": meaning("whose mean it is"),
    "areaAverages[].price": meaning("the mean of the day's intervals, else a finding"),
    "blockPriceAggregates": IGNORED,
    "blockPriceAggregates[].blockName": IGNORED,
    "blockPriceAggregates[].deliveryStart": meaning("where the block begins"),
    "blockPriceAggregates[].deliveryEnd": meaning("where the block ends"),
    "blockPriceAggregates[].averagePricePerArea.*.average": meaning("the mean of the block's intervals, else a finding"),
    "blockPriceAggregates[].averagePricePerArea.*.min": meaning("the lowest of the block's intervals, else a finding"),
    "blockPriceAggregates[].averagePricePerArea.*.max": meaning("the highest of the block's intervals, else a finding"),
    "multiAreaEntries[].deliveryStart": value("start_utc"),
    "multiAreaEntries[].deliveryEnd": value("resolution_minutes, from deliveryStart"),
    "multiAreaEntries[].entryPerArea.*": value("price_eur_per_mwh, over exchangeRate"),
    "multiIndexEntries[].deliveryStart": value("start_utc"),
    "multiIndexEntries[].deliveryEnd": value("resolution_minutes, from deliveryStart"),
    "multiIndexEntries[].entryPerArea.*": value("price_eur_per_mwh, over exchangeRate"),
    "deliveryAreas": meaning("every one has prices, else a finding"),
    "indexNames": meaning("every one has prices, else a finding"),
    "updatedAt": IGNORED,
}  # fmt: skip
AVERAGES: Schema = {"zone": pl.String, "day": pl.Date, "mean_eur_per_mwh": pl.Float64}

probe, version, following = no_probe, own_digest, no_more


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """Nothing is requested: the files come from the inbox."""
    del source, pointer
    return ()


def parse(listing: Listing) -> Iterator[Batch]:
    """Delivery days -> intervals; of a day that is there twice the highest version counts, whatever its name.

    Of a day's prices and its price indices, the prices count.
    """
    found = one_by_one(
        listing, _read, publisher=PUBLISHER, source=SOURCE, subject=lambda document: document.name
    )
    yield from across_documents(_prices_before_indices(list(found)), PUBLISHER, SOURCE)


def _prices_before_indices(found: list[Batch]) -> list[Batch]:
    """Batches of index files less the zones and days of which there are prices."""
    prices = [b.frame for b in found if b.table == PRICES and INDEX_SOURCE not in b.frame["source"]]
    if not prices:
        return found
    days = pl.concat(prices).select("zone", day=market_day()).unique()
    kept = []
    for batch in found:
        if batch.table != PRICES or INDEX_SOURCE not in batch.frame["source"]:
            kept.append(batch)
            continue
        rest = batch.frame.with_columns(day=market_day()).join(days, on=["zone", "day"], how="anti")
        if rest.height:
            kept.append(Batch(PRICES, rest.drop("day"), batch.document))
    return kept


def _read(document: Document, account: Account) -> Iterator[Batch]:
    answer = read_json(document)
    if not isinstance(answer, dict):
        raise problem(document, "the file is not a delivery day of the data portal: its format has changed")
    form = next((name for name in FORMS if name in answer), None)
    if form is None:
        have = ", ".join(list(answer)[:6]) or "nothing"
        raise problem(
            document,
            f"the file is neither a day's prices (multiAreaEntries) nor its price indices (multiIndexEntries); it has {have}",
            "download a delivery day from the data portal as JSON",
        )
    entries = answer[form]
    version_ = field(document, answer, "version")
    if isinstance(version_, bool) or not isinstance(version_, int) or not isinstance(entries, list):
        raise problem(document, f"version {version_!r} or its entries are not as expected")
    if version_ == 0 or not entries:
        account.left_out_unseen("before publication", 1)
        return
    day = _Day.of(document, answer)
    points = day.points(document, account, entries, form)
    findings = [*day.left_out(document, answer), *day.lacking(answer), *day.other_days(points)]
    here = points.filter(market_day() == day.day)
    source = SOURCE if form == "multiAreaEntries" else INDEX_SOURCE
    for row in points.filter(market_day() != day.day)["row"]:
        account.remark(f"entry {row}", "it is not of the delivery day")
    found = list(
        taken(
            here.with_columns(revision=pl.lit(version_, dtype=pl.Int64)), document, account,
            publisher=PUBLISHER, source=source, findings=findings, place="entry {}",
        )
    )  # fmt: skip
    yield from found
    rows = pl.concat(
        [here.clear().select(*POINTS), *(b.frame.select(*POINTS) for b in found if b.table == PRICES)]
    )
    stated = day.averages(document, answer)
    unchecked = day.without_mean(answer, rows)
    yield from batches(rows.clear(), unchecked, document, SOURCE)
    yield from batches(
        rows.clear(),
        mean_mismatches(rows.with_columns(publisher=pl.lit(PUBLISHER)), stated),
        document,
        SOURCE,
    )
    yield from batches(rows.clear(), day.blocks(document, answer, rows), document, SOURCE)
    yield from unlisted(
        FIELDS, answer, document, account, publisher=PUBLISHER, source=SOURCE, subject=document.name
    )


@dataclass(frozen=True)
class _Day:
    """What a file says of all its intervals."""

    day: dt.date
    currency: str
    rate: float
    minutes: int | None
    final: frozenset[str]

    @classmethod
    def of(cls, document: Document, answer: dict[str, Any]) -> _Day:
        market = field(document, answer, "market")
        if market != MARKET:
            raise problem(document, f"the market is {market}, not {MARKET}")
        currency = str(field(document, answer, "currency"))
        rate = _number(document, "exchangeRate", field(document, answer, "exchangeRate"))
        low, high = PLAUSIBLE.get(currency, (math.inf, math.inf))
        if not low <= rate <= high:
            raise problem(document, f"currency {currency} at an exchange rate of {rate:g} is not known")
        minutes = answer.get("resolutionInMinutes")
        if "multiIndexEntries" in answer and minutes is not None and minutes not in RESOLUTIONS:
            raise problem(document, f"a resolution of {minutes} minutes is not known")
        states = field(document, answer, "areaStates")
        final = frozenset(
            str(area)
            for state in states
            if field(document, state, "state") == FINAL
            for area in field(document, state, "areas")
        )
        try:
            day = dt.date.fromisoformat(str(field(document, answer, "deliveryDateCET")))
        except ValueError as error:
            raise problem(document, f"deliveryDateCET {answer['deliveryDateCET']} is not a date") from error
        return cls(day, currency, rate, minutes, final)

    def points(
        self, document: Document, account: Account, entries: list[dict[str, Any]], form: str
    ) -> pl.DataFrame:
        """The intervals of final areas; a row of the account is an interval of an area."""
        records: list[dict[str, Any]] = []
        row = 0
        for entry in entries:
            begin, end = (
                self._instant(document, field(document, entry, name))
                for name in ("deliveryStart", "deliveryEnd")
            )
            minutes = int((end - begin).total_seconds() // 60)
            if form == "multiIndexEntries" and self.minutes not in {None, minutes}:
                raise problem(document, f"an interval has {minutes} minutes, the file says {self.minutes}")
            for area, price in field(document, entry, "entryPerArea").items():
                row += 1
                place = f"entry {row}"
                account.read(place)
                if area in LEFT_OUT:
                    account.leave_out(place, "not a bidding zone that is planned with")
                elif area not in self.final:
                    account.remark(place, "its area is not final")
                else:
                    known = (
                        None if price is None else _number(document, f"{area} at {begin:%H:%M} UTC", price)
                    )
                    records.append(
                        {
                            "zone": AREAS.get(area, area),
                            "start_utc": begin,
                            "resolution_minutes": minutes,
                            "price_eur_per_mwh": None if known is None else known / self.rate,
                            "native_currency": self.currency,
                            "fx_units_per_eur": self.rate,
                            "row": row,
                        }
                    )
        return pl.DataFrame(
            records,
            schema=POINTS | {"native_currency": pl.String, "fx_units_per_eur": pl.Float64, "row": pl.Int64},
        )

    @staticmethod
    def _instant(document: Document, text: object) -> dt.datetime:
        try:
            return instant(str(text))
        except ValueError as error:
            raise problem(document, f"{text} is not a time with an offset") from error

    def left_out(self, document: Document, answer: dict[str, Any]) -> list[dict[str, Any]]:
        """Findings about areas whose prices are not final, or are of no stated state."""
        states = {
            str(area): str(field(document, state, "state"))
            for state in answer["areaStates"]
            for area in field(document, state, "areas")
        }
        areas = {*self._areas(answer), *self._areas_with_prices(answer)} - LEFT_OUT
        return [
            finding(
                AREAS.get(area, area), PUBLISHER, self.day, "not final",
                "the area's prices were preliminary and are left out"
                if states.get(area) == PRELIMINARY
                else f"the state of the area's prices is {states.get(area, 'not stated')}; they are left out",
            )
            for area in sorted(areas - self.final)
        ]  # fmt: skip

    @staticmethod
    def _areas(answer: dict[str, Any]) -> list[str]:
        names = (*(answer.get("deliveryAreas") or ()), *(answer.get("indexNames") or ()))
        return list(dict.fromkeys(str(area) for area in names))

    @staticmethod
    def _areas_with_prices(answer: dict[str, Any]) -> set[str]:
        entries = answer.get("multiAreaEntries") or answer.get("multiIndexEntries") or []
        return {str(area) for entry in entries for area in entry.get("entryPerArea", {})}

    def lacking(self, answer: dict[str, Any]) -> list[dict[str, Any]]:
        """Findings about areas that the file names and has no price of, or has prices of and does not name."""
        named, priced = set(self._areas(answer)), self._areas_with_prices(answer)
        said = dict.fromkeys(named - priced, "the file names this area and has no price of it")
        said |= dict.fromkeys(priced - named, "the file has prices of this area and does not name it")
        return [
            finding(AREAS.get(area, area), PUBLISHER, self.day, "areas do not fit", text)
            for area, text in sorted(said.items())
            if area not in LEFT_OUT
        ]

    def other_days(self, points: pl.DataFrame) -> list[dict[str, Any]]:
        """Findings about intervals that are not of the delivery day, and a day that is not whole."""
        found = []
        for (zone,), frame in points.group_by("zone", maintain_order=True):
            outside = frame.filter(market_day() != self.day)
            if outside.height:
                said = f"{outside.height} intervals are not of the delivery day; left out"
                found.append(finding(str(zone), PUBLISHER, self.day, OTHER_DAY, said))
            inside = frame.filter(market_day() == self.day).unique("start_utc")
            hours, expected = inside["resolution_minutes"].sum() / MINUTES_PER_HOUR, hours_of_day(self.day)
            if hours != expected:
                said = f"the file has {hours:g} of {expected} hours"
                found.append(finding(str(zone), PUBLISHER, self.day, INCOMPLETE_DAY, said))
        return found

    def averages(self, document: Document, answer: dict[str, Any]) -> pl.DataFrame:
        """The means that the file states."""
        return pl.DataFrame(
            [
                {
                    "zone": AREAS.get(str(field(document, a, "areaCode")), str(a["areaCode"])),
                    "day": self.day,
                    "mean_eur_per_mwh": _number(document, "areaAverages", field(document, a, "price"))
                    / self.rate,
                }
                for a in answer.get("areaAverages") or []
                if a.get("price") is not None or "price" not in a
            ],
            schema=AVERAGES,
        )

    def without_mean(self, answer: dict[str, Any], rows: pl.DataFrame) -> list[dict[str, Any]]:
        """Findings about means without a price, and means of areas that have no prices."""
        zones, found = set(rows["zone"]), []
        for average in answer.get("areaAverages") or []:
            area = str(average.get("areaCode"))
            zone = AREAS.get(area, area)
            if average.get("price") is None:
                found.append(
                    finding(zone, PUBLISHER, self.day, MEAN_UNCHECKED, "the file states no mean of its day")
                )
            elif zone not in zones and area not in LEFT_OUT:
                found.append(
                    finding(zone, PUBLISHER, self.day, MEAN_UNCHECKED, "a mean of an area without prices")
                )
        return found

    def blocks(self, document: Document, answer: dict[str, Any], rows: pl.DataFrame) -> list[dict[str, Any]]:
        """Findings about blocks whose average, lowest or highest price is not that of the block's intervals."""
        found: dict[str, dict[str, Any]] = {}
        zones = set(rows["zone"])
        for block in answer.get("blockPriceAggregates") or []:
            begin, end = (
                self._instant(document, field(document, block, name))
                for name in ("deliveryStart", "deliveryEnd")
            )
            for area, said in field(document, block, "averagePricePerArea").items():
                zone = AREAS.get(area, area)
                inside = rows.filter(
                    pl.col("zone") == zone, pl.col("start_utc") >= begin, pl.col("start_utc") < end
                )
                if not day_start(self.day) <= begin < end <= day_start(self.day + dt.timedelta(days=1)):
                    inside = inside.clear()
                if inside.is_empty():
                    if zone in zones:
                        text = f"a block from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC has none of the day's intervals"
                        found.setdefault(zone, finding(zone, PUBLISHER, self.day, BLOCK_APART, text))
                    continue
                weight, price = inside["resolution_minutes"], inside["price_eur_per_mwh"]
                have = {
                    "average": float((price * weight).sum()) / float(weight.sum()),
                    "min": float(price.min()),  # type: ignore[arg-type]
                    "max": float(price.max()),  # type: ignore[arg-type]
                }
                for name, own in have.items():
                    stated = _number(document, f"a block's {name}", field(document, said, name)) / self.rate
                    if abs(stated - own) > ROUNDING:
                        text = f"{begin:%H:%M} to {end:%H:%M} UTC: the {name} of the intervals is {own:.2f} EUR/MWh, the block says {stated:.2f}"
                        found.setdefault(zone, finding(zone, PUBLISHER, self.day, BLOCK_APART, text))
        return list(found.values())


def _number(document: Document, what: str, found: object) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise problem(document, f"{what}: {found!r} is not a number")
    return float(found)
