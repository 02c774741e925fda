"""Every field of every fixture under every operator: a meaning is never silent, a value is taken as written, the rest is nothing."""

from __future__ import annotations

import re

import pytest

from brytpunkt.publishers._shared.accounting import Role
from brytpunkt.publishers.find import modules
from tests.publishers.corpus import LEFT_OUT, NOTHING, REMARKED, SILENT, TAKEN, Case, Mutation
from tests.publishers.energy_corpus import CASES, mutations

# Mutations that leave nothing to be said, and why: publisher, path, operators.
ALLOWED = (
    ("entsoe", r".*position", "absent", "areas with one auction state no position"),
    ("energi_data_service", r".*DKK", "null", "the platform publishes euros before kroner"),
    ("nord_pool", r"resolutionInMinutes", "absent null", "the end of an interval says its length, too"),
    ("quarter_table", r"Baseload", "absent null", "tables without a mean are complete"),
    ("eurostat", r"value\..*", "absent null", "JSON-stat leaves out the cells that are not published"),
    (
        "eurostat",
        r"dimension\.(geo|nrg_cons|time|tax)\..*",
        "renamed",
        "these codes fill columns as they are",
    ),
    ("eltariff", r".*recurringPeriods", "absent null", "an element without windows always holds"),
    ("eltariff", r".*exclude", "absent null", "a pattern without exceptions has none"),
    ("eltariff", r".*spotPriceSettings", "absent", "a price that follows nothing needs no settings"),
    ("eltariff", r".*reference", "other", "any name of an element but that of a tax"),
    ("fmi", r"Location.*", "absent null renamed", "the station stands in the request"),
)
# What is ignored has its place: eight lines lead an EPW file, whatever they say, and a year of hours follows.
PLACES = (("epw", r"[A-Z/ ]+ ?[12]?", "absent"), ("epw", r"[0-9]+ .*", "doubled"))


def _is_listed(rules: tuple[tuple[str, ...], ...], mutation: Mutation) -> bool:
    return any(
        mutation.case.publisher == name and re.fullmatch(path, mutation.path) and mutation.operator in operators.split()
        for name, path, operators, *_ in rules
    )  # fmt: skip


def wrong(mutation: Mutation) -> str | None:
    """What is wrong about the outcome of a mutation."""
    outcome, operator = mutation.outcome, mutation.operator
    if mutation.role is Role.MEANING:
        is_silent = outcome in {NOTHING, TAKEN, SILENT} and not _is_listed(ALLOWED, mutation)
        return "a meaning that is silent" if is_silent else None
    if mutation.role is Role.VALUE:
        if outcome == SILENT or (outcome == NOTHING and operator != "doubled"):
            return None if _is_listed(ALLOWED, mutation) else "a value that is lost in silence"
        return None
    if outcome == NOTHING or _is_listed(PLACES, mutation):
        return None
    # A new name is a field that no table lists; a row that is there twice is one.
    if (operator == "renamed" and outcome == REMARKED) or (operator == "doubled" and outcome == LEFT_OUT):
        return None if mutation.after.rows == mutation.before.rows else "an ignored field that changes rows"
    return "an ignored field that changes something"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.label or case.publisher} {case.name}")
def test_a_document_that_differs_in_one_field(case: Case) -> None:
    found = list(mutations(case))
    assert found, "every field is changed in some way"
    odd = [
        f"{one.path} {one.operator}: {one.outcome}, {said}"
        for one in found
        if (said := wrong(one)) is not None
    ]
    assert odd == []


def test_a_value_is_taken_as_written() -> None:
    """Where no other field contradicts it: the doubled value stands in the rows, and every other row is as before."""
    taken = [
        one
        for case in CASES
        if case.publisher in {"ember", "open_meteo", "fmi", "eurostat"}
        for one in mutations(case)
        if one.role is Role.VALUE and one.operator == "other" and one.outcome == TAKEN
    ]
    assert {one.case.publisher for one in taken} == {"ember", "open_meteo", "fmi", "eurostat"}
    for one in taken:
        assert len(set(one.after.rows) ^ set(one.before.rows)) == 2, one.path


def test_every_publisher_of_these_shelves_has_a_fixture() -> None:
    shelves = ("electricity", "grid", "weather", "carbon")
    helpers = {"per_kwh", "grid_tariff", "canonical_hours", "readings"}
    named = {name for name, place in modules().items() if place.split(".")[2] in shelves} - helpers
    assert named == {case.publisher for case in CASES}
