"""Partitions: plans, and the sites of each plan; registered when a declaration is read."""

from __future__ import annotations

import dagster as dg

PLANS = dg.DynamicPartitionsDefinition(name="plans")
PLAN_SITES = dg.DynamicPartitionsDefinition(name="plan_sites")
SEPARATOR = "__"


def site_key(plan: str, site: str) -> str:
    """Partition of a site's report; ids hold no underscore, so the two parts never run together."""
    return f"{plan}{SEPARATOR}{site}"


def split_site_key(key: str) -> tuple[str, str]:
    """Plan and site of a partition."""
    plan, site = key.split(SEPARATOR)
    return plan, site
