"""Build: which servers may be bought, and what belongs to a purchase besides the server.

Belongs here: servers by catalog id or quoted inline, and the cost rules of owning.
Does not belong here: the catalog itself (a fact), or sizing (planning).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, ValidationInfo, WrapValidator, field_validator

from brytpunkt.declarations.values.fields import (
    NO_SOURCE,
    CatalogId,
    Id,
    Items,
    LongText,
    Months,
    QuoteId,
    Section,
    Share,
    Text,
    Years,
    default,
    described,
    id_as_name,
    unique_ids,
    wrong,
)
from brytpunkt.declarations.values.money import ServerPrice

TokensPerSecond = Annotated[float, Field(gt=0, le=1e9)]


class CatalogServer(Section):
    """A server of the bundled catalog, at the catalog's price or at one's own quote."""

    catalog: Annotated[CatalogId, described("Id of the server in the catalog, for example dgx_b200.")]
    price: Annotated[
        ServerPrice | None,
        described(
            "A price for the whole server; default: the newest valid quote in the inbox, or else the catalog's.",
            unit="per server",
        ),
    ] = None
    quote: Annotated[
        QuoteId | None, described("Id of a quote in the inbox, instead of a price or the newest quote.")
    ] = Field(default=None, validate_default=True)
    basis: Annotated[LongText | None, described("Where the price comes from: a quote, a list.")] = None

    @field_validator("quote", mode="after")
    @classmethod
    def _one_price(cls, quote: str | None, info: ValidationInfo) -> str | None:
        if quote is not None and info.data.get("price") is not None:
            raise wrong("both `price` and `quote` are given", "keep one of the two")
        return quote

    @property
    def id(self) -> str:
        """The id under which results name the server."""
        return self.catalog


class InlineServer(Section):
    """A server described in the plan itself."""

    id: Annotated[Id, described("Short name for files and tables.")]
    name: Text = Field(default_factory=id_as_name, description="Display name.")
    gpu_model: Annotated[Text, described("GPU, for example H100-SXM-80GB.")]
    gpu_count: Annotated[int, described("GPUs in the server.", unit="GPUs", ge=1, le=1024)]
    gpu_memory_gb: Annotated[float, described("Memory of one GPU.", unit="GB", gt=0, le=10_000)]
    price: Annotated[ServerPrice, described("Price of the whole server.", unit="per server")]
    nameplate_kw: Annotated[
        float, described("Highest power that the server may draw.", unit="kW", gt=0, le=1_000)
    ]
    load_share: float = default(
        0.73,
        unit="share of nameplate",
        source="MLPerf Inference v5.1: 8x B200 draws 10.4 of 14.3 kW under full load",
        description="Power under full load.",
        gt=0,
        le=1,
    )
    idle_share: Share = default(
        0.3, unit="share of nameplate", source=NO_SOURCE, description="Power when switched on but idle."
    )
    rack_units: float = default(
        8.0,
        unit="rack units",
        source="usual height of an 8-GPU air-cooled server",
        description="Height in the rack.",
        gt=0,
        le=1000,
    )
    cooling: Literal["air", "liquid", "air_liquid"] = default(
        "air", unit="medium", source=NO_SOURCE, description="How the server gives off its heat."
    )
    output_tokens_per_second: Annotated[
        dict[Text, TokensPerSecond] | None,
        described(
            "Measured output of the whole server by model; replaces benchmarks.", unit="tokens per second"
        ),
    ] = None

    @field_validator("idle_share", mode="after")
    @classmethod
    def _idle_below_load(cls, idle: float, info: ValidationInfo) -> float:
        load = info.data.get("load_share")
        if load is not None and idle > load:
            raise wrong(
                f"the server draws more idle ({idle:g}) than under load ({load:g})", "check the two shares"
            )
        return idle


def _kind_of_server(value: Any) -> str:
    if isinstance(value, Mapping):
        return "inline" if {"id", "gpu_model", "gpu_count"} & set(value) else "catalog"
    return "catalog" if isinstance(value, CatalogServer) else "inline"


Server = Annotated[
    Annotated[CatalogServer, Tag("catalog")] | Annotated[InlineServer, Tag("inline")],
    Discriminator(_kind_of_server),
]


class Build(Section):
    """What may be bought, and the cost rules that go with owning it."""

    servers: Annotated[
        Items[Server],
        described(
            "Servers to choose from: {catalog: id} or a full description.", min_length=1, max_length=40
        ),
        WrapValidator(unique_ids),
    ]
    lead_time_months: Months = default(
        5,
        unit="months",
        source="4-8 months (criticism of published calculations, second-hand)",
        description="From the order of a server to its service.",
    )
    life_years: Years = default(
        5.0,
        unit="years",
        source="Lenovo Press LP2368 (2026-02-04): five years; hyperscalers 4-6 (second-hand)",
        description="Service life of a server.",
    )
    freight_and_duty_share: Share = default(
        0.03,
        unit="share of server price",
        source=NO_SOURCE,
        description="Freight, insurance on the way, customs.",
    )
    network_share: float = default(
        0.10,
        unit="share of server price",
        source=NO_SOURCE,
        description="Cluster network: switches, optics, cables.",
        ge=0,
        le=2,
    )
    network_life_years: Years = default(
        5.0, unit="years", source=NO_SOURCE, description="Service life of the network."
    )
    installation_share: Share = default(
        0.02, unit="share of server price", source=NO_SOURCE, description="Racking, cabling, burn-in."
    )
    spares_share: Share = default(
        0.02,
        unit="share of server price",
        source="planning assumption: GPU failures are 5-10 % a year (second-hand), most under support",
        description="Parts kept on site, bought once.",
    )
    support_share_per_year: Share = default(
        0.08,
        unit="share of server price per year",
        source="planning assumption below Lenovo Press LP2368's 12 % and others' 10-15 % of list price",
        description="Vendor support and hardware maintenance.",
    )
    insurance_share_per_year: Share = default(
        0.005, unit="share of server price per year", source=NO_SOURCE, description="Property insurance."
    )
    decommissioning_share: Share = default(
        0.01,
        unit="share of server price",
        source=NO_SOURCE,
        description="Removal, wiping and recycling at end of life.",
    )
    refresh: Literal["refresh", "keep", "skip", "extend"] = default(
        "refresh",
        unit="policy",
        source="convention of this model",
        description="At the end of life: replace; keep going on rent; replace after a gap; or run on for longer.",
    )
    skip_months: int = default(
        12,
        unit="months",
        source="planning assumption: half of a product cycle of about two years",
        description="Gap before the replacement under `skip`, bridged by rent.",
        ge=1,
        le=60,
    )
    extended_years: float = default(
        2.0,
        unit="years",
        source="hyperscalers write off over 5-6 years, critics expect 2-3 (second-hand)",
        description="Service beyond the life under `extend`.",
        ge=0.5,
        le=10,
    )
    extended_support_multiple: float = default(
        1.5,
        unit="ratio",
        source=NO_SOURCE,
        description="Support beyond the life, relative to support before.",
        ge=1,
        le=10,
    )
    resale_share_by_year: Items[Share] = default(
        (0.72, 0.53, 0.38, 0.28, 0.20),
        unit="share of the purchase price at the end of each year",
        source="Epoch AI residual curve (second-hand); other pages give 60-70, 30-45, 20-35 % after 1, 2, 3 years",
        description="What the market pays for a used server; used for sale, never for continuing value.",
        min_length=1,
        max_length=40,
    )
    on_failure: Annotated[
        Literal["keep", "sell"],
        described("What happens to the servers when no workload reaches production."),
    ] = "keep"
    removal_share: Share = default(
        0.02,
        unit="share of server price",
        source=NO_SOURCE,
        description="Removal and wiping at a sale before the end of life.",
    )
    price_path_per_year: float = default(
        0.0,
        unit="share per year",
        source="planning assumption: today's price; both directions are scenarios",
        description="Yearly change of server prices; -0.1 is ten per cent cheaper each year.",
        gt=-1,
        le=2,
    )
    review_months: int = default(
        12,
        unit="months",
        source="planning assumption: a yearly budget",
        description="How often capacity is reviewed and ordered.",
        ge=1,
        le=60,
    )
