"""Control: how far each way to compute is in one's own hands, with a reason per cell; no money in it.

Ratings are exposures: low, medium or high, and unknown where nothing is recorded. Never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.planning.context.control import operators as facts
from brytpunkt.planning.context.control.operators import country_of, maker_of, operator_of
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
    finding: str
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


def concentration(shares: pl.DataFrame) -> float:
    """Herfindahl-Hirschman index of provider, share: 1 for one provider, 1/n for n alike, 0 for nothing.

    Shares may be any amounts that are not negative; several rows of a provider are added up.
    """
    sums = shares.group_by("provider").agg(pl.col("share").cast(pl.Float64).sum()).sort("provider")["share"]
    if sums.len() and (sums < 0).any():
        raise ValueError("the share of a provider is negative")
    whole = float(sums.sum())
    return float(((sums / whole) ** 2).sum()) if whole else 0.0


def _unique(frame: pl.DataFrame, columns: list[str]) -> Iterator[tuple[str, ...]]:
    return frame.select(columns).unique().sort(columns, nulls_last=True).iter_rows()


def _rows(cells: tuple[Cell, ...]) -> Iterator[tuple[str, str, str, str]]:
    for dimension, cell in zip(DIMENSIONS, cells, strict=True):
        yield dimension, cell.rating, cell.finding, cell.source


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
        why = f": {operator.note}" if operator and operator.note else ""
        return Cell(
            "unknown", f"seat not recorded{why}", str(operator.source) if operator else facts.NOT_RECORDED
        )
    name = operator.name if operator else provider
    source = str(operator.source) if operator else facts.NOT_RECORDED
    said = [f"{name} is seated in {seat}"]
    rating = _BY_STANDING[country_of(seat).standing]
    if seat == "US":
        said.append(
            "US authorities may order it to produce data wherever it is stored (18 U.S.C. 2713) and to assist in "
            "intelligence (50 U.S.C. 1881a, which was extended by weeks in April 2026; check that it is in force)"
        )
        source = f"{source}; {facts.CLOUD_ACT}; {facts.FISA}"
    elif seat == "CN":
        said.append("Chinese law obliges organisations to support state intelligence work")
        source = f"{source}; {facts.CHINA_LAW}"
    elif seat == "GB":
        said.append("it is outside the EEA, adequate, and under the Investigatory Powers Act")
        source = f"{source}; {facts.UK_LAW}; {facts.UK_ADEQUACY}"
    elif rating == "low":
        said.append("the law of the EEA applies")
        source = f"{source}; {facts.GDPR}"
    else:
        said.append(country_of(seat).finding)
        source = f"{source}; {country_of(seat).source}"
    if operator and operator.arms:
        said.append(f"it also operates from {', '.join(operator.arms)}, whose law may reach it")
        rating = "medium" if rating == "low" else rating
    if operator and operator.note:
        said.append(operator.note)
    return Cell(rating, "; ".join(said), source)


def _location(country: str | None) -> Cell:
    if country is None:
        return Cell(
            "unknown", "the region is not stated, so where the data lies is not known", facts.NOT_RECORDED
        )
    found = country_of(country)
    return Cell(_BY_STANDING[found.standing], f"data lies in {country}: {found.finding}", str(found.source))


def _rented_keys(mode: str, *, has_keys: bool) -> Cell:
    if mode == "api":
        return Cell(
            "high",
            "a token API reads every prompt in clear; keys of one's own protect stored data only",
            str(facts.KEYS),
        )
    if has_keys:
        return Cell(
            "medium",
            "keys are managed by the customer: stored data is closed to the provider, data in memory is not",
            str(facts.KEYS),
        )
    return Cell(
        "high", "keys are managed by the provider, which can therefore read the data", str(facts.KEYS)
    )


def _concentration(provider: str, weight: float) -> Cell:
    rating = "high" if weight > MOST_OF_IT else "medium" if weight > MUCH_OF_IT else "low"
    return Cell(
        rating,
        f"{provider} carries {weight:.0%} of what is rented; the Data Act gives a right to switch with two months' "
        "notice, without switching charges from 12 January 2027",
        str(facts.DATA_ACT),
    )


def _rented_supply(provider: str, mode: str) -> Cell:
    operator, seat = operator_of(provider), seat_of(provider)
    if seat is None:
        return Cell(
            "unknown", "seat not recorded, so whose export law binds it is not known", facts.NOT_RECORDED
        )
    if seat == "CN":
        note = f"; {operator.note}" if operator and operator.note else ""
        return Cell("high", f"US law restricts its supply of advanced chips{note}", str(facts.EAR))
    if seat == "US":
        return Cell(
            "medium", "the service and its chips are both under the law of the United States", str(facts.EAR)
        )
    if mode == "committed":
        return Cell("low", "the capacity is held by contract and already delivered", str(facts.EAR))
    return Cell(
        "medium",
        "its fleet is of US chips, and nothing holds the capacity when it runs short",
        str(facts.EAR),
    )


def _built(site: str, country: str, mode: str, gpu_model: str) -> tuple[Cell, ...]:
    return (
        _own_operator(site, country, mode),
        _location(country),
        Cell("low", "keys are in one's own hands, on hardware of one's own", str(facts.KEYS)),
        Cell(
            "low",
            "no cloud provider is needed; the maker of the GPUs counts under supply",
            facts.NOT_RECORDED,
        ),
        _built_supply(country, gpu_model),
    )


def _own_operator(site: str, country: str, mode: str) -> Cell:
    found = country_of(country)
    said = f"the organisation itself operates the servers at {site}; the law of {country} applies"
    if mode == "own_colocation":
        said += "; the operator of the room holds power and doors, not data, and its seat is not declared"
    return Cell(_BY_STANDING[found.standing], said, str(found.source))


def _built_supply(country: str, gpu_model: str) -> Cell:
    maker = maker_of(gpu_model)
    if maker is None:
        return Cell("unknown", f"the maker of {gpu_model} is not recorded", facts.NOT_RECORDED)
    source = str(maker.source)
    if maker.seat == "CN":
        return Cell(
            "high", f"{maker.name} is Chinese: the US holds that using its chips may break US law", source
        )
    bound = f"{maker.name} is bound by US export law"
    if country in facts.EMBARGOED:
        return Cell("high", f"{bound}: {country} needs a licence or gets none", source)
    if country in facts.OPEN_DESTINATIONS:
        return Cell(
            "medium",
            f"{bound}: no licence is needed for {country} now, unless the parent company sits in an embargoed country; "
            "a worldwide rule was made and withdrawn within five months of 2025. What is delivered keeps running",
            source,
        )
    return Cell("unknown", f"{bound}: the licence rule for {country} is not recorded", source)
