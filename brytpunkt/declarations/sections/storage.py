"""Storage: the data that a workload keeps, and what a terabyte costs, owned or rented.

Belongs here: capacity, throughput and egress of a workload; prices and limits of each kind of storage.
Does not belong here: which kind suffices and what it costs over the plan (planning does that).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from brytpunkt.declarations.values.fields import (
    NO_SOURCE,
    LongText,
    Section,
    Share,
    Years,
    default,
    described,
)
from brytpunkt.declarations.values.money import Money, _plausible

_PER_GB = "that looks like a price per GB; multiply by 1000"

PricePerTb = Annotated[
    Money,
    AfterValidator(
        _plausible(5.0, 20_000.0, "per TB", too_low=_PER_GB, too_high="that looks like a price per PB")
    ),
]
PricePerTbMonth = Annotated[
    Money,
    AfterValidator(
        _plausible(
            0.5,
            2_000.0,
            "per TB and month",
            too_low=_PER_GB,
            too_high="that looks like a price per PB, or to buy",
        )
    ),
]
EgressPerTb = Annotated[
    Money, AfterValidator(_plausible(1.0, 1_000.0, "of egress per TB", too_low=_PER_GB, zero=True))
]

Tier = Literal["nas", "parallel", "object"]
LIST_PRICES = "planning assumption of the size of public list prices, not read from one"


class Storage(Section):
    """What one workload keeps and moves: model weights, checkpoints, documents, logs."""

    capacity_tb: Annotated[float, described("Data held in the first month.", unit="TB", gt=0, le=1e7)]
    growth_per_year: float = default(
        0.0,
        unit="share per year",
        source=NO_SOURCE,
        description="Yearly growth of capacity, throughput and egress alike.",
        ge=0,
        le=10,
    )
    throughput_gb_per_s: float = default(
        1.0,
        unit="GB per second",
        source=NO_SOURCE,
        description="Highest rate of reading and writing together, in the first month.",
        gt=0,
        le=1e5,
    )
    tier: Literal["auto", "nas", "parallel", "object"] = default(
        "auto",
        unit="tier",
        source="convention of this model",
        description="Kind of storage: NAS, parallel file system, object storage, or the least that suffices.",
    )
    egress_tb_per_month: float = default(
        0.0,
        unit="TB per month",
        source=NO_SOURCE,
        description="Data that leaves the cloud in the first month; own storage pays none.",
        ge=0,
        le=1e6,
    )


class StorageCosts(Section):
    """What storage costs to own and to rent, and up to where each kind suffices."""

    nas_capex_per_tb: PricePerTb = default(
        Money(amount=400.0, currency="EUR"),
        unit="per TB",
        source=NO_SOURCE,
        description="Network-attached storage, bought, per usable TB.",
    )
    parallel_capex_per_tb: PricePerTb = default(
        Money(amount=800.0, currency="EUR"),
        unit="per TB",
        source=NO_SOURCE,
        description="Parallel file system on flash, bought, per usable TB.",
    )
    object_capex_per_tb: PricePerTb = default(
        Money(amount=150.0, currency="EUR"),
        unit="per TB",
        source=NO_SOURCE,
        description="Object storage on disks, bought, per usable TB.",
    )
    life_years: Years = default(
        5.0, unit="years", source=NO_SOURCE, description="Service life of storage that is bought."
    )
    maintenance_share_per_year: Share = default(
        0.10,
        unit="share of storage capex per year",
        source="planning assumption within 10-15 % of list price a year for servers (second-hand)",
        description="Support and replacement of parts.",
    )
    nas_rent_per_tb_month: PricePerTbMonth = default(
        Money(amount=150.0, currency="EUR"),
        unit="per TB and month",
        source=LIST_PRICES,
        description="File storage of a cloud, in place of a NAS.",
    )
    parallel_rent_per_tb_month: PricePerTbMonth = default(
        Money(amount=150.0, currency="EUR"),
        unit="per TB and month",
        source=LIST_PRICES,
        description="Parallel file system of a cloud.",
    )
    object_rent_per_tb_month: PricePerTbMonth = default(
        Money(amount=22.0, currency="EUR"),
        unit="per TB and month",
        source=LIST_PRICES,
        description="Object storage of a cloud.",
    )
    egress_per_tb: EgressPerTb = default(
        Money(amount=100.0, currency="USD"),
        unit="per TB",
        source="planning assumption within USD 0.085-0.12 per GB (second-hand, n.d.)",
        description="Data that leaves the cloud.",
    )
    nas_max_tb: float = default(
        1_000.0,
        unit="TB",
        source=NO_SOURCE,
        description="Up to where one NAS suffices.",
        gt=0,
        le=1e7,
    )
    nas_max_gb_per_s: float = default(
        10.0,
        unit="GB per second",
        source=NO_SOURCE,
        description="Up to where one NAS suffices.",
        gt=0,
        le=1e5,
    )
    object_max_gb_per_s: float = default(
        50.0,
        unit="GB per second",
        source=NO_SOURCE,
        description="Up to where object storage suffices.",
        gt=0,
        le=1e6,
    )
    basis: Annotated[LongText | None, described("Where the prices come from.")] = None
