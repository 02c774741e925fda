"""Demand: how much is to be computed, in which stages, and how it grows.

Belongs here: volumes, phases and growth of one workload.
Does not belong here: throughput of hardware (the workload declares what it assumes).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from brytpunkt.declarations.values.fields import (
    NO_SOURCE,
    Items,
    Section,
    Share,
    Text,
    default,
    described,
    wrong,
)


class Phase(Section):
    """A stage of the workload's life: from a month on, demand moves to a share of the target."""

    name: Text
    from_month: Annotated[
        int, described("Month of the plan in which it begins; 0 is the first.", ge=0, le=240)
    ]
    level: Annotated[Share, described("Demand of this phase as a share of the target.", unit="share")]
    ramp_months: Annotated[
        int,
        described("Months of linear change from the level before; 0 is a step.", unit="months", ge=0, le=120),
    ] = 0
    production: Annotated[bool, described("Whether production, and with it growth, begins here.")] = False
    autonomous_share: Annotated[
        Share | None, described("Replaces the workload's autonomous share from this phase on.", unit="share")
    ] = None


class GrowthPoint(Section):
    """A point of a growth table."""

    month: Annotated[
        int, described("Months since growth began; 0 is its start.", unit="months", ge=0, le=240)
    ]
    multiple: Annotated[float, described("Volume as a multiple of the target.", unit="ratio", gt=0, le=1e6)]


class Growth(Section):
    """Growth of the volume after production has begun."""

    kind: Annotated[
        Literal["compound", "logistic", "table"],
        described("compound: the same every year; logistic: slows towards a ceiling; table: by points."),
    ] = "compound"
    per_year: float = default(
        0.0,
        unit="share per year",
        source=NO_SOURCE,
        description="Growth of the volume, 0.35 is 35 % a year.",
        gt=-1,
        le=10,
    )
    ceiling_multiple: Annotated[
        float | None,
        described("Where logistic growth ends, as a multiple of the target.", unit="ratio", gt=1, le=1e6),
    ] = Field(default=None, validate_default=True)
    table: Annotated[
        Items[GrowthPoint],
        described("Points of growth by table, ascending; straight lines between them, level after the last."),
    ] = Field(default=(), validate_default=True)
    during_ramp: Annotated[bool, described("Whether growth also runs while production ramps up.")] = False

    @field_validator("ceiling_multiple", mode="after")
    @classmethod
    def _ceiling_of_logistic(cls, ceiling: float | None, info: ValidationInfo) -> float | None:
        kind = info.data.get("kind")
        if kind == "logistic" and ceiling is None:
            raise wrong("logistic growth needs its ceiling", "add ceiling_multiple, for example 4")
        if kind != "logistic" and ceiling is not None:
            raise wrong(
                "`ceiling_multiple` belongs to logistic growth", "write kind: logistic, or leave it out"
            )
        return ceiling

    @field_validator("table", mode="after")
    @classmethod
    def _points_of_table(cls, table: Sequence[GrowthPoint], info: ValidationInfo) -> Sequence[GrowthPoint]:
        kind = info.data.get("kind")
        if kind == "table" and not table:
            raise wrong("growth by table needs points", "add table, for example [{month: 0, multiple: 1}]")
        if kind != "table" and table:
            raise wrong("`table` belongs to growth by table", "write kind: table, or leave it out")
        months = [point.month for point in table]
        if any(later <= earlier for earlier, later in pairwise(months)):
            raise wrong(f"the points lie at months {months}", "order them by ascending month")
        return table


class GpuHourRatio(Section):
    """What an hour of the GPU that demand counts is on another GPU."""

    gpu_model: Annotated[Text, described("Another GPU, for example H200-SXM-141GB.")]
    hours: Annotated[
        float,
        described("Its hours that do the work of one hour of `gpu_model`.", unit="ratio", gt=0, le=1000),
    ]


class Demand(Section):
    """Volume at full production, in tokens or in GPU-hours, and how it gets there."""

    output_tokens_per_day: Annotated[
        float | None, described("Output tokens at full production.", unit="tokens per day", gt=0, le=1e14)
    ] = None
    input_tokens_per_day: Annotated[
        float | None,
        described(
            "Input tokens at full production, cached ones included.", unit="tokens per day", ge=0, le=1e14
        ),
    ] = Field(default=None, validate_default=True)
    gpu_hours_per_window: Annotated[
        float | None,
        described(
            "GPU-hours of every `window_days` at full production, instead of those of a day.",
            unit="GPU-hours per window",
            gt=0,
            le=3e9,
        ),
    ] = Field(default=None, validate_default=True)
    window_days: Annotated[
        int | None, described("Length of the window that the GPU-hours are for.", unit="days", ge=1, le=31)
    ] = Field(default=None, validate_default=True)
    gpu_hours_per_day: Annotated[
        float | None,
        described("GPU-hours at full production, instead of tokens.", unit="GPU-hours per day", gt=0, le=1e8),
    ] = Field(default=None, validate_default=True)
    gpu_model: Annotated[
        Text | None,
        described(
            "The GPU that `gpu_hours_per_day` counts; another one serves by a declared ratio, or a measured one of the "
            "workload's model."
        ),
    ] = Field(default=None, validate_default=True)
    gpu_hour_ratios: Annotated[
        Items[GpuHourRatio],
        described("GPUs that may stand in for `gpu_model`, each with its hours for one hour of it."),
    ] = Field(default=(), validate_default=True)
    cached_input_share: float = default(
        0.0,
        unit="share",
        source=NO_SOURCE,
        description="Share of the input tokens that is served from a prompt cache.",
        ge=0,
        lt=1,
    )
    phases: Annotated[
        Items[Phase], described("Stages in ascending order, the first from month 0.", min_length=1)
    ] = (Phase(name="production", from_month=0, level=1.0, production=True),)
    growth: Growth = Growth()

    @field_validator("input_tokens_per_day", mode="after")
    @classmethod
    def _both_token_counts(cls, given: float | None, info: ValidationInfo) -> float | None:
        output = info.data.get("output_tokens_per_day")
        if "output_tokens_per_day" in info.data and (given is None) != (output is None):
            missing = "input_tokens_per_day" if given is None else "output_tokens_per_day"
            raise wrong(f"`{missing}` is missing", "declare input and output tokens together")
        return given

    @field_validator("window_days", mode="after")
    @classmethod
    def _window_of_hours(cls, days: int | None, info: ValidationInfo) -> int | None:
        if "gpu_hours_per_window" in info.data and (days is None) != (
            info.data["gpu_hours_per_window"] is None
        ):
            missing = "window_days" if days is None else "gpu_hours_per_window"
            raise wrong(f"`{missing}` is missing", "declare gpu_hours_per_window and window_days together")
        return days

    @field_validator("gpu_hours_per_day", mode="after")
    @classmethod
    def _tokens_or_hours(cls, hours: float | None, info: ValidationInfo) -> float | None:
        if "output_tokens_per_day" not in info.data or "input_tokens_per_day" not in info.data:
            return hours
        has_tokens = info.data["output_tokens_per_day"] is not None
        has_window = info.data.get("gpu_hours_per_window") is not None
        if has_tokens and (has_window or hours is not None):
            raise wrong("demand is given in tokens and in GPU-hours", "keep one of the two")
        if has_window and hours is not None:
            raise wrong("GPU-hours are given for a day and for a window", "keep one of the two")
        if not has_tokens and not has_window and hours is None:
            hint = "give output_tokens_per_day and input_tokens_per_day, or gpu_hours_per_day"
            raise wrong("the demand has no volume", hint)
        return hours

    @field_validator("gpu_model", mode="after")
    @classmethod
    def _model_of_hours(cls, model: str | None, info: ValidationInfo) -> str | None:
        if "gpu_hours_per_day" not in info.data:
            return model
        has_hours = (
            info.data["gpu_hours_per_day"] is not None or info.data.get("gpu_hours_per_window") is not None
        )
        if model is not None and not has_hours:
            raise wrong("`gpu_model` belongs to `gpu_hours_per_day`", "leave it out: tokens run on any GPU")
        if model is None and has_hours:
            raise wrong(
                "`gpu_model` is missing: an hour of one GPU is not an hour of another",
                "name the GPU that the hours were counted on, e.g. H100-SXM-80GB; others serve by gpu_hour_ratios",
            )
        return model

    @field_validator("gpu_hour_ratios", mode="after")
    @classmethod
    def _ratios_of_others(
        cls, ratios: Sequence[GpuHourRatio], info: ValidationInfo
    ) -> Sequence[GpuHourRatio]:
        if "gpu_model" not in info.data:
            return ratios
        counted = info.data["gpu_model"]
        if ratios and counted is None:
            raise wrong("`gpu_hour_ratios` belongs to `gpu_hours_per_day`", "leave it out: tokens have rates")
        names = [ratio.gpu_model for ratio in ratios]
        for name in names:
            if name == counted or names.count(name) > 1:
                raise wrong(f"{name} has two ratios", "name every other GPU once; that of `gpu_model` is 1")
        return ratios

    @field_validator("phases", mode="after")
    @classmethod
    def _in_order(cls, phases: Sequence[Phase]) -> Sequence[Phase]:
        months = [phase.from_month for phase in phases]
        if months[0] != 0:
            raise wrong(f"the first phase begins in month {months[0]}", "begin with from_month: 0")
        if any(later <= earlier for earlier, later in pairwise(months)):
            raise wrong(
                f"phases begin in months {months}; expected ascending months", "order them by from_month"
            )
        if sum(phase.production for phase in phases) > 1:
            raise wrong("more than one phase has `production: true`", "production begins once: keep one")
        return phases

    @property
    def daily_gpu_hours(self) -> float | None:
        """GPU-hours of a day at full production; None for demand in tokens."""
        if self.gpu_hours_per_window is not None and self.window_days is not None:
            return self.gpu_hours_per_window / self.window_days
        return self.gpu_hours_per_day

    @property
    def declared_ratios(self) -> dict[str, float]:
        """Hours by GPU for one declared GPU-hour, as declared."""
        return {ratio.gpu_model: ratio.hours for ratio in self.gpu_hour_ratios}

    @property
    def production_phase(self) -> Phase:
        """The phase in which production begins: the marked one, or the first."""
        return next((phase for phase in self.phases if phase.production), self.phases[0])
