"""Planning agrees with its slow and obvious second implementation to the cent, and the comparison can fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from brytpunkt.declarations import Plan, read_plan
from brytpunkt.errors import InputError
from brytpunkt.folders import folders
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from tests.conftest import SMALL_PLAN
from tests.examples import examples
from tests.planning.compare import compare, switch_months
from tests.planning.generate import plans
from tests.planning.reference import Reference

Read = Callable[[str], Plan]
EXAMPLES = examples(10, thorough=200)  # each computes a whole plan


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """A plan from its text."""
    path = tmp_path_factory.mktemp("plans") / "plan.yaml"

    def read_text(text: str) -> Plan:
        path.write_text(text, encoding="utf-8")
        return read_plan(path).plan

    return read_text


def test_the_example_agrees_to_the_cent(plan: Plan, known: Facts) -> None:
    planned = evaluate(plan, known, plan.finance.months)
    reference = Reference(plan, known)
    assert planned.rent.height > 500
    assert planned.own.height > 10_000
    assert compare(planned, reference, order_months=(0, 13, 41)) == []


def test_every_order_month_agrees_on_a_small_plan(read: Read, known: Facts) -> None:
    plan = read(SMALL_PLAN)
    planned, reference = evaluate(plan, known, 24), Reference(plan, known)
    assert compare(planned, reference, order_months=tuple(range(24))) == []
    assert switch_months(planned) == {site.id: reference.switch(site.id) for site in plan.sites}


@pytest.fixture(scope="session")
def differences(read: Read, known: Facts) -> Callable[[str], list[str]]:
    """What differs between planning a text and its reference; a plan that is refused has nothing to compare."""

    def compute(text: str) -> list[str]:
        plan = read(text)
        try:
            planned = evaluate(plan, known, plan.finance.months)
        except InputError as refused:
            return [] if "no on-demand offer" in str(refused) else [str(refused)]
        return compare(planned, Reference(plan, known))

    return compute


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(text=plans())
def test_plans_made_by_chance_agree_to_the_cent(differences: Callable[[str], list[str]], text: str) -> None:
    assert differences(text) == []


def test_a_published_plan_agrees_to_the_cent(known: Facts) -> None:
    published = read_plan(folders().plans / "published" / "lenovo-lp2368.yaml").plan
    assert compare(evaluate(published, known, 60), Reference(published, known)) == []


def test_the_comparison_sees_one_cent(read: Read, known: Facts) -> None:
    plan = read(SMALL_PLAN)
    planned, reference = evaluate(plan, known, 24), Reference(plan, known)
    first = pl.int_range(pl.len()) == 0
    off = planned.own.with_columns(cents=pl.col("cents") + first.cast(pl.Int64))
    assert len(compare(replace(planned, own=off), reference)) == 1


def test_the_comparison_sees_a_row_that_is_missing(read: Read, known: Facts) -> None:
    plan = read(SMALL_PLAN)
    planned, reference = evaluate(plan, known, 24), Reference(plan, known)
    assert len(compare(replace(planned, rent=planned.rent.head(-1)), reference)) == 1


def test_the_folder_of_the_reference_knows_no_planning_formula() -> None:
    allowed = (
        "brytpunkt.planning.inputs.planning_inputs",
        "brytpunkt.planning.inputs.weekly_shapes",
        "brytpunkt.planning.inputs.calendar",
    )
    for path in sorted(Path(__file__).with_name("reference").glob("*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith(("from brytpunkt.planning", "import polars", "from polars")):
                assert line.startswith(tuple(f"from {name} import" for name in allowed)), (
                    f"{path.name}: {line}"
                )
                if "planning_inputs" not in line:
                    assert all(name.strip().isupper() for name in line.partition("import ")[2].split(",")), (
                        line
                    )
