"""Where a token API is served: a country or an area, in the words of the language, with what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brytpunkt.declarations import AREAS, EEA, NORDIC, json_schema, read_plan
from brytpunkt.errors import Problem

API = "    api_equivalents:\n      - {{provider: mistral, model: m, tokens_per_task_ratio: 1, quality_note: q, {}}}\n"


def with_api(small: str, text: str) -> str:
    """The small plan with a token API beside its model."""
    before, model, after = small.partition("    model: llama2-70b\n")
    assert model
    return before + model + API.format(text) + after


@pytest.mark.parametrize(
    ("text", "key", "message", "suggestion"),
    [
        ("country: sweden", "country", "'sweden' is not a country code", "write SE"),
        ("country: Europe", "country", "'Europe' is not a country code", "two-letter ISO code"),
        ("region: nordics", "region", "'nordics'", "nordic"),
        ("region: EU", "region", "'EU'", "eu"),
        ("region: eea, country: FR", "region", "the country FR and the region eea are both declared", "keep the country"),
        ("regional_surcharge_share: 10", "regional_surcharge_share", "10", None),
    ],
)  # fmt: skip
def test_a_place_that_is_none_is_refused_with_what_to_write(
    small: str,
    refuse: Callable[[str], list[Problem]],
    text: str,
    key: str,
    message: str,
    suggestion: str | None,
) -> None:
    (problem,) = refuse(with_api(small, text))
    assert problem.where.endswith(f"workloads[0].api_equivalents[0].{key}")
    assert message in problem.message
    assert suggestion is None or suggestion in (problem.suggestion or "")


@pytest.mark.parametrize(
    ("text", "countries"),
    [
        ("country: FI", {"FI"}),
        ("region: nordic", set(NORDIC)),
        ("region: eu", set(EEA) - {"NO", "IS", "LI"}),
        ("regional_surcharge_share: 0.1", None),
    ],
)
def test_a_token_api_is_somewhere_or_nowhere_known(
    small: str, tmp_path: Path, text: str, countries: set[str] | None
) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(with_api(small, text), encoding="utf-8")
    (api,) = read_plan(path).plan.workloads[0].api_equivalents
    assert api.countries == countries


def test_areas_lie_in_each_other() -> None:
    assert AREAS["nordic"] < AREAS["eea"]
    assert AREAS["eu"] < AREAS["eea"]
    assert not AREAS["nordic"] <= AREAS["eu"]


def test_an_editor_is_told_of_the_places() -> None:
    definitions: dict[str, Any] = json_schema()["$defs"]
    api, offer = definitions["ApiEquivalent"]["properties"], definitions["InlineOffer"]["properties"]
    assert "Country in which it is served" in str(api["country"])
    assert all(area in str(api["region"]) for area in AREAS)
    assert "residency" in str(offer["country"])
