"""The bridge of the levelised cost as a pure function: by hand, and its bars always sum."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brytpunkt.planning.components import COMPONENTS
from brytpunkt.planning.verdicts.levelised_bridge import STEPS, Hours, bridge

amount = st.floats(-1e6, 1e7)
KEYS = [component.key for component in COMPONENTS]


def test_by_hand() -> None:
    """Four servers of 100 hours, one stands by, 240 of 300 hours used, 60 more rented until the delivery.

    600 / 400 = 1.50 an hour; 300 / 240 of that is idle 0.375; (1.5 x 100 + 24) / 240 = 0.725 spares; 48 / 240 network;
    (72 + 24) / 240 staff; own work costs 3.20, all work (768 + 132) / 300 = 3.00, so renting takes 0.20 off.
    """
    costs = {
        "server_capex": 700.0,
        "energy_spot": 50.0,
        "continuing_value": -150.0,
        "spares": 24.0,
        "network_capex": 48.0,
        "hardware_staff": 72.0,
        "platform_staff": 24.0,
        "rent_on_demand": 132.0,
    }
    found = bridge(costs, Hours(in_service=400.0, standing_by=100.0, own_work=240.0, work=300.0))
    assert found == pytest.approx(
        {
            "full_use": 1.5,
            "idle": 0.375,
            "spares": 0.725,
            "network": 0.2,
            "staff": 0.4,
            "storage_and_tax": 0.0,
            "rent": -0.2,
        }
    )
    assert sum(found.values()) == pytest.approx(3.0)


def test_full_use_without_anything_else_is_the_hour_of_a_server() -> None:
    found = bridge({"server_capex": 90.0, "support": 10.0}, Hours(50.0, 0.0, 50.0, 50.0))
    assert found == pytest.approx(dict.fromkeys(STEPS, 0.0) | {"full_use": 2.0})


@given(
    st.dictionaries(st.sampled_from(KEYS), amount, min_size=1),
    st.floats(1, 1e6),
    st.floats(0, 0.9),
    st.floats(0.05, 1),
    st.floats(0, 3),
)
def test_the_bars_sum_to_all_cost_over_all_work(
    costs: dict[str, float], in_service: float, spare: float, used: float, rented: float
) -> None:
    """Every component of the table finds its bar, and none is lost or counted twice."""
    own_work = in_service * (1 - spare) * used
    work = own_work * (1 + rented)
    bars = bridge(costs, Hours(in_service, in_service * spare, own_work, work))
    assert list(bars) == list(STEPS)
    size = sum(map(abs, costs.values())) / own_work
    assert sum(bars.values()) == pytest.approx(sum(costs.values()) / work, abs=1e-9 * size + 1e-12)
