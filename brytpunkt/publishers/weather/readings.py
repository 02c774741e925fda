"""Readings of sensors -> one value for each hour: the best sensor and the best checked, never the last in the file.

Belongs here: precedence by quality, and what is doubtful among readings. Does not belong here: any publisher's format.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from brytpunkt.publishers._shared.accounting import Account
from brytpunkt.publishers._shared.series_rows import finding
from brytpunkt.publishers.weather.canonical_hours import READINGS
from brytpunkt.series.findings import NOT_STATED

DRY_BULB = "dry_bulb_c"
TWO_READINGS, FAR_READING = "two readings of one hour", "unchecked reading far from those around it"
# No front moves the air of an hour by as much in both directions. [K]
FAR_K = 12.0
HOURS_AROUND = 3
LONG: dict[str, Any] = {
    "place": pl.String,
    "start_utc": pl.Datetime("us", "UTC"),
    "column": pl.String,
    "value": pl.Float64,
    "rank": pl.Int64,
    "is_checked": pl.Boolean,
    "row": pl.String,
    "document": pl.Int64,
}
KEY = ["place", "start_utc", "column"]


@dataclass
class Readings:
    """Readings of the documents of a place, and what became of each.

    ``rank``: the lowest counts where an hour has several. ``is_checked``: a quality control approved it.
    """

    publisher: str
    records: list[tuple[Any, ...]] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        account: Account,
        row: str,
        place: str,
        at: dt.datetime,
        column: str,
        value: float | None,
        *,
        rank: int = 0,
        is_checked: bool = True,
    ) -> None:
        """A reading; without a value, or between the hours, it is left out."""
        account.read(row)
        if value is None:
            account.leave_out(row, "no value")
        elif at.minute or at.second:
            account.leave_out(row, "between the hours")
        else:
            self.records.append((place, at, column, value, rank, is_checked, row, self._number(account)))

    def _number(self, account: Account) -> int:
        for number, known in enumerate(self.accounts):
            if known is account:
                return number
        self.accounts.append(account)
        return len(self.accounts) - 1

    def hours(self) -> pl.DataFrame:
        """One row an hour in the columns of ``READINGS``, and whether its dry bulb was checked; settles the accounts."""
        whole = pl.DataFrame(self.records, schema=LONG, orient="row")
        best = whole.filter(pl.col("rank") == pl.col("rank").min().over(KEY))
        value = pl.col("value")
        is_two = value.n_unique().over(KEY) > 1
        doubled = best.filter(is_two)
        single = best.filter(~is_two).unique(KEY, keep="first", maintain_order=True)
        far = self._far(single)
        kept = single.join(far.select(KEY), on=KEY, how="anti", maintain_order="left")
        self._settle(whole, kept, doubled, far)
        self._say(doubled, far)
        if kept.is_empty():
            return pl.DataFrame(schema=dict(READINGS) | {"is_checked": pl.Boolean})
        wide = kept.pivot(
            on="column", index=["place", "start_utc"], values="value", aggregate_function="first"
        )
        checked = kept.filter(pl.col("column") == DRY_BULB).select("place", "start_utc", "is_checked")
        absent = [pl.lit(None, dtype=pl.Float64).alias(name) for name in READINGS if name not in wide.columns]
        return (
            wide.with_columns(absent)
            .join(checked, on=["place", "start_utc"], how="left")
            .select(*READINGS, "is_checked")
            .cast(dict(READINGS))  # type: ignore[arg-type]
            .sort("place", "start_utc")
        )

    @staticmethod
    def _far(single: pl.DataFrame) -> pl.DataFrame:
        """Unchecked dry bulbs far from the median of the readings around them."""
        dry = single.filter(pl.col("column") == DRY_BULB).sort("place", "start_utc")
        steps = [n for n in range(-HOURS_AROUND, HOURS_AROUND + 1) if n]
        span = pl.duration(hours=HOURS_AROUND)
        beside = [
            pl.when((pl.col("start_utc").shift(n) - pl.col("start_utc")).abs().over("place") <= span).then(
                pl.col("value").shift(n).over("place")
            )
            for n in steps
        ]
        around = dry.with_columns(around=pl.concat_list(beside).list.drop_nulls().list.median())
        return around.filter(~pl.col("is_checked"), (pl.col("value") - pl.col("around")).abs() > FAR_K)

    def _settle(
        self, whole: pl.DataFrame, kept: pl.DataFrame, doubled: pl.DataFrame, far: pl.DataFrame
    ) -> None:
        place = ["document", "row"]
        taken, two, odd = (set(frame.select(place).iter_rows()) for frame in (kept, doubled, far))
        for number, row in whole.select(place).iter_rows():
            account = self.accounts[number]
            if (number, row) in taken:
                account.take(row)
            elif (number, row) in two:
                account.remark(row, TWO_READINGS)
            elif (number, row) in odd:
                account.remark(row, FAR_READING)
            else:
                account.leave_out(row, "a better or an equal reading of the hour")

    def _say(self, doubled: pl.DataFrame, far: pl.DataFrame) -> None:
        hours = (
            doubled.group_by(KEY, maintain_order=True)
            .agg(low=pl.col("value").min(), high=pl.col("value").max())
            .sort(KEY)
        )
        for (place, day), frame in hours.group_by(
            "place", pl.col("start_utc").dt.date().alias("day"), maintain_order=True
        ):
            row = frame.row(0, named=True)
            more = f" and {frame.height - 1} more" if frame.height > 1 else ""
            said = f"{row['start_utc']:%H:%M} UTC{more}: {row['low']:g} and {row['high']:g} ({row['column']}); left out"
            self.find(str(place), day, TWO_READINGS, said)
        for place, at, value, around in far.select("place", "start_utc", "value", "around").iter_rows():
            said = f"{at:%H:%M} UTC: {value:g} degC beside {around:g}; left out"
            self.find(place, at.date(), FAR_READING, said)

    def find(self, place: str, day: dt.date, kind: str, said: str) -> None:
        """A finding about a place and a day."""
        self.findings.append(finding(place, self.publisher, day, kind, said, series="weather"))

    def not_stated(self, place: str, day: dt.date, counted: Counter[str]) -> None:
        """What readings do not say, once a document, with how it was read."""
        if counted:
            said = "; ".join(f"{count} x {what}" for what, count in sorted(counted.items()))
            self.find(place, day, NOT_STATED, said)


def join(whole: Readings, more: Readings) -> None:
    """Put the readings of another document of a place with those that are there."""
    shift = len(whole.accounts)
    whole.accounts += more.accounts
    for found in more.findings:
        same = [one for one in whole.findings if (one["kind"], one["day"]) == (found["kind"], found["day"])]
        if same:
            same[0]["detail"] += f"; {found['detail']}"
        else:
            whole.findings.append(found)
    whole.records += [(*record[:-1], record[-1] + shift) for record in more.records]


def notes(hours: pl.DataFrame, unchecked: str) -> Sequence[str | None]:
    """A note for each hour whose dry bulb was not checked."""
    return [None if checked in {True, None} else unchecked for checked in hours["is_checked"]]
