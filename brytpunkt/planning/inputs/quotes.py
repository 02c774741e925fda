"""Quotes: prices of vendors and colocation providers from the inbox, put where the plan leaves a price open.

A server without a price takes the quote that it names, or else the newest one that is valid on the as-of day; a
colocation takes the quote that it names. What is planned with afterwards is a plan with declared prices, each with
its basis, so that nothing else needs to know of quotes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from brytpunkt.declarations import CatalogServer, Money
from brytpunkt.errors import InputError, Problem

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan, Site
    from brytpunkt.declarations.sections.build import Server
    from brytpunkt.planning.inputs.planning_inputs import Facts

DROP_IT = "put the quote into the folder quotes/ of BRYTPUNKT_HOME, as in docs/quotes.md"

Row = dict[str, Any]


def with_quotes(plan: Plan, facts: Facts) -> Plan:
    """The plan with the prices of its quotes.

    Raises ``InputError`` for a quote that is not known, has expired, or is for another server or country.
    """
    problems: list[Problem] = []
    servers = tuple(_server(server, facts, problems) for server in plan.build.servers)
    sites = tuple(_site(site, facts, problems) for site in plan.sites)
    if problems:
        raise InputError(tuple(problems))
    build = plan.build.model_copy(update={"servers": servers})
    return plan.model_copy(update={"build": build, "sites": sites})


def _server(server: Server, facts: Facts, problems: list[Problem]) -> Server:
    if not isinstance(server, CatalogServer) or server.price is not None:
        return server
    known = facts.server_quotes.filter(pl.col("quoted_on") <= facts.as_of)
    where = f"build.servers.{server.catalog}.quote"
    if server.quote is not None:
        row = _named(known, server.quote, where, facts, problems, server=server.catalog)
    else:
        mine = known.filter(pl.col("server") == server.catalog, _is_valid(facts)).sort("quoted_on", "quote")
        row = mine.row(-1, named=True) if mine.height else None
    if row is None:
        return server
    price = Money(amount=float(row["price_native_per_server"]), currency=row["native_currency"])
    return server.model_copy(update={"price": price, "quote": None, "basis": _basis(row, row["vendor"])})


def _site(site: Site, facts: Facts, problems: list[Problem]) -> Site:
    room = site.colocation
    if room is None or room.quote is None:
        return site
    known = facts.colocation_quotes.filter(pl.col("quoted_on") <= facts.as_of)
    where = f"sites.{site.id}.colocation.quote"
    row = _named(known, room.quote, where, facts, problems, country=site.country)
    if row is None:
        return site
    changed: Row = {
        "quote": None,
        "power_included": row["is_power_included"],
        "rack_power_kw": row["rack_power_kw"] or room.rack_power_kw,
        "basis": _basis(row, row["provider"]),
    }
    for key in ("price_per_kw_month", "price_per_rack_month"):
        amount = row[key.replace("price_", "price_native_")]
        if amount is not None:
            changed[key] = Money(amount=float(amount), currency=row["native_currency"])
    return site.model_copy(update={"colocation": room.model_copy(update=changed)})


def _named(
    known: pl.DataFrame, quote: str, where: str, facts: Facts, problems: list[Problem], **fits: str
) -> Row | None:
    """The quote of an id, if it is known, valid, and for what it is used for."""
    found = known.filter(pl.col("quote") == quote)
    [(column, wanted)] = fits.items()
    if found.is_empty():
        ids = ", ".join(known["quote"].unique().sort()) or "none"
        problems.append(
            Problem(where, f"no quote {quote!r} is known on {facts.as_of}; known: {ids}", DROP_IT)
        )
    elif wanted not in found[column]:
        others = ", ".join(found[column].sort())
        problems.append(Problem(where, f"quote {quote!r} is for {column} {others}, not {wanted}"))
    elif (mine := found.filter(pl.col(column) == wanted)).filter(_is_valid(facts)).is_empty():
        day = mine.row(0, named=True)["valid_until"]
        problems.append(
            Problem(
                where, f"quote {quote!r} was valid until {day}", "ask for a new one, or declare the price"
            )
        )
    else:
        return mine.row(0, named=True)
    return None


def _is_valid(facts: Facts) -> pl.Expr:
    return (pl.col("valid_until") >= facts.as_of).fill_null(value=True)


def _basis(row: Row, who: str) -> str:
    until = f", valid until {row['valid_until']}" if row["valid_until"] else ""
    return f"quote {row['quote']} of {who}, {row['quoted_on']}{until} ({row['source']})"
