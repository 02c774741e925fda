"""Tables of the market: offers that rent settles on, throughput, and a published calculation recomputed."""

from __future__ import annotations

import dataframely as dy

from brytpunkt.planning.schemas import column_kinds as of


class RentOffers(dy.Schema):
    """The offers that each mode settles on."""

    mode = of.text("api, on_demand, spot or committed.")
    workload = of.text("Workload, by its id.")
    offer = of.text("Offer, by its id.")
    present_value = of.money("What is paid for it.")
    label = of.note("Its name.")
    is_rent = of.flag("Whether the strategy rent takes it.")
    gpu_model = of.text("GPU type; null: a token API.", null=True)
    gpu_count = of.count("GPUs in the instance.", "GPUs", null=True)
    price_native_per_hour = of.number("Price of the instance.", "native currency per hour", null=True)
    native_currency = of.text("Currency of the price.", null=True)
    price_per_hour = of.money("Price of the instance.", per="per hour", null=True)


class Rates(dy.Schema):
    """Throughput of each workload on each GPU type."""

    workload = of.text("Workload, by its id.")
    profile = of.text("GPU type, or an item with a throughput of its own.")
    decode_tokens_per_second = of.number("Output tokens.", "tokens per GPU and second", null=True)
    prefill_tokens_per_second = of.number("Input tokens.", "tokens per GPU and second", null=True)
    hours_ratio = of.number("Work of one declared GPU-hour.", "GPU-hours", null=True)
    replica_gpus = of.count("GPUs that a replica needs.", "GPUs")
    benchmark = of.text("Where it is from.", null=True)


class PublishedTable(dy.Schema):
    """Published figures beside those that their own inputs give."""

    case = of.text("Figure, by its id.")
    measure = of.text("What it is of.")
    server = of.text("Server.", null=True)
    offer = of.text("Offer.", null=True)
    published = of.number("As published.", "as published")
    computed = of.number("Recomputed; null: there is no figure.", "as published", null=True)
    difference = of.number("Recomputed less published.", "as published", null=True)
    tolerance = of.number("Largest difference that agrees.", "as published")
    agrees = of.flag("Within it.")
    reproduces = of.flag("What the plan says of it.", null=True)
    why = of.text("Why it differs, as the plan says.", null=True)
    not_defined = of.note("Why there is no figure.", null=True)


MARKET_TABLES: dict[str, type[dy.Schema]] = {
    "rent_offers": RentOffers,
    "rates": Rates,
    "published": PublishedTable,
}
