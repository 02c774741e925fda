"""Workloads: what has to be computed, and what an hour of hardware achieves for it.

Belongs here: load, throughput and residency as the user declares them.
Does not belong here: how demand becomes GPU-hours (planning does that).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from brytpunkt.declarations.sections.api_equivalents import ApiEquivalent
from brytpunkt.declarations.sections.demand import Demand
from brytpunkt.declarations.sections.failures import Failures
from brytpunkt.declarations.sections.storage import Storage
from brytpunkt.declarations.sections.weekly_shape import WeeklyShape
from brytpunkt.declarations.values.fields import (
    NO_SOURCE,
    Id,
    Items,
    Section,
    Share,
    Text,
    Timezone,
    by_kind,
    default,
    described,
    id_as_name,
    wrong,
)
from brytpunkt.declarations.values.geography import AREAS, Country

MOST_LOST = 0.9
HOURS_PER_DAY = 24


def _one_where_somebody_waits(data: Mapping[str, Any]) -> int:
    return int(data.get("kind") == "inference")


def _a_day_where_nobody_waits(data: Mapping[str, Any]) -> int:
    if data.get("kind") == "inference":
        return 0
    demand = data.get("demand")
    return 1 if demand is None or demand.window_days is None else demand.window_days


class Workload(Section):
    """Something that needs GPUs, month after month."""

    id: Annotated[Id, described("Short name for files and tables.")]
    name: Text = Field(default_factory=id_as_name, description="Display name.")
    kind: Annotated[
        Literal["inference", "fine_tuning", "training", "batch"],
        described("What it is; all but inference bear interruption unless declared otherwise."),
    ] = "inference"
    demand: Demand
    model: Annotated[
        Text | None, described("Benchmark profile that stands for the model served, for example llama2-70b.")
    ] = Field(default=None, validate_default=True)
    efficiency_gain_per_year: float = default(
        0.0,
        unit="share per year",
        source=NO_SOURCE,
        description="Yearly gain of throughput from software, on own and rented GPUs alike.",
        ge=0,
        le=2,
    )
    weekly_shape: WeeklyShape = default(
        "flat",
        unit="shape",
        source=NO_SOURCE,
        description="Load over the week in local time: a name, or 168 numbers from Monday 00:00.",
    )
    timezone: Annotated[
        Timezone | None,
        described("Clock that its weekly shape follows, as an IANA name; default: the plan's."),
    ] = None
    holidays: Annotated[
        Country | None, described("Country whose public holidays are its Sundays; default: the plan's.")
    ] = None
    autonomous_share: Share = default(
        0.0,
        unit="share",
        source=NO_SOURCE,
        description="Share of the load that runs around the clock by itself, flattening the week.",
    )
    benchmark_scenario: Literal["offline", "server", "interactive"] = default(
        "server",
        unit="scenario",
        source="MLPerf Inference: Server is the scenario with a latency limit",
        description="Which benchmark result the throughput is taken from.",
    )
    benchmark_share: float = default(
        0.5,
        unit="share",
        source="planning assumption: a saturated benchmark is a ceiling; MLPerf Inference v5.1 Interactive "
        "reaches 0.53-0.62 of Server on 8x B200",
        description="Share of a benchmark's throughput that production reaches; a declared measurement is used as it is.",
        gt=0,
        le=1,
    )
    interactive_share: Share = default(
        0.0,
        unit="share",
        source="convention of this model: the scenario's figure holds for all of the traffic",
        description="Share of the traffic that needs the interactive latency limit.",
    )
    interactive_factor: float = default(
        0.55,
        unit="ratio",
        source="MLPerf Inference v5.1: Interactive reaches 0.53-0.62 of Server on 8x B200, Llama 2 70B",
        description="Throughput under the interactive limit, relative to the benchmark scenario.",
        gt=0,
        le=1,
    )
    failures: Failures = Failures()
    success_probability: float = default(
        1.0,
        unit="probability",
        source="convention of this model: planned for success",
        description="Probability that the workload reaches production.",
        gt=0,
        le=1,
    )
    decision_month: Annotated[
        int,
        described("Month in which it is known whether it reaches production.", unit="months", ge=0, le=240),
    ] = 12
    prefill_multiple: float = default(
        10.0,
        unit="ratio",
        source=NO_SOURCE,
        description="Input tokens read per second for each output token written.",
        gt=0,
        le=1000,
    )
    headroom: float = default(
        0.25,
        unit="share",
        source=NO_SOURCE,
        description="Capacity above the expected peak, for build and rent alike.",
        ge=0,
        le=5,
    )
    redundancy_units: int = by_kind(
        _one_where_somebody_waits,
        unit="servers or instances",
        source="planning assumption: N+1 where somebody waits for the answer, none for batch, training and fine-tuning",
        description="Servers or instances kept beyond the need, for build and rent alike; default: 1 for inference, else 0.",
        ge=0,
        le=100,
    )
    min_replicas: int = by_kind(
        _one_where_somebody_waits,
        unit="replicas",
        source="planning assumption: a model that somebody waits for stays loaded, a job runs when there is one",
        description="Copies of the model that run even without load; default: 1 for inference, else 0.",
        ge=0,
        le=1000,
    )
    max_delay_days: int = by_kind(
        _a_day_where_nobody_waits,
        unit="days",
        source="planning assumption: jobs handed in during a day may run until the next",
        description="Days within which work moves freely, rented and owned; default: 0 for inference, else its window, or 1; from 7 on it "
        "evens out the whole month.",
        ge=0,
        le=31,
    )
    gpus_per_job: Annotated[
        int | None,
        described(
            "GPUs that one job occupies, for work that may wait; default: one replica.",
            unit="GPUs",
            ge=1,
            le=100_000,
        ),
    ] = None
    jobs_per_day: Annotated[
        float | None,
        described(
            "Jobs a day of work that may wait; default: the day's work divides into as many as run side by side.",
            unit="jobs per day",
            gt=0,
            le=1e6,
        ),
    ] = Field(default=None, validate_default=True)
    shares_gpus: Annotated[
        bool, described("Whether it shares own GPUs with the other workloads that say so.")
    ] = False
    gpus_per_replica: Annotated[
        int | None,
        described(
            "GPUs that one copy of the model needs; default: from weights and cache size.",
            unit="GPUs",
            ge=1,
            le=1024,
        ),
    ] = None
    residency: Literal["any", "eea", "nordic"] = default(
        "eea",
        unit="class",
        source="planning assumption: personal data kept inside the EEA",
        description="Where the workload may run and keep its data, rented and owned; what is of unknown place is outside.",
    )
    storage: Storage | None = None
    max_delay_months: Annotated[
        int,
        described(
            "Months that work may wait for own servers before it is rented; 0: none. Used where outcomes are drawn.",
            unit="months",
            ge=0,
            le=12,
        ),
    ] = 0
    interruptible: Annotated[
        bool | None,
        described("Whether spot instances may serve it; default: not inference, all other kinds."),
    ] = None
    api_equivalents: Annotated[
        Items[ApiEquivalent],
        described("Token APIs that may serve it; none declared, none considered.", max_length=20),
    ] = ()

    @property
    def may_be_in(self) -> frozenset[str] | None:
        """Countries in which it may run and keep its data; None: anywhere."""
        return None if self.residency == "any" else AREAS[self.residency]

    @property
    def runs_in_jobs(self) -> bool:
        """Whether it rents hours for jobs: it may wait, and nothing of it stands by."""
        return self.max_delay_days > 0 and self.min_replicas == 0 and self.redundancy_units == 0

    @property
    def bears_interruption(self) -> bool:
        """Whether spot instances may serve it."""
        return self.kind != "inference" if self.interruptible is None else self.interruptible

    @field_validator("model", mode="after")
    @classmethod
    def _model_for_tokens(cls, model: str | None, info: ValidationInfo) -> str | None:
        demand = info.data.get("demand")
        if model is None and demand is not None and demand.daily_gpu_hours is None:
            raise wrong(
                "`model` is missing: tokens need a throughput", "name a benchmark profile, e.g. llama2-70b"
            )
        return model

    @field_validator("jobs_per_day", mode="after")
    @classmethod
    def _a_job_ends_within_a_day(cls, jobs: float | None, info: ValidationInfo) -> float | None:
        demand, given = info.data.get("demand"), info.data.get("gpus_per_job")
        gpus = given or info.data.get("gpus_per_replica") or 1
        if jobs is None or demand is None or demand.daily_gpu_hours is None:
            return jobs
        hours = demand.daily_gpu_hours / (jobs * gpus)
        if jobs >= 1 and hours > HOURS_PER_DAY:
            raise wrong(
                f"each of {jobs:g} jobs a day would occupy {gpus} GPUs for {hours:,.0f} hours and run into the next",
                "declare more gpus_per_job or jobs_per_day, or leave jobs_per_day out",
            )
        return jobs

    @field_validator("failures", mode="after")
    @classmethod
    def _some_work_is_left(cls, failures: Failures) -> Failures:
        if failures.goodput_loss_share >= MOST_LOST:
            raise wrong(
                f"failures would lose {failures.goodput_loss_share:.0%} of all GPU time",
                "check failures_per_gpu_year, job_gpus and the times",
            )
        return failures

    @field_validator("api_equivalents", mode="after")
    @classmethod
    def _apis_sell_tokens(
        cls, apis: Sequence[ApiEquivalent], info: ValidationInfo
    ) -> Sequence[ApiEquivalent]:
        demand = info.data.get("demand")
        if apis and demand is not None and demand.daily_gpu_hours is not None:
            raise wrong("a token API cannot replace demand in GPU-hours", "declare the demand in tokens")
        return apis
