"""Sites of the energy, climate, carbon and tariff publishers on loopback, in their native formats, moved or not.

Belongs here: addresses, paging and what is asked for in a query. Documents themselves are in ``tests/publishers/energy``;
sites of prices, and how any site behaves, in ``native.py``.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from brytpunkt.publishers._shared.series_rows import days_between
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers.electricity import entsoe
from brytpunkt.series.market_days import day_start
from tests.live.native import ANSWERS, Body, Site, put_up
from tests.publishers.electricity import documents as native
from tests.publishers.grid.test_tariffs_and_carbon import NETTLEIE, co2, component, peak, stat, tariff
from tests.publishers.weather.test_weather import fmi_answer, frost_page, meteo, metobs

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
NOTHING_YET = (
    '<Acknowledgement_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0">'
    "<Reason><code>999</code><text>No matching data found for Data item Day-ahead Prices</text></Reason>"
    "</Acknowledgement_MarketDocument>"
)
STEPS_OF_A_YEAR = 365 * 288
# Windows as short as they can be while they hold what the format is about; a declaration's own would only be more of it.
NARROWED: Mapping[str, dict[str, Any]] = {
    "eds-carbon": {"days_back": 400},
    "elprisetjustnu": {"days_back": 1},
    "eltariff": {"companies": {"natbolaget": "{root}/nat"}},
    "energi-data-service": {"first": "2025-09-29", "last": "2025-10-02"},
    "energy-charts": {"first": "2026-10-24", "last": "2026-10-25"},
    "entsoe": {"days_back": 0},
    "fmi": {"days_back": 8},
    "frost": {"days_back": 3},
    "hvakosterstrommen": {"days_back": 1},
    "open-meteo": {"days_back": 6},
}


def _asked_days(request: Request, first: str, last: str) -> list[dt.date]:
    """The days that two parameters of a query name, both of them included."""
    begin, end = (dt.date.fromisoformat(request.args[name][:10]) for name in (first, last))
    return list(days_between(begin, end))


def _entsoe(site: Site, request: Request) -> Body:
    """A document a zone; the last one has nothing yet, which the platform says with an error's status and a reason."""
    zone = request.args["in_Domain"]
    if zone == entsoe.ZONES["IE-SEM"]:
        return Response(NOTHING_YET, 400, content_type="application/xml")
    begin, end = (
        dt.datetime.strptime(request.args[name], "%Y%m%d%H%M").replace(tzinfo=dt.UTC)
        for name in ("periodStart", "periodEnd")
    )
    days = [day for day in days_between(begin.date(), end.date()) if begin <= day_start(day) < end]
    prices = {n: price for n, (_, price) in enumerate(native.steps(days[0], 15), 1)}
    if zone == entsoe.ZONES["SE1"]:
        prices[1] += site.moved
    periods = [native.period(days[0], 15, prices), *(native.period(day, 15) for day in days[1:])]
    return native.entsoe(periods, zone=zone)


def _energi_data_service(site: Site, request: Request) -> Body:
    """Days in Danish time, the end excluded; records beyond a change of the data set are in neither."""
    dataset = request.path.rpartition("/")[2]
    answer = native.eds(dataset, _asked_days(request, "start", "end")[:-1], areas=("DK1", "SE3", "SYSTEM"))
    if dataset == "Elspotprices":
        answer["records"][0]["SpotPriceEUR"] += site.moved
        answer["records"][0]["SpotPriceDKK"] += 7.46 * site.moved
    return answer


@cache
def _year_of_emissions(year: int) -> str:
    """Five-minute records of DK1; DK2 has a part of the year."""
    answer = co2(year, STEPS_OF_A_YEAR, areas={"DK1": 100.0})
    answer["records"] += co2(year, 100, areas={"DK2": 50.0})["records"]
    return json.dumps(answer | {"total": len(answer["records"])})


def _carbon(site: Site, request: Request) -> Body:
    """A year of both zones."""
    return _year_of_emissions(int(request.args["start"][:4])).replace(" 100.0", f" {100 + site.moved}.0")


def _per_kwh(site: Site, request: Request) -> Body:
    """A file a day and zone, named ``<year>/<month>-<day>_<zone>.json``."""
    year, _, rest = request.path.rpartition("/prices/")[2].partition("/")
    day, _, zone = rest.removesuffix(".json").partition("_")
    is_swedish = zone.startswith("SE")
    currency, timezone = ("SEK", "Europe/Stockholm") if is_swedish else ("NOK", "Europe/Oslo")
    file = native.per_kwh(dt.date.fromisoformat(f"{year}-{day}"), 15, currency=currency, timezone=timezone)
    if zone in {"SE1", "NO1"} and day == "11-20":
        file[0]["EUR_per_kWh"] += site.moved / 1000
        file[0][f"{currency}_per_kWh"] += site.moved / 1000 * 11
    return file


def _energy_charts(site: Site, request: Request) -> Body:
    """Parallel lists of a zone, under that zone's licence."""
    zone = request.args["bzn"]
    answer = native.energy_charts([(day, 15) for day in _asked_days(request, "start", "end")])
    if zone == "SE4":
        answer["price"][7] += site.moved
    if zone == "FR":
        answer["license_info"] = "for private and internal use only"
    return answer


def _ember(site: Site, request: Request) -> Body:
    """The archive of every country; only some countries are a zone."""
    del request
    head = "Country,ISO3 Code,Datetime (UTC),Datetime (Local),Price (EUR/MWhe)\n"
    pairs = [pair for day in (25, 26) for pair in native.steps(dt.date(2025, 10, day), 60)]
    lines = [
        f"{name},{code},{at:%Y-%m-%d %H:%M:%S},{at:%Y-%m-%d %H:%M:%S},{price + (site.moved if n + k == 0 else 0)}\n"
        for n, (name, code) in enumerate((("Germany", "DEU"), ("Ireland", "IRL"), ("Sweden", "SWE")))
        for k, (at, price) in enumerate(pairs)
    ]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("all_countries.csv", head + "".join(lines))
        archive.writestr("Germany.csv", head)
    return packed.getvalue()


def _open_meteo(site: Site, request: Request) -> Body:
    """Hours of the asked days; the newest five have no values yet."""
    days = _asked_days(request, "start_date", "end_date")
    hours = [dt.datetime.combine(day, dt.time(), dt.UTC) + n * HOUR for day in days for n in range(24)]
    answer = meteo(len(hours)) | {name: float(request.args[name]) for name in ("latitude", "longitude")}
    hourly = answer["hourly"]
    hourly["time"] = [f"{at:%Y-%m-%dT%H:%M}" for at in hours]
    for name in (name for name in hourly if name != "time"):
        hourly[name][-120:] = [None] * 120
    if request.args["latitude"] == "65.58":
        hourly["temperature_2m"][3] -= 0.5 * site.moved
    return answer


def _smhi(site: Site, request: Request) -> Body:
    """The corrected archive ends where the latest months begin; humidity is another parameter."""
    parts = request.path.split("/")
    parameter, station, period = (parts[parts.index(name) + 1] for name in ("parameter", "station", "period"))
    first = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
    hours = [first + n * HOUR for n in range(48)]
    hours = hours[:24] if period == "corrected-archive" else hours[24:]
    value = 9.0 if parameter == "1" else 80.0
    readings = [(f"{at:%Y-%m-%d}", f"{at:%H:%M:%S}", value, "G") for at in hours]
    if (parameter, station, period) == ("1", "162860", "latest-months"):
        readings[0] = (*readings[0][:2], value + 0.5 * site.moved, "Y")
    return metobs("Lufttemperatur" if parameter == "1" else "Relativ Luftfuktighet", readings, station)


def _frost(site: Site, request: Request) -> Body:
    """Hours of the asked days on two pages; the link of the first has no key in it."""
    begin, _, end = request.args["referencetime"].partition("/")
    hours = [
        dt.datetime.combine(day, dt.time(), dt.UTC) + n * HOUR
        for day in days_between(dt.date.fromisoformat(begin), dt.date.fromisoformat(end[:10]))
        for n in range(24)
    ]
    ahead = "offset" not in request.args
    station = request.args["sources"]
    link = f"{site.root}{request.full_path}&offset=80" if ahead else None
    page = frost_page(0, 80 if ahead else len(hours) - 80, link)
    for entry, at in zip(page["data"], hours[:80] if ahead else hours[80:], strict=True):
        entry |= {"sourceId": f"{station}:0", "referenceTime": f"{at:%Y-%m-%dT%H:%M:%S.000Z}"}
        entry["observations"][0]["value"] = 5
    if station == "SN18700" and ahead:
        page["data"][4]["observations"][0]["value"] = 5 + site.moved
    return page


def _fmi(site: Site, request: Request) -> Body:
    """Members of a station's hours, those to come without values."""
    days = _asked_days(request, "starttime", "endtime")
    hours = [dt.datetime.combine(day, dt.time(), dt.UTC) + n * HOUR for day in days for n in range(24)]
    known = [at for at in hours if at <= dt.datetime(2026, 11, 21, 5, tzinfo=dt.UTC)]
    values = {at: {"t2m": 4.0, "rh": 75.0, "p_sea": 1010.0} for at in known}
    if request.args["fmisid"] == "100971" and days[0] == dt.date(2026, 11, 13):
        values[hours[2]]["t2m"] += 0.5 * site.moved
    return fmi_answer(values | {at: {"t2m": None} for at in hours if at not in values})


def _eltariff(site: Site, request: Request) -> Body | None:
    """A company's tariffs, at the path of the standard."""
    if request.path != "/nat/gridtariff/v0/tariffs":
        return None
    return {"tariffs": [tariff("63A", component("Effekt", 20 + site.moved, **peak()))]}


def _fri_nettleie(site: Site, request: Request) -> Body:
    """A file a company; only one of them changed its fee."""
    company = request.path.rpartition("/")[2].removesuffix(".yml")
    moved = site.moved if company == "elvia" else 0
    return NETTLEIE.replace("Fjord Nett AS", company).replace("pris: 65280", f"pris: {65280 + moved}")


def _eurostat(site: Site, request: Request) -> Body:
    """A data set as small as the test of its format has it."""
    assert request.args.getlist("geo")[:2] == ["SE", "NO"]
    return stat(value={"0": 0.09 + site.moved / 1000, "1": 0.1, "3": 0.07})


ENERGY: Mapping[str, tuple[Callable[[Site, Request], Body | None], bool]] = {
    "eds_carbon": (_carbon, False),
    "elprisetjustnu": (_per_kwh, True),
    "eltariff": (_eltariff, False),
    "ember": (_ember, True),
    "energi_data_service": (_energi_data_service, False),
    "energy_charts": (_energy_charts, False),
    "entsoe": (_entsoe, False),
    "eurostat": (_eurostat, False),
    "fmi": (_fmi, False),
    "fri_nettleie": (_fri_nettleie, True),
    "frost": (_frost, False),
    "hvakosterstrommen": (_per_kwh, True),
    "open_meteo": (_open_meteo, False),
    "smhi": (_smhi, True),
}


def energy_site(source: Source, server: HTTPServer) -> Site:
    """The site of a declared source, running on ``server``; its declaration asks for a short window."""
    answer, has_validators = {**ENERGY, **ANSWERS}[source.publisher]
    return put_up(Site(server, source, answer, has_validators))


def narrowed(site: Site) -> Source:
    """The declaration, here, and for a short window."""
    return site.declared(parameters=dict(_narrow(site)))


def _narrow(site: Site) -> Iterator[tuple[str, Any]]:
    yield from site.source.parameters.items()
    for name, value in NARROWED.get(site.source.id, {}).items():
        if isinstance(value, dict):
            yield name, {key: text.format(root=site.root) for key, text in value.items()}
        else:
            yield name, value
