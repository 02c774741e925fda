"""Changed declarations: where a dotted path leads, what is checked, and what is said of a path that leads nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from brytpunkt.declarations import Plan
from brytpunkt.declarations.reading.overrides import Overriding, read_overrides, short
from brytpunkt.errors import InputError, Problem
from tests.declarations.conftest import Read


def changed(read: Read, small: str, *texts: str) -> Plan:
    """The small plan with changes."""
    changes, problems = read_overrides(texts)
    return Overriding(read(small)).plan(changes, problems)


def refused(read: Read, small: str, *texts: str) -> tuple[Problem, ...]:
    """What is said of changes that cannot be made."""
    with pytest.raises(InputError) as caught:
        changed(read, small, *texts)
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "look", "value"),
    [
        ("finance.discount_rate_per_year=0.06", lambda p: p.finance.discount_rate_per_year, 0.06),
        ("rent.negotiated_discount_share=0.3", lambda p: p.rent.negotiated_discount_share, 0.3),
        (
            "workloads.assistant.demand.growth.per_year=0.5",
            lambda p: p.workloads[0].demand.growth.per_year,
            0.5,
        ),
        (
            "sites.lulea.colocation.price_per_kw_month.sek=1500",
            lambda p: str(p.sites[0].colocation.price_per_kw_month),
            "1500 SEK",
        ),
        ("build.servers.dgx_b200.price.usd=450000", lambda p: p.build.servers[0].price.amount, 450_000),
        ("build.servers.0.price={eur: 450000}", lambda p: p.build.servers[0].price.currency, "EUR"),
        (
            "finance.fx_units_per_eur={USD: 1.2, SEK: 11}",
            lambda p: p.finance.fx_units_per_eur,
            {"USD": 1.2, "SEK": 11},
        ),
        ("rent.countries=[SE, NO]", lambda p: p.rent.countries, ("SE", "NO")),
        ("sites.lulea.power_limit_kw=null", lambda p: p.sites[0].power_limit_kw, None),
    ],
)
def test_a_path_leads_to_its_declaration(read: Read, small: str, text: str, look: Any, value: object) -> None:
    assert look(changed(read, small, text)) == value


def test_a_pinned_rate_leaves_the_other_rates_alone(read: Read, small: str) -> None:
    text = small.replace("horizon_months: 84", "horizon_months: 84, fx_units_per_eur: {USD: 1.1, SEK: 11}")
    plan = changed(read, text, "finance.fx_units_per_eur.USD=1.2")
    assert plan.finance.fx_units_per_eur == {"USD": 1.2, "SEK": 11}


def test_nothing_else_changes_and_the_file_stays_as_read(read: Read, small: str) -> None:
    declared = read(small)
    overriding = Overriding(declared)
    changes, _ = read_overrides(["finance.horizon_months=60"])
    before = declared.plan.model_dump()
    after = overriding.plan(changes).model_dump()
    assert after["finance"].pop("horizon_months") == 60
    assert before["finance"].pop("horizon_months") == 84
    assert before == after
    assert overriding.plan([]) == declared.plan


def test_what_the_file_says_now_and_then(read: Read, small: str) -> None:
    overriding = Overriding(read(small))
    changes, _ = read_overrides(["finance.horizon_months=60", "rent.countries=[SE]", "sites.lulea.pue=1.25"])
    assert [overriding.shown(change) for change in changes] == ["84", "default", "default"]
    assert [short(change) for change in changes] == ["60", "[SE]", "1.25"]


@pytest.mark.parametrize(
    ("text", "where", "message", "suggestion"),
    [
        ("finance.horizon", "finance.horizon", "not a change", "write key=value"),
        ("=3", "=3", "not a change", "write key=value"),
        ("finanse.x=1", "finanse.x", "unknown key `finanse`", "did you mean finance?"),
        (
            "finance.discount_rat_per_year=1",
            "finance.discount_rat_per_year",
            "unknown key",
            "discount_rate_per_year",
        ),
        ("sites.lulae.power_limit_kw=1", "sites.lulae.power_limit_kw", "no `lulae` in sites", "lulea"),
        ("sites.7.zone=SE1", "sites.7.zone", "no `7` in sites", "known there: lulea"),
        ("finance.start.year=2028", "finance.start.year", "has no keys below it", "finance.start itself"),
        ("sites.lulea.id=kiruna", "sites.lulea.id", "names the thing", "change the file"),
        ("finance.horizon_months=long", "finance.horizon_months", "a whole number", "a number"),
        ("rent.negotiated_discount_share=30", "rent.negotiated_discount_share", "out of range", "0.3"),
        ("sites.lulea.colocation.price_per_kw_month.usk=1", "price_per_kw_month", "one currency", "eur: 150"),
        ("finance={start: 2027-01-01, horizon: 9}", "finance.horizon", "unknown key", "horizon_months"),
        ("finance.horizon_months=[", "finance.horizon_months", "not valid YAML", "brackets"),
        ("finance.horizon_months=*a", "finance.horizon_months", "aliases", "write the value out"),
    ],
)
def test_a_path_that_leads_nowhere(
    read: Read, small: str, text: str, where: str, message: str, suggestion: str
) -> None:
    found = [p for p in refused(read, small, text) if where in p.where]
    assert any(message in p.message and suggestion in (p.suggestion or "") for p in found), found


def test_all_problems_come_at_once(read: Read, small: str) -> None:
    texts = ("nothing", "sites.x.zone=SE1", "finance.horizon_months=0", "rent.county=SE", "plan=other")
    found = {problem.where for problem in refused(read, small, *texts)}
    assert found == {"nothing", "sites.x.zone", "finance.horizon_months", "rent.county", "plan"}


def test_the_same_declaration_twice(read: Read, small: str) -> None:
    [problem] = refused(read, small, "finance.horizon_months=60", "finance.horizon_months=72")
    assert "twice" in problem.message


def test_a_consequence_elsewhere_is_named_by_id(read: Read, small: str) -> None:
    text = small.replace("    zone: SE1", "    zone: SE1\n    energy: {grid_energy_per_kwh: {eur: 0.01}}")
    found = refused(read, text, "sites.lulea.energy.grid_fee=se-10kv-karlsborg")
    assert [problem.where for problem in found] == ["sites.lulea.energy.grid_energy_per_kwh"]
