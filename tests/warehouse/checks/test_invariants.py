"""Integrity of collected tables: what every publisher's rows satisfy, and that each invariant can be broken."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from brytpunkt.publishers._shared.offers import frame
from brytpunkt.publishers._shared.protocol import Batch
from brytpunkt.publishers.cloud import genai_prices
from brytpunkt.publishers.hardware import epoch, mlperf
from brytpunkt.publishers.money import ecb
from brytpunkt.publishers.quotes import quotes
from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.warehouse.as_of import current_table
from brytpunkt.warehouse.checks.energy_invariants import ENERGY_CHECKS
from brytpunkt.warehouse.checks.invariants import CHECKS, broken
from tests.publishers.cloud import test_aws, test_azure, test_gcp
from tests.publishers.documents import document, listing
from tests.publishers.hardware import test_catalogs
from tests.publishers.quotes import test_quotes
from tests.warehouse.conftest import Snapshot

PRICES = [table for table in CHECKS if table not in ENERGY_CHECKS]
SOURCED: dict[str, object] = {
    "source": "a test",
    "source_date": date(2026, 11, 1),
    "retrieved_on": date(2026, 11, 20),
    "licence": "none",
    "confidence": "stated",
    "note": None,
}
OFFER: dict[str, object] = SOURCED | {
    "provider": "aws",
    "region": "eu-north-1",
    "country": "SE",
    "sku": "p5.48xlarge",
    "gpu_model": "H100-SXM-80GB",
    "gpu_count": 8,
    "term": "on_demand",
    "upfront_share": 0.0,
    "price_native_per_instance_hour": Decimal(60),
    "native_currency": "USD",
    "valid_from": None,
}


@pytest.fixture
def collected(tmp_path: Path) -> list[Batch]:
    """What the publishers read from their native fixtures."""
    servers = document(tmp_path, "servers.csv", test_quotes.SERVERS)
    halls = document(tmp_path, "halls.csv", test_quotes.COLOCATION)
    return [
        *test_aws.parsed(tmp_path),
        *test_azure.parsed(tmp_path, test_azure.page(test_azure.items())),
        *test_gcp.parsed(tmp_path, test_gcp.skus()),
        *ecb.parse(listing(document(tmp_path, "eurofxref-hist.csv", test_catalogs.RATES))),
        *genai_prices.parse(listing(document(tmp_path, "data.json", test_catalogs.PROVIDERS))),
        *mlperf.parse(listing(document(tmp_path, "summary_results.json", test_catalogs.RESULTS))),
        *quotes.parse(listing(servers, halls)),
        *epoch.parse(listing(document(tmp_path, "ml_hardware.csv", test_catalogs.HARDWARE))),
    ]


def test_collected_rows_satisfy_every_invariant(collected: list[Batch]) -> None:
    for table in PRICES:
        found = [CONTRACTS[table].validate(batch.frame) for batch in collected if batch.table == table]
        if table != "market_prices":
            assert found, table
            assert broken(table, pl.concat(found)) == []


@pytest.mark.parametrize("table", PRICES)
def test_bundled_rows_satisfy_every_invariant(snapshot: Snapshot, table: str) -> None:
    snapshot.refresh()
    assert broken(table, current_table(snapshot.warehouse, table)) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ([{"price_native_per_instance_hour": Decimal(500)}], "price per GPU-hour beyond 0.1 to 50 USD"),
        ([{"price_native_per_instance_hour": Decimal("0.4")}], "price per GPU-hour beyond 0.1 to 50 USD"),
        ([{"gpu_count": 3}], "a number of GPUs that no server has"),
        ([{"gpu_model": "R200"}], "a GPU that no map knows"),
        ([{"country": None}], "a region without a country"),
        ([{"upfront_share": 0.5}], "an upfront share without a commitment"),
        ([{}, {"term": "spot"}], "spot not below on demand"),
        (
            [
                {},
                {
                    "term": "reserved_1y",
                    "sku": "p5.48xlarge all-upfront",
                    "price_native_per_instance_hour": Decimal(61),
                },
            ],
            "a commitment above on demand",
        ),
        (
            [
                {"term": "reserved_1y", "price_native_per_instance_hour": Decimal(30)},
                {"term": "reserved_3y", "price_native_per_instance_hour": Decimal(31)},
            ],
            "three years above one year",
        ),
    ],
)
def test_each_invariant_of_offers_can_be_broken(changes: list[dict[str, object]], sentence: str) -> None:
    assert broken("gpu_offers", frame("gpu_offers", [OFFER])) == []
    found = broken("gpu_offers", frame("gpu_offers", [OFFER | change for change in changes]))
    assert [line.split(": ")[0] for line in found] == [sentence]
    suspect = frame("gpu_offers", [OFFER | change | {"confidence": "suspect"} for change in changes])
    assert broken("gpu_offers", suspect) == []


@pytest.mark.parametrize(
    ("table", "rows", "sentence"),
    [
        (
            "fx_rates",
            [{"currency": "SEK", "date": date(2026, 11, 1), "units_per_eur": Decimal("0.091")}],
            "an exchange rate beyond its bounds",
        ),
        (
            "fx_rates",
            [
                {"currency": "SEK", "date": date(2026, 11, 1), "units_per_eur": Decimal("11.0")},
                {"currency": "SEK", "date": date(2026, 11, 2), "units_per_eur": Decimal("13.0")},
            ],
            "an exchange rate that jumped within a week",
        ),
        (
            "token_prices",
            [
                {
                    "provider": "a",
                    "model": "b",
                    "valid_from": date(2026, 11, 1),
                    "price_native_per_million_input": Decimal(1),
                    "price_native_per_million_cached_input": Decimal(2),
                    "price_native_per_million_output": Decimal(3),
                    "native_currency": "USD",
                }
            ],
            "cached input above input",
        ),
        (
            "benchmarks",
            [
                {
                    "gpu_model": "B200-SXM-180GB",
                    "gpu_count": 8,
                    "model": "llama2-70b",
                    "scenario": "offline",
                    "output_tokens_per_second": 9e9,
                    "software": "a round",
                }
            ],
            "output per GPU beyond bounds",
        ),
        (
            "accelerators",
            [{"accelerator": "a GPU", "manufacturer": "a", "kind": "GPU", "memory_gb": 80e9}],
            "memory_gb beyond 0.01 to 2000",
        ),
        (
            "server_quotes",
            [
                {
                    "quote": "a",
                    "vendor": "b",
                    "server": "dgx_b200",
                    "price_native_per_server": Decimal(400),
                    "native_currency": "EUR",
                    "quoted_on": date(2026, 11, 1),
                }
            ],
            "a server priced unlike a server",
        ),
    ],
)
def test_each_invariant_of_other_tables_can_be_broken(
    table: str, rows: list[dict[str, object]], sentence: str
) -> None:
    found = broken(table, frame(table, [SOURCED | row for row in rows]))
    assert [line.split(": ")[0] for line in found] == [sentence]
