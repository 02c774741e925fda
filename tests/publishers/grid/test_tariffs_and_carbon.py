"""Grid tariffs, carbon and industrial prices: what rows can say, and what is left out with a reason."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brytpunkt.errors import InputError
from brytpunkt.publishers.carbon import eds_carbon
from brytpunkt.publishers.electricity import eurostat
from brytpunkt.publishers.grid import eltariff, fri_nettleie
from tests.publishers.electricity.documents import Desk, findings

BOTH_AREAS = {"DK1": 100.0, "DK2": 50.0}
YEAR = {"fromIncluding": "2026-01-01", "toExcluding": "2027-01-01"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def component(name: str, price: float, **more: Any) -> dict[str, Any]:
    """A component of the Eltariff-API."""
    return {
        "id": "0c1d",
        "name": name,
        "type": "fixed",
        "reference": "main",
        "validPeriod": YEAR,
        "price": {"priceExVat": price, "priceIncVat": price * 1.25, "currency": "SEK"},
        "recurringPeriods": [],
    } | more


def window(begins: str, ends: str, *days: str) -> list[dict[str, Any]]:
    """A recurring period of every day."""
    active = {
        "fromIncluding": begins,
        "toExcluding": ends,
        "calendarPatternReferences": {"include": list(days), "exclude": []},
    }
    return [{"reference": "high", "frequency": "P1D", "activePeriods": [active]}]


def peak(function: str = "peak(main)", duration: str = "PT1H", count: int = 1) -> dict[str, Any]:
    """How a power component finds its peak."""
    return {
        "type": "peak",
        "unit": "kW",
        "url": None,
        "peakIdentificationSettings": {
            "peakFunction": function,
            "peakIdentificationPeriod": "P1M",
            "peakDuration": duration,
            "numberOfPeaksForAverageCalculation": count,
        },
    }


def tariff(name: str, power: dict[str, Any]) -> dict[str, Any]:
    """A tariff with a yearly fee, energy with a tax beside it, and one power component."""
    energy = {"unit": "kWh", "spotPriceSettings": None}
    return {
        "id": "5f3a",
        "name": name,
        "companyName": "Nätbolaget AB",
        "direction": "consumption",
        "billingPeriod": "P1M",
        "validPeriod": YEAR,
        "timeZone": "Europe/Stockholm",
        "lastUpdated": "2026-01-01T00:00:00",
        "product": "natbolaget.63",
        "fixedPrice": {
            "name": "Fast",
            "costFunction": "sum(price(c))",
            "components": [component("Abonnemang", 100, pricedPeriod="P1M")],
        },
        "energyPrice": {
            "name": "Energi",
            "costFunction": "sum(energy(c)*price(c))",
            "components": [
                component("Överföring", 0.2, **energy),
                component("Energiskatt", 0.36, reference="tax", **energy),
            ],
        },
        "powerPrice": {"name": "Effekt", "costFunction": "sum(peak(c)*price(c))", "components": [power]},
    }


def test_a_tariff_of_the_standard_becomes_rows_without_vat_and_tax(desk: Desk) -> None:
    power = component(
        "Effekt", 20, **peak(count=5), recurringPeriods=window("06:00:00", "22:00:00", "weekdays")
    )
    document = desk.land("nat.json", {"tariffs": [tariff("63A", power)]})
    [batch] = eltariff.parse(desk.listing(document))
    assert batch.table == "grid_tariffs"
    wanted = ["element", "charge", "value_native", "unit", "days", "hours", "valid_to"]
    assert batch.frame.select(wanted).rows() == [
        ("Abonnemang", "fixed", Decimal(1200), "per_year", "", "", dt.date(2027, 1, 1)),
        ("Effekt", "peak_month", Decimal(240), "per_kw_year", "weekday", "6-22", dt.date(2027, 1, 1)),
        ("Överföring", "energy", Decimal("0.2"), "per_kwh", "", "", dt.date(2027, 1, 1)),
    ]
    assert "mean of the 5 highest peaks" in batch.frame["note"][1]


@pytest.mark.parametrize(
    ("power", "why"),
    [
        (
            component("Effekt", 1, **peak("max(avg(high) - 4, 0)", "PT15M")),
            r"charged on max\(avg\(high\) - 4, 0\) over PT15M",
        ),
        (
            component("Effekt", 1, **peak(), recurringPeriods=window("07:45:00", "11:15:00", "weekdays")),
            "not on the hour",
        ),
        (
            component("Effekt", 1, **peak(), recurringPeriods=window("06:00:00", "22:00:00", "holidays")),
            "holds on holidays",
        ),
        (component("Effekt", -1, **peak()), "is negative"),
    ],
)
def test_a_tariff_that_rows_cannot_say_is_left_out_whole_with_the_reason(
    desk: Desk, power: Any, why: str
) -> None:
    batches = list(eltariff.parse(desk.listing(desk.land("nat.json", {"tariffs": [tariff("63A", power)]}))))
    assert [batch.table for batch in batches] == ["series_findings"]
    [(kind, detail)] = findings(batches)
    assert kind == "tariff left out"
    assert re.search(why, detail)


def changed(**changes: Any) -> dict[str, Any]:
    """A good tariff with other fields."""
    return tariff("80A", component("Effekt", 15, **peak())) | changes


def fixed(**changes: Any) -> dict[str, Any]:
    """A yearly fee as one price, without components."""
    return {
        "name": "Abonnemang",
        "validPeriod": YEAR,
        "price": {"priceExVat": 412, "priceIncVat": 515, "currency": "SEK"},
        "pricedPeriod": "P1M",
    } | changes


def test_a_price_object_without_components_is_a_price(desk: Desk) -> None:
    """412 SEK a month are 4,944 a year."""
    document = desk.land("nat.json", {"tariffs": [changed(fixedPrice=fixed())]})
    batches = list(eltariff.parse(listing := desk.listing(document)))
    rows = next(batch.frame for batch in batches if batch.table == "grid_tariffs")
    fee = rows.filter(rows["element"] == "Abonnemang")
    assert fee.select("value_native", "unit", "native_currency").rows() == [
        (Decimal(4944), "per_year", "SEK")
    ]
    account = listing.accounts.of("nat.json")
    assert (account.rows, account.taken, account.left_out) == (
        4,
        3,
        {"a tax: taxes are facts of their own": 1},
    )
    euros = fixed(price={"priceExVat": 40, "priceIncVat": 50, "currency": "EUR"})
    batches = list(
        eltariff.parse(desk.listing(desk.land("b.json", {"tariffs": [changed(fixedPrice=euros)]})))
    )
    assert "EUR" in batches[0].frame["native_currency"].to_list()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"fixedPrice": {"name": "Fast"}}, "fixedPrice has neither a price nor components"),
        ({"fixedPrice": fixed(pricedPeriod="P1W")}, "is priced every P1W"),
        ({"fixedPrice": fixed(price={"priceExVat": 4, "priceIncVat": 5})}, "a currency that is not stated"),
        ({"fixedPrice": fixed(price={"priceExVat": 4, "priceIncVat": 5, "currency": "CZK"})}, "priced in CZK"),
        ({"fixedPrice": fixed(price={"priceExVat": 5, "priceIncVat": 4, "currency": "SEK"})}, "5 without and 4 with VAT"),
        ({"reactivePrice": fixed()}, "a price that is not known: reactivePrice"),
        ({"direction": None}, "its direction is not stated"),
        ({"billingPeriod": None}, "is billed every period that is not stated"),
        ({"powerPrice": {"components": [component("Effekt", 15, **peak() | {"unit": "kVAr"})]}}, "priced by kVAr"),
        ({"powerPrice": {"components": [component("Effekt", 15, **peak() | {"type": "dynamic"})]}}, "of the type dynamic"),
        ({"energyPrice": {"costFunction": "max(price(c))", "components": [component("E", 0.1)]}}, r"computed by max\(price"),
        ({"timeZone": "UTC", "energyPrice": {"components": [component("E", 0.1, recurringPeriods=window("07:00:00", "19:00:00", "weekdays"))]}}, "in the time zone UTC"),
        ({"validPeriod": {"fromIncluding": "2027-01-01"}}, "does not hold within the tariff's own period"),
    ],
)  # fmt: skip
def test_a_price_whose_meaning_is_not_known_leaves_its_tariff_out_and_keeps_the_last_good_one(
    desk: Desk, change: dict[str, Any], why: str
) -> None:
    good = changed(name="A good one")
    document = desk.land("nat.json", {"tariffs": [good, changed(**change)]})
    batches = list(eltariff.parse(listing := desk.listing(document)))
    [rows] = [batch for batch in batches if batch.table == "grid_tariffs"]
    assert rows.frame["tariff"].unique().to_list() == ["Nätbolaget AB A good one"]
    assert rows.doubtful is not None
    assert rows.doubtful["tariff"].to_list() == ["Nätbolaget AB 80A"]
    said = [detail for kind, detail in findings(batches) if kind == "tariff left out"]
    assert len(said) == 1
    assert re.search(why, said[0])
    account = listing.accounts.of("nat.json")
    assert (account.unaccounted, account.refused) == ([], {})
    assert account.rows == account.taken + sum(account.left_out.values()) + len(account.remarked)


def test_a_company_whose_answer_is_odd_keeps_its_last_good_tariffs(desk: Desk) -> None:
    good, odd = desk.land("a.json", {"tariffs": [changed()]}), desk.land("b.json", "<html>closed</html>")
    batches = list(eltariff.parse(desk.listing(good, odd)))
    [rows] = [batch for batch in batches if batch.table == "grid_tariffs"]
    assert rows.doubtful is not None
    assert rows.doubtful.rows() == [(None, None, None, None)]
    assert findings(batches) == [("document not read", "b.json: the document is a web page, not JSON")]


NETTLEIE = """---
netteier: 'Fjord Nett AS'
gln: ['7080000000000']
sist_oppdatert: '2026-06-05'
tariffer:
  - kundegrupper: [husholdning, fritid]
    fastledd: {metode: TRE_DØGNMAX_MND, terskel_inkludert: true, terskler: [{terskel: 0, pris: 1}]}
    energiledd: {grunnpris: 1}
    gyldig_fra: '2026-01-01'
  - kundegrupper: [liten_næring]
    fastledd:
      metode: TRE_DØGNMAX_MND
      terskel_inkludert: true
      terskler: [{terskel: 0, pris: 1440}, {terskel: 100, pris: 65280}, {terskel: 50, pris: 24960}]
    energiledd:
      grunnpris: 16.99
      unntak:
        - {navn: Virkedag, timer: 6-21, dager: [virkedag], pris: 28.99}
        - {navn: Vinter, måneder: [desember, januar, februar], tillegg: 8}
    gyldig_fra: '2026-07-01'
"""


def test_norwegian_businesses_pay_the_highest_band_and_what_comes_on_top(desk: Desk) -> None:
    [batch] = fri_nettleie.parse(desk.listing(desk.land("fjord.yml", NETTLEIE, "application/yaml")))
    wanted = ["element", "charge", "value_native", "months", "days", "hours"]
    assert batch.frame.select(wanted).rows() == [
        ("energiledd", "energy", Decimal("0.1699"), "", "", ""),
        ("energiledd Vinter", "energy", Decimal("0.08"), "12-2", "", ""),
        ("energiledd Virkedag", "energy", Decimal("0.12"), "", "weekday", "6-22"),
        ("fastledd", "fixed", Decimal(65280), "", "", ""),
    ]
    assert batch.frame["valid_from"].unique().to_list() == [dt.date(2026, 7, 1)]


def test_a_night_discount_that_wraps_is_left_out(desk: Desk) -> None:
    text = NETTLEIE.replace("timer: 6-21", "timer: 22-5")
    batches = list(fri_nettleie.parse(desk.listing(desk.land("fjord.yml", text))))
    assert findings(batches) == [("tariff left out", "Virkedag holds at the hours 22-5")]


def co2(year: int, steps: int, areas: Mapping[str, float] = BOTH_AREAS) -> dict[str, Any]:
    """An answer of CO2Emis; by default DK1 at 100, DK2 at 50 g/kWh."""
    begin = dt.datetime(year, 1, 1, tzinfo=dt.UTC)
    records = [
        {
            "Minutes5UTC": f"{begin + n * dt.timedelta(minutes=5):%Y-%m-%dT%H:%M:%S}",
            "PriceArea": area,
            "CO2Emission": value,
        }
        for n in range(steps)
        for area, value in areas.items()
    ]
    return {"total": len(records), "dataset": "CO2Emis", "records": records}


def test_a_whole_year_of_emissions_is_a_row_and_a_part_is_none(desk: Desk) -> None:
    whole, part = (
        desk.land("co2_2025.json", co2(2025, 365 * 288)),
        desk.land("co2_2024.json", co2(2024, 1000)),
    )
    batches = list(eds_carbon.parse(desk.listing(whole, part)))
    assert {kind for kind, _ in findings(batches)} == {"year left out"}
    [batch] = [batch for batch in batches if batch.table == "carbon_intensity"]
    assert batch.frame.select("zone", "year", "basis", "scope", "g_per_kwh").rows() == [
        ("DK1", 2025, "consumption", "direct", 100.0),
        ("DK2", 2025, "consumption", "direct", 50.0),
    ]


def stat(**changes: Any) -> dict[str, Any]:
    """A JSON-stat data set of two countries and two half-years, one value of four absent."""
    dimensions = {
        "freq": ["S"],
        "nrg_cons": ["MWH20000-69999"],
        "unit": ["KWH"],
        "tax": ["X_TAX"],
        "currency": ["EUR"],
        "geo": ["SE", "NO"],
        "time": ["2025-S1", "2025-S2"],
    }
    return {
        "version": "2.0",
        "class": "dataset",
        "id": list(dimensions),
        "size": [len(codes) for codes in dimensions.values()],
        "dimension": {
            name: {"category": {"index": {code: n for n, code in enumerate(codes)}}}
            for name, codes in dimensions.items()
        },
        "value": {"0": 0.09, "1": 0.1, "3": 0.07},
    } | changes


def test_sparse_values_find_their_cells(desk: Desk) -> None:
    [batch] = eurostat.parse(desk.listing(desk.land("nrg_pc_205.json", stat())))
    assert batch.frame.select("country", "day", "tax", "eur_per_kwh").rows() == [
        ("SE", dt.date(2025, 1, 1), "X_TAX", 0.09),
        ("SE", dt.date(2025, 7, 1), "X_TAX", 0.1),
        ("NO", dt.date(2025, 7, 1), "X_TAX", 0.07),
    ]


def test_the_first_difference_of_an_unconfirmed_format_is_an_error(desk: Desk) -> None:
    with pytest.raises(InputError, match="do not have the sizes"):
        list(eurostat.parse(desk.listing(desk.land("a.json", stat(size=[1, 1, 1, 1, 1, 3, 2])))))
    answer = stat()
    answer["dimension"]["unit"]["category"]["index"] = {"MWH": 0}
    with pytest.raises(InputError, match="unit is MWH, not KWH"):
        list(eurostat.parse(desk.listing(desk.land("b.json", answer))))
