"""Exchange rates, token prices, benchmarks and accelerators: native documents in, tables out."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from brytpunkt.errors import InputError
from brytpunkt.publishers.cloud import genai_prices
from brytpunkt.publishers.hardware import epoch, mlperf
from brytpunkt.publishers.money import ecb
from tests.publishers.documents import document, listing, rows, table, text

RATES = """\
Date,USD,JPY,CYP,DKK,GBP,SEK,ISK,NOK,
2026-11-20,1.1172,175.68,N/A,7.4735,0.8338,10.978,136,10.312,
2026-11-19,1.113,175.92,N/A,7.4736,0.83578,10.99,N/A,10.35,
2008-12-10,1.2928,119.9,0.585,7.4506,0.8718,10.5,290,9.1,
"""


def test_ecb_skips_what_has_no_rate(tmp_path: Path) -> None:
    [batch] = ecb.parse(listing(document(tmp_path, "eurofxref-hist.csv", RATES)))
    rates = rows([batch], "fx_rates")
    assert text(rates, "currency", "date", "units_per_eur") == table("""
        USD | 2026-11-20 | 1.1172
        SEK | 2026-11-20 | 10.978
        NOK | 2026-11-20 | 10.312
        DKK | 2026-11-20 | 7.4735
        ISK | 2026-11-20 | 136
        GBP | 2026-11-20 | 0.8338
        USD | 2026-11-19 | 1.113
        SEK | 2026-11-19 | 10.99
        NOK | 2026-11-19 | 10.35
        DKK | 2026-11-19 | 7.4736
        GBP | 2026-11-19 | 0.83578
    """)
    assert (rates["source_date"] == rates["date"]).all()


def test_ecb_zipped_is_the_same(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("eurofxref-hist.csv", RATES)
    plain = rows(list(ecb.parse(listing(document(tmp_path, "a.csv", RATES)))), "fx_rates")
    unfolded = rows(list(ecb.parse(listing(document(tmp_path, "a.zip", buffer.getvalue())))), "fx_rates")
    assert unfolded.equals(plain)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (RATES.replace("SEK", "SEX"), "line 1: lacks the columns SEK"),
        (RATES.replace("10.978", "10,978"), "line 2: 10 fields where the header has 10|line 2: 11 fields"),
        (RATES.replace("10.978", "-10.978"), r"line 2, SEK: -10\.978 is not a rate"),
        (RATES.replace("10.978", "ten"), "line 2, SEK: 'ten' is not a number"),
        (RATES.replace("2026-11-19", "2026-11-20"), "line 3: the day 2026-11-20 is there twice"),
        (RATES.replace("2026-11-19", "19/11/2026"), "line 3: '19/11/2026' is not a date"),
        (RATES.splitlines()[0], "the history has no days"),
        ("<html>moved</html>", "is a web page"),
    ],
)
def test_ecb_changed_is_refused_where_it_differs(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        list(ecb.parse(listing(document(tmp_path, "eurofxref-hist.csv", body))))


PROVIDERS: list[dict[str, Any]] = [
    {
        "id": "somebody",
        "name": "Somebody",
        "api_pattern": "https://api",
        "models": [
            {
                "id": "plain",
                "match": {},
                "prices": {"input_mtok": 1, "cache_read_mtok": 0.1, "output_mtok": 5.5},
            },
            {
                "id": "tiered",
                "match": {},
                "prices": {
                    "input_mtok": {"base": 3, "tiers": [{"start": 200000, "price": 6}]},
                    "output_mtok": 15,
                },
            },
            {
                "id": "moving",
                "match": {},
                "prices": [
                    {"prices": {"input_mtok": 5, "output_mtok": 25}},
                    {
                        "constraint": {"start_date": "2026-03-13"},
                        "prices": {"input_mtok": 4, "output_mtok": 20},
                    },
                    {
                        "constraint": {"start_date": "2027-01-01"},
                        "prices": {"input_mtok": 1, "output_mtok": 2},
                    },
                    {
                        "constraint": {"start_time": "00:00:00Z", "end_time": "08:00:00Z"},
                        "prices": {"input_mtok": 0.5, "output_mtok": 1},
                    },
                ],
            },
            {"id": "embedding", "match": {}, "prices": {"input_mtok": 0.1}},
            {"id": "free", "match": {}, "prices": {"input_mtok": 0, "output_mtok": 0}},
            {"id": "gone", "match": {}, "deprecated": True, "prices": {"input_mtok": 8, "output_mtok": 24}},
        ],
    }
]


def test_token_prices_in_force(tmp_path: Path) -> None:
    [batch] = genai_prices.parse(listing(document(tmp_path, "data.json", PROVIDERS)))
    columns = (
        *("provider", "model", "price_native_per_million_input", "price_native_per_million_cached_input"),
        *("price_native_per_million_output", "valid_from"),
    )
    assert text(rows([batch], "token_prices"), *columns) == table("""
        somebody | plain  | 1 | 0.1 | 5.5 | 2026-11-03
        somebody | tiered | 3 |     | 15  | 2026-11-03
        somebody | moving | 4 |     | 20  | 2026-03-13
        somebody | moving | 1 |     | 2   | 2027-01-01
    """)


def test_token_prices_changed_are_refused(tmp_path: Path) -> None:
    for old, new, message in (
        ('"models"', '"list"', r"\[0\]: the field models is missing"),
        ('"input_mtok": 1,', '"input_mtok": "1",', r"models\[0\].*input_mtok: '1' is not a number"),
        ('"base"', '"start"', "tiered|base"),
        ('"prices": {"input_mtok": 0.1}', '"cost": {"input_mtok": 0.1}', "the field prices is missing"),
    ):
        body = json.dumps(PROVIDERS)
        assert old in body
        with pytest.raises(InputError, match=message):
            list(genai_prices.parse(listing(document(tmp_path, "data.json", body.replace(old, new)))))


def result(**fields: Any) -> dict[str, Any]:
    """A result of a round, ordinary but for some fields."""
    return {
        "ID": "5.1-0001",
        "Submitter": "Somebody",
        "Availability": "available",
        "Category": "closed",
        "Suite": "datacenter",
        "System": "A server",
        "Platform": "8xB200",
        "UsedModel": "llama2-70b-99.9",
        "Model": "llama2-70b-99.9",
        "Scenario": "Offline",
        "Nodes": 1,
        "Accelerator": "NVIDIA B200-SXM-180GB",
        "a#": 8,
        "Software": "TensorRT",
        "version": "v5.1",
        "inferred": 0,
        "has_power": False,
        "weight_data_types": "fp4",
        "Performance_Result": 100000.0,
        "Performance_Units": "Tokens/s",
    } | {name.replace("count", "a#"): value for name, value in fields.items()}


RESULTS = [
    result(),
    result(Performance_Result=102000.5),
    result(Performance_Result=98000, weight_data_types="fp8"),
    result(Model="llama2-70b-99", Performance_Result=999999),
    result(inferred=1, Performance_Result=999999),
    result(Category="open", Performance_Result=999999),
    result(Suite="edge", Performance_Result=999999),
    result(Availability="preview", Performance_Result=999999),
    result(Scenario="SingleStream", Performance_Units="Latency (ms)", Performance_Result=1.0),
    result(Model="resnet", Performance_Units="Samples/s", Performance_Result=1.0),
    # The name says 72; four accelerators a node on 72 nodes are 288.
    result(Accelerator="NVIDIA GB300", System="GB300 NVL72", Nodes=72, count=4, Performance_Result=4000000),
    result(Accelerator="NVIDIA R200", Performance_Result=1.0),
    result(Accelerator="NVIDIA RTX PRO 4500 Blackwell", Performance_Result=1.0),
    result(Accelerator="", count="", Model="resnet", Performance_Units="Samples/s"),
    result(Model="new-model-1t", Performance_Result=1.0),
]


def test_mlperf_takes_the_median_of_what_counts(tmp_path: Path) -> None:
    batches = list(mlperf.parse(listing(document(tmp_path, "summary_results.json", RESULTS))))
    benchmarks = rows(batches, "benchmarks")
    columns = (
        *("gpu_model", "gpu_count", "model", "scenario", "output_tokens_per_second", "precision", "software"),
        *("mean_output_tokens", "note"),
    )
    software = "MLPerf Inference v5.1"
    assert text(benchmarks, *columns) == table(f"""
        B200-SXM-180GB  | 8   | llama2-70b | offline | 100000  |     | {software} | 294.45 | median of 3 submissions, best 102000
        GB300-NVL-288GB | 288 | llama2-70b | offline | 4000000 | fp4 | {software} | 294.45 | median of 1 submissions, best 4e+06
    """)
    assert set(rows(batches, "source_remarks")["name"]) == {"NVIDIA R200", "new-model-1t"}


def renamed(entry: dict[str, Any]) -> dict[str, Any]:
    """A result as rounds since v6.1 write it."""
    later = {mlperf.RENAMED.get(name, name): value for name, value in entry.items() if name != "Model"}
    total = entry["a#"] * entry["Nodes"]
    return later | {"version": "v6.1", "MlperfModel": entry["Model"], "total_accelerators": total}


def test_mlperf_of_a_later_round_has_other_names_and_states_the_total(tmp_path: Path) -> None:
    racks = renamed(result(Accelerator="NVIDIA GB300", Nodes=18, count=4, Performance_Result=1124500.0))
    odd = renamed(result(Scenario="Server", Nodes=2, count=8)) | {"total_accelerators": 8}
    entries = [racks, odd, renamed(result()), renamed(result(inferred=1, Performance_Result=999999))]
    body = {str(number): entry for number, entry in enumerate(entries)}
    batches = list(mlperf.parse(listing(document(tmp_path, "summary_results.json", body))))
    columns = ("gpu_model", "gpu_count", "model", "scenario", "output_tokens_per_second", "software")
    assert text(rows(batches, "benchmarks"), *columns) == table("""
        B200-SXM-180GB  | 8  | llama2-70b | offline | 100000  | MLPerf Inference v6.1
        GB300-NVL-288GB | 72 | llama2-70b | offline | 1124500 | MLPerf Inference v6.1
    """)
    assert rows(batches, "source_remarks")["reason"].to_list() == ["8 accelerators in all, 16 by its nodes"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"0": {"Organization": "Somebody", "total_accelerators": 8}},
            r"\[0\]: the field version is missing",
        ),
        ({}, r"a list or an object of results is expected.*v5\.1, v6\.0, v6\.1"),
        ([result(version="v7.0")], r"the round is v7\.0"),
        ([{k: v for k, v in result().items() if k != "a#"}], "the field a# is missing"),
        ([{k: v for k, v in result().items() if k != "inferred"}], "the field inferred is missing"),
        ([result(Performance_Result="fast")], "Performance_Result: 'fast' is not a number"),
        ([result(Category="open")], "no result counts"),
    ],
)
def test_mlperf_in_another_schema_is_refused(tmp_path: Path, body: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        list(mlperf.parse(listing(document(tmp_path, "summary_results.json", body))))


HARDWARE = """\
Hardware name,Manufacturer,Type,Notes,Release date,Release price (USD),Tensor-FP16/BF16 performance (FLOP/s),\
FP8 performance (FLOP/s),FP4 performance (FLOP/s),Memory (bytes),Memory bandwidth (byte/s),TDP (W),Source for the price
NVIDIA H100 SXM5 80GB,NVIDIA,GPU,"two
lines",2023-03-21,33600.0,989400000000000.0,1978900000000000.0,,80000000000.0,3350000000000.0,700.0,https://a.shop
Huawei Ascend 970,Huawei,Other,,,,,,,,,,
"""


def test_epoch_keeps_gaps_as_gaps(tmp_path: Path) -> None:
    [batch] = epoch.parse(listing(document(tmp_path, "ml_hardware.csv", HARDWARE)))
    columns = (
        *("accelerator", "gpu_model", "released_on", "price_usd", "fp16_flop_per_second", "memory_gb"),
        *("memory_gb_per_second", "tdp_w", "note"),
    )
    assert text(rows([batch], "accelerators"), *columns) == table("""
        Huawei Ascend 970     |               |            |       |                 |    |      |     |
        NVIDIA H100 SXM5 80GB | H100-SXM-80GB | 2023-03-21 | 33600 | 989400000000000 | 80 | 3350 | 700 | price: https://a.shop
    """)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("TDP (W)", "TDP (kW)", r"line 1: lacks the columns TDP \(W\)"),
        ("700.0", "seven hundred", r"line 3, TDP \(W\): 'seven hundred' is not a number"),
        ("2023-03-21", "March 2023", "line 3, Release date: 'March 2023' is not a date"),
        (
            "Huawei Ascend 970",
            "NVIDIA H100 SXM5 80GB",
            "line 4: 'NVIDIA H100 SXM5 80GB' is no name, or there twice",
        ),
        (",,,,,,,,,,\n", ",,,\n", "line 4: 6 fields where the header has 13"),
    ],
)
def test_epoch_changed_is_refused_where_it_differs(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in HARDWARE
    with pytest.raises(InputError, match=message):
        list(epoch.parse(listing(document(tmp_path, "ml_hardware.csv", HARDWARE.replace(old, new)))))
