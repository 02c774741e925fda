"""Staleness: every source against the limit that it declares, and the day on which it was last confirmed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from brytpunkt.reporting.staleness import confirmed_sources, is_stale, stale_tables

TODAY = date(2026, 11, 25)


def summary(origin: str, retrieved: str | None, **confirmation: Any) -> dict[str, Any]:
    source = {"table": "gpu_offers", "source": "list", "origin": origin, "retrieved_on": retrieved}
    return {"sources": [source]} | ({"confirmations": {"azure": confirmation}} if confirmation else {})


@pytest.mark.parametrize(
    ("given", "stale"),
    [
        (summary("bundled", "2026-07-28"), False),  # 120 days
        (summary("bundled", "2026-07-27"), True),
        (summary("bundled", None), False),
        (summary("azure", "2026-11-11", confirmed_on=None, stale_after_days=14), False),
        (summary("azure", "2026-11-10", confirmed_on=None, stale_after_days=14), True),
        (summary("azure", "2026-06-01", confirmed_on="2026-11-24", stale_after_days=14), False),  # same price since June
        (summary("azure", "2026-06-01", confirmed_on="2026-11-01", stale_after_days=14), True),
        (summary("azure", "2026-06-01", confirmed_on="2026-11-01", stale_after_days=400), False),
        (summary("bundled", "2026-11-01", confirmed_on="2026-01-01", stale_after_days=3), False),
        # Another table of the source was taken yesterday; this one was refused since the first of the month.
        (summary("azure", "2026-06-01", confirmed_on="2026-11-24", stale_after_days=14, tables={"gpu_offers": "2026-11-01"}), True),
        (summary("azure", "2026-06-01", confirmed_on="2026-11-24", stale_after_days=14, tables={"gpu_offers": "2026-11-20"}), False),
        (summary("azure", "2026-06-01", confirmed_on="2026-11-24", stale_after_days=14, tables={"market_prices": "2026-11-24"}), True),
    ],
)  # fmt: skip
def test_a_source_is_stale_by_its_own_limit(given: dict[str, Any], stale: bool) -> None:
    [source] = confirmed_sources(given)
    assert is_stale(source, TODAY) is stale
    assert is_stale(source, None) is False
    found = stale_tables([source], TODAY)
    assert [item.table for item in found] == (["gpu_offers"] if stale else [])


def test_the_sentence_names_the_last_confirmation_and_the_limit() -> None:
    given = summary("azure", "2026-06-01", confirmed_on="2026-11-01", stale_after_days=14)
    [item] = stale_tables(confirmed_sources(given), TODAY)
    assert (item.oldest, item.limit_days) == (date(2026, 11, 1), 14)
