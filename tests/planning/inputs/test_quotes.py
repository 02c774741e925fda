"""Quotes in planning: the price of the inbox stands where the plan leaves it open, with its basis in the report."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from brytpunkt.declarations import CatalogServer, Declared, read_plan
from brytpunkt.declarations.assumptions import assumptions
from brytpunkt.errors import InputError
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.inputs.quotes import with_quotes
from brytpunkt.planning.ledger.evaluate import evaluate
from tests.conftest import SMALL_PLAN

SOURCED = {
    "source": "quote, offer.xlsx",
    "source_date": date(2026, 11, 1),
    "retrieved_on": date(2026, 11, 1),
    "licence": "own quote",
    "confidence": "stated",
    "note": None,
}


def quote(name: str, server: str, price: float, quoted: str, until: str | None = None) -> dict[str, object]:
    """A quote of a server."""
    return SOURCED | {
        "quote": name,
        "vendor": "Hardware AB",
        "server": server,
        "price_native_per_server": price,
        "native_currency": "USD",
        "quoted_on": date.fromisoformat(quoted),
        "valid_until": date.fromisoformat(until) if until else None,
    }


def room(
    name: str, country: str, kw: float | None, rack: float | None, power: float | None
) -> dict[str, object]:
    """A quote of colocation."""
    return SOURCED | {
        "quote": name,
        "provider": "Hall AB",
        "country": country,
        "price_native_per_kw_month": kw,
        "price_native_per_rack_month": rack,
        "rack_power_kw": power,
        "is_power_included": True,
        "native_currency": "SEK",
        "quoted_on": date(2026, 10, 1),
        "valid_until": None,
    }


@pytest.fixture
def quoted(known: Facts) -> Facts:
    """The bundled facts with some quotes."""
    servers = [
        quote("old", "dgx_b200", 480000, "2026-06-01", "2026-09-30"),
        quote("new", "dgx_b200", 455000, "2026-10-15"),
        quote("newest", "dgx_b200", 450000, "2026-11-01"),
        quote("later", "dgx_b200", 1, "2099-01-01"),
        quote("other", "dgx_h100", 250000, "2026-11-01"),
    ]
    rooms = [room("kw", "SE", 1400, None, None), room("rack", "SE", None, 40000, 40)]
    return replace(
        known,
        server_quotes=pl.DataFrame(
            servers, schema=known.server_quotes.schema | {"price_native_per_server": pl.Float64}
        ),
        colocation_quotes=pl.DataFrame(rooms, schema=known.colocation_quotes.schema),
    )


def declared(folder: Path, *edits: tuple[str, str]) -> Declared:
    """The small plan with some texts replaced."""
    body = SMALL_PLAN
    for old, new in edits:
        assert old in body
        body = body.replace(old, new)
    path = folder / "small.yaml"
    path.write_text(body, encoding="utf-8")
    return read_plan(path)


NO_PRICE = "{price_per_kw_month: {eur: 140}, basis: a test}"


def test_the_newest_valid_quote_prices_a_server(tmp_path: Path, quoted: Facts) -> None:
    plan = with_quotes(declared(tmp_path).plan, quoted)
    [server] = plan.build.servers
    assert isinstance(server, CatalogServer)
    assert server.price is not None
    assert (server.price.amount, server.price.currency) == (450000, "USD")
    listed = {item.path: item for item in assumptions(plan)}
    said = listed["build.servers.dgx_b200.price"]
    assert said.value == 450000
    assert said.source == "quote newest of Hardware AB, 2026-11-01 (quote, offer.xlsx)"


def test_a_named_quote_wins_over_the_newest_and_a_price_over_both(tmp_path: Path, quoted: Facts) -> None:
    for text, price in (
        ("{catalog: dgx_b200, quote: new}", 455000),
        ("{catalog: dgx_b200, price: {usd: 300000}}", 300000),
    ):
        plan = with_quotes(declared(tmp_path, ("{catalog: dgx_b200}", text)).plan, quoted)
        server = plan.build.servers[0]
        assert server.price is not None
        assert server.price.amount == price


def test_a_room_takes_price_and_terms_of_its_quote(tmp_path: Path, quoted: Facts) -> None:
    plan = with_quotes(declared(tmp_path, (NO_PRICE, "{quote: rack, lead_time_months: 5}")).plan, quoted)
    space = plan.sites[0].colocation
    assert space is not None
    assert space.price_per_rack_month is not None
    assert (space.price_per_rack_month.amount, space.price_per_rack_month.currency) == (40000, "SEK")
    assert (space.rack_power_kw, space.power_included, space.lead_time_months) == (40, True, 5)
    listed = {item.path: item for item in assumptions(plan)}
    assert listed["sites.lulea.colocation.price_per_rack_month"].source.startswith("quote rack of Hall AB")


def test_the_quote_is_what_is_paid(tmp_path: Path, quoted: Facts) -> None:
    by_quote = declared(tmp_path, (NO_PRICE, "{quote: kw}")).plan
    by_price = declared(
        tmp_path,
        (NO_PRICE, "{price_per_kw_month: {sek: 1400}, power_included: true}"),
        ("{catalog: dgx_b200}", "{catalog: dgx_b200, price: {usd: 450000}}"),
    ).plan
    one, two = (evaluate(plan, quoted, 24, scan=False).chosen for plan in (by_quote, by_price))
    assert one.equals(two)
    assert with_quotes(with_quotes(by_quote, quoted), quoted) == with_quotes(by_quote, quoted)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            ("{catalog: dgx_b200}", "{catalog: dgx_b200, quote: Q9}"),
            r"dgx_b200\.quote: no quote 'Q9' is known on .*known: ",
        ),
        (
            ("{catalog: dgx_b200}", "{catalog: dgx_b200, quote: other}"),
            "quote 'other' is for server dgx_h100, not dgx_b200",
        ),
        (
            ("{catalog: dgx_b200}", "{catalog: dgx_b200, quote: old}"),
            "quote 'old' was valid until 2026-09-30",
        ),
        (("{catalog: dgx_b200}", "{catalog: dgx_b200, quote: later}"), "no quote 'later' is known on"),
        ((NO_PRICE, "{quote: nowhere}"), r"sites\.lulea\.colocation\.quote: no quote 'nowhere' is known"),
        (
            ("{price_per_kw_month: {eur: 150}, basis: a test}", "{quote: kw}"),
            "quote 'kw' is for country SE, not NO",
        ),
    ],
)
def test_a_quote_that_does_not_fit_is_refused(
    tmp_path: Path, quoted: Facts, edit: tuple[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        with_quotes(declared(tmp_path, edit).plan, quoted)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            ("{catalog: dgx_b200}", "{catalog: dgx_b200, price: {usd: 1e5}, quote: a}"),
            "both `price` and `quote` are given",
        ),
        (
            (NO_PRICE, "{price_per_kw_month: {eur: 140}, quote: a}"),
            "both `price_per_kw_month` and `quote` are given",
        ),
        ((NO_PRICE, "{quote: a, accept_unsourced: true}"), "`accept_unsourced` is for a missing price"),
        ((NO_PRICE, "{quote: '=x'}"), "quote"),
    ],
)
def test_a_declaration_names_one_price(tmp_path: Path, edit: tuple[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        declared(tmp_path, edit)
