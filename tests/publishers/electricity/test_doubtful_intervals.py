"""What is doubtful in a day-ahead document is left out with a finding, and what cannot be read costs itself alone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from brytpunkt.errors import InputError
from brytpunkt.publishers.electricity import (
    ember,
    energi_data_service,
    energy_charts,
    entsoe,
    eurostat,
    hvakosterstrommen,
    nord_pool,
    quarter_table,
)
from brytpunkt.series.market_days import day_start
from tests.publishers.electricity import documents as native
from tests.publishers.electricity.documents import Desk, findings, prices
from tests.publishers.electricity.test_quarter_table import AUTUMN as CHANGED
from tests.publishers.electricity.test_quarter_table import BOTH, LABELS, table
from tests.publishers.grid.test_tariffs_and_carbon import stat

DAY, AUTUMN = dt.date(2026, 2, 11), dt.date(2026, 10, 25)
QUARTER = dt.timedelta(minutes=15)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def kinds(batches: list[Any]) -> list[str]:
    return [kind for kind, _ in findings(batches)]


# ENTSO-E: contract, type, areas


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<contract_MarketAgreement.type>A01<", "<contract_MarketAgreement.type>A07<", "its contract is A07, not A01"),
        ("<contract_MarketAgreement.type>A01</contract_MarketAgreement.type>", "", "its contract is not stated, not A01"),
        ("<auction.type>A01<", "<auction.type>A02<", "its type of auction is A02, not A01"),
        ("<businessType>A62<", "<businessType>B09<", "its business type is B09, not A62"),
        ("<curveType>A03<", "<curveType>A04<", "its type of curve is A04, not A01 or A03"),
        ('in_Domain.mRID codingScheme="A01">10Y1001A1001A46L', 'in_Domain.mRID codingScheme="A01">10YDK-1--------W', "it is between the areas"),
    ],
)  # fmt: skip
def test_a_time_series_of_anything_else_leaves_the_day_ahead_prices_alone(
    desk: Desk, old: str, new: str, reason: str
) -> None:
    both = native.entsoe([native.period(DAY, 60), native.period(DAY, 60, dict.fromkeys(range(1, 25), 444.0))])
    head, _, rest = both.rpartition("<TimeSeries>")
    document = desk.land(f"SE3_{DAY}.xml", f"{head}<TimeSeries>{rest.replace(old, new, 1)}")
    listing = desk.listing(document)
    batches = list(entsoe.parse(listing))
    assert prices(batches)["price_eur_per_mwh"].max() < 444  # type: ignore[operator]
    assert prices(batches).height == 24
    [(kind, detail)] = findings(batches)
    assert (kind, reason in detail) == ("other prices than day-ahead", True)
    account = listing.accounts.of(document.name)
    assert (account.rows, account.taken, len(account.remarked)) == (48, 24, 24)


def test_another_document_type_and_another_zone_are_no_prices_of_the_zone(desk: Desk) -> None:
    other_type = native.entsoe([native.period(DAY, 60)]).replace("<type>A44<", "<type>A65<")
    with pytest.raises(InputError, match="document type A65 is not A44"):
        list(entsoe.parse(desk.listing(desk.land("a.xml", other_type))))
    swapped = desk.land(f"SE2_{DAY}.xml", native.entsoe([native.period(DAY, 60)]))
    batches = list(entsoe.parse(desk.listing(swapped)))
    assert [batch.table for batch in batches] == ["series_findings"]
    assert "SE2 was asked for, this is SE3" in findings(batches)[0][1]


def test_a_day_of_zeros_is_not_priced_yet(desk: Desk) -> None:
    zeros = native.entsoe([native.period(DAY, 15, dict.fromkeys(range(1, 97), 0.0))])
    batches = list(entsoe.parse(desk.listing(desk.land(f"SE3_{DAY}.xml", zeros))))
    assert [batch.table for batch in batches] == ["series_findings"]
    assert findings(batches) == [
        ("day of zeros", "all 24.0 hours cost 0: a day that is not priced yet?; left out")
    ]
    one = dict.fromkeys(range(1, 97), 0.0) | {40: -0.01}
    whole = native.entsoe([native.period(DAY, 15, one)])
    assert prices(entsoe.parse(desk.listing(desk.land("b.xml", whole)))).height == 96


# Two prices of one interval


def test_two_prices_of_one_time_are_both_left_out_and_the_same_price_twice_is_one(desk: Desk) -> None:
    answer = native.eds("DayAheadPrices", [DAY], areas=("DK2",))
    first, second = dict(answer["records"][3]), dict(answer["records"][4])
    first |= {"DayAheadPriceEUR": 88.0, "DayAheadPriceDKK": 656.48}
    answer["records"] += [first, second]
    answer["total"] = len(answer["records"])
    listing = desk.listing(document := desk.land("q.json", answer))
    batches = list(energi_data_service.parse(listing))
    assert prices(batches).height == 95
    assert kinds(batches) == ["two prices of one interval"]
    account = listing.accounts.of(document.name)
    assert (account.rows, account.taken, len(account.remarked)) == (98, 95, 2)
    assert account.left_out == {"said twice with the same price": 1}


def test_the_hour_after_the_change_under_the_label_of_the_one_before_is_doubtful(desk: Desk) -> None:
    file = native.per_kwh(AUTUMN, 60, currency="NOK", timezone="Europe/Oslo")
    file[3] |= {name: file[2][name] for name in ("time_start", "time_end")}
    batches = list(hvakosterstrommen.parse(desk.listing(desk.land(f"{AUTUMN}_NO3.json", file))))
    assert prices(batches).height == 23
    assert set(kinds(batches)) == {"two prices of one interval", "file without a whole day"}
    assert ("file without a whole day", "the file has 24 of 25 hours") in findings(batches)


def test_documents_that_contradict_each_other_leave_the_interval_out(desk: Desk) -> None:
    one, other = native.energy_charts([(DAY, 15)]), native.energy_charts([(DAY, 15)])
    other["price"][7] = 31.5
    listing = desk.listing(desk.land("SE1_a.json", one), desk.land("SE1_b.json", other))
    batches = list(energy_charts.parse(listing))
    assert prices(batches).height == 95
    assert kinds(batches) == ["two prices of one interval"]


# Gaps


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_missing_quarter_is_a_gap_and_lengthens_no_other(desk: Desk, missing: int) -> None:
    answer = native.energy_charts([(DAY, 15)])
    del answer["unix_seconds"][5 : 5 + missing], answer["price"][5 : 5 + missing]
    batches = list(energy_charts.parse(desk.listing(desk.land("SE2_x.json", answer))))
    rows = prices(batches)
    assert rows["resolution_minutes"].unique().to_list() == [15]
    at = day_start(DAY) + 4 * QUARTER
    assert findings(batches) == [
        ("gap", f"{15 * (missing + 1)} minutes from {at:%H:%M} UTC to the next interval")
    ]


def test_a_day_of_nulls_is_one_finding(desk: Desk) -> None:
    answer = native.energy_charts([(DAY, 15)])
    answer["price"] = [None] * 96
    batches = list(energy_charts.parse(desk.listing(desk.land("SE2_x.json", answer))))
    assert findings(batches) == [("interval without price", "96 intervals from 23:00 UTC have no price")]


# Nord Pool: indices, states, blocks


def index_form(day: dt.date, minutes: int, **changes: Any) -> dict[str, Any]:
    """A day of price indices, as the data portal answers for them."""
    file = native.nord_pool(day, minutes) | {"indexNames": ["SE3"], "resolutionInMinutes": minutes} | changes
    file["multiIndexEntries"] = file.pop("multiAreaEntries")
    return file


def test_price_indices_are_read_and_prices_of_the_day_count_before_them(desk: Desk) -> None:
    index = desk.land("index.json", index_form(DAY, 60))
    rows = prices(nord_pool.parse(desk.listing(index)))
    assert (rows.height, rows["source"][0]) == (24, nord_pool.INDEX_SOURCE)
    both = desk.listing(desk.land("a.json", native.nord_pool(DAY, 15)), index)
    assert prices(nord_pool.parse(both))["resolution_minutes"].to_list() == [15] * 96
    with pytest.raises(
        InputError, match=r"neither a day's prices \(multiAreaEntries\) nor its price indices"
    ):
        list(nord_pool.parse(desk.listing(desk.land("b.json", {"version": 1, "auctions": []}))))
    with pytest.raises(InputError, match="an interval has 60 minutes, the file says 15"):
        list(nord_pool.parse(desk.listing(desk.land("c.json", index_form(DAY, 60, resolutionInMinutes=15)))))


@pytest.mark.parametrize("states", [[], [{"state": "Preliminary", "areas": ["SE3"]}]])
def test_a_day_without_any_final_area_has_no_prices(desk: Desk, states: list[Any]) -> None:
    file = native.nord_pool(DAY, 60) | {"areaStates": states}
    batches = list(nord_pool.parse(desk.listing(desk.land("a.json", file))))
    assert {batch.table for batch in batches} == {"series_findings"}
    assert "not final" in kinds(batches)


def test_a_block_that_does_not_fit_its_intervals_is_noticed(desk: Desk) -> None:
    file = native.nord_pool(DAY, 60)
    entries = file["multiAreaEntries"][:8]
    values = [entry["entryPerArea"]["SE3"] for entry in entries]
    block = {
        "blockName": "Off-peak 1",
        "deliveryStart": entries[0]["deliveryStart"],
        "deliveryEnd": entries[-1]["deliveryEnd"],
        "averagePricePerArea": {"SE3": {"average": sum(values) / 8, "min": min(values), "max": max(values)}},
    }
    fits = desk.land("a.json", file | {"blockPriceAggregates": [block]})
    assert kinds(list(nord_pool.parse(desk.listing(fits)))) == []
    block["averagePricePerArea"]["SE3"]["average"] += 3
    odd = desk.land("b.json", file | {"blockPriceAggregates": [block]})
    [(kind, detail)] = findings(nord_pool.parse(desk.listing(odd)))
    assert (kind, "the block says 13.0" in detail) == ("block does not fit its intervals", True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"market": "Intraday"}, "the market is Intraday, not DayAhead"),
        ({"exchangeRate": 11.2}, "currency EUR at an exchange rate of 11.2"),
        ({"currency": "SEK"}, "currency SEK at an exchange rate of 1 "),
        ({"currency": "PLN", "exchangeRate": 4.3}, "currency PLN"),
    ],
)
def test_market_and_currency_are_read(desk: Desk, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        list(nord_pool.parse(desk.listing(desk.land("a.json", native.nord_pool(DAY, 60) | change))))


# Ember's daily table


def ember_table(head: str, lines: list[str]) -> str:
    return "\n".join([head, *lines]) + "\n"


def test_the_table_of_daily_means_is_told_apart_whatever_its_header(desk: Desk) -> None:
    daily = ember_table(
        "Country,ISO3 Code,Date,Price (EUR/MWhe)", [f"Finland,FIN,2026-02-{n:02},4{n}.5" for n in range(1, 9)]
    )
    hourly = "Country,ISO3 Code,Datetime (UTC),Datetime (Local),Price (EUR/MWhe)"
    sparse = ember_table(hourly, [f"Finland,FIN,2026-02-{n:02} 00:00:00,x,4{n}.5" for n in range(1, 9)])
    stretched = ember_table(
        hourly,
        [f"Finland,FIN,2026-02-{n:02} {h:02}:00:00,x,4{n}.5" for n in range(1, 9) for h in range(24)],
    )
    for body in (daily, sparse, stretched):
        with pytest.raises(InputError, match="Ember's table of daily means, not its hourly one"):
            list(ember.parse(desk.listing(desk.land("all_countries.csv", body, "text/csv"))))


# One document of several


def test_a_zone_whose_document_is_odd_is_a_named_gap_beside_the_others(desk: Desk) -> None:
    good = desk.land(f"SE3_{DAY}.xml", native.entsoe([native.period(DAY, 60)]))
    refused = (
        "<Acknowledgement_MarketDocument><Reason><code>999</code><text>Unexpected error occurred. Please retry"
        "</text></Reason></Acknowledgement_MarketDocument>"
    )
    bad = desk.land(f"NO2_{DAY}.xml", refused)
    listing = desk.listing(bad, good)
    batches = list(entsoe.parse(listing))
    assert prices(batches)["zone"].unique().to_list() == ["SE3"]
    [row] = [row for b in batches if b.table == "series_findings" for row in b.frame.iter_rows(named=True)]
    assert (row["subject"], row["day"], row["kind"]) == ("NO2", DAY, "document not read")
    assert "999 Unexpected error occurred. Please retry" in row["detail"]
    assert listing.accounts.of(bad.name).refused
    with pytest.raises(InputError, match="Unexpected error occurred"):
        list(entsoe.parse(desk.listing(bad)))


def test_no_error_of_the_language_is_a_message(desk: Desk) -> None:
    """Bodies that a parser trips over, at every place of a small document."""
    file = native.per_kwh(DAY, 60, currency="NOK", timezone="Europe/Oslo")
    for place in ("EUR_per_kWh", "NOK_per_kWh", "EXR", "time_start", "time_end"):
        others: tuple[Any, ...] = (None, [], {}, "x", True)
        for odd in others:
            broken = [dict(one) for one in file]
            broken[4][place] = odd
            try:
                batches = list(hvakosterstrommen.parse(desk.listing(desk.land(f"{DAY}_NO1.json", broken))))
                said = " ".join(detail for _, detail in findings(batches))
            except InputError as error:
                said = str(error)
            assert said, f"{place} = {odd!r} is silent"
            for word in ("Error", "Traceback", "NoneType", "object has no attribute", "argument"):
                assert word not in said


# Quarter tables


def test_a_doubtful_day_of_one_zone_leaves_the_check_of_another_on(desk: Desk) -> None:
    one, other = table([CHANGED], LABELS, "77.0"), table([CHANGED], BOTH, "77.0")
    batches = list(
        quarter_table.parse(
            desk.listing(desk.land("SE3-q.csv", one, "text/csv"), desk.land("SE4-q.csv", other, "text/csv"))
        )
    )
    found = {
        (row["subject"], row["kind"])
        for b in batches
        if b.table == "series_findings"
        for row in b.frame.iter_rows(named=True)
    }
    assert ("SE3", "doubtful hour") in found
    assert ("SE4", "day does not average to its stated mean") in found
    assert ("SE3", "day does not average to its stated mean") not in found


# Eurostat


def test_a_provisional_price_carries_its_reservation(desk: Desk) -> None:
    batches = list(eurostat.parse(desk.listing(desk.land("a.json", stat(status={"1": "p"})))))
    notes = [b.frame["note"].to_list() for b in batches if b.table == "industrial_prices"]
    assert notes == [[None, "provisional", None]]
    assert findings(batches) == [("price with a reservation", "flagged p: provisional")]
