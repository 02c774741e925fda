"""Countries and bidding zones that a declaration may name.

Belongs here: which code exists and which zone lies in which country.
Does not belong here: prices, taxes or climate of any of them (those are facts).
"""

from __future__ import annotations

import difflib
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from brytpunkt.declarations.values.fields import wrong

COUNTRY_OF_ZONE: dict[str, tuple[str, ...]] = {
    "SE1": ("SE",),
    "SE2": ("SE",),
    "SE3": ("SE",),
    "SE4": ("SE",),
    "NO1": ("NO",),
    "NO2": ("NO",),
    "NO3": ("NO",),
    "NO4": ("NO",),
    "NO5": ("NO",),
    "FI": ("FI",),
    "DK1": ("DK",),
    "DK2": ("DK",),
    "DE-LU": ("DE", "LU"),
    "NL": ("NL",),
    "IE-SEM": ("IE", "GB"),
}

NORDIC = frozenset({"SE", "NO", "FI", "DK", "IS"})
EEA = frozenset(
    """
    AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE NO IS LI
    """.split()  # noqa: SIM905 - one name a line would fill five pages
)

EU = EEA - {"NO", "IS", "LI"}
# Areas that a workload may be kept in, and that a service may promise to stay in.
AREAS: dict[str, frozenset[str]] = {"nordic": NORDIC, "eu": EU, "eea": EEA}

# ISO 3166-1 alpha-2
COUNTRIES = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE
    EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM
    HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC
    LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
    NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """.split()  # noqa: SIM905 - one name a line would fill five pages
)

_NAMES = {
    "sweden": "SE",
    "sverige": "SE",
    "norway": "NO",
    "norge": "NO",
    "finland": "FI",
    "suomi": "FI",
    "denmark": "DK",
    "danmark": "DK",
    "iceland": "IS",
    "island": "IS",
    "germany": "DE",
    "netherlands": "NL",
    "ireland": "IE",
    "france": "FR",
    "uk": "GB",
    "united kingdom": "GB",
    "usa": "US",
    "united states": "US",
}


def _country(value: Any) -> Any:
    if not isinstance(value, str) or value in COUNTRIES:
        return value
    code = _NAMES.get(value.strip().lower(), value.strip().upper())
    hint = f"write {code}" if code in COUNTRIES else "use the two-letter ISO code, for example SE"
    raise wrong(f"'{value[:40]}' is not a country code", hint)


Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$"), BeforeValidator(_country)]


def zones_of(country: str) -> tuple[str, ...]:
    """The known bidding zones of a country; none for Iceland, which has no spot market."""
    return tuple(zone for zone, countries in COUNTRY_OF_ZONE.items() if country in countries)


def check_zone(zone: str, country: str | None) -> str:
    """The zone, if it exists and lies in the country; otherwise an error that says which ones do."""
    own = ", ".join(zones_of(country)) if country else ""
    if zone not in COUNTRY_OF_ZONE:
        near = difflib.get_close_matches(
            zone.upper(), zones_of(country or "") or COUNTRY_OF_ZONE, n=1, cutoff=0.6
        )
        hint = f"did you mean {near[0]}? " if near else ""
        hint += f"zones of {country}: {own}" if own else f"known zones: {', '.join(COUNTRY_OF_ZONE)}"
        raise wrong(f"'{zone[:40]}' is not a known bidding zone", hint)
    if country is not None and country not in COUNTRY_OF_ZONE[zone]:
        hint = (
            f"zones of {country}: {own}"
            if own
            else f"{country} has no bidding zone here; pin energy.price_per_kwh"
        )
        raise wrong(f"the bidding zone {zone} is not in {country}", hint)
    return zone
