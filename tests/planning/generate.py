"""Declared plans made by chance, in the shapes that users write, for comparison with the reference."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

SERVERS = ("dgx_b200", "dgx_b300", "dgx_h100")
GPUS = ("B200-SXM-180GB", "B300-SXM-270GB", "H100-SXM-80GB")
TERMS = ("reserved_1y", "savings_1y", "reserved_3y")
TARIFFS = ("se-10kv-karlsborg", "se-20kv-ronneby", "no-22kv-fjellnett", "fi-transmission")
PLACES = (
    ("SE", "SE1", "lulea"),
    ("SE", "SE4", "malmo"),
    ("NO", "NO1", "oslo"),
    ("FI", "FI", "helsinki"),
    ("DK", "DK1", "aarhus"),
    ("DE", "DE-LU", "frankfurt"),
)
COOLING = (
    *("outside_air", "chilled_water_tower", "dry_cooler_chiller", "direct_liquid"),
    *("water_chiller_economiser", "direct_liquid_w32", "direct_liquid_w45", "immersion", "district_cooling"),
)
CHARGES = ("energy", "peak_month", "peak_year", "peak_four", "subscription", "fixed")
SERVED: tuple[dict[str, str], ...] = (
    *({}, {"country": "SE"}, {"country": "IE"}, {"country": "US"}),
    *({"region": "nordic"}, {"region": "eu"}, {"region": "eea"}),
)
NAMED = {
    "SE": ("se-20kv-ronneby-windows", "se-10kv-karlsborg-2024"),
    "NO": ("no-22kv-fjellnett-2022",),
    "FI": ("fi-fingrid-2021",),
    "DE": ("de-nrm-ms-2013",),
}


def share(low: float = 0.0, high: float = 1.0) -> st.SearchStrategy[float]:
    """A share with two decimals."""
    return st.integers(round(low * 100), round(high * 100)).map(lambda n: n / 100)


@st.composite
def demands(draw: st.DrawFn, horizon: int) -> dict[str, Any]:
    """Demand in tokens or GPU-hours, with a pilot and a production phase."""
    pilot = {"name": "pilot", "from_month": 0, "level": draw(share(0, 0.5))}
    begins: int = draw(st.integers(1, 9))
    production: dict[str, Any] = {
        "name": "production",
        "from_month": begins,
        "level": 1.0,
        "ramp_months": draw(st.integers(0, 6)),
        "production": True,
    }
    if draw(st.booleans()):
        production["autonomous_share"] = draw(share())
    phases: list[dict[str, Any]] = [pilot, production] if begins < horizon else [pilot | {"level": 0.4}]
    common: dict[str, Any] = {
        "phases": phases,
        "growth": draw(growths()) | {"during_ramp": draw(st.booleans())},
    }
    if draw(st.integers(0, 3)) == 0:
        counted, *others = draw(st.permutations(GPUS))
        ratios = [{"gpu_model": gpu, "hours": draw(share(0.3, 3))} for gpu in others]
        hours = {"gpu_hours_per_day": draw(st.integers(5, 900)), "gpu_model": counted}
        return common | hours | draw(st.sampled_from([{"gpu_hour_ratios": ratios}, {}]))
    return common | {
        "output_tokens_per_day": draw(st.integers(1, 60)) * 1e8,
        "input_tokens_per_day": draw(st.integers(0, 200)) * 1e8,
        "cached_input_share": draw(share(0, 0.9)),
    }


@st.composite
def growths(draw: st.DrawFn) -> dict[str, Any]:
    """Compound growth, a logistic curve, or a table."""
    kind = draw(st.sampled_from(["compound", "compound", "logistic", "table"]))
    if kind == "table":
        months = draw(st.lists(st.integers(0, 40), min_size=1, max_size=4, unique=True).map(sorted))
        return {"kind": kind, "table": [{"month": m, "multiple": draw(share(0.2, 3))} for m in months]}
    given: dict[str, Any] = {"kind": kind, "per_year": draw(share(-0.3, 1.5))}
    return given | ({"ceiling_multiple": draw(st.integers(2, 6)) * 1.0} if kind == "logistic" else {})


@st.composite
def workloads(draw: st.DrawFn, name: str, horizon: int) -> dict[str, Any]:
    """A workload."""
    demand = draw(demands(horizon))
    given: dict[str, Any] = {
        "id": name,
        "demand": demand,
        "weekly_shape": draw(st.sampled_from(["flat", "office_hours", "consumer"])),
        "autonomous_share": draw(share()),
        "headroom": draw(share(0, 0.6)),
        **draw(st.sampled_from([{}, {"redundancy_units": 1}, {"redundancy_units": 2, "min_replicas": 3}])),
        "residency": draw(st.sampled_from(["any", "eea", "nordic"])),
        "efficiency_gain_per_year": draw(share(0, 0.5)),
        "kind": draw(st.sampled_from(["inference", "inference", "fine_tuning", "batch"])),
        "interactive_share": draw(st.sampled_from([0.0, 0.0, 0.4])),
        "failures": {
            "failures_per_gpu_year": draw(st.sampled_from([0.0, 0.1, 2.0])),
            "recovery": draw(st.sampled_from(["cold", "hot", "tolerant"])),
        },
    }
    if "gpu_hours_per_day" not in demand:
        given |= {"model": "llama2-70b", "benchmark_share": draw(share(0.3, 1.0))}
        if draw(st.booleans()):
            given["api_equivalents"] = [
                {
                    "provider": "openai",
                    "model": "gpt-5-mini",
                    "tokens_per_task_ratio": draw(share(0.5, 2)),
                    "quality_note": "made by chance",
                    "regional_surcharge_share": draw(st.sampled_from([0.0, 0.1])),
                    **draw(st.sampled_from(SERVED)),
                }
            ]
    elif "gpu_hour_ratios" not in demand:  # the ratios are those of the model's benchmarks
        given["model"] = "llama2-70b"
    if draw(st.booleans()):
        given["gpus_per_replica"] = draw(st.sampled_from([1, 2, 4]))
    if given["kind"] != "inference":
        given |= draw(st.sampled_from([{}, {"gpus_per_job": 4}, {"gpus_per_job": 16}]))
        given |= draw(st.sampled_from([{}, {"max_delay_days": 7}, {"max_delay_days": 0}]))
        given |= draw(st.sampled_from([{}, {"jobs_per_day": 40}, {"jobs_per_day": 0.5}]))
    if draw(st.integers(0, 2)) == 0:
        given |= draw(st.sampled_from([{"timezone": "America/New_York"}, {"holidays": "FI"}]))
    if draw(st.integers(0, 3)) == 0:
        given |= {"shares_gpus": True}
    if draw(st.integers(0, 3)) == 0:
        given |= {"min_replicas": 0, "redundancy_units": 0}
    if draw(st.integers(0, 2)) == 0:
        given["storage"] = draw(storages())
    return given


@st.composite
def storages(draw: st.DrawFn) -> dict[str, Any]:
    """What a workload keeps: a little or a lot, slow or fast, on whatever suffices or on what is declared."""
    return {
        "capacity_tb": draw(st.sampled_from([0.4, 60, 950, 4000])),
        "growth_per_year": draw(share(0, 1)),
        "throughput_gb_per_s": draw(st.sampled_from([0.2, 9.5, 45])),
        "egress_tb_per_month": draw(st.sampled_from([0, 0.3, 25])),
        "tier": draw(st.sampled_from(["auto", "auto", "nas", "parallel", "object"])),
    }


@st.composite
def sites(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """A site with colocation, an own hall, or both."""
    country, zone, place = draw(st.sampled_from(PLACES))
    given: dict[str, Any] = {
        "id": f"site{number}",
        "country": country,
        "zone": zone,
        "cooling": draw(st.sampled_from(COOLING)),
        "climate": place,
        "energy": draw(energies(country)),
        "staff": {"min_fte": draw(share(0, 2)), "fte_per_100_gpus": draw(share(0, 1))},
    }
    if draw(st.integers(0, 4)) == 0:
        given["pue"] = draw(share(1.05, 1.8))
    if draw(st.integers(0, 2)) == 0:
        given["heat"] = {
            "share": draw(share()),
            **draw(st.sampled_from([{"price": "stockholm-exergi"}, {"price_per_mwh": {"eur": 15}}])),
            **draw(st.sampled_from([{}, {"heat_pump_cop": 3.5}])),
        }
    if draw(st.integers(0, 2)) == 0:
        is_bought = given["cooling"] == "district_cooling" and "heat" not in given
        given["cooling_plant"] = {
            **({"district_price_per_mwh": {"eur": 18}} if is_bought else {}),
            "part_load": draw(share(0.3, 1)),
            "warmer_k": draw(st.sampled_from([0.0, 1.5])),
            "on_limit": draw(st.sampled_from(["warn", "reduce"])),
        }
    if country in ("SE", "NO", "FI", "DK") and draw(st.integers(0, 4)) == 0:
        given["connection"] = {"size_mw": 1.0, "kind": "brownfield"}
    rooms = draw(st.integers(1, 3))
    if rooms & 1:
        price = (
            {"price_per_kw_month": {"sek": draw(st.integers(900, 2500))}}
            if draw(st.booleans())
            else {"price_per_rack_month": {"eur": draw(st.integers(800, 4000))}, "rack_power_kw": 30}
        )
        given["colocation"] = price | {"basis": "chance", "power_included": draw(st.booleans())}
    if rooms & 2:
        given["own_hall"] = {
            "capex_per_kw": {"eur": draw(st.integers(3000, 12000))},
            "basis": "chance",
            "lead_time_months": draw(st.integers(0, 8)),
        }
    if draw(st.integers(0, 3)) == 0:
        given["power_limit_kw"] = draw(st.integers(10, 120))
    if draw(st.integers(0, 3)) == 0:
        given["limits"] = {
            "rack_density_limit_kw": draw(st.sampled_from([9, 14, 40])),
            "liquid_cooling_installed": draw(st.booleans()),
        }
    return given


@st.composite
def energies(draw: st.DrawFn, country: str) -> dict[str, Any]:
    """Energy at a pinned price, or built from the market."""
    if draw(st.integers(0, 3)) == 0:
        return {"price_per_kwh": {"eur": draw(share(0.03, 0.3))}}
    given: dict[str, Any] = {"supplier_margin_per_mwh": {"eur": draw(st.integers(0, 6))}}
    kind = draw(st.integers(0, 2))
    if kind == 0 or (kind == 1 and country not in NAMED):
        given["grid_fee"] = draw(st.sampled_from(TARIFFS))
    elif kind == 1:
        given["tariff"] = draw(st.sampled_from(NAMED[country]))
    else:
        given["tariff_elements"] = draw(tariffs())
    if kind > 0 and draw(st.booleans()):
        given["existing_load_kw"] = draw(st.sampled_from([25, 400]))
        given["existing_load_shape"] = draw(st.sampled_from(["flat", "office_hours", "consumer"]))
    if draw(st.booleans()):
        given |= {"ppa_per_mwh": {"eur": draw(st.integers(25, 70))}, "hedged_share": draw(share())}
    if draw(st.booleans()):
        area = draw(st.sampled_from(["any", "north"] if country == "SE" else ["any"]))
        use = draw(st.sampled_from(["datacentre", "comfort", "manufacturing"]))
        given["tax"] = {"use": use, "area": area}
    if draw(st.integers(0, 2)) == 0:
        given |= {"vat_recoverable_share": draw(share()), "guarantees_per_mwh": {"eur": 1.5}}
    return given


@st.composite
def tariffs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A tariff of one's own: each charge with a window and up to three bands."""
    found: list[dict[str, Any]] = []
    for number, charge in enumerate(draw(st.lists(st.sampled_from(CHARGES), min_size=1, max_size=3))):
        window: dict[str, Any] = {}
        if charge != "fixed":
            window = {
                "months": draw(st.sampled_from([None, "11-3", "4-10", "1-12"])),
                "days": draw(st.sampled_from([None, "weekday", "weekend"])),
                "hours": draw(st.sampled_from([None, "6-22", "22-6", "0-24"])),
            }
        edges = [0] if charge == "fixed" else draw(st.sampled_from([[0], [0, 40], [0, 40, 3000]]))
        unit = {"energy": 0.01, "fixed": 900}.get(charge, 25)
        rule = draw(st.sampled_from(["parts", "whole"]))
        found += [
            {
                "id": f"element{number}",
                "charge": charge,
                "price": {"eur": unit * draw(st.integers(1, 4))},
                "band_from": float(edge),
                "band_rule": rule,
                **{key: value for key, value in window.items() if value is not None},
            }
            for edge in edges
        ]
    return found


@st.composite
def quoted(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One instance type as quoted by the hour and under terms, cheap enough to be taken; or nothing."""
    hourly = draw(st.integers(8, 18))
    terms = draw(st.lists(st.sampled_from(TERMS), max_size=3, unique=True))
    size = {"gpu_model": "H100-SXM-80GB", "gpu_count": 8}
    found = [
        size
        | {
            "id": term.replace("_", "-"),
            "provider": draw(st.sampled_from(["north", "south"])),
            "term": term,
            "price": {"eur": round(hourly * draw(share(0.4, 1.05)), 2)},
            "upfront_share": draw(st.sampled_from([0.0, 0.0, 0.5, 1.0])),
        }
        for term in terms
    ]
    if found:
        hour = {"id": "hour", "provider": "north", "term": "on_demand", "price": {"eur": hourly}}
        found.append(size | hour)
    return found


@st.composite
def plans(draw: st.DrawFn) -> str:
    """A whole plan as YAML (JSON is YAML)."""
    horizon = draw(st.integers(6, 30))
    servers = draw(st.lists(st.sampled_from(SERVERS), min_size=1, max_size=2, unique=True))
    plan: dict[str, Any] = {
        "plan": "chance",
        "finance": {
            "start": draw(st.sampled_from(["2026-11-01", "2027-01-01", "2027-06-01"])),
            "horizon_months": horizon,
            "currency": draw(st.sampled_from(["EUR", "SEK", "NOK"])),
            "discount_rate_per_year": draw(share(0, 0.15)),
            "discount_rate_basis": draw(st.sampled_from(["nominal", "real"])),
            "inflation_per_year": draw(share(0, 0.05)),
            "hours_per_month": draw(st.sampled_from(["calendar", 730])),
        },
        "workloads": [draw(workloads(f"work{n}", horizon)) for n in range(draw(st.integers(1, 2)))],
        "sites": [draw(sites(n)) for n in range(draw(st.integers(1, 2)))],
        "build": {
            "servers": [
                {"catalog": name, "price": {"usd": draw(st.integers(150, 600)) * 1000}} for name in servers
            ],
            "lead_time_months": draw(st.integers(0, 9)),
            "life_years": draw(st.integers(1, 5)),
            "review_months": draw(st.integers(3, 18)),
            "price_path_per_year": draw(share(-0.3, 0.1)),
            "refresh": draw(st.sampled_from(["refresh", "refresh", "keep", "skip", "extend"])),
            "skip_months": draw(st.integers(1, 9)),
        },
        "rent": {
            "gpu_price_path_per_year": draw(share(-0.4, 0.1)),
            "token_price_path_per_year": draw(share(-0.5, 0.1)),
            "negotiated_discount_share": draw(share(0, 0.4)),
            "offers": draw(quoted()),
        },
        "storage": {"life_years": draw(st.sampled_from([1, 3, 5]))},
        "energy": {"escalation_per_year": draw(st.none() | share(-0.02, 0.06))},
    }
    return json.dumps(plan)
