"""What a plan means once it is read: defaults, their sources, round trips, and the bundled plans."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from brytpunkt.declarations import Finance, InlineServer, Money, Plan, Workload, assumptions, read_plan
from brytpunkt.declarations.values.fields import NO_SOURCE
from tests.declarations.conftest import Read

PLANS = Path(__file__).parents[2] / "plans"
BUNDLED = sorted(PLANS.rglob("*.yaml"))


def test_a_small_file_works(read: Read, small: str) -> None:
    declared = read(small)
    plan = declared.plan
    assert declared.text == small
    assert len(declared.sha256) == 64
    assert (plan.plan, plan.name, plan.finance.months) == ("small", "small", 84)
    assert plan.finance.start == date(2027, 1, 1)
    assert plan.sites[0].colocation is not None
    assert plan.sites[0].colocation.price_per_kw_month == Money(amount=150, currency="EUR")
    assert plan.workloads[0].demand.production_phase.level == 1.0
    assert plan.build.servers[0].id == "dgx_b200"


def test_norway_is_a_country_and_not_false(read: Read, small: str) -> None:
    plan = read(small.replace("country: SE", "country: NO").replace("SE1", "NO1")).plan
    assert plan.sites[0].country == "NO"


def test_quoted_dates_upper_case_currencies_and_a_byte_order_mark_are_fine(read: Read, small: str) -> None:
    text = small.replace("2027-01-01", '"2027-01-01"').replace("{eur:", "{EUR:")
    assert read(b"\xef\xbb\xbf" + text.encode()).plan == read(small).plan


def test_the_end_counts_as_the_horizon_does(read: Read, small: str) -> None:
    assert read(small.replace("horizon_months: 84", "end: 2034-01-01")).plan.finance.months == 84


def test_every_default_has_a_unit_and_a_source_in_the_list_of_assumptions(read: Read, small: str) -> None:
    listed = {item.path: item for item in assumptions(read(small).plan)}
    price = listed["sites.lulea.colocation.price_per_kw_month"]
    assert (price.value, price.unit, price.origin) == (150.0, "EUR per kW and month", "declared")
    support = listed["build.support_share_per_year"]
    assert (support.value, support.origin) == (0.08, "default")
    assert "LP2368" in support.source
    assert listed["sites.lulea.staff.cost_per_fte_year"].origin == "default"
    assert listed["workloads.assistant.headroom"].source == NO_SOURCE
    assert all(item.source and item.unit and item.description for item in listed.values())


def test_the_basis_of_a_price_is_its_source(read: Read, small: str) -> None:
    plan = read(small.replace("{eur: 150}", "{eur: 150}, basis: quote of May")).plan
    listed = {item.path: item.source for item in assumptions(plan)}
    assert listed["sites.lulea.colocation.price_per_kw_month"] == "quote of May"


def test_declaring_a_default_changes_its_origin_and_nothing_else(read: Read, small: str) -> None:
    plan = read(small).plan
    spelled_out = Plan.model_validate(plan.model_dump())
    assert spelled_out == plan
    origins = {item.path: item.origin for item in assumptions(spelled_out)}
    assert set(origins.values()) == {"declared"}
    assert {item.path for item in assumptions(plan)} <= set(origins)


def test_a_weekly_shape_is_scaled_to_a_mean_of_one() -> None:
    base = {"id": "a", "model": "m", "demand": {"output_tokens_per_day": 1.0, "input_tokens_per_day": 0.0}}
    shape = Workload.model_validate(base | {"weekly_shape": [3] * 84 + [1] * 84}).weekly_shape
    assert shape == (1.5,) * 84 + (0.5,) * 84


def test_nothing_changes_after_reading(read: Read, small: str) -> None:
    plan = read(small).plan
    with pytest.raises(ValidationError):
        plan.finance.currency = "SEK"  # type: ignore[misc]


def test_models_can_be_built_in_python() -> None:
    finance = Finance(start=date(2027, 1, 1), end=date(2028, 1, 1), currency="SEK")
    assert (finance.months, finance.discount_rate_per_year) == (12, 0.08)


@pytest.mark.parametrize("path", BUNDLED, ids=[path.stem for path in BUNDLED])
def test_bundled_plans_read_and_survive_a_round_trip(path: Path) -> None:
    plan = read_plan(path).plan
    assert Plan.model_validate(plan.model_dump()) == plan


def test_the_example_compares_nordic_sites_with_a_comparator() -> None:
    plan = read_plan(PLANS / "nordic.yaml").plan
    nordic = [site for site in plan.sites if not site.is_comparator]
    assert len(nordic) >= 6
    assert {site.country for site in nordic} == {"SE", "NO", "FI", "DK"}
    assert [site.id for site in plan.sites if site.is_comparator] == ["frankfurt"]
    rooms = [room for site in plan.sites for room in (site.colocation, site.own_hall) if room is not None]
    assert all(room.basis and "ASSUMPTION" in room.basis for room in rooms)


def test_lp2368_declares_the_hourly_cost_that_it_publishes() -> None:
    """The published opex follows from the inputs: maintenance, power and rack, each cut to the cent."""
    plan = read_plan(PLANS / "published" / "lenovo-lp2368.yaml").plan
    site = plan.sites[0]
    assert plan.published is not None
    assert site.energy.price_per_kwh is not None
    assert site.pue is not None
    assert site.colocation is not None
    assert site.colocation.price_per_rack_month is not None
    rules = plan.published.conventions
    kwh = site.pue * site.energy.price_per_kwh.amount
    cents = {}
    for server in plan.build.servers:
        assert isinstance(server, InlineServer)
        parts = (
            server.price.amount * plan.build.support_share_per_year / 8760,
            server.nameplate_kw * kwh,
            site.colocation.price_per_rack_month.amount / rules.hours_per_month_colocation,
        )
        cents[server.id] = sum(int(round(100 * part, 6)) for part in parts)
    assert (cents["config-a"], cents["config-b"], cents["config-d"]) == (637, 879, 1260)
    unexplained = [case.id for case in plan.published.cases if not case.reproduces and not case.why]
    assert not unexplained
    assert {case.id for case in plan.published.cases if not case.reproduces} == {"t5", "t6"}
