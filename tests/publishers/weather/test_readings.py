"""Of several readings of an hour the best one counts, and what a document is about is read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from brytpunkt.errors import InputError
from brytpunkt.publishers.weather import frost, open_meteo, smhi
from tests.publishers.electricity.documents import Desk, findings
from tests.publishers.weather.test_weather import HOURLY, frost_page, hours, meteo, metobs, source


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_checked_readings_count_before_unchecked_ones_whatever_the_order_of_files(desk: Desk) -> None:
    noon, one = ("2026-07-14", "12:00:00"), ("2026-07-14", "13:00:00")
    archive = metobs("Lufttemperatur", [(*noon, 17.5, "G"), (*one, 18.0, "Y")])
    latest = metobs("Lufttemperatur", [(*noon, 24.5, "Y"), (*one, 18.4, "G")])
    for names in (("falun_1_a-corrected-archive", "falun_1_z"), ("falun_1_z-corrected-archive", "falun_1_a")):
        documents = [
            desk.land(f"{name}.csv", body, "text/csv")
            for name, body in zip(names, (archive, latest), strict=True)
        ]
        rows = hours(smhi.parse(desk.listing(*sorted(documents, key=lambda one: one.name))))
        assert rows["dry_bulb_c"].to_list() == [17.5, 18.4]


def test_an_unchecked_reading_far_from_those_around_it_is_none(desk: Desk) -> None:
    times = [("2026-07-14", f"{hour:02}:00:00") for hour in range(8)]
    rows = [(*at, 16.0 + n, "Y" if n == 4 else "G") for n, at in enumerate(times)]
    rows[4] = (*times[4], -31.0, "Y")
    listing = desk.listing(
        document := desk.land("falun_1_latest-months.csv", metobs("Lufttemperatur", rows), "text/csv")
    )
    batches = list(smhi.parse(listing))
    assert hours(batches)["dry_bulb_c"].to_list() == [16.0, 17.0, 18.0, 19.0, 21.0, 22.0, 23.0]
    assert findings(batches) == [
        ("unchecked reading far from those around it", "04:00 UTC: -31 degC beside 20; left out")
    ]
    assert listing.accounts.of(document.name).remarked == {
        "line 15": "unchecked reading far from those around it"
    }
    rows[4] = (*times[4], -31.0, "G")
    approved = desk.land("falun_1_latest-months.csv", metobs("Lufttemperatur", rows), "text/csv")
    assert -31.0 in hours(smhi.parse(desk.listing(approved)))["dry_bulb_c"].to_list()


def test_two_values_of_one_hour_are_none(desk: Desk) -> None:
    at = ("2026-07-14", "12:00:00")
    body = metobs(
        "Lufttemperatur", [(*at, 17.5, "G"), (*at, 19.5, "G"), ("2026-07-14", "13:00:00", 18.0, "G")]
    )
    batches = list(smhi.parse(desk.listing(desk.land("falun_1_x.csv", body, "text/csv"))))
    assert hours(batches)["dry_bulb_c"].to_list() == [18.0]
    assert findings(batches) == [
        ("two readings of one hour", "12:00 UTC: 17.5 and 19.5 (dry_bulb_c); left out")
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (";celsius", ";kelvin", "Enhet is kelvin, not celsius"),
        ("momentanvärde, 1 gång/tim", "medelvärde 1 dygn", "Beskrivning is medelvärde 1 dygn"),
        ("Akalla;1;", "Akalla;2;", "the station is 2, not 1"),
        (";Kvalitet;", ";Kod;", "no column Kvalitet"),
    ],
)
def test_what_a_file_of_metobs_is_about_is_read(desk: Desk, old: str, new: str, message: str) -> None:
    body = metobs("Lufttemperatur", [("2026-07-14", "12:00:00", 17.5, "G")]).replace(old, new)
    document = replace(
        desk.land("falun_1_x.csv", body, "text/csv"), url="https://s/station/1/period/x/data.csv"
    )
    with pytest.raises(InputError, match=message):
        list(smhi.parse(desk.listing(document)))


def observation(value: float, **changes: Any) -> dict[str, Any]:
    """One reading of the air two metres above the ground."""
    return (
        {"elementId": "air_temperature", "value": value, "unit": "degC", "qualityCode": 0} | HOURLY | changes
    )


MAST = {"levelType": "height_above_ground", "unit": "m", "value": 10}


@pytest.mark.parametrize("order", [1, -1])
def test_two_metres_count_before_ten_and_the_first_sensor_before_the_second(desk: Desk, order: int) -> None:
    page = frost_page(0, 3)
    readings = [
        [observation(4.5, level=MAST), observation(5.5)],
        [observation(6.5, qualityCode=None), observation(7.5, level=MAST)],
        [observation(8.5, timeSeriesId=1), observation(9.5)],
    ]
    for entry, found in zip(page["data"], readings, strict=True):
        entry["observations"] = found[::order]
    batches = list(frost.parse(desk.listing(desk.land("oslo_2025.json", page))))
    assert hours(batches)["dry_bulb_c"].to_list() == [5.5, 6.5, 9.5]
    [(kind, said)] = findings(batches)
    assert kind == "reading with something not stated"
    assert "2 x air_temperature at 10 m (height_above_ground), counted last" in said
    assert "1 x no qualityCode: taken for unchecked" in said


def test_a_station_without_such_readings_is_a_named_gap_with_the_reason(desk: Desk) -> None:
    asked = frost.start(
        source("https://f/v0.jsonld", first="2025-01-01", last="2025-02-01", stations={"oslo": "SN18700"}),
        None,
    )
    assert asked[0].accepts == (200, 404, 412)
    reason = {
        "code": 412,
        "message": "No available time series",
        "reason": "No time series found for SN90450",
    }
    none = desk.land("tromso_2025.json", {"@type": "ErrorResponse", "error": reason})
    listing = desk.listing(desk.land("oslo_2025.json", frost_page(0, 24)), none)
    batches = list(frost.parse(listing))
    assert hours(batches)["place"].unique().to_list() == ["oslo"]
    assert findings(batches) == [
        ("nothing published", "tromso_2025.json: No available time series; No time series found for SN90450")
    ]
    denied = desk.land("oslo_2025.json", {"error": {"code": 401, "message": "Unauthorized"}})
    with pytest.raises(InputError, match="Frost answered: 401 Unauthorized"):
        list(frost.parse(desk.listing(denied)))


def test_the_reason_of_open_meteo_is_shown_and_another_place_refused(desk: Desk) -> None:
    error = {"error": True, "reason": "Parameter 'start_date' is out of allowed range"}
    with pytest.raises(InputError, match="out of allowed range"):
        list(open_meteo.parse(desk.listing(desk.land("lulea_2025.json", error))))
    document = replace(
        desk.land("lulea_2025.json", meteo(24)), url="https://o/archive?latitude=59.3&longitude=18.1"
    )
    with pytest.raises(InputError, match=r"latitude is 65\.6, not near 59\.3"):
        list(open_meteo.parse(desk.listing(document)))
