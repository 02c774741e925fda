"""Seats: the country whose law the operator of an offer answers to.

From the operators' own imprints and terms as generally known, not read again for this table; the report says so.
An operator that is missing here has no known seat, and no known seat is never counted as a European one.
"""

from __future__ import annotations

from brytpunkt.declarations import EEA

SEAT_OF_PROVIDER: dict[str, str] = {
    "anthropic": "US",
    "aws": "US",
    "azure": "US",
    "cerebras": "US",
    "cohere": "CA",
    "coreweave": "US",
    "crusoe": "US",
    "databricks": "US",
    "deepseek": "CN",
    "digitalocean": "US",
    "fireworks": "US",
    "gcp": "US",
    "google": "US",
    "groq": "US",
    "hyperstack": "GB",
    "lambda": "US",
    "meta": "US",
    "mistral": "FR",
    "moonshotai": "CN",
    "nebius": "NL",
    "openai": "US",
    "ovhcloud": "FR",
    "runpod": "US",
    "scaleway": "FR",
    "together": "US",
    "verda": "FI",
    "vultr": "US",
    "x-ai": "US",
    "zai": "CN",
}


def is_sovereign(provider: str) -> bool:
    """Whether an operator is known to be seated in the EEA."""
    return seat_of(provider) in EEA


def seat_of(provider: str) -> str | None:
    """ISO country of an operator's seat; None where it is not recorded."""
    return SEAT_OF_PROVIDER.get(provider.lower())
