"""Physics of cooling plants: fans, pumps, chillers, economisers and towers, as ratios to the heat removed.

Every function works on numbers, NumPy arrays and polars expressions alike. Belongs here: published relations.
Does not belong here: which system a site has (cooling.py).

References: [1] Lei and Masanet (2020), Energy 201, 117556; [2] Lei and Masanet (2022), Resources, Conservation
and Recycling 182, 106323. Ranges of parameters are theirs for hyperscale and colocation sites.
"""

from __future__ import annotations

from typing import Any

from brytpunkt.planning.inputs.units import SECONDS_PER_HOUR

AIR_HEAT_KJ_PER_KG_K, AIR_DENSITY = 1.01, 1.2
WATER_HEAT_KJ_PER_KG_K, WATER_DENSITY = 4.186, 1000.0
COLDEST_CONDENSER_C, WARMEST_CONDENSER_C = 10.0, 40.0
LOWEST_LOAD, HIGHEST_LOAD = 0.2, 0.8


def fan_share(rise_k: float = 12.0, pressure_pa: float = 500.0, efficiency: float = 0.7) -> float:
    """Fan power per heat removed by air. [1]

    m = Q / (1.01 dT), P = m / rho x dp / eta / 1000 ([1], fans of the air handlers). Defaults: 12 K, 500 Pa, 70 %,
    between the published ranges of hyperscale (13.9-19.4 K) and colocation (5-10 K).

    >>> round(fan_share(), 3)
    0.049
    """
    return 1 / (AIR_HEAT_KJ_PER_KG_K * rise_k) / AIR_DENSITY * pressure_pa / efficiency / 1000


def pump_share(rise_k: float = 6.0, pressure_kpa: float = 250.0, efficiency: float = 0.7) -> float:
    """Pump power per heat removed by water. [1]

    P = dp m / (1000 eta rho) with dp in Pa ([1], pumps); m = Q / (4.186 dT).

    >>> round(pump_share(), 4)
    0.0142
    """
    return 1 / (WATER_HEAT_KJ_PER_KG_K * rise_k) * pressure_kpa / efficiency / WATER_DENSITY


def water_chiller_cop(wet_bulb: Any, part_load: float, approach_k: float = 4.5) -> Any:
    """COP of a water-cooled chiller ([1], regression).

    COP = 16.798751 + 0.008840 t^2 - 8.528931 L^2 + 9.885294 L - 0.760621 t + 0.084615 L t, with t the condenser
    water: wet bulb [degC] plus tower approach, kept within 10 to 40 degC, and L the part load, kept within the
    published 0.2 to 0.8.

    >>> round(float(water_chiller_cop(np.float64(15.5), 0.5)), 1)
    8.8
    """
    t = (wet_bulb + approach_k).clip(COLDEST_CONDENSER_C, WARMEST_CONDENSER_C)
    load = min(HIGHEST_LOAD, max(LOWEST_LOAD, part_load))
    return (
        16.798751
        + 0.008840 * t * t
        - 8.528931 * load**2
        + 9.885294 * load
        - 0.760621 * t
        + 0.084615 * load * t
    )


def economiser_share(sink: Any, return_c: float, supply_c: float) -> Any:
    """Share of the heat that goes out without a chiller ([1], water-side economiser).

    f = clip((T_return - sink) / (T_return - T_supply), 0, 1); sink is wet bulb plus the approaches of tower and
    heat exchanger, or dry bulb plus that of a dry cooler. [degC]

    >>> economiser_share(np.array([10.0, 18.0, 30.0]), return_c=24, supply_c=14).tolist()
    [1.0, 0.6, 0.0]
    """
    return ((return_c - sink) / (return_c - supply_c)).clip(0.0, 1.0)


def tower_water(heat: Any, water_c: Any, cycles: float = 5.0) -> Any:
    """Water of an open tower. [litres per kWh of the reference of ``heat``]

    Evaporated = heat / h_fg with h_fg = -0.0013 T^2 - 2.3097 T + 2500.5 kJ/kg; blow-down = evaporated / (CoC - 1)
    ([2], cooling tower; drift left out). ``heat``: heat rejected per kWh of IT; ``water_c``: water in the tower.
    """
    latent = -0.0013 * water_c * water_c - 2.3097 * water_c + 2500.5
    evaporated = heat * SECONDS_PER_HOUR / latent
    return evaporated * cycles / (cycles - 1)


def adiabatic_water(wet_bulb_depression: Any, needed: Any, rise_k: float = 12.0) -> Any:
    """Water that adiabatic cooling of the supply air evaporates. [litres per kWh of IT]

    The air of a kW, 1 / (1.01 dT) kg/s, takes up 1.01 kJ/kg for every kelvin by which it is cooled, at most the
    wet-bulb depression; ``needed`` is the cooling asked for. [K]
    """
    cooled = needed.clip(0.0, 60.0)
    # min(a, b) = (a + b - |a - b|) / 2 holds for arrays and for expressions
    depression = wet_bulb_depression.clip(0.0, 60.0)
    least = (cooled + depression - abs(cooled - depression)) / 2
    return least / rise_k * SECONDS_PER_HOUR / 2450


def air_chiller_cop(dry_bulb: Any) -> Any:
    """COP of an air-cooled chiller: 7.5 at 10 degC, less 0.13 a kelvin, within 2.5 and 8; an assumption.

    >>> air_chiller_cop(np.array([0.0, 20.0, 60.0])).round(2).tolist()
    [8.0, 6.2, 2.5]
    """
    return (7.5 - 0.13 * (dry_bulb - 10)).clip(2.5, 8.0)


def electrical_overhead(part_load: float, full_load: float = 0.055, standing: float = 0.4) -> float:
    """UPS, distribution and lighting per IT power; ``standing`` is the part of the full-load loss that is always there.

    At part load L the loss per kW is full_load x (1 + standing (1 / L - 1)).

    >>> round(electrical_overhead(1.0), 3), round(electrical_overhead(0.5), 3)
    (0.055, 0.077)
    """
    return full_load * (1 + standing * (1 / part_load - 1))
