"""A synthetic result in the exact columns of planning: small formulas, whole cents, totals that add up.

Belongs here: frames to draw reports from without planning. Does not belong here: a model of anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from brytpunkt.declarations import Declared, read_plan
from brytpunkt.planning.facts import Facts

START = date(2027, 1, 1)
RATE = 1.08 ** (1 / 12) - 1
LEAD = 8
GPUS = 8
CENT = Decimal("0.01")
PLACES = (
    ("lulea", "Luleå", "SE", "SE1", 27.0, 5.4, 12.0, 0.6, 1.08),
    ("falun", "Falun", "SE", "SE3", 44.0, 5.4, 13.0, 0.6, 1.09),
    ("stockholm", "Stockholm", "SE", "SE3", 45.0, 40.0, 15.0, 0.6, 1.17),
    ("malmo", "Malmö", "SE", "SE4", 66.0, 40.0, 15.0, 0.6, 1.18),
    ("oslo", "Oslo", "NO", "NO1", 58.0, 14.0, 9.0, 0.2, 1.09),
    ("helsinki", "Helsinki", "FI", "FI", 48.0, 0.5, 12.0, 0.5, 1.15),
    ("aarhus", "Aarhus", "DK", "DK1", 72.0, 0.5, 21.0, 0.5, 1.07),
    ("frankfurt", "Frankfurt", "DE", "DE-LU", 81.0, 5.0, 38.0, 0.6, 1.21),
)


@dataclass(frozen=True)
class ExampleResult:
    """The frames that reporting reads of a planning result."""

    verdicts: pl.DataFrame
    strategies: pl.DataFrame
    ledger: pl.DataFrame
    curves: pl.DataFrame
    switch_curve: pl.DataFrame
    tipping_curve: pl.DataFrame
    rule: pl.DataFrame
    rule_series: pl.DataFrame
    demand: pl.DataFrame
    schedule: pl.DataFrame
    energy: pl.DataFrame
    unit_economics: pl.DataFrame
    published: pl.DataFrame
    warnings: tuple[str, ...]


def example_plan(folder: Path, *, name: str = "Build or rent in the Nordics", sites: int = 8, site_name: str = "") -> Declared:
    """A declared plan; `site_name` renames its first site."""
    path = folder / "plan.yaml"
    path.write_text(_plan_text(name, sites, site_name), encoding="utf-8")
    return read_plan(path)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _plan_text(name: str, sites: int, site_name: str) -> str:
    blocks = []
    for index, (site, label, country, zone, *_) in enumerate(_places(sites)):
        shown = site_name if site_name and index == 0 else label
        blocks.append(
            f"  - {{id: {site}, name: {_quoted(shown)}, country: '{country}', zone: {zone}, climate: lulea, cooling: outside_air,\n"
            f"     colocation: {{price_per_kw_month: {{eur: {140 + index}}}, basis: a quote}},\n"
            f"     is_comparator: {'true' if site == 'frankfurt' else 'false'}}}"
        )
    return f"""
plan: example
name: {_quoted(name)}
finance: {{start: 2027-01-01, horizon_months: 84, currency: EUR, discount_rate_per_year: 0.08}}
workloads:
  - id: assistant
    name: Customer assistant
    model: llama2-70b
    demand: {{output_tokens_per_day: 800000000, input_tokens_per_day: 4000000000, growth: {{per_year: 0.35}}}}
  - id: agents
    name: Autonomous back-office agents
    model: llama2-70b
    demand: {{output_tokens_per_day: 2500000000, input_tokens_per_day: 37500000000, growth: {{per_year: 0.45}}}}
build: {{servers: [{{catalog: dgx_b200}}]}}
sites:
""" + "\n".join(blocks)


def _places(count: int) -> list[tuple[Any, ...]]:
    repeated = []
    for index in range(count):
        place = PLACES[index % len(PLACES)]
        round_ = index // len(PLACES)
        repeated.append((f"{place[0]}{round_ or ''}", f"{place[1]} {round_ or ''}".strip(), *place[2:]))
    return repeated


def _month(index: int) -> date:
    return date(START.year + index // 12, index % 12 + 1, 1)


def _tokens(month: int) -> tuple[float, float]:
    """Output tokens per day of the two workloads."""
    return 8e8 * min(1.0, 0.15 + month / 12) * 1.18 ** (month / 12), 2.5e9 * min(1.0, 0.04 + month / 30) * 1.28 ** (month / 12)


def _busy(month: int) -> tuple[float, float]:
    return tuple(tokens / 1.1e8 for tokens in _tokens(month))  # type: ignore[return-value]


def example_result(declared: Declared) -> ExampleResult:
    """Frames of every kind for the plan's sites."""
    plan = declared.plan
    horizon = plan.finance.months
    places = {place[0]: place for place in _places(len(plan.sites))}
    servers = _servers(horizon)
    rent_rows = _rent_rows(horizon)
    rows = list(rent_rows)
    for site in plan.sites:
        own = _own_rows(places[site.id], servers, horizon)
        rows += [(site.id, strategy, *row) for strategy in ("own", "own_colocation") for row in own]
    ledger = _ledger(rows)
    pv = {
        key: float(value)
        for *key_parts, value in ledger.group_by("site", "strategy").agg(pl.col("present_value").sum()).iter_rows()
        for key in [tuple(key_parts)]
    }
    rent_total = pv[(None, "rent")]
    curves = _curves(ledger, [site.id for site in plan.sites], horizon)
    hours = sum(sum(_busy(m)) * 730 * (1 + RATE) ** -(m + 1) for m in range(horizon))
    mtok = sum(sum(_tokens(m)) * 30.4 / 1e6 * (1 + RATE) ** -(m + 1) for m in range(horizon))
    switch = _switch(plan.sites, pv, rent_total, horizon)
    tipping = _tipping(plan.sites, pv, rent_total)
    series = _rule_series(curves)
    energy = _energy(plan.sites, places, servers, horizon)
    verdicts = _verdicts(plan.sites, places, pv, rent_total, switch, curves, hours, mtok, energy)
    unit = pl.DataFrame(
        [
            {"site": s.id, "mode": "own_colocation", "server": "dgx_b200", "server_name": "NVIDIA DGX B200", "server_gpus": GPUS,
             "acquisition": 412_000.0, "capital_per_hour": 11.2, "support_per_hour": 4.1, "space_per_hour": 2.9,
             "energy_per_hour": 0.9, "operating_per_hour": 7.9, "per_gpu_hour": 2.39,
             "offer": "nebius/eu-north1/b200 on demand", "rent_per_gpu_hour": 4.9, "break_even_hours": 13_162.0}
            for s in plan.sites
        ]
    )  # fmt: skip
    return ExampleResult(
        verdicts=verdicts,
        strategies=_strategies(ledger, hours, mtok),
        ledger=ledger,
        curves=curves,
        switch_curve=switch,
        tipping_curve=tipping,
        rule=_rule(series, horizon),
        rule_series=series,
        demand=_demand(horizon),
        schedule=_schedule(plan.sites, horizon),
        energy=energy,
        unit_economics=unit,
        published=pl.DataFrame(
            [
                {"case": "own-b300", "measure": "own_cost_per_hour", "server": "d", "offer": None, "published": 23.19,
                 "computed": 23.138, "difference": -0.052, "tolerance": 0.01, "agrees": False, "reproduces": False,
                 "why": "Its own inputs give 23.14."},
                {"case": "a-azure", "measure": "break_even_hours", "server": "a", "offer": "nd96", "published": 2720.0,
                 "computed": 2720.4, "difference": 0.4, "tolerance": 1.0, "agrees": True, "reproduces": True, "why": None},
            ]
        ),
        warnings=("NVIDIA DGX B200: the catalog's price is a range of USD 300,000 to 515,000; the plan uses its middle.",),
    )  # fmt: skip


def _servers(horizon: int) -> list[int]:
    return [0 if m < LEAD else math.ceil(sum(_busy(12 * (1 + (m - LEAD) // 12) + LEAD)) * 1.4 / GPUS) for m in range(horizon)]


def _rent_rows(horizon: int) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for strategy, price in (("on_demand", 4.9), ("committed", 3.9), ("rent", 3.9)):
        for month in range(horizon):
            need = math.ceil(sum(_busy(month)) * 1.5) * 730 * price * 0.95 ** (month / 12)
            component = "rent_on_demand" if strategy == "on_demand" else "rent_committed"
            rows.append((None, strategy, month, component, "end", need))
            rows.append((None, strategy, month, "platform_staff", "end", 7500 * 1.02 ** (month // 12)))
    return rows


def _own_rows(place: tuple[Any, ...], servers: list[int], horizon: int) -> list[tuple[Any, ...]]:
    _, _, _, _, spot, tax, grid, margin, pue = place
    rows: list[tuple[Any, ...]] = []
    before = 0
    for month, count in enumerate(servers):
        up = 1.02 ** (month // 12)
        if count > before:
            paid = (count - before) * 365_000 * 0.95 ** (month / 12)
            shares = {"server_capex": 1, "freight_and_duty": 0.03, "network_capex": 0.1, "installation": 0.02, "spares": 0.02}
            rows += [(month, name, "start", paid * share) for name, share in shares.items()]
        before = max(before, count)
        rows.append((month, "platform_staff", "end", 7500 * up))
        if not count:
            rows.append((month, "rent_on_demand", "end", math.ceil(sum(_busy(month)) * 1.5) * 730 * 4.9))
            continue
        mwh = count * 10.2 * 0.73 * pue
        rows += [
            (month, "colocation_rent", "end", count * 14.3 * (140 + spot / 4) * up),
            (month, "support", "end", count * 365_000 * 0.1 / 12 * up),
            (month, "insurance", "end", count * 365_000 * 0.005 / 12 * up),
            (month, "hardware_staff", "end", (0.5 + count * GPUS / 200) * 7000 * up),
            (month, "energy_spot", "end", mwh * spot * up),
            (month, "energy_tax", "end", mwh * tax),
            (month, "energy_grid", "end", mwh * grid * up),
            (month, "energy_margin", "end", mwh * margin * up),
        ]
    rows.append((horizon - 1, "continuing_value", "horizon", -servers[-1] * 61_000.0))
    return rows


def _ledger(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    horizon = 84
    records = []
    for site, strategy, month, component, timing, amount in rows:
        power = {"start": month, "end": month + 1, "horizon": horizon}[timing]
        cents = Decimal(str(amount)).quantize(CENT)
        value = (cents * Decimal((1 + RATE) ** -power)).quantize(CENT)
        records.append((site, strategy, "dgx_b200" if site else None, month, _month(month), component, "", timing, cents, value))
    schema = {
        "site": pl.String, "strategy": pl.String, "option": pl.String, "month": pl.Int64, "date": pl.Date,
        "component": pl.String, "item": pl.String, "timing": pl.String, "amount": pl.Decimal(18, 2),
        "present_value": pl.Decimal(18, 2),
    }  # fmt: skip
    return pl.DataFrame(records, schema=schema, orient="row")


def _curves(ledger: pl.DataFrame, sites: list[str], horizon: int) -> pl.DataFrame:
    def cumulative(rows: pl.DataFrame) -> list[float]:
        by_month = dict(rows.group_by("month").agg(pl.col("present_value").sum()).iter_rows())
        whole, series = 0.0, []
        for month in range(horizon):
            whole += float(by_month.get(month, 0))
            series.append(whole)
        return series

    flows = ledger.filter(pl.col("timing") != "horizon")
    rent = cumulative(flows.filter(pl.col("strategy") == "rent"))
    rows = []
    for site in sites:
        own = cumulative(flows.filter((pl.col("site") == site) & (pl.col("strategy") == "own")))
        left = -float(
            ledger.filter((pl.col("site") == site) & (pl.col("strategy") == "own") & (pl.col("timing") == "horizon"))
            ["present_value"].sum()
        )  # fmt: skip
        for t in range(1, horizon + 1):
            kept = own[t - 1] * 0.22 * (1 - t / horizon) + left * t / horizon if t > LEAD else 0.0
            rows.append((site, _month(t), rent[t - 1], own[t - 1], own[t - 1] - kept, t))
    names = ["site", "date", "rent", "own", "own_less_continuing_value", "month"]
    return pl.DataFrame(rows, schema=names, orient="row")


def _switch(sites: Any, pv: dict[Any, float], rent: float, horizon: int) -> pl.DataFrame:
    rows = []
    for index, site in enumerate(sites):
        own, best = pv[(site.id, "own")], 4 + 2 * (index % 3)
        for k in range(horizon - LEAD):
            share = min(1.0, abs(k - best) / (horizon - LEAD - best)) ** 1.4
            low = own - 90_000 * best
            rows.append((site.id, k, low + (rent - low) * share * 0.98))
    return pl.DataFrame(rows, schema=["site", "order_month", "present_value"], orient="row")


def _tipping(sites: Any, pv: dict[Any, float], rent: float) -> pl.DataFrame:
    rows = []
    for site in sites:
        own = pv[(site.id, "own")]
        for step in range(1, 25):
            v = step / 20
            rows.append((site.id, v, 0.58 * v, own * (0.93 + 0.07 * v), own * 0.951 + (v - 0.41 / 0.58) * 9e6))
    return pl.DataFrame(rows, schema=["site", "volume_scale", "utilisation", "own", "rent"], orient="row")


def _rule_series(curves: pl.DataFrame) -> pl.DataFrame:
    ratio = pl.col("rent") / pl.col("own_less_continuing_value")
    late = pl.when(pl.col("month") > LEAD)
    return curves.select(
        "site", "month", r1=ratio, r2=late.then(ratio * 2.1 - 0.4), r3=1 / ratio,
        r4=late.then(0.35 + pl.col("month") * 0.003),
    )  # fmt: skip


def _rule(series: pl.DataFrame, horizon: int) -> pl.DataFrame:
    rows = []
    for site in series["site"].unique(maintain_order=True):
        last = series.filter((pl.col("site") == site) & (pl.col("month") == horizon)).to_dicts()[0]
        for reading in ("r1", "r2", "r3", "r4"):
            for threshold in (0.6, 0.7):
                part = series.filter(pl.col("site") == site)
                met = pl.col(reading) <= threshold if reading == "r3" else pl.col(reading) >= threshold
                rows.append((site, reading.upper(), threshold, part.filter(met)["month"].min(), last[reading]))
    names = ["site", "reading", "threshold", "first_month", "value_at_horizon"]
    return pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)


def _demand(horizon: int) -> pl.DataFrame:
    rows = []
    for month in range(horizon):
        for workload, tokens, busy in zip(("assistant", "agents"), _tokens(month), _busy(month), strict=True):
            rows.append((workload, month, _month(month), tokens * 30.4, tokens * 180.0, busy * 730, busy, busy * 1.45, "B200-SXM-180GB"))
    names = ["workload", "month", "date", "output_tokens", "input_tokens", "gpu_hours", "gpu_load_mean", "gpu_load_peak", "gpu_model"]
    return pl.DataFrame(rows, schema=names, orient="row").sort("workload", "month")


def _schedule(sites: Any, horizon: int) -> pl.DataFrame:
    servers = _servers(horizon)
    rows = []
    for site in sites:
        before = 0
        for month, count in enumerate(servers):
            if count > before:
                rows.append((site.id, "own_colocation", "dgx_b200", "NVIDIA DGX B200", 0, month, month + 60, count - before, True))
                before = count
    names = ["site", "mode", "server", "server_name", "order_month", "delivery_month", "retire_month", "servers", "is_own"]
    return pl.DataFrame(rows, schema=names, orient="row")


def _energy(sites: Any, places: dict[str, Any], servers: list[int], horizon: int) -> pl.DataFrame:
    rows = []
    for site in sites:
        _, _, _, _, spot, tax, grid, margin, pue = places[site.id]
        for month in range(LEAD, horizon):
            season = 1 + 0.3 * math.cos(month / 6 * math.pi)
            mwh = servers[month] * 10.2 * 0.73
            rows.append((site.id, month, _month(month), mwh * 1.4, mwh, mwh, mwh * pue, pue, spot * season, tax, grid, margin, 0.0,
                         mwh * pue * 24))
    names = ["site", "month", "date", "peak_kw", "peak_it_kw", "it_mwh", "total_mwh", "pue", "spot", "tax", "grid", "margin", "flat",
             "carbon_kg"]
    return pl.DataFrame(rows, schema=names, orient="row")  # fmt: skip


def _verdicts(sites: Any, places: Any, pv: Any, rent: float, switch: pl.DataFrame, curves: pl.DataFrame, hours: float,
              mtok: float, energy: pl.DataFrame) -> pl.DataFrame:  # fmt: skip
    rows = []
    for site in sites:
        own = pv[(site.id, "own")]
        best = switch.filter(pl.col("site") == site.id).sort("present_value", "order_month").to_dicts()[0]
        wins = best["present_value"] < rent
        above = curves.filter((pl.col("site") == site.id) & (pl.col("own_less_continuing_value") >= pl.col("rent")))["month"].max() or 0
        paid = above + 1 if above < 84 else None
        at = {k: switch.filter((pl.col("site") == site.id) & (pl.col("order_month") == k))["present_value"][0] for k in (0, 6, 12)}
        drawn = energy.filter(pl.col("site") == site.id)
        rows.append({
            "site": site.id, "site_name": site.name, "is_comparator": site.is_comparator, "verdict": "build" if wins else "rent",
            "own_mode": "own_colocation", "own_server": "dgx_b200", "own_server_name": "NVIDIA DGX B200",
            "rent_label": "Nebius B200, eu-north1, 3-year commitment", "npv_rent": rent, "npv_own": own, "saving": rent - own,
            "saving_share": 1 - own / rent, "switch_month": best["order_month"] if wins else None,
            "switch_date": _month(best["order_month"]) if wins else None, "switch_npv": best["present_value"],
            "payback_month": paid, "payback_date": _month(paid) if paid else None, "wait_6_cost": at[6] - at[0],
            "wait_12_cost": at[12] - at[0], "lcoh_own": own / hours, "lcoh_rent": rent / hours, "lcot_own": own / mtok,
            "lcot_rent": rent / mtok, "base_utilisation": 0.58, "tipping_utilisation": 0.41, "tipping_tokens_per_day": 4.1e9,
            "pue_mean": places[site.id][8], "energy_price_per_mwh": sum(places[site.id][4:8]),
            "energy_mwh": float(drawn["total_mwh"].sum()), "carbon_tonnes": float(drawn["carbon_kg"].sum()) / 1000,
            "verdict_without_continuing_value": "build" if wins else "rent", "verdict_long_horizon": "build",
            "peak_servers": 11, "peak_it_kw": 98.0,
        })  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None).sort("npv_own").with_row_index("rank", offset=1)


def _strategies(ledger: pl.DataFrame, hours: float, mtok: float) -> pl.DataFrame:
    value = pl.col("present_value").cast(pl.Float64)
    feasible = (
        ledger.group_by("site", "strategy")
        .agg(nominal_total=pl.col("amount").sum(), present_value=pl.col("present_value").sum())
        .sort("site", "strategy", nulls_last=False)
        .select("site", "strategy", label=pl.lit("NVIDIA DGX B200"), is_feasible=pl.lit(value=True), reason=pl.lit(None, dtype=pl.String),
                nominal_total="nominal_total", present_value="present_value", lcoh=value / hours, lcot=value / mtok)
    )  # fmt: skip
    api = pl.DataFrame([{"site": None, "strategy": "api", "is_feasible": False, "reason": "no offer for agents"}],
                       schema_overrides={"site": pl.String})  # fmt: skip
    return pl.concat([feasible, api], how="diagonal")


def example_facts() -> Facts:
    """As-of date, vintages, and the catalog rows that the plan's server uses."""
    nothing = pl.DataFrame()
    provenance = {"source": "public price list", "source_date": date(2026, 9, 12), "confidence": "stated"}
    server = {"server": "dgx_b200", "name": "NVIDIA DGX B200", "gpu_model": "B200-SXM-180GB", "gpu_count": 8.0, "nameplate_kw": 14.3,
              "load_share": 0.71, "idle_share": 0.22, "price_low_usd": 300_000.0, "price_high_usd": 515_000.0}  # fmt: skip
    rate = {"gpu_model": "B200-SXM-180GB", "gpu_count": 8.0, "model": "llama2-70b", "scenario": "server",
            "output_tokens_per_second": 99_159.0, "software": "MLPerf Inference v5.1"}  # fmt: skip
    vintages = pl.DataFrame(
        [
            {"table": table, "source": source, "rows": rows, "newest_source_date": date(2026, 10, 1 + index), "retrieved_on":
             date(2026, 11, 20), "licence": "CC BY 4.0", "lowest_confidence": "derived", "document_sha256": "ab" * 32}
            for index, (table, source, rows) in enumerate(
                [("gpu_offers", "gpuhunt catalogue@3f1c, aws.csv", 214), ("token_prices", "genai-prices 0.0.71", 96),
                 ("servers", "vendor data sheets", 312), ("benchmarks", "MLPerf Inference v5.1 results@9a4e", 148),
                 ("day_ahead_monthly", "ENTSO-E transparency platform", 1215), ("climate_hours", "TMYx 2009-2023", 2880)]
            )
        ]
    )  # fmt: skip
    return Facts(
        as_of=date(2026, 11, 24), offers=nothing, token_prices=nothing, servers=pl.DataFrame([server | provenance]),
        benchmarks=pl.DataFrame([rate | provenance]), models=nothing, day_ahead_monthly=nothing, day_ahead_shape=nothing,
        energy_taxes=nothing, grid_fees=nothing, fx_rates=nothing, carbon_intensity=nothing, climate_hours=nothing,
        climate_bins=nothing, places=nothing, vintages=vintages,
    )  # fmt: skip
