"""The table of components: each stands once, has a name in every language, and what a plan makes is in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brytpunkt.declarations import Plan
from brytpunkt.folders import folders
from brytpunkt.planning import components
from brytpunkt.planning.components import (
    BY_KEY,
    CAPITALISED,
    COMPONENTS,
    KWH_PRICES,
    MONTHLY,
    REPORT_GROUPS,
    of_group,
    of_price,
)
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.ledger.evaluate import evaluate
from brytpunkt.planning.own.unit_costs import paid_share, purchase_shares, upkeep_shares
from brytpunkt.reporting.translations import texts
from tests.planning.optimal.test_optimal import SMALL, planned


def test_each_component_stands_once_and_has_a_constant() -> None:
    constants = [v for n, v in vars(components).items() if n.isupper() and isinstance(v, str)]
    assert sorted(constants) == sorted(BY_KEY) == sorted(c.key for c in COMPONENTS)


@pytest.mark.parametrize("language", ["en", "sv"])
def test_each_component_and_group_has_a_name_in_each_language(language: str) -> None:
    said = texts(language)
    assert not [c.key for c in COMPONENTS if said.get(c.name_key, "") == ""]
    assert not [group for group in REPORT_GROUPS if said.get(f"group.{group}", "") == ""]


def test_what_a_plan_makes_is_in_the_table_with_who_pays_it(tmp_path: Path, known: Facts) -> None:
    work = SMALL["workloads"][0] | {"storage": {"capacity_tb": 10, "egress_tb_per_month": 5}}
    here = SMALL["sites"][0] | {"energy": {"tariff": "se-20kv-ronneby-windows", "tax": {}}}
    tax = {"tax": {"rate": 0.2}}
    plan = planned(tmp_path, workloads=[work], sites=[here], finance=tax, staff={"platform_fte": 1.0})
    evaluation = evaluate(plan, known, 9, scan=False)
    rented, owned = (set(rows["component"]) for rows in (evaluation.rent, evaluation.own))
    assert len(owned) > 15
    assert {BY_KEY[name].payer for name in rented} <= {"rent", "both"}
    assert {BY_KEY[name].payer for name in owned} <= {"own", "both"}


def test_the_handbook_has_the_table() -> None:
    text = (folders().checkout / "docs" / "model.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in text.splitlines()
        if line.startswith("| `") and line.count("|") == 9
    ]
    told = [(row[0].strip("`"), *row[1:4], row[5], row[6], row[7]) for row in rows]
    assert told == [
        (c.key, c.report, c.payer, c.paid, c.price or "", c.life or "", "each" if c.is_per_server else "")
        for c in COMPONENTS
    ]


def test_groups_part_the_table() -> None:
    reported = [name for names in REPORT_GROUPS.values() for name in names]
    assert sorted(reported) == sorted(BY_KEY)
    moved = [name for price in ("cloud", "hardware", "energy", "space", "staff") for name in of_price(price)]
    assert len(moved) == len(set(moved))
    assert {BY_KEY[name].group for name in KWH_PRICES} == {"energy"}
    assert not set(MONTHLY) & set(CAPITALISED)
    assert set(of_group("purchase")) < set(CAPITALISED)


def test_shares_are_those_of_the_declaration(plan: Plan) -> None:
    """A server of 100, with shares of its own for each: what is paid for it and what it costs a month."""
    build = plan.build.model_copy(
        update={
            "freight_and_duty_share": 0.03,
            "installation_share": 0.05,
            "spares_share": 0.02,
            "network_share": 0.15,
            "support_share_per_year": 0.12,
            "insurance_share_per_year": 0.006,
            "life_years": 4.0,
            "extended_support_multiple": 1.5,
        }
    )
    assert paid_share(build) == pytest.approx(1.25)
    assert purchase_shares(build, "network") == {"network_capex": 0.15}
    assert sum(purchase_shares(build, "server").values()) == pytest.approx(1.10)
    monthly = upkeep_shares(plan.model_copy(update={"build": build}), np.array([0.0, 47.0, 48.0]))
    assert plan.finance.inflation_per_year == 0.02
    steps = np.array([1.0, 1.02**3, 1.02**4])
    assert monthly["support"] == pytest.approx([0.01, 0.01, 0.015] * steps)
    assert monthly["insurance"] == pytest.approx([0.0005] * 3 * steps)
