"""A plan says which of the offers that it rents is in doubt or priced otherwise by others, and what hangs on it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from brytpunkt.declarations.sections.rent import Rent
from brytpunkt.planning.context.doubtful_offers import doubtful_offers
from brytpunkt.planning.inputs.money import exchange_rates
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.note import Note
from brytpunkt.planning.rent.offers import eligible_offers
from brytpunkt.reporting.formats import Formats
from brytpunkt.reporting.note_texts import NoteTexts, english
from brytpunkt.reporting.translations import texts
from tests.planning.energy.test_tariff import plan_of

OFFER = "verda/FIN-01/8H100.80S.176V/on_demand"
RENTED = pl.DataFrame(
    {
        "offer": [OFFER, OFFER, "lambda//gpu_8x_h100_sxm5/on_demand"],
        "label": ["verda 8H100, FIN-01 (on demand)"] * 2 + ["lambda gpu_8x_h100_sxm5 (on demand)"],
        "is_rent": [True, True, False],
        "present_value": [200_000.4, 41_000.0, 900_000.0],
    }
)


def said_of(
    known: Facts, tmp_path: Path, *, second: float = 16.0, doubted: tuple[str, ...] = ()
) -> list[Note]:
    """The warnings where the list says 20 dollars, somebody else another price, and some offers are in doubt."""
    opinions = pl.DataFrame(
        {
            "offer": [OFFER, OFFER],
            "list_native_per_hour": [20.0, 20.0],
            "second_native_per_hour": [19.0, second],
            "native_currency": ["USD", "USD"],
            "publisher": ["another", "gpuhunt"],
        }
    )
    days = [dt.date(2026, 11, 9)] * len(doubted), [dt.date(2026, 11, 12)] * len(doubted)
    in_doubt = pl.DataFrame(
        {"offer": list(doubted), "confirmed_on": days[0], "doubted_on": days[1]},
        schema={"offer": pl.String, "confirmed_on": pl.Date, "doubted_on": pl.Date},
    )
    facts = replace(known, offer_opinions=opinions, offers_in_doubt=in_doubt)
    return doubtful_offers(plan_of(tmp_path, "SE", "SE1", {"tax": {}}), facts, RENTED)


def test_an_offer_far_from_its_second_opinion_is_warned_of_once_with_its_amount(
    known: Facts, tmp_path: Path
) -> None:
    assert said_of(known, tmp_path, second=16.0) == [], "a fifth is within the quarter that is declared"
    [warning] = said_of(known, tmp_path, second=12.0)
    assert english(warning) == (
        "The list price of verda 8H100, FIN-01 (on demand) is 20.00 USD per hour, and gpuhunt has 12.00 (−40% apart). "
        "241,000 EUR of the renting hang on it."
    )


def test_only_what_is_rented_is_warned_of(known: Facts, tmp_path: Path) -> None:
    [warning] = said_of(known, tmp_path, doubted=(OFFER, "lambda//gpu_8x_h100_sxm5/on_demand"))
    assert english(warning) == (
        "The price of verda 8H100, FIN-01 (on demand) is in doubt since 12 Nov 2026 and was last confirmed on 9 Nov 2026. "
        "241,000 EUR of the renting hang on it."
    )


@pytest.mark.parametrize("language", ["en", "sv"])
def test_both_are_said_in_the_language_of_the_report(known: Facts, tmp_path: Path, language: str) -> None:
    say = NoteTexts(Formats(texts(language), "EUR"))
    for warning in said_of(known, tmp_path, second=31.0, doubted=(OFFER,)):
        assert ("hyran" in say(warning)) == (language == "sv")


def test_an_offer_of_a_list_without_regions_says_so(known: Facts, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "SE", "SE1", {"tax": {}}).model_copy(update={"rent": Rent()})
    offers = eligible_offers(plan, known, exchange_rates(plan.finance, known))
    nowhere = known.offers.filter(pl.col("region").fill_null("") == "")
    assert nowhere.height
    assert not offers["label"].str.contains(r", \(").any()
    assert offers["label"].str.contains("region_not_stated").any()
