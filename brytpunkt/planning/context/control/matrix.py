"""Control: how far each way to compute is in one's own hands, with a reason per cell; no money in it.

Ratings are exposures: low, medium or high, and unknown where nothing is recorded. Never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.context.control import operators as facts
from brytpunkt.planning.context.control.operators import country_of, maker_of, operator_of
from brytpunkt.planning.note import Note, encode, several
from brytpunkt.planning.rent.operator_jurisdiction import seat_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brytpunkt.declarations import Plan

CONTROL_SCHEMA = {
    "subject": pl.String,
    "kind": pl.String,
    "dimension": pl.String,
    "rating": pl.String,
    "finding": pl.String,
    "source": pl.String,
}
DIMENSIONS = (
    "jurisdiction of the operator",
    "location of data",
    "key custody",
    "provider concentration",
    "supply and export exposure",
)
MOST_OF_IT = 0.5
MUCH_OF_IT = 0.25
_BY_STANDING = {"eea": "low", "adequate": "medium", "conditional": "high", "third": "high"}


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix."""

    rating: str
    finding: Note
    source: str


def control_matrix(
    plan: Plan,
    rented: pl.DataFrame,
    built: pl.DataFrame,
    *,
    customer_managed_keys: bool = False,
    shares: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The matrix of control -> subject, kind, dimension, rating, finding, source.

    ``rented``: provider, country (of the region, may be null), mode. ``built``: site, country, mode, gpu_model.
    ``shares``: provider, share of the PV of rent; without it, the providers in ``rented`` count alike.
    A subject is provider/country/mode or site/mode/gpu_model.
    """
    weights = _weights(rented, shares)
    names = {site.id: site.name for site in plan.sites}
    rows = []
    for provider, country, mode in _unique(rented, ["provider", "country", "mode"]):
        subject = f"{provider}/{country or '-'}/{mode}"
        cells = _rented(
            provider, country, mode, weights.get(provider.lower(), 0.0), has_keys=customer_managed_keys
        )
        rows += [(subject, "rent", *row) for row in _rows(cells)]
    for site, country, mode, gpu_model in _unique(built, ["site", "country", "mode", "gpu_model"]):
        cells = _built(names.get(site, site), country, mode, gpu_model)
        rows += [(f"{site}/{mode}/{gpu_model}", "build", *row) for row in _rows(cells)]
    return pl.DataFrame(rows, schema=CONTROL_SCHEMA, orient="row")


def _unique(frame: pl.DataFrame, columns: list[str]) -> Iterator[tuple[str, ...]]:
    return frame.select(columns).unique().sort(columns, nulls_last=True).iter_rows()


def _rows(cells: tuple[Cell, ...]) -> Iterator[tuple[str, str, str, str]]:
    for dimension, cell in zip(DIMENSIONS, cells, strict=True):
        yield dimension, cell.rating, encode(cell.finding), cell.source


def _weights(rented: pl.DataFrame, shares: pl.DataFrame | None) -> dict[str, float]:
    """Share of each provider, by its name in small letters."""
    if shares is None:
        shares = rented.select(pl.col("provider").str.to_lowercase()).unique().with_columns(share=1.0)
    whole = float(shares["share"].cast(pl.Float64).sum())
    by_provider = shares.group_by(pl.col("provider").str.to_lowercase()).agg(pl.col("share").sum())
    return {name: share / whole if whole else 0.0 for name, share in by_provider.iter_rows()}


def _rented(
    provider: str, country: str | None, mode: str, weight: float, *, has_keys: bool
) -> tuple[Cell, ...]:
    return (
        _operator(provider),
        _location(country),
        _rented_keys(mode, has_keys=has_keys),
        _concentration(provider, weight),
        _rented_supply(provider, mode),
    )


def _operator(provider: str) -> Cell:
    operator, seat = operator_of(provider), seat_of(provider)
    if seat is None:
        why = (
            Note("seat_unknown_because", None, {"note": operator.note})
            if operator and operator.note
            else Note("seat_unknown")
        )
        return Cell("unknown", why, str(operator.source) if operator else facts.NOT_RECORDED)
    name = operator.name if operator else provider
    source = str(operator.source) if operator else facts.NOT_RECORDED
    said = [Note("operator_seated", None, {"name": name, "country": seat})]
    rating = _BY_STANDING[country_of(seat).standing]
    if seat == "US":
        said.append(Note("law_of_the_us"))
        source = f"{source}; {facts.CLOUD_ACT}; {facts.FISA}"
    elif seat == "CN":
        said.append(Note("law_of_china"))
        source = f"{source}; {facts.CHINA_LAW}"
    elif seat == "GB":
        said.append(Note("law_of_the_uk"))
        source = f"{source}; {facts.UK_LAW}; {facts.UK_ADEQUACY}"
    elif rating == "low":
        said.append(Note("law_of_the_eea"))
        source = f"{source}; {facts.GDPR}"
    else:
        said.append(country_of(seat).finding)
        source = f"{source}; {country_of(seat).source}"
    if operator and operator.arms:
        said.append(Note("operator_arms", None, {"places": operator.arms}))
        rating = "medium" if rating == "low" else rating
    if operator and operator.note:
        said.append(operator.note)
    return Cell(rating, several(said), source)


def _location(country: str | None) -> Cell:
    if country is None:
        return Cell("unknown", Note("region_unknown"), facts.NOT_RECORDED)
    found = country_of(country)
    finding = Note("data_lies_in", None, {"country": country, "finding": found.finding})
    return Cell(_BY_STANDING[found.standing], finding, str(found.source))


def _rented_keys(mode: str, *, has_keys: bool) -> Cell:
    if mode == "api":
        return Cell("high", Note("keys_of_token_api"), str(facts.KEYS))
    if has_keys:
        return Cell("medium", Note("keys_of_customer"), str(facts.KEYS))
    return Cell("high", Note("keys_of_provider"), str(facts.KEYS))


def _concentration(provider: str, weight: float) -> Cell:
    rating = "high" if weight > MOST_OF_IT else "medium" if weight > MUCH_OF_IT else "low"
    return Cell(
        rating,
        Note("share_of_rent", None, {"provider": provider, "share": weight}),
        str(facts.DATA_ACT),
    )


def _rented_supply(provider: str, mode: str) -> Cell:
    operator, seat = operator_of(provider), seat_of(provider)
    if seat is None:
        return Cell("unknown", Note("export_law_unknown"), facts.NOT_RECORDED)
    if seat == "CN":
        said = [Note("supply_restricted")]
        if operator and operator.note:
            said.append(operator.note)
        return Cell("high", several(said), str(facts.EAR))
    if seat == "US":
        return Cell("medium", Note("service_and_chips_us"), str(facts.EAR))
    if mode == "committed":
        return Cell("low", Note("capacity_by_contract"), str(facts.EAR))
    return Cell("medium", Note("capacity_unheld"), str(facts.EAR))


def _built(site: str, country: str, mode: str, gpu_model: str) -> tuple[Cell, ...]:
    return (
        _own_operator(site, country, mode),
        _location(country),
        Cell("low", Note("keys_of_ones_own"), str(facts.KEYS)),
        Cell("low", Note("no_provider_needed"), facts.NOT_RECORDED),
        _built_supply(country, gpu_model),
    )


def _own_operator(site: str, country: str, mode: str) -> Cell:
    found = country_of(country)
    said = [Note("own_operator", None, {"site": site, "country": country})]
    if mode == "own_colocation":
        said.append(Note("room_operator"))
    return Cell(_BY_STANDING[found.standing], several(said), str(found.source))


def _built_supply(country: str, gpu_model: str) -> Cell:
    maker = maker_of(gpu_model)
    if maker is None:
        return Cell("unknown", Note("maker_unknown", None, {"gpu": gpu_model}), facts.NOT_RECORDED)
    source = str(maker.source)
    if maker.seat == "CN":
        return Cell("high", Note("maker_chinese", None, {"maker": maker.name}), source)
    bound = {"maker": maker.name, "country": country}
    if country in facts.EMBARGOED:
        return Cell("high", Note("export_licence_needed", None, bound), source)
    if country in facts.OPEN_DESTINATIONS:
        return Cell("medium", Note("export_no_licence", None, bound), source)
    return Cell("unknown", Note("export_rule_unknown", None, bound), source)
