"""Failures: work lost to hardware that breaks, and how it recovers.

Belongs here: rates and times of failures. Does not belong here: what the work is.
"""

from __future__ import annotations

from typing import Annotated, Literal

from brytpunkt.declarations.values.fields import NO_SOURCE, Section, default, described


class Failures(Section):
    """Work lost to hardware failures, on own and rented GPUs alike."""

    failures_per_gpu_year: float = default(
        0.0,
        unit="failures per GPU and year",
        source="convention of this model: no loss unless declared; 0.05-0.10 a year is reported (second-hand)",
        description="How often a GPU, or what it depends on, stops the work.",
        ge=0,
        le=100,
    )
    recovery: Literal["cold", "hot", "tolerant"] = default(
        "cold",
        unit="mode",
        source="convention of this model",
        description="cold: restart on repaired or other nodes; hot: wait for the repair; tolerant: fail over.",
    )
    job_gpus: Annotated[
        int, described("GPUs that stop together with one of them.", unit="GPUs", ge=1, le=1_000_000)
    ] = 8
    blast_gpus: Annotated[
        int, described("GPUs that a repair takes out.", unit="GPUs", ge=1, le=1_000_000)
    ] = 8
    identify_minutes: float = default(
        10.0, unit="minutes", source=NO_SOURCE, description="Until the fault is found.", ge=0, le=10_000
    )
    checkpoint_minutes: float = default(
        60.0, unit="minutes", source=NO_SOURCE, description="Between two checkpoints.", ge=0, le=10_000
    )
    init_minutes: float = default(
        15.0, unit="minutes", source=NO_SOURCE, description="To start the job again.", ge=0, le=10_000
    )
    repair_hours: float = default(
        24.0, unit="hours", source=NO_SOURCE, description="To repair or swap what failed.", ge=0, le=10_000
    )
    failover_minutes: float = default(
        1.0, unit="minutes", source=NO_SOURCE, description="To fail over.", ge=0, le=10_000
    )

    @property
    def goodput_loss_share(self) -> float:
        """GPU-hours lost a GPU-hour paid: failures an hour and GPU x the GPU-hours that one costs.

        Formulas: Compass cluster simulator (SemiAnalysis ClusterMAX); cold, hot and fault-tolerant recovery.
        """
        hourly = self.failures_per_gpu_year / 8760
        found = max(self.identify_minutes, self.checkpoint_minutes / 2)
        if self.recovery == "cold":
            job_hours, repair = (found + self.init_minutes) / 60, self.repair_hours * self.blast_gpus
        elif self.recovery == "hot":
            job_hours, repair = (found + self.init_minutes) / 60 + self.repair_hours, 0.0
        else:
            job_hours = (self.identify_minutes + self.failover_minutes) / 60
            repair = self.repair_hours * self.blast_gpus
        return hourly * (job_hours * self.job_gpus + repair)
