"""Uncertainty: what is drawn, from which distribution, and what moves together.

Belongs here: factors, distributions, correlations and the number of draws, as the user declares them, with defaults.
Does not belong here: drawing or evaluating (``planning/risk`` does that).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from brytpunkt.declarations.values.fields import Id, Items, LongText, Section, default, described, wrong
from brytpunkt.declarations.values.money import Currency, Money, PricePerGpuHour

Kind = Literal[
    "demand_growth",
    "demand_level",
    "production_success",
    "efficiency_gain",
    "cloud_price_path",
    "cloud_price",
    "token_price_path",
    "hardware_price",
    "delivery_delay",
    "connection_delay",
    "energy_price",
    "fx",
    "failure_rate",
    "residual_value",
]
Shape = Literal[
    "normal",
    "lognormal",
    "triangular",
    "split_triangular",
    "uniform",
    "discrete",
    "empirical",
    "historical_years",
    "none",
]
NEEDS: dict[str, tuple[str, ...]] = {
    "normal": ("mean", "standard_deviation"),
    "lognormal": ("median", "sigma"),
    "triangular": ("low", "mode", "high"),
    "split_triangular": ("low", "median", "high"),
    "uniform": ("low", "high"),
    "discrete": ("values", "weights"),
    "empirical": ("values",),
    "historical_years": (),
    "none": (),
}
PARAMETERS = ("mean", "standard_deviation", "median", "sigma", "low", "mode", "high", "values", "weights")
PER_WORKLOAD = ("demand_growth", "demand_level", "production_success", "efficiency_gain")
MULTIPLES = ("demand_level", "cloud_price", "hardware_price", "fx", "failure_rate", "residual_value")
CONNECTION: Final = "connection_delay"
LARGEST_DELAY = 60
MOST_DRAWS = 2**18
Number = Annotated[float, Field(ge=-1e6, le=1e6)]


class Factor(Section):
    """One uncertain figure. Its name is its kind, with the workload, site or currency after a colon where it has one.

    What is drawn: demand_growth, efficiency_gain and the price paths: a change added to the declared yearly rate;
    demand_level, cloud_price, hardware_price, failure_rate, residual_value, fx: a multiple of the planned figure;
    delivery_delay: months; connection_delay: months later, or sooner, than planned; production_success: 1 or 0; energy_price: historical years, or a multiple.
    """

    factor: Annotated[Kind, described("What is uncertain.")]
    workload: Annotated[Id | None, described("Only this workload; default: all alike.")] = None
    site: Annotated[Id | None, described("Only this site, of a connection_delay; default: all alike.")] = None
    currency: Annotated[Currency | None, described("Currency of an fx factor.")] = None
    distribution: Annotated[
        Shape,
        described(
            "How it is distributed; split_triangular: half below its median, half above; historical_years is for energy, none switches it off."
        ),
    ]
    mean: Annotated[Number | None, described("Mean of a normal.")] = None
    standard_deviation: Annotated[
        float | None, described("Standard deviation of a normal.", ge=0, le=1e6)
    ] = None
    median: Annotated[Number | None, described("Median of a lognormal or split_triangular.")] = None
    sigma: Annotated[
        float | None, described("Standard deviation of the logarithm of a lognormal.", ge=0, le=5)
    ] = None
    low: Annotated[Number | None, described("Lowest value of a triangular, split_triangular or uniform.")] = (
        None
    )
    mode: Annotated[Number | None, described("Most likely value of a triangular.")] = None
    high: Annotated[
        Number | None, described("Highest value of a triangular, split_triangular or uniform.")
    ] = None
    values: Annotated[
        Items[Number] | None,
        described("Values of a discrete or empirical one.", min_length=1, max_length=10_000),
    ] = None
    weights: Annotated[
        Items[Annotated[float, Field(ge=0, le=1e9)]] | None,
        described("Weights of the values of a discrete one.", min_length=1, max_length=10_000),
    ] = None
    weight_of_2022: Annotated[
        float | None,
        described(
            "Weight of the year 2022 among historical years, relative to the others.",
            unit="ratio",
            ge=0,
            le=10,
        ),
    ] = None
    basis: Annotated[LongText | None, described("Where the distribution comes from.")] = None

    @property
    def name(self) -> str:
        """Name in correlations, tables and charts."""
        of = self.workload or self.site or self.currency
        return f"{self.factor}:{of}" if of else self.factor

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = NEEDS[self.distribution]
        given = [name for name in PARAMETERS if getattr(self, name) is not None]
        lacking, idle = [n for n in needed if n not in given], [n for n in given if n not in needed]
        if lacking or idle:
            parts = [f"lacks {', '.join(lacking)}"] * bool(lacking) + [f"knows no {', '.join(idle)}"] * bool(
                idle
            )
            message = f"{self.name}: a {self.distribution} distribution {' and '.join(parts)}"
            raise wrong(message, f"give {', '.join(needed) or 'no parameter'}")
        self._ordered()
        self._of_what()
        return self

    def _ordered(self) -> None:
        low, mode, high = self.low, self.mode, self.high
        if low is not None and high is not None and low >= high:
            raise wrong(f"{self.name}: low ({low:g}) is not below high ({high:g})", "give low < high")
        if mode is not None and low is not None and high is not None and not low <= mode <= high:
            raise wrong(
                f"{self.name}: the mode ({mode:g}) lies outside {low:g} to {high:g}",
                "give low <= mode <= high",
            )
        if self.distribution == "split_triangular":
            self._around_the_median()
        elif self.median is not None and self.median <= 0:
            raise wrong(
                f"{self.name}: the median ({self.median:g}) of a lognormal is above 0", "give median > 0"
            )
        if self.weights is not None and self.values is not None:
            if len(self.weights) != len(self.values):
                raise wrong(
                    f"{self.name}: {len(self.values)} values, {len(self.weights)} weights",
                    "give one weight a value",
                )
            if sum(self.weights) <= 0:
                raise wrong(f"{self.name}: all weights are zero", "give at least one a weight above 0")

    def _around_the_median(self) -> None:
        low, median, high = self.low, self.median, self.high
        if low is not None and median is not None and high is not None and not low <= median <= high:
            raise wrong(
                f"{self.name}: the median ({median:g}) lies outside {low:g} to {high:g}",
                "give low <= median <= high",
            )

    def _of_what(self) -> None:
        if self.workload is not None and self.factor not in PER_WORKLOAD:
            raise wrong(f"{self.factor} does not belong to a workload", "leave out workload")
        if self.site is not None and self.factor != CONNECTION:
            raise wrong(f"{self.factor} does not belong to a site", "leave out site")
        if (self.factor == "fx") != (self.currency is not None):
            raise wrong(f"{self.name}: fx, and only fx, names a currency", "give currency, for example usd")
        if self.distribution == "historical_years" and self.factor != "energy_price":
            raise wrong(
                f"{self.name}: historical years are known of energy prices only",
                "choose another distribution",
            )
        if self.factor == "production_success" and self.distribution != "none":
            raise wrong(
                "production_success is drawn from the workload's success_probability",
                "set workloads.success_probability, or distribution: none to leave it out",
            )
        if self.factor in MULTIPLES and self.distribution == "normal":
            raise wrong(
                f"{self.name} is a multiple and may not become negative", "use lognormal or triangular"
            )
        least = min((v for v in (self.low, *(self.values or ())) if v is not None), default=None)
        if least is not None and least < 0 and (self.factor in MULTIPLES or self.factor == "delivery_delay"):
            raise wrong(f"{self.name} may not be negative", "give values from 0 up")
        most = max((v for v in (self.high, *(self.values or ())) if v is not None), default=0.0)
        if self.factor in {"delivery_delay", CONNECTION} and (
            most > LARGEST_DELAY or self.distribution in {"normal", "lognormal"}
        ):
            raise wrong(
                f"a {self.factor.replace('_', ' ')} is bounded",
                f"use triangular, uniform, discrete or empirical, at most {LARGEST_DELAY} months",
            )


class Correlation(Section):
    """How two factors move together: the correlation of the normal variables behind them (Gaussian copula)."""

    between: Annotated[Items[str], described("Names of two factors.", min_length=2, max_length=2)]
    value: Annotated[float, described("Correlation.", unit="1", ge=-1, le=1)]


def _of(factor: Kind, distribution: Shape, basis: str, **parameters: object) -> Factor:
    return Factor.model_validate(
        {"factor": factor, "distribution": distribution, "basis": basis, **parameters}, strict=False
    )


ASSUMED = "planning assumption, no published distribution found"
STANDARD_FACTORS = (
    _of("demand_growth", "normal", f"{ASSUMED}; Compass (SemiAnalysis) draws growth lognormally with 5 %",
        mean=0.0, standard_deviation=0.15),
    _of("efficiency_gain", "split_triangular", ASSUMED, low=-0.10, median=0.0, high=0.15),
    _of("cloud_price_path", "split_triangular",
        "H100 hours fell from 8-10 to about 3 USD in 2024-25, one provider raised its list by 30 % in June 2026",
        low=-0.20, median=0.0, high=0.12),
    _of("token_price_path", "split_triangular",
        "equal quality falls by about 10x a year (a16z, 2024), the price of the wanted model hardly", low=-0.40, median=0.0, high=0.15),
    _of("hardware_price", "split_triangular", "Compass (SemiAnalysis): GPU price -15 / 0 / +20 %", low=0.85, median=1.0, high=1.20),
    _of("delivery_delay", "triangular", "lead times of 4 to 8 months are reported (second-hand)", low=0.0, mode=0.0, high=6.0),
    _of("energy_price", "historical_years", "day-ahead prices of whole years, all zones together", weight_of_2022=1.0),
    *(
        _of("fx", "lognormal", f"standard deviation of {currency} per EUR over two years, ECB reference rates 2015-2026",
            currency=currency, median=1.0, sigma=sigma)
        for currency, sigma in (("USD", 0.075), ("SEK", 0.06), ("NOK", 0.07), ("ISK", 0.10), ("GBP", 0.07))
    ),
    _of("failure_rate", "lognormal", "GPU failures of 5 to 10 % a year are reported (second-hand)", median=1.0, sigma=0.35),
    _of("residual_value", "split_triangular", "published residual values differ by half and more (30 to 75 % after 24 months)",
        low=0.5, median=1.0, high=1.25),
)  # fmt: skip
STANDARD_CORRELATIONS = (
    Correlation(between=("cloud_price_path", "token_price_path"), value=0.5),
    Correlation(between=("cloud_price_path", "hardware_price"), value=0.3),
    Correlation(between=("demand_growth", "token_price_path"), value=-0.3),
    Correlation(between=("fx:SEK", "fx:NOK"), value=0.5),
)


class Uncertainty(Section):
    """How sure the plan is: declared factors replace the standard ones of the same name."""

    draws: int = default(
        4096,
        unit="draws",
        source="convention of this model: P50 within 0.5 % and P90 within 1 % of 262,144 draws",
        description="Draws to begin with (0: none); more are added until the quantiles stand still, up to most_draws.",
        ge=0,
        le=10_000_000,
    )
    most_draws: int = default(
        16_384,
        unit="draws",
        source="convention of this model",
        description="Draws at the most.",
        ge=64,
        le=10_000_000,
    )
    seed: int = default(
        20_270_101,
        unit="seed",
        source="convention of this model",
        description="Seed of the draws: same seed, same result.",
        ge=0,
        le=2**31 - 1,
    )
    factors: Annotated[
        Items[Factor], described("Uncertain figures; those not named keep their standard.", max_length=60)
    ] = ()
    correlations: Annotated[
        Items[Correlation] | None,
        described("What moves together; default: four standard pairs. [] for independence.", max_length=400),
    ] = None
    total_indices: Annotated[
        bool, described("Also total Sobol indices, which take several times as many draws.")
    ] = False
    rentable_gpus: Annotated[
        int | None,
        described(
            "GPUs that can be rented by the hour at once; what is above is not served.", unit="GPUs", ge=1
        ),
    ] = None
    unserved_price_per_gpu_hour: PricePerGpuHour = default(
        Money(amount=20.0, currency="EUR"),
        unit="per GPU-hour",
        source=f"{ASSUMED}: well above every listed hour",
        description="Charged for work that nothing can serve; such a draw is not won.",
    )

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        names = [factor.name for factor in self.factors]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise wrong(f"factors declared twice: {', '.join(twice)}", "keep one of each")
        return self

    def drawn(self) -> tuple[Factor, ...]:
        """Standard factors with the declared ones in their places, then further declared ones."""
        declared = {factor.name: factor for factor in self.factors}
        standard = {factor.name: factor for factor in STANDARD_FACTORS}
        both = [declared.get(name, factor) for name, factor in standard.items()]
        return (*both, *(factor for name, factor in declared.items() if name not in standard))

    def pairs(self) -> Sequence[Correlation]:
        """Declared correlations, or the standard ones."""
        return STANDARD_CORRELATIONS if self.correlations is None else self.correlations
