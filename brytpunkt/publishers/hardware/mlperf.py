"""The publisher ``mlperf``: MLPerf Inference results of a round: a list in v5.1 and v6.0, an object since v6.1.

``a#`` counts accelerators per node: a system has ``a# x Nodes``, whatever its name says. A result that was inferred
from another scenario is no measurement; the looser accuracy target repeats the stricter one; latencies come in two
units and are not throughput. What is left are output tokens per second of whole systems under full load: the median
of the submissions, as in the bundled table. Since v6.1 fields have other names and the total is stated, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, TypeVar

from brytpunkt.publishers._shared.accounting import IGNORED, Field, Fields, meaning, paths, value
from brytpunkt.publishers._shared.offers import Collection, Provided, frame
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.rules import Rule, rule
from brytpunkt.publishers._shared.single_document import following, probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import field, json_of, number, wrong

__all__ = ["following", "parse", "probe", "start", "version"]

ROOT = "https://raw.githubusercontent.com/mlcommons/inference_results_v5.1/main/summary_results.json"
TITLE = "MLCommons MLPerf Inference results"
ROUNDS = ("v5.1", "v6.0", "v6.1")
# What a list calls a field -> what the object of later rounds calls it.
RENAMED = {
    "Category": "Division",
    "Suite": "SystemType",
    "Performance_Result": "Result",
    "Performance_Units": "Units",
    "Model": "MlperfModel",
    "Accelerator": "accelerator_model_name",
    "a#": "accelerators_per_node",
    "Nodes": "number_of_nodes",
}
TOTAL = "total_accelerators"
UNITS = "Tokens/s"
SCENARIOS = {"Offline": "offline", "Server": "server", "Interactive": "interactive"}
# Fields by the names of the list, checked in this order.
RULES: dict[str, Rule] = {
    "Category": rule("the category", ("closed",), not_of_the_closed_division=("open", "network")),
    "Suite": rule("the suite", ("datacenter", "datacenter,edge", "edge,datacenter"), of_the_edge=("edge",)),
    "Performance_Units": rule(
        "the unit",
        (UNITS,),
        not_in_tokens_per_second=(
            *("Samples/s", "Queries/s", "Latency (ms)", "Latency (s)", "Latency (us)", "Frames/s"),
            *("samples/s", "queries/s", "s", "ms", "Images/s"),
        ),
    ),
    "Availability": rule("the availability", ("available",), not_available=("preview", "rdi")),
    "Scenario": rule("the scenario", SCENARIOS, a_scenario_of_single_streams=("SingleStream", "MultiStream")),
}
_SAID: dict[str, Field] = {
    "version": meaning(" or ".join(ROUNDS)),
    "inferred": meaning("0: a measurement"),
    "Model": value("model"),
    "Accelerator": value("gpu_model"),
    "a#": value("gpu_count"),
    "Nodes": value("gpu_count"),
    "Performance_Result": value("output_tokens_per_second"),
    "weight_data_types": value("precision"),
} | {name: meaning(" or ".join(sorted(said.wanted))) for name, said in RULES.items()}
# All others describe the submission and its system.
FIELDS: Fields = _SAID | {"*": IGNORED, "*.**": IGNORED}

LATER_FIELDS: Fields = {RENAMED.get(name, name): said for name, said in FIELDS.items()} | {
    TOTAL: meaning("accelerators per node times nodes")
}

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Prompts:
    """Our name of a benchmark's model, and mean prompt and answer of its data set. [tokens]"""

    model: str
    mean_input: float
    mean_output: float


# Answers are MLPerf's reference values; prompts of deepseek-r1, gpt-oss-120b and mixtral-8x7b are estimates.
MODELS = {
    "llama2-70b-99.9": Prompts("llama2-70b", 294, 294.45),
    "llama3.1-405b": Prompts("llama3.1-405b", 9400, 684.68),
    "llama3.1-8b": Prompts("llama3.1-8b", 778, 128),
    "llama3.1-8b-datacenter": Prompts("llama3.1-8b", 778, 128),
    "mixtral-8x7b": Prompts("mixtral-8x7b", 220, 144.84),
    "deepseek-r1": Prompts("deepseek-r1", 800, 3886.23),
    "gpt-oss-120b": Prompts("gpt-oss-120b", 1000, 1278.2),
}
REPEATS = {"llama2-70b-99", "llama3.1-8b-edge"}


@dataclass(frozen=True)
class Result:
    """One submission that counts. [tokens/s]"""

    gpu_model: str
    gpu_count: int
    model: str
    scenario: str
    round: str
    rate: float
    precision: str


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The summary of the round."""
    del pointer
    return [Request(name="summary_results.json", url=source.url or ROOT)]


def parse(listing: Listing) -> Iterator[Batch]:
    """The summary of a round -> benchmarks, the median of the submissions a system and model.

    Raises ``InputError`` for another schema or round, a missing field, or no result that counts.
    """
    for document in listing.documents:
        collection = Collection(Provided("mlperf", TITLE), listing.accounts)
        collection.opened(document)
        entries = json_of(document)
        if not isinstance(entries, list | dict) or not entries:
            known = f"this reader knows {', '.join(ROUNDS)}"
            raise wrong(document, "", "a list or an object of results is expected", known)
        is_list = isinstance(entries, list)
        numbered: Iterable[tuple[Any, Any]] = (
            enumerate(entries) if isinstance(entries, list) else entries.items()
        )
        results = [
            result
            for index, entry in numbered
            if (result := _result(entry, document, f"[{index}]", collection, is_list=is_list)) is not None
        ]
        if not results:
            raise wrong(
                document, "", "no result counts", "wanted are closed, measured results in tokens per second"
            )
        yield Batch("benchmarks", frame("benchmarks", _rows(results, document, collection)), document)
        yield from collection.remark_batches()


def _result(
    entry: Any, document: Document, place: str, collection: Collection, *, is_list: bool
) -> Result | None:
    names = {} if is_list else RENAMED

    def of(name: str, kind: type[Kind]) -> Kind:
        return field(entry, names.get(name, name), kind, document, place)

    account = collection.account(document)
    account.read(place)
    stated = of("version", str)
    if stated not in ROUNDS:
        raise wrong(document, place, f"the round is {stated}", f"this reader knows {', '.join(ROUNDS)}")
    model = of("Model", str)
    said = {name: of(name, str) for name in RULES}
    inferred = bool(of("inferred", int))
    reason = _left_out(said, model, inferred=inferred)
    if reason is not None:
        account.leave_out(place, reason)
        return None
    unclear = [known.doubt(said[name]) for name, known in RULES.items() if not known.is_wanted(said[name])]
    if unclear:
        collection.remark("row", f"{place} {model}", unclear[0], document, place)
        return None
    if model not in MODELS:
        reason = "a model in tokens per second that is not planned with"
        collection.remark("part", model, reason, document, place)
        return None
    collection.check_fields(FIELDS if is_list else LATER_FIELDS, paths(entry), document)
    gpu = collection.gpu(of("Accelerator", str), document, place)
    if gpu is None:
        return None
    count = of("a#", int) * of("Nodes", int)
    if not is_list and of(TOTAL, int) != count:
        stated_total = f"{of(TOTAL, int)} accelerators in all, {count} by its nodes"
        collection.remark("part", f"{place} {gpu}", stated_total, document, place)
        return None
    account.take(place)
    return Result(
        gpu_model=gpu,
        gpu_count=count,
        model=model,
        scenario=SCENARIOS[said["Scenario"]],
        round=stated,
        rate=float(number(entry, names.get("Performance_Result", "Performance_Result"), document, place)),
        precision=of("weight_data_types", str),
    )


def _left_out(said: dict[str, str], model: str, *, inferred: bool) -> str | None:
    """Why a result that is understood is not one that counts, or None."""
    if inferred:
        return "inferred from another scenario"
    reasons = (known.reason_to_leave_out(said[name]) for name, known in RULES.items())
    repeats = "repeats the stricter target of accuracy" if model in REPEATS else None
    return next((reason for reason in reasons if reason is not None), repeats)


def _rows(results: list[Result], document: Document, collection: Collection) -> list[dict[str, object]]:
    systems: dict[tuple[str, int, str, str, str], list[Result]] = defaultdict(list)
    for result in results:
        key = (result.gpu_model, result.gpu_count, MODELS[result.model].model, result.scenario, result.round)
        systems[key].append(result)
    rows = []
    for (gpu, count, model, scenario, round_), same in sorted(systems.items()):
        rates, precisions = [result.rate for result in same], {result.precision for result in same}
        prompts = MODELS[same[0].model]
        rows.append(
            {
                "gpu_model": gpu,
                "gpu_count": count,
                "model": model,
                "scenario": scenario,
                "output_tokens_per_second": median(rates),
                "precision": precisions.pop() if len(precisions) == 1 else None,
                "software": f"MLPerf Inference {round_}",
                "mean_input_tokens": prompts.mean_input,
                "mean_output_tokens": prompts.mean_output,
            }
            | collection.provenance(
                document, "measured", f"median of {len(same)} submissions, best {max(rates):g}"
            )
        )
    return rows
