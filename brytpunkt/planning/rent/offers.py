"""Offers: which rented instances and token APIs may serve which workload, and at what price."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from brytpunkt.declarations.sections.rent import TERM_MONTHS
from brytpunkt.planning.demand.throughput import inline_profile
from brytpunkt.planning.note import Note, encode
from brytpunkt.planning.rent.billed_units import increment_of, with_units
from brytpunkt.planning.rent.operator_jurisdiction import is_sovereign
from brytpunkt.planning.rent.residency import api_outside, offers_within

if TYPE_CHECKING:
    from brytpunkt.declarations import Plan
    from brytpunkt.planning.inputs.money import Fx
    from brytpunkt.planning.inputs.planning_inputs import Facts

TERM_CODES = {
    "on_demand": "offer_on_demand",
    "spot": "offer_spot",
    "reserved_1y": "offer_reserved_1y",
    "reserved_3y": "offer_reserved_3y",
    "reserved_5y": "offer_reserved_5y",
    "savings_1y": "offer_savings_1y",
    "savings_3y": "offer_savings_3y",
}
OFFER_COLUMNS = [
    *("offer", "provider", "gpu_model", "profile", "gpu_count", "term", "term_months", "upfront_share"),
    *("price_native_per_hour", "native_currency", "price_per_hour", "label"),
]


def eligible_offers(plan: Plan, facts: Facts, fx: Fx) -> pl.DataFrame:
    """Offers that the plan allows, whatever the workload, in the order that settles ties.

    | column | unit |
    |---|---|
    | offer | provider/region/sku/term, or the inline id |
    | profile | GPU type, or the inline item with its own throughput |
    | price_per_hour | plan currency per instance-hour, after the negotiated discount |
    | label | encoded note that names the offer |
    """
    catalog = _catalog_offers(plan, facts)
    inline = _inline_offers(plan)
    rates = {name: fx.rate(name) for name in {*catalog["native_currency"], *inline["native_currency"]}}
    return (
        pl.concat([catalog, inline])
        .with_columns(
            term_months=pl.col("term").replace_strict(TERM_MONTHS, return_dtype=pl.Int64),
            price_per_hour=pl.col("price_native_per_hour")
            * pl.col("native_currency").replace_strict(rates, default=None, return_dtype=pl.Float64),
        )
        .pipe(_labelled)
        .select(*OFFER_COLUMNS, "country", "is_quoted", "increment")
        .sort("offer")
    )


def _labelled(offers: pl.DataFrame) -> pl.DataFrame:
    """Offers with the note that names each (``label``); ``name`` is SKU and region, or the SKU where no region is stated."""
    labels = []
    for provider, name, is_placed, term in offers.select("provider", "name", "is_placed", "term").iter_rows():
        offer: str | Note = f"{provider} {name}"
        if not is_placed:
            offer = Note("region_not_stated", None, {"offer": offer})
        labels.append(encode(Note(TERM_CODES[term], None, {"offer": offer})))
    return offers.with_columns(pl.Series("label", labels, dtype=pl.String))


def _catalog_offers(plan: Plan, facts: Facts) -> pl.DataFrame:
    rent = plan.rent
    kept = facts.offers.filter(
        pl.col("confidence") != "suspect",
        pl.col("price_native_per_instance_hour") > 0,
        pl.col("term").is_in(list(rent.terms)),
        ~pl.col("provider").is_in(list(rent.exclude_providers)),
    )
    for column, allowed in (
        ("provider", rent.providers),
        ("country", rent.countries),
        ("gpu_model", rent.gpu_models),
    ):
        if allowed is not None:
            kept = kept.filter(pl.col(column).is_in(list(allowed)))
    return kept.select(
        offer=pl.concat_str("provider", pl.col("region").fill_null(""), "sku", "term", separator="/"),
        provider="provider",
        name=pl.when(_is_placed()).then(pl.concat_str("sku", "region", separator=", ")).otherwise("sku"),
        is_placed=_is_placed(),
        country="country",
        gpu_model="gpu_model",
        profile="gpu_model",
        gpu_count=pl.col("gpu_count").cast(pl.Int64),
        term="term",
        upfront_share=pl.col("upfront_share").fill_null(0.0).cast(pl.Float64),
        price_native_per_hour=pl.col("price_native_per_instance_hour").cast(pl.Float64)
        * (1 - rent.negotiated_discount_share),
        native_currency="native_currency",
        is_quoted=pl.lit(value=False),
        increment=pl.col("provider").map_elements(increment_of, return_dtype=pl.String),
    )


def _is_placed() -> pl.Expr:
    """Whether an offer says where it is; some lists have one price in every region, and name none."""
    return pl.col("region").fill_null("") != ""


def _inline_offers(plan: Plan) -> pl.DataFrame:
    schema = {
        "offer": pl.String,
        "provider": pl.String,
        "name": pl.String,
        "is_placed": pl.Boolean,
        "country": pl.String,
        "gpu_model": pl.String,
        "profile": pl.String,
        "gpu_count": pl.Int64,
        "term": pl.String,
        "upfront_share": pl.Float64,
        "price_native_per_hour": pl.Float64,
        "native_currency": pl.String,
        "is_quoted": pl.Boolean,
        "increment": pl.String,
    }
    rows = [
        (
            o.id,
            o.provider,
            o.id,
            True,
            o.country,
            o.gpu_model,
            inline_profile(o.id) if o.output_tokens_per_second else o.gpu_model,
            o.gpu_count,
            o.term,
            o.upfront_share,
            o.price.amount,
            o.price.currency,
            True,
            increment_of(o.provider, o.billing_increment),
        )
        for o in plan.rent.offers
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def offers_by_workload(plan: Plan, offers: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """Every (workload, offer) that fits: residency, a known rate, and room for a whole replica."""
    frames = [
        offers.filter(offers_within(w)).select(pl.lit(w.id).alias("workload"), pl.all())
        for w in plan.workloads
    ]
    fitting = (
        pl.concat(frames)
        .join(rates.select("workload", "profile", "replica_gpus"), on=["workload", "profile"])
        .filter(pl.col("gpu_count") >= pl.col("replica_gpus"))
    )
    return with_units(plan, fitting).sort("workload", "offer")


def sovereign_offers(offers: pl.DataFrame, apis: pl.DataFrame) -> frozenset[str]:
    """Rented instances and token APIs of operators whose seat in the EEA is known."""
    both = pl.concat([offers.select("offer", "provider"), api_operators(apis).select("offer", "provider")])
    return frozenset(offer for offer, provider in both.unique().iter_rows() if is_sovereign(provider))


def api_operators(apis: pl.DataFrame) -> pl.DataFrame:
    """Token APIs with who runs them -> offer, provider, country (null where it is not known, or not one for all workloads)."""
    one = pl.when(pl.col("country").n_unique() == 1).then(pl.col("country").first())
    return (
        apis.group_by("offer")
        .agg(country=one)
        .select("offer", "country", provider=pl.col("offer").str.split("/").list.first())
        .select("offer", "provider", "country")
        .sort("offer")
    )


def api_offers(plan: Plan, facts: Facts, fx: Fx) -> pl.DataFrame:
    """Declared API equivalents within the workload's residency, with their prices per million tokens.

    | column | unit |
    |---|---|
    | workload, offer | key |
    | country | where it is served, null where that is not known or is an area |
    | tokens_per_task_ratio | API tokens per token of the own model |
    | input_price, cached_price, output_price | plan currency per million tokens, a regional surcharge included |
    """
    schema = {
        "workload": pl.String,
        "provider": pl.String,
        "model": pl.String,
        "country": pl.String,
        "tokens_per_task_ratio": pl.Float64,
        "surcharge": pl.Float64,
        "is_quoted": pl.Boolean,
    }
    declared = pl.DataFrame(
        [
            (
                *(w.id, api.provider, api.model, api.country),
                *(api.tokens_per_task_ratio, api.regional_surcharge_share, api.price is not None),
            )
            for w in plan.workloads
            for api in w.api_equivalents
            if api_outside(w, api) is None
        ],
        schema=schema,
        orient="row",
    )
    prices = facts.token_prices.filter(pl.col("confidence") != "suspect").sort(
        "provider", "model", "valid_from"
    )
    listed = prices.unique(["provider", "model"], keep="last", maintain_order=True).select(
        *("provider", "model", "native_currency"),
        fresh=pl.col("price_native_per_million_input").cast(pl.Float64),
        again=pl.col("price_native_per_million_cached_input").cast(pl.Float64),
        written=pl.col("price_native_per_million_output").cast(pl.Float64),
    )
    own = pl.concat(
        [
            declared.filter(~pl.col("is_quoted")).join(listed, on=["provider", "model"]),
            declared.filter("is_quoted").join(_quoted_tokens(plan, fx), on=["workload", "provider", "model"]),
        ]
    )
    rates = {name: fx.rate(name) for name in own["native_currency"].unique()}
    to_plan = pl.col("native_currency").replace_strict(rates, default=None, return_dtype=pl.Float64)
    paid = to_plan * (1 + pl.col("surcharge"))
    return own.select(
        "workload",
        "country",
        "tokens_per_task_ratio",
        "native_currency",
        offer=pl.format("{}/{}", "provider", "model"),
        label=pl.struct("provider", "model").map_elements(_api_label, return_dtype=pl.String),
        native_rate=to_plan,
        input_price=pl.col("fresh") * paid,
        cached_price=pl.col("again").fill_null(pl.col("fresh")) * paid,
        output_price=pl.col("written") * paid,
    ).sort("workload", "offer")


def _quoted_tokens(plan: Plan, fx: Fx) -> pl.DataFrame:
    """Prices that are quoted inline, in the currency of the input price, less what is off for work that may wait."""
    rows = []
    for workload in plan.workloads:
        for api in workload.api_equivalents:
            if api.price is not None:
                quoted, name = api.price, api.price.input.currency
                off = 1 - quoted.batch_discount_share * (workload.max_delay_days > 0)
                again = quoted.cached_input or quoted.input
                prices = [
                    fx.convert(money) / fx.rate(name) * off for money in (quoted.input, again, quoted.output)
                ]
                rows.append((workload.id, api.provider, api.model, name, *prices))
    schema = dict.fromkeys(("workload", "provider", "model", "native_currency"), pl.String)
    return pl.DataFrame(
        rows,
        schema=schema | dict.fromkeys(("fresh", "again", "written"), pl.Float64),
        orient="row",
    )


def _api_label(api: dict[str, str]) -> str:
    return encode(Note("offer_token_api", None, {"offer": f"{api['provider']} {api['model']}"}))
