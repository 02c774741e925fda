"""What may be rented: chapter 4 of the model, offers and how they are billed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from brytpunkt.declarations import EEA, NORDIC, ApiEquivalent, Workload

COUNTRIES = {"nordic": NORDIC, "eea": EEA}
BILLED = {
    **dict.fromkeys(("aws", "azure", "gcp", "oci", "runpod", "nebius"), "second"),
    **dict.fromkeys(("lambda", "crusoe"), "minute"),
}
HOURS = {"second": 1 / 3600, "minute": 1 / 60, "hour": 1.0}


@dataclass(frozen=True)
class Offer:
    """One rented instance type under one term; price in the plan's currency per instance-hour."""

    name: str
    provider: str
    gpu_model: str
    profile: str
    gpus: int
    months: int
    upfront: float
    price: float
    country: str | None
    is_spot: bool = False
    increment: str = "hour"


@dataclass(frozen=True)
class Signature:
    """Instances committed in a month."""

    offer: str
    month: int
    expiry: int
    count: int


@dataclass(frozen=True)
class Size:
    """Commitments of one instance size, and the on-demand offer that serves what lies above them."""

    name: str
    offers: tuple[Offer, ...]
    partner: Offer


Given = Callable[[str, str, int], "tuple[Signature, ...] | None"]  # workload, size, month until which


def stays(w: Workload, api: ApiEquivalent) -> bool:
    """Whether a token API is known to be served where the workload may be."""
    if w.residency == "any":
        return True
    if api.country is not None:
        return api.country in COUNTRIES[w.residency]
    # every country of the first lies in the second
    return (api.region, w.residency) in {
        ("nordic", "nordic"),
        ("nordic", "eea"),
        ("eu", "eea"),
        ("eea", "eea"),
    }
