"""Day-ahead publishers: clock changes, a change of resolution, a day published twice, and each format's traps."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from brytpunkt.errors import InputError
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers.electricity import (
    elprisetjustnu,
    ember,
    energi_data_service,
    energy_charts,
    entsoe,
    hvakosterstrommen,
    nord_pool,
)
from brytpunkt.series.findings import day_ahead_findings
from brytpunkt.series.market_days import day_start
from tests.publishers.electricity import documents as native
from tests.publishers.electricity.documents import Desk, findings, prices

SPRINGS = [dt.date(2024, 3, 31), dt.date(2025, 3, 30), dt.date(2026, 3, 29)]
AUTUMNS = [dt.date(2024, 10, 27), dt.date(2025, 10, 26), dt.date(2026, 10, 25)]
HOURS = dict.fromkeys(SPRINGS, 23) | dict.fromkeys(AUTUMNS, 25)
SWITCH = dt.date(2025, 10, 1)
EVE = dt.date(2025, 9, 30)
Build = Callable[[Desk, dt.date, int], Document]
Parse = Callable[[Listing], Iterator[Batch]]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


PUBLISHERS: dict[str, tuple[Parse, Build]] = {
    "entsoe": (
        entsoe.parse,
        lambda desk, day, m: desk.land("a.xml", native.entsoe([native.period(day, m)]), "application/xml"),
    ),
    "energi-data-service": (
        energi_data_service.parse,
        lambda desk, day, m: desk.land(
            "a.json", native.eds("Elspotprices" if m == 60 else "DayAheadPrices", [day])
        ),
    ),
    "elprisetjustnu": (
        elprisetjustnu.parse,
        lambda desk, day, m: desk.land(f"{day}_SE3.json", native.per_kwh(day, m)),
    ),
    "hvakosterstrommen": (
        hvakosterstrommen.parse,
        lambda desk, day, m: desk.land(
            f"{day}_NO1.json", native.per_kwh(day, m, currency="NOK", timezone="Europe/Oslo")
        ),
    ),
    "energy-charts": (
        energy_charts.parse,
        lambda desk, day, m: desk.land(f"SE4_{day}.json", native.energy_charts([(day, m)])),
    ),
    "nord-pool": (nord_pool.parse, lambda desk, day, m: desk.land(f"{day}.json", native.nord_pool(day, m))),
}


@pytest.mark.parametrize("day", sorted(HOURS))
@pytest.mark.parametrize("publisher", PUBLISHERS)
def test_days_on_which_the_clock_changes_have_23_or_25_hours(
    desk: Desk, publisher: str, day: dt.date
) -> None:
    parse, build = PUBLISHERS[publisher]
    minutes = 15 if day >= SWITCH else 60
    rows = prices(parse(desk.listing(build(desk, day, minutes))))
    per_hour = 60 // minutes
    assert rows.height == HOURS[day] * per_hour
    # positions run on through the change: 92 or 100 quarters, none lost, none doubled, in UTC order
    wanted = native.steps(day, minutes)
    assert rows["start_utc"].to_list() == [at for at, _ in wanted]
    assert rows["price_eur_per_mwh"].to_list() == pytest.approx([price for _, price in wanted])
    assert rows["resolution_minutes"].unique().to_list() == [minutes]
    assert day_ahead_findings(rows).is_empty()


@pytest.mark.parametrize("publisher", PUBLISHERS)
def test_hours_become_quarters_in_mid_series(desk: Desk, publisher: str) -> None:
    parse, build = PUBLISHERS[publisher]
    if publisher == "energy-charts":
        both = native.energy_charts([(EVE, 60), (SWITCH, 15)])
        listing = desk.listing(desk.land("SE4_2025-09-30.json", both))
    else:
        listing = desk.listing(build(desk, EVE, 60), build(desk, SWITCH, 15))
    rows = prices(parse(listing)).sort("start_utc")
    assert rows.height == 24 + 96
    lengths = rows.group_by("resolution_minutes").agg(pl.col("start_utc").min(), pl.len()).sort("start_utc")
    assert lengths.rows() == [(60, day_start(EVE), 24), (15, day_start(SWITCH), 96)]
    assert day_ahead_findings(rows).is_empty()


# ENTSO-E


def test_points_that_curve_a03_leaves_out_equal_the_one_before(desk: Desk) -> None:
    body = native.entsoe([native.period(SWITCH, 15, {1: 55.35, 5: 44.22, 93: -3.0})])
    rows = prices(entsoe.parse(desk.listing(desk.land("a.xml", body))))
    assert rows.height == 96
    assert rows["price_eur_per_mwh"].to_list() == [55.35] * 4 + [44.22] * 88 + [-3.0] * 4
    assert rows["fill_method"].null_count() == 3


def test_a_point_that_curve_a01_leaves_out_is_a_finding_and_no_price(desk: Desk) -> None:
    points = {n: 10.0 for n in range(1, 25) if n != 7}
    body = native.entsoe([native.period(EVE, 60, points)]).replace("A03", "A01")
    batches = list(entsoe.parse(desk.listing(desk.land("a.xml", body))))
    assert prices(batches).height == 23
    assert findings(batches) == [("interval without price", "04:00 UTC has no price")]


def test_of_several_auctions_of_an_interval_the_coupled_one_counts(desk: Desk) -> None:
    """DE-LU: position 1 is the coupled auction, position 2 EXAA; some days carry position 2 alone."""
    tag = "classificationSequence_AttributeInstanceComponent.position"
    german = entsoe.ZONES["DE-LU"]
    first = native.entsoe([native.period(EVE, 60)], zone=german, series=f"<{tag}>1</{tag}>")
    exaa = native.entsoe([native.period(EVE, 15, {1: 999.0})], zone=german, series=f"<{tag}>2</{tag}>")
    only = native.entsoe([native.period(SWITCH, 15)], zone=german, series=f"<{tag}>2</{tag}>")
    inner = [text.split("<type>A44</type>")[1].split("</Publication")[0] for text in (exaa, only)]
    body = first.replace("</Publication", "".join(inner) + "</Publication")
    rows = prices(entsoe.parse(desk.listing(desk.land("a.xml", body))))
    assert rows["price_eur_per_mwh"].max() < 999  # type: ignore[operator]
    assert rows.group_by("resolution_minutes").len().sort("resolution_minutes").rows() == [(15, 96), (60, 24)]
    alone = rows.filter(pl.col("resolution_minutes") == 15)["note"].unique().to_list()
    assert alone == ["auction 2 only: no series of position 1 has this interval"]


def test_an_acknowledgement_without_data_is_no_row_and_any_other_an_error(desk: Desk) -> None:
    text = "<Acknowledgement_MarketDocument><Reason><code>999</code><text>{}</text></Reason></Acknowledgement_MarketDocument>"
    none = desk.land("a.xml", text.format("No matching data found for Data item Day-ahead Prices"))
    assert list(entsoe.parse(desk.listing(none))) == []
    bad = desk.land("b.xml", text.format("Delivered time interval is not valid"))
    with pytest.raises(InputError, match="999 Delivered time interval is not valid"):
        list(entsoe.parse(desk.listing(bad)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("MWH", "KWH", "are in EUR/KWH, not in EUR/MWH"),
        ("10Y1001A1001A46L", "10YXX", "10YXX is none of the known bidding zones"),
        ("PT60M", "P1D", "resolution P1D is not known"),
        ('encoding="utf-8"?>', 'encoding="utf-8"?><!DOCTYPE a [<!ENTITY b "c">]>', "DOCTYPE"),
        ("<position>24<", "<position>26<", "a period of 24 intervals has points"),
    ],
)
def test_what_is_not_as_expected_is_refused_with_a_reason(
    desk: Desk, old: str, new: str, message: str
) -> None:
    body = native.entsoe([native.period(EVE, 60)]).replace(old, new)
    with pytest.raises(InputError, match=message):
        list(entsoe.parse(desk.listing(desk.land("a.xml", body))))


def source(publisher: str, url: str, **parameters: Any) -> Source:
    return Source(
        id="a-source", publisher=publisher, covers="x", cadence="daily", licence="x", stale_after_days=3, url=url,
        parameters=parameters,
    )  # fmt: skip


def test_requests_are_market_days_in_utc_and_at_most_a_year(desk: Desk) -> None:
    asked = entsoe.start(
        source("entsoe", "https://e/api", first="2024-03-31", last="2025-04-01", zones=["SE3"]), None
    )
    assert [("20240330" in r.url, r.credential) for r in asked] == [(True, "token"), (False, "token")]
    assert "periodStart=202403302300&periodEnd=202503302200" in asked[0].url
    assert "periodStart=202503302200&periodEnd=202504012200" in asked[1].url


# Energi Data Service


def test_both_data_sets_are_asked_for_and_stitched_without_overlap(desk: Desk) -> None:
    asked = energi_data_service.start(
        source("eds", "https://e/dataset", first="2025-09-30", last="2025-10-01"), None
    )
    assert [r.name for r in asked] == ["Elspotprices_2025-09-30.json", "DayAheadPrices_2025-10-01.json"]
    # each data set also holds the other's first hour: it is taken once
    old = desk.land("o.json", native.eds("Elspotprices", [EVE, SWITCH]))
    new = desk.land("n.json", native.eds("DayAheadPrices", [EVE, SWITCH]))
    rows = prices(energi_data_service.parse(desk.listing(old, new)))
    assert rows.height == 24 + 96
    assert rows["zone"].unique().to_list() == ["DK1"], "the system price is of no zone"
    assert rows["fx_units_per_eur"].round(2).unique().to_list() == [7.46]


def test_the_csv_download_has_semicolons_and_decimal_commas(desk: Desk) -> None:
    text = (
        "HourUTC;HourDK;PriceArea;SpotPriceDKK;SpotPriceEUR\n"
        "2024-10-28 23:00:00;2024-10-29 00:00:00;DE;755,820007;101,339996\n"
        "2024-10-28 22:00:00;2024-10-28 23:00:00;NO2;;47,419998\n"
        "2024-10-28 21:00:00;2024-10-28 22:00:00;NO2;353,459991;\n"
    )
    batches = list(energi_data_service.parse(desk.listing(desk.land("a.csv", text, "text/csv"))))
    rows = prices(batches)
    assert rows.select("zone", "price_eur_per_mwh").rows() == [("DE-LU", 101.339996), ("NO2", 47.419998)]
    assert rows["fx_units_per_eur"].is_null().to_list() == [False, True]
    assert findings(batches) == [("interval without price", "21:00 UTC has no price")]


def test_an_answer_cut_short_is_refused(desk: Desk) -> None:
    answer = native.eds("DayAheadPrices", [SWITCH]) | {"total": 500}
    with pytest.raises(InputError, match="192 of 500 records"):
        list(energi_data_service.parse(desk.listing(desk.land("a.json", answer))))


# elprisetjustnu and hvakosterstrommen


def test_prices_per_kwh_become_prices_per_mwh_with_the_rate_of_the_file(desk: Desk) -> None:
    document = desk.land(f"{EVE}_SE3.json", native.per_kwh(EVE, 60))
    row = prices(elprisetjustnu.parse(desk.listing(document))).row(0, named=True)
    assert (row["price_eur_per_mwh"], row["native_currency"], row["fx_units_per_eur"]) == (10.0, "SEK", 11.0)
    assert row["source"].startswith("Elpriser tillhandahålls av")


def test_two_currencies_that_do_not_fit_are_noticed(desk: Desk) -> None:
    file = native.per_kwh(EVE, 60)
    file[3]["SEK_per_kWh"] = 0.25
    batches = list(elprisetjustnu.parse(desk.listing(desk.land(f"{EVE}_SE3.json", file))))
    assert findings(batches) == [("currencies do not fit", "0.25 SEK/kWh is not 0.01003 EUR/kWh at 11")]


def test_a_day_is_asked_for_by_year_month_and_day() -> None:
    asked = hvakosterstrommen.start(
        source("x", "https://h/api/v1/prices", first="2025-10-05", last="2025-10-05", zones=["NO4"]), None
    )
    assert [r.url for r in asked] == ["https://h/api/v1/prices/2025/10-05_NO4.json"]


# energy-charts


def test_the_licence_of_the_zone_is_kept_with_its_rows(desk: Desk) -> None:
    free = desk.land("SE4_2025-09-30.json", native.energy_charts([(EVE, 60)]))
    private = desk.land(
        "SE2_2025-09-30.json", native.energy_charts([(EVE, 60)], "for private and internal use only")
    )
    rows = prices(energy_charts.parse(desk.listing(free, private)))
    licences = dict(rows.select("zone", "licence").unique().iter_rows())
    assert licences["SE2"] == "for private and internal use only"
    assert licences["SE4"].startswith("CC BY 4.0")


def test_gaps_and_missing_prices_are_found_and_not_bridged(desk: Desk) -> None:
    answer = native.energy_charts([(EVE, 60)])
    del answer["unix_seconds"][5], answer["price"][5]
    answer["price"][10] = None
    batches = list(energy_charts.parse(desk.listing(desk.land("SE4_x.json", answer))))
    assert prices(batches)["resolution_minutes"].unique().to_list() == [60]
    assert prices(batches).height == 22
    assert sorted(kind for kind, _ in findings(batches)) == ["gap", "interval without price"]


def test_another_unit_is_refused(desk: Desk) -> None:
    document = desk.land("SE4_x.json", native.energy_charts([(EVE, 60)]) | {"unit": "ct / kWh"})
    with pytest.raises(InputError, match="ct/kWh, not in EUR/MWh"):
        list(energy_charts.parse(desk.listing(document)))


# Nord Pool


def test_of_a_day_published_twice_the_highest_version_counts_whatever_the_order(desk: Desk) -> None:
    old, new = native.nord_pool(EVE, 60, version=2), native.nord_pool(EVE, 60, version=3)
    new["multiAreaEntries"][0]["entryPerArea"]["SE3"] = 77.0
    for names in (("a", "b"), ("b", "a")):
        listing = desk.listing(
            *sorted((desk.land(names[0], new), desk.land(names[1], old)), key=lambda d: d.name)
        )
        rows = prices(nord_pool.parse(listing))
        assert rows.height == 24
        assert rows.row(0, named=True)["price_eur_per_mwh"] == 77.0
        assert rows["revision"].unique().to_list() == [3]


def test_kronor_are_divided_by_the_rate_of_the_file(desk: Desk) -> None:
    file = native.nord_pool(EVE, 60, currency="SEK", rate=11.5)
    row = prices(nord_pool.parse(desk.listing(desk.land("a.json", file)))).row(0, named=True)
    assert row["price_eur_per_mwh"] == pytest.approx(10.0)
    assert (row["native_currency"], row["fx_units_per_eur"]) == ("SEK", 11.5)


def test_a_day_that_does_not_average_to_its_stated_mean_is_noticed(desk: Desk) -> None:
    batches = list(nord_pool.parse(desk.listing(desk.land("a.json", native.nord_pool(EVE, 60, mean=12.5)))))
    assert findings(batches) == [
        (
            "day does not average to its stated mean",
            "the intervals average 10.12 EUR/MWh, the document says 12.5",
        )
    ]


def test_before_publication_there_is_nothing(desk: Desk) -> None:
    file = native.nord_pool(EVE, 60, version=0) | {"multiAreaEntries": []}
    assert list(nord_pool.parse(desk.listing(desk.land("a.json", file)))) == []


def test_preliminary_areas_are_left_out(desk: Desk) -> None:
    file = native.nord_pool(EVE, 60)
    for entry in file["multiAreaEntries"]:
        entry["entryPerArea"]["SE4"] = 20.0
    file["deliveryAreas"] = ["SE3", "SE4"]
    batches = list(nord_pool.parse(desk.listing(desk.land("a.json", file))))
    assert prices(batches)["zone"].unique().to_list() == ["SE3"]
    assert [kind for kind, _ in findings(batches)] == ["not final"]


# Ember


def ember_archive(day: dt.date) -> bytes:
    """The archive with a market day of three countries."""
    head = "Country,ISO3 Code,Datetime (UTC),Datetime (Local),Price (EUR/MWhe)\n"
    lines = [
        f"{name},{code},{at:%Y-%m-%d %H:%M:%S},{at:%Y-%m-%d %H:%M:%S},{price}\n"
        for name, code in (("Sweden", "SWE"), ("Germany", "DEU"), ("Ireland", "IRL"))
        for at, price in native.steps(day, 60)
    ]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("european/all_countries.csv", head + "".join(lines))
    return packed.getvalue()


@pytest.mark.parametrize("day", sorted(HOURS))
def test_only_countries_that_are_one_zone_are_taken_with_every_hour_of_the_day(
    desk: Desk, day: dt.date
) -> None:
    document = desk.land("hourly.zip", ember_archive(day), "application/zip", licence="CC BY 4.0")
    batches = list(ember.parse(desk.listing(document)))
    rows = prices(batches)
    assert rows.group_by("zone").len().sort("zone").rows() == [("DE-LU", HOURS[day]), ("IE-SEM", HOURS[day])]
    german = rows.filter(pl.col("zone") == "DE-LU").select("start_utc", "price_eur_per_mwh")
    assert german.rows() == native.steps(day, 60)
    assert [kind for kind, _ in findings(batches)] == ["fall-back day"] * (day in AUTUMNS)


def test_an_archive_cut_short_is_refused_by_name(desk: Desk) -> None:
    whole = ember_archive(AUTUMNS[0])
    document = desk.land("hourly.zip", whole[: len(whole) // 2], "application/zip")
    with pytest.raises(InputError, match=r"hourly\.zip: the document is not a whole zip archive"):
        list(ember.parse(desk.listing(document)))


# All of them


@pytest.mark.parametrize("publisher", PUBLISHERS)
def test_a_document_of_another_form_is_refused_by_name(desk: Desk, publisher: str) -> None:
    parse, _ = PUBLISHERS[publisher]
    for body in ("<html>maintenance</html>", "{}", "", "[1]"):
        document = desk.land(f"{EVE}_NO1.json" if publisher == "hvakosterstrommen" else "SE3_SE3.json", body)
        with pytest.raises(InputError, match=document.name):
            list(parse(desk.listing(document)))
