"""Weather publishers and the climate made of their hours: each format's traps, wet bulb, and series that are not hourly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from brytpunkt.errors import InputError
from brytpunkt.publishers._shared.protocol import Batch
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers.weather import epw, fmi, frost, open_meteo, smhi
from brytpunkt.series import weather
from tests.publishers.electricity.documents import Desk, findings

HOUR = dt.timedelta(hours=1)
START = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def source(url: str, **parameters: Any) -> Source:
    return Source(
        id="a-source", publisher="x", covers="x", cadence="daily", licence="x", stale_after_days=3, url=url,
        parameters=parameters,
    )  # fmt: skip


def hours(batches: Iterable[Batch]) -> pl.DataFrame:
    return pl.concat(b.frame for b in batches if b.table == "weather_hours")


# Open-Meteo


def meteo(count: int = 48, **changes: Any) -> dict[str, Any]:
    """An answer of the archive; by night 2 degC, by day 12."""
    times = [START + n * HOUR for n in range(count)]
    answer: dict[str, Any] = {
        "latitude": 65.6,
        "longitude": 22.1,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "hourly_units": {
            "time": "iso8601",
            "temperature_2m": "°C",
            "relative_humidity_2m": "%",
            "wet_bulb_temperature_2m": "°C",
            "surface_pressure": "hPa",
        },
        "hourly": {
            "time": [f"{at:%Y-%m-%dT%H:%M}" for at in times],
            "temperature_2m": [12.0 if 8 <= at.hour < 20 else 2.0 for at in times],
            "relative_humidity_2m": [80] * count,
            "wet_bulb_temperature_2m": [1.0] * count,
            "surface_pressure": [1000.0] * count,
        },
    }
    return answer | changes


def test_the_archive_is_taken_in_gmt_with_its_own_wet_bulb(desk: Desk) -> None:
    rows = hours(open_meteo.parse(desk.listing(desk.land("lulea_2025.json", meteo(), licence="CC BY 4.0"))))
    row = rows.row(9, named=True)
    assert (row["place"], row["start_utc"].hour, row["dry_bulb_c"], row["wet_bulb_c"]) == (
        "lulea",
        9,
        12.0,
        1.0,
    )
    assert (row["wet_bulb_method"], row["pressure_pa"], row["relative_humidity"]) == (
        "published",
        100_000.0,
        0.8,
    )


def test_a_series_in_local_time_is_refused(desk: Desk) -> None:
    answer = meteo(timezone="Europe/Berlin", utc_offset_seconds=3600)
    with pytest.raises(InputError, match="Ask for timezone=GMT"):
        list(open_meteo.parse(desk.listing(desk.land("lulea_2025.json", answer))))
    asked = open_meteo.start(
        source("https://o/archive", first="2024-12-30", last="2025-01-02", places={"lulea": [65.6, 22.1]}),
        None,
    )
    assert [r.name for r in asked] == ["lulea_2024.json", "lulea_2025.json"]
    assert all("timezone=GMT" in r.url for r in asked)
    assert "start_date=2024-12-30&end_date=2024-12-31" in asked[0].url


def test_fahrenheit_is_refused(desk: Desk) -> None:
    answer = meteo()
    answer["hourly_units"]["temperature_2m"] = "°F"
    with pytest.raises(InputError, match="temperature_2m is in °F, not in °C"):
        list(open_meteo.parse(desk.listing(desk.land("lulea_2025.json", answer))))


def test_without_a_published_wet_bulb_it_is_computed(desk: Desk) -> None:
    answer = meteo(24)
    del answer["hourly"]["wet_bulb_temperature_2m"]
    row = hours(open_meteo.parse(desk.listing(desk.land("lulea_2025.json", answer)))).row(12, named=True)
    # 12 degC at 80 % and 1000 hPa: 10.2 degC on a psychrometric chart
    assert row["wet_bulb_c"] == pytest.approx(10.2, abs=0.1)
    assert row["wet_bulb_method"] == weather.COMPUTED


# SMHI


def metobs(name: str, rows: list[tuple[str, str, float, str]], station: str = "1") -> str:
    """A file of metobs with its BOM, its blocks of metadata, and notes beside the first readings."""
    notes = [
        "Kvalitetskontrollerade historiska data (utom de senaste 3 mån)",
        "Tidsperiod (fr.o.m.) = 2025-01-01",
    ]
    lines = [
        f"{day};{hour};{value};{quality};;{notes[n] if n < len(notes) else ''}"
        for n, (day, hour, value, quality) in enumerate(rows)
    ]
    return "\n".join(
        [
            "\ufeffStationsnamn;Stationsnummer;Stationsnät;Mäthöjd (meter över marken)",
            f"Akalla;{station};Övriga stationer;2.0",
            "",
            "Parameternamn;Beskrivning;Enhet",
            f"{name};momentanvärde, 1 gång/tim;{'celsius' if name == 'Lufttemperatur' else 'procent'}",
            "",
            "Tidsperiod (fr.o.m);Tidsperiod (t.o.m);Höjd (meter över havet);Latitud (decimalgrader);Longitud (decimalgrader)",
            "2013-01-01 00:00:00;2013-04-30 23:59:59;23.0;59.5000;17.8000",
            "",
            f"Datum;Tid (UTC);{name};Kvalitet;;Tidsutsnitt:",
            *lines,
        ]
    )


def test_readings_follow_the_blocks_and_humidity_joins_by_hour(desk: Desk) -> None:
    times = [("2025-01-01", f"{h:02}:00:00") for h in range(24)]
    dry = metobs("Lufttemperatur", [(*t, 5.0 + n, "Y") for n, t in enumerate(times)])
    damp = metobs("Relativ Luftfuktighet", [(*t, 90.0, "G") for t in times[:12]])
    again = metobs(
        "Lufttemperatur", [("2025-01-01", "23:00:00", 1.0, "G"), ("2025-01-02", "00:00:00", 9.0, "X")]
    )
    listing = desk.listing(
        desk.land("falun_1_corrected-archive.csv", dry, "text/csv"),
        desk.land("falun_1_latest-months.csv", again, "text/csv"),
        desk.land("falun_6_corrected-archive.csv", damp, "text/csv"),
    )
    rows = hours(smhi.parse(listing))
    assert rows.height == 24, "a reading that failed control is none"
    assert rows["dry_bulb_c"].to_list() == [5.0 + n for n in range(23)] + [1.0]
    assert rows["wet_bulb_c"].null_count() == 12
    assert rows["wet_bulb_method"][0] == weather.COMPUTED_STANDARD


def test_a_station_that_reads_at_06_and_18_is_noticed_and_makes_no_climate(desk: Desk) -> None:
    rows = [
        (f"{dt.date(2025, 1, 1) + dt.timedelta(days=n)}", hour, 3.0, "G")
        for n in range(365)
        for hour in ("06:00:00", "18:00:00")
    ]
    document = desk.land("falun_1_corrected-archive.csv", metobs("Lufttemperatur", rows), "text/csv")
    batches = list(smhi.parse(desk.listing(document)))
    assert hours(batches).height == 730
    assert findings(batches) == [("not hourly", "2025: readings at 06, 18 UTC only")]
    assert weather.hourly_only(hours(batches)).is_empty()


def test_less_than_a_week_is_not_judged(desk: Desk) -> None:
    """The newest days of a station: two whole ones and the morning of a third."""
    answer = meteo(60)
    batches = list(open_meteo.parse(desk.listing(desk.land("lulea_2025.json", answer))))
    assert [batch.table for batch in batches] == ["weather_hours"]
    week = hours(open_meteo.parse(desk.listing(desk.land("lulea_2025.json", meteo(7 * 24)))))
    odd = weather.weather_findings(week.filter(pl.col("start_utc").dt.hour().is_in([6, 18, 23])))
    assert odd["detail"].to_list() == ["2025: readings at 06, 18, 23 UTC only"]


def test_a_file_without_the_header_is_refused(desk: Desk) -> None:
    with pytest.raises(InputError, match=r"no line that begins with Datum;Tid"):
        list(smhi.parse(desk.listing(desk.land("falun_1.csv", "a;b\n1;2\n", "text/csv"))))


# Frost


HOURLY = {
    "level": {"levelType": "height_above_ground", "unit": "m", "value": 2},
    "timeOffset": "PT0H",
    "timeResolution": "PT1H",
    "timeSeriesId": 0,
}


def frost_page(first: int, count: int, following: str | None = None) -> dict[str, Any]:
    """A page of observations in the form of frost.met.no."""
    return {
        "@type": "ObservationResponse",
        "apiVersion": "v0",
        "data": [
            {
                "sourceId": "SN18700:0",
                "referenceTime": f"{START + n * HOUR:%Y-%m-%dT%H:%M:%S.000Z}",
                "observations": [
                    {"elementId": "air_temperature", "value": n, "unit": "degC", "qualityCode": 0} | HOURLY,
                    {
                        "elementId": "relative_humidity",
                        "value": 58,
                        "unit": "percent",
                        "qualityCode": 5 if n == 3 else 0,
                    }
                    | HOURLY,
                ],
            }
            for n in range(first, first + count)
        ],
    } | ({"nextLink": following} if following else {})


def test_pages_are_walked_and_rejected_values_left_out(desk: Desk) -> None:
    asked = frost.start(
        source("https://f/v0.jsonld", first="2025-01-01", last="2025-02-01", stations={"oslo": "SN18700"}),
        None,
    )
    assert (asked[0].credential, asked[0].headers) == ("client", {"Authorization": "Basic {credential}"})
    assert "relative_humidity" in asked[0].url
    one = desk.land("oslo_2025.json", frost_page(0, 12, "https://f/v0.jsonld?offset=12"))
    [next_page] = frost.following(source("https://f"), one)
    assert (next_page.name, next_page.url) == ("oslo_2025+1.json", "https://f/v0.jsonld?offset=12")
    two = desk.land(next_page.name, frost_page(12, 12))
    assert list(frost.following(source("https://f"), two)) == []
    rows = hours(frost.parse(desk.listing(one, two)))
    assert rows["dry_bulb_c"].to_list() == [float(n) for n in range(24)]
    assert rows["relative_humidity"].null_count() == 1


# FMI


def fmi_answer(values: Mapping[dt.datetime, Mapping[str, float | None]]) -> str:
    """A collection in the simple feature form: parameters of each hour, None as NaN."""
    members = "".join(
        "<wfs:member><BsWfs:BsWfsElement><BsWfs:Location/>"
        f"<BsWfs:Time>{at:%Y-%m-%dT%H:%M:%SZ}</BsWfs:Time><BsWfs:ParameterName>{name}</BsWfs:ParameterName>"
        f"<BsWfs:ParameterValue>{'NaN' if value is None else value}</BsWfs:ParameterValue>"
        "</BsWfs:BsWfsElement></wfs:member>"
        for at, parameters in values.items()
        for name, value in parameters.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" '
        f'xmlns:BsWfs="http://xml.fmi.fi/schema/wfs/2.0">{members}</wfs:FeatureCollection>'
    )


def test_fmi_members_become_hours_and_nan_is_no_value(desk: Desk) -> None:
    body = fmi_answer(
        {START + n * HOUR: {"t2m": float(n), "rh": None if n == 5 else 75.0} for n in range(24)}
    )
    rows = hours(fmi.parse(desk.listing(desk.land("helsinki_2025-01-01.xml", body, "application/xml"))))
    assert rows.height == 24
    assert rows["wet_bulb_c"].is_null().to_list() == [n == 5 for n in range(24)]
    error = "<ExceptionReport><Exception><ExceptionText>Too long time interval</ExceptionText></Exception></ExceptionReport>"
    with pytest.raises(InputError, match="Too long time interval"):
        list(fmi.parse(desk.listing(desk.land("helsinki_x.xml", error))))
    asked = fmi.start(
        source("https://fmi/wfs", first="2025-01-01", last="2025-01-08", stations={"helsinki": 100971}), None
    )
    assert "endtime=2025-01-07T23%3A00%3A00Z" in asked[0].url
    assert "starttime=2025-01-08T00%3A00%3A00Z" in asked[1].url, "168 hours a request"


# EPW


def epw_file(offset: float = -5.0, lines: int = 8760) -> str:
    """A typical year whose months come from several years; dry bulb is the month."""
    head = [
        f"LOCATION,Leesburg,VA,USA,SRC-TMYx,724055,39.07,-77.55,{offset},119.0",
        "DESIGN CONDITIONS,0",
        "TYPICAL/EXTREME PERIODS,0",
        "GROUND TEMPERATURES,0",
        "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0",
        "COMMENTS 1,a typical year",
        "COMMENTS 2,none",
        "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31",
    ]
    begin = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
    rows = []
    for n in range(lines):
        at = begin + n * HOUR
        values = [
            str(2000 + at.month),
            str(at.month),
            str(at.day),
            str(at.hour + 1),
            "0",
            "?9",
            f"{at.month}.0",
            "1.0",
        ]
        rows.append(",".join(values + ["999" if n == 7 else "80", "99846"] + ["0"] * 25))
    return "\n".join(head + rows) + "\n"


def test_epw_hours_are_local_standard_time_without_summer_time(desk: Desk) -> None:
    rows = hours(
        epw.parse(desk.listing(desk.land("ashburn_tmyx.epw", epw_file(), "text/csv", licence="TMYx")))
    )
    assert rows.height == 8760
    july = rows.filter(pl.col("dry_bulb_c") == 7.0)
    assert july["start_utc"].min() == dt.datetime(2001, 7, 1, 5, tzinfo=dt.UTC), (
        "five hours west, also in summer"
    )
    assert rows["start_utc"].dt.year().unique().to_list() == [2001]
    assert rows["relative_humidity"].null_count() == 1
    assert rows["source"][0] == "EPW Leesburg, USA, SRC-TMYx (WMO 724055)"


def test_an_epw_file_cut_short_is_refused(desk: Desk) -> None:
    with pytest.raises(InputError, match="has 8000 hours, not 8760"):
        list(epw.parse(desk.listing(desk.land("ashburn.epw", epw_file(lines=8000), "text/csv"))))


# Climate


def test_a_year_of_hours_becomes_cells_and_bins(desk: Desk) -> None:
    rows = hours(open_meteo.parse(desk.listing(desk.land("lulea_2025.json", meteo(8760)))))
    cells = weather.climate_hours(rows)
    assert cells.height == 288
    noon = cells.filter(pl.col("hour_utc") == 12, pl.col("month_of_year") == 7).row(0, named=True)
    assert (noon["dry_bulb_mean_c"], noon["dry_bulb_p95_c"], noon["wet_bulb_mean_c"]) == (12.0, 12.0, 1.0)
    bins = weather.climate_bins(rows)
    assert bins.select("kind", "bin_low_c", "hours_per_year").rows() == [
        ("dry_bulb", 2.0, pytest.approx(4380)),
        ("dry_bulb", 12.0, pytest.approx(4380)),
        ("wet_bulb", 1.0, pytest.approx(8760)),
    ]


def test_half_a_year_is_no_climate(desk: Desk) -> None:
    rows = hours(open_meteo.parse(desk.listing(desk.land("lulea_2025.json", meteo(4000)))))
    assert weather.climate_hours(rows).is_empty()
    assert weather.climate_bins(rows).is_empty()
