"""The bundled price and hardware tables: what must hold for every row, and figures checked by hand.

Belongs here: integrity of gpu_offers, token_prices, servers, benchmarks and models.
Does not belong here: the energy and climate tables, or what the warehouse does with a bad row.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "data"
NEWEST_COLLECTION = date(2026, 11, 24)
PROVENANCE = ["source", "source_date", "retrieved_on", "licence", "confidence", "note"]
CONFIDENCES = {"stated", "measured", "derived", "estimated", "suspect"}
TERMS = {"on_demand", "spot", "reserved_1y", "reserved_3y", "reserved_5y", "savings_1y", "savings_3y"}
COLUMNS = {
    "gpu_offers": "provider region country sku gpu_model gpu_count term upfront_share "
    "price_native_per_instance_hour native_currency valid_from",
    "token_prices": "provider model price_native_per_million_input price_native_per_million_cached_input "
    "price_native_per_million_output native_currency valid_from",
    "servers": "server parameter value_number value_text unit",
    "benchmarks": "gpu_model gpu_count model scenario output_tokens_per_second precision software "
    "mean_input_tokens mean_output_tokens",
    "models": "model parameters_billion weights_gb kv_cache_gb_per_replica precision",
}
KEYS = {
    "gpu_offers": ("provider", "region", "sku", "term"),
    "token_prices": ("provider", "model", "valid_from"),
    "servers": ("server", "parameter"),
    "benchmarks": ("gpu_model", "gpu_count", "model", "scenario", "software"),
    "models": ("model", "precision"),
}
NUMERIC = ("price", "parameters_billion", "weights_gb", "kv_cache", "output_tokens", "gpu_count", "mean_")
MODELS = {"llama2-70b", "llama3.1-8b", "llama3.1-405b", "gpt-oss-120b", "deepseek-r1", "mixtral-8x7b"}

Row = dict[str, str]


def rows_of(table: str) -> list[Row]:
    with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def offers() -> list[Row]:
    return rows_of("gpu_offers")


@pytest.fixture(scope="module")
def servers() -> dict[str, dict[str, Row]]:
    wide: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows_of("servers"):
        wide[row["server"]][row["parameter"]] = row
    return wide


@pytest.mark.parametrize("table", COLUMNS)
def test_columns_are_exactly_those_of_the_contract(table: str) -> None:
    with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == COLUMNS[table].split() + PROVENANCE


@pytest.mark.parametrize("table", COLUMNS)
def test_keys_are_unique(table: str) -> None:
    count = Counter(tuple(row[k] for k in KEYS[table]) for row in rows_of(table))
    assert [key for key, n in count.items() if n > 1] == []


@pytest.mark.parametrize("table", COLUMNS)
def test_every_row_says_where_it_comes_from(table: str) -> None:
    for row in rows_of(table):
        assert len(row["source"]) > 2, row
        assert row["licence"], row
        assert row["confidence"] in CONFIDENCES, row
        assert date.fromisoformat(row["source_date"]) <= date.fromisoformat(row["retrieved_on"]), row
        assert date.fromisoformat(row["retrieved_on"]) <= NEWEST_COLLECTION, row
        assert row["note"] or row["confidence"] in {"stated", "measured"}, row


@pytest.mark.parametrize("table", COLUMNS)
def test_numbers_are_positive(table: str) -> None:
    for row in rows_of(table):
        for column, text in row.items():
            if column.startswith(NUMERIC) and text:
                assert float(text) > 0, (row, column)


def test_offers_are_plausible(offers: list[Row]) -> None:
    assert len(offers) >= 150
    for row in offers:
        assert row["term"] in TERMS, row
        assert row["native_currency"] in {"USD", "EUR"}, row
        assert re.fullmatch(r"[A-Z]{2}|", row["country"]), row
        assert 0 <= float(row["upfront_share"]) <= 1, row
        assert date.fromisoformat(row["valid_from"]) <= NEWEST_COLLECTION, row
        assert float(row["price_native_per_instance_hour"]) / int(row["gpu_count"]) < 50, row


def test_a_commitment_or_spot_that_is_not_cheaper_is_suspect(offers: list[Row]) -> None:
    on_demand = {
        (r["provider"], r["region"], r["sku"]): float(r["price_native_per_instance_hour"])
        for r in offers
        if r["term"] == "on_demand"
    }
    for row in offers:
        list_price = on_demand.get((row["provider"], row["region"], row["sku"]))
        if list_price is not None and row["term"] != "on_demand":
            cheaper = float(row["price_native_per_instance_hour"]) < list_price
            assert cheaper or row["confidence"] == "suspect", row


def test_the_traps_of_the_sources_are_marked(offers: list[Row]) -> None:
    assert all(r["confidence"] == "suspect" for r in offers if r["provider"] == "gcp")
    assert all(r["licence"] == "none stated" for r in offers if r["provider"] == "aws")
    assert not [r for r in offers if r["sku"] == "p5e.48xlarge"]
    assert not [r for r in offers if r["price_native_per_instance_hour"].startswith("700")]
    assert not [r for r in offers if "H200" in r["sku"] and r["provider"] == "azure" and r["term"] == "spot"]
    assert {r["native_currency"] for r in offers if r["provider"] == "scaleway"} == {"EUR"}
    assert {r["term"] for r in offers if r["provider"] == "spheron"} == {"spot"}
    older = [r for r in offers if r["provider"] == "nebius" and r["valid_from"] < "2026-06-01"]
    assert older
    assert all(r["confidence"] == "suspect" for r in older)


def test_the_nordic_countries_have_usable_offers(offers: list[Row]) -> None:
    usable = {r["country"] for r in offers if r["confidence"] != "suspect"}
    assert usable >= {"SE", "NO", "FI"}


@pytest.mark.parametrize(
    ("provider", "region", "sku", "term", "per_instance_hour"),
    [
        ("azure", "swedencentral", "ND96isr_H100_v5", "on_demand", 127.816),
        ("azure", "swedencentral", "NC40ads_H100_v5", "on_demand", 9.074),
        ("azure", "norwayeast", "ND96isr_H200_v5", "on_demand", 121.264),
        ("azure", "norwayeast", "ND96amsr_A100_v4", "reserved_3y", 20.618912),
        ("azure", "eastus2", "ND96isr_H100_v5", "on_demand", 98.32),
        ("azure", "eastus2", "ND128isr_NDR_GB200_v6", "on_demand", 108.16),
        ("azure", "eastus2", "ND96isr_H100_v5", "reserved_1y", 62.924772),
        ("aws", "eu-north-1", "p5.48xlarge", "on_demand", 58.8928),
        ("aws", "us-east-1", "p5.48xlarge", "on_demand", 55.04),
        ("aws", "us-east-1", "p5en.48xlarge", "on_demand", 63.296),
        ("aws", "us-west-2", "p6-b300.48xlarge", "on_demand", 142.416),
        ("nebius", "eu-north1", "list-h100-sxm-80gb", "on_demand", 3.85),
        ("nebius", "eu-north1", "list-h200-sxm-141gb-x8", "on_demand", 36.0),
        ("verda", "FIN-02", "1H100.80S.32V", "on_demand", 2.29),
        ("verda", "FIN-03", "4B300.120V", "on_demand", 27.96),
        ("coreweave", "europe", "slice-h100-sxm-80gb", "on_demand", 49.24),
        ("hyperstack", "NORWAY-1", "n3-H100-SXM5x8", "on_demand", 19.2),
        ("gcp", "europe-north1", "a3-highgpu-8g", "on_demand", 96.71232),
    ],
)
def test_offers_against_the_published_figure(
    offers: list[Row], provider: str, region: str, sku: str, term: str, per_instance_hour: float
) -> None:
    found = [
        float(r["price_native_per_instance_hour"])
        for r in offers
        if (r["provider"], r["region"], r["sku"], r["term"]) == (provider, region, sku, term)
    ]
    assert found == [per_instance_hour]


@pytest.mark.parametrize(
    ("provider", "model", "price_in", "price_out"),
    [
        ("openai", "gpt-5-mini", 0.25, 2.0),
        ("together", "meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo", 3.5, 3.5),
        ("groq", "llama-3.3-70b-versatile", 0.59, 0.79),
        ("aws", "deepseek.r1-v1:0", 1.35, 5.4),
        ("ovhcloud", "gpt-oss-120b", 0.09, 0.47),
    ],
)
def test_token_prices_against_the_published_figure(
    provider: str, model: str, price_in: float, price_out: float
) -> None:
    row = next(r for r in rows_of("token_prices") if (r["provider"], r["model"]) == (provider, model))
    assert float(row["price_native_per_million_input"]) == price_in
    assert float(row["price_native_per_million_output"]) == price_out


def test_token_prices_cover_the_market_and_hold_today() -> None:
    rows = rows_of("token_prices")
    assert len(rows) >= 30
    assert {r["provider"] for r in rows} >= {"openai", "anthropic", "google", "mistral", "deepseek", "x-ai"}
    assert all(date.fromisoformat(r["valid_from"]) <= NEWEST_COLLECTION for r in rows)


def test_every_server_is_complete(servers: dict[str, dict[str, Row]]) -> None:
    assert len(servers) >= 18
    needed = {"name", "gpu_model", "gpu_count", "gpu_memory_gb", "gpu_tdp_w", "nameplate_kw", "load_share"}
    for server, parameters in servers.items():
        assert needed | {"idle_share", "rack_units", "cooling", "liquid_share"} <= set(parameters), server
        assert ("price_low_usd" in parameters) == ("price_high_usd" in parameters), server
        assert parameters["cooling"]["value_text"] in {"air", "liquid", "air_liquid"}, server
        for row in parameters.values():
            assert bool(row["value_number"]) != bool(row["value_text"]), row


def test_server_figures_are_plausible(servers: dict[str, dict[str, Row]]) -> None:
    for server, parameters in servers.items():
        value = {p: float(r["value_number"]) for p, r in parameters.items() if r["value_number"]}
        gpu_kw = value["gpu_count"] * value["gpu_tdp_w"] / 1000
        assert gpu_kw < value["nameplate_kw"] < 2.5 * gpu_kw, server
        assert 0 < value["idle_share"] < value["load_share"] <= 1, server
        assert value.get("price_low_usd", 1) <= value.get("price_high_usd", 1), server
        assert ("racks" in parameters) == (value["gpu_count"] >= 72), server


@pytest.mark.parametrize(
    ("server", "parameter", "figure"),
    [
        ("lenovo_sr680a_v3_h100", "price_low_usd", 250141.80),
        ("lenovo_sr680a_v3_h200", "price_low_usd", 277897.75),
        ("lenovo_sr680a_v3_b200", "price_low_usd", 338495.75),
        ("lenovo_sr680a_v4_b300", "price_high_usd", 461567.50),
        ("lenovo_sr650a_v4_l40s", "price_high_usd", 52390.50),
        ("dgx_h100", "nameplate_kw", 10.2),
        ("dgx_b200", "nameplate_kw", 14.3),
        ("lenovo_sr680a_v3_b200", "load_share", 0.727),
        ("gb200_nvl72", "nameplate_kw", 132),
    ],
)
def test_servers_against_the_published_figure(
    servers: dict[str, dict[str, Row]], server: str, parameter: str, figure: float
) -> None:
    assert float(servers[server][parameter]["value_number"]) == figure


def test_benchmarks_cover_the_models_and_are_not_divided_racks() -> None:
    rows = rows_of("benchmarks")
    assert len(rows) >= 60
    assert {r["model"] for r in rows} == MODELS == {r["model"] for r in rows_of("models")}
    assert {r["scenario"] for r in rows} == {"offline", "server", "interactive"}
    assert all(r["mean_input_tokens"] and r["mean_output_tokens"] and r["precision"] for r in rows)
    assert not [r for r in rows if r["output_tokens_per_second"] in {"1360", "101608"}]


@pytest.mark.parametrize(
    ("gpu", "count", "model", "scenario", "software", "rate"),
    [
        ("H100-SXM-80GB", "8", "llama2-70b", "server", "MLPerf Inference v4.1", 21691),
        ("B200-SXM-180GB", "8", "llama2-70b", "offline", "MLPerf Inference v5.1", 102909),
        ("B200-SXM-180GB", "8", "llama3.1-405b", "server", "MLPerf Inference v5.1", 1249.04),
        ("GB300-NVL-288GB", "72", "llama3.1-405b", "server", "MLPerf Inference v5.1", 12248.4),
        ("L40S-48GB", "1", "llama3.1-8b", "server", "MLPerf Inference v5.1-v6.0", 1207.14),
    ],
)
def test_benchmarks_against_the_published_figure(
    gpu: str, count: str, model: str, scenario: str, software: str, rate: float
) -> None:
    key = (gpu, count, model, scenario, software)
    row = next(r for r in rows_of("benchmarks") if tuple(r[k] for k in KEYS["benchmarks"]) == key)
    assert float(row["output_tokens_per_second"]) == rate


def test_each_model_has_one_default_precision() -> None:
    assert max(Counter(r["model"] for r in rows_of("models")).values()) == 1
