"""Risk: the section on how sure the verdict is when thousands of worlds are drawn.

Belongs here: words and numbers of the section. Does not belong here: drawing worlds (planning/risk).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brytpunkt.reporting.charts import risk as charts
from brytpunkt.reporting.sections.panel import panel, rows_of, thousands

if TYPE_CHECKING:
    from brytpunkt.reporting.sections.context import Desk

Row = dict[str, Any]
MOST_FACTORS = 9
SHOWN = ("rent", "own", "optimal")
MULTIPLES = (
    "demand_level",
    "cloud_price",
    "hardware_price",
    "fx",
    "failure_rate",
    "residual_value",
    "energy_price",
)
DELAYS = ("delivery_delay", "connection_delay")
SMALLEST_SWING = 500.0


def risk_section(at: Desk, row: Row) -> Row | None:
    """Context of the partial `risk`: distribution, tornado, probability over time, heat map, and what follows."""
    site = row["site"]
    bars = rows_of(at, "risk_histogram", site) if at.summary["risk_histogram"] else []
    if not bars:
        return None
    words, formats = at.formats.texts, at.formats
    chance = next(r for r in rows_of(at, "risk_chances", site) if r["strategy"] == "building")
    share = formats.percent(chance["probability"])
    found = [r for r in rows_of(at, "risk_tornado", site) if r["swing"] >= SMALLEST_SWING][:MOST_FACTORS]
    drawn = [
        r
        | {
            "name": factor_name(at, r["factor"]),
            "low": _value(at, r["factor"], r["low_value"]),
            "high": _value(at, r["factor"], r["high_value"]),
        }
        for r in found
    ]
    heat = rows_of(at, "risk_heat", site)
    draws = max(r["draws"] for r in at.summary["risk_convergence"])
    return {
        "note": words("risk.note", draws=formats.number(draws)),
        "distribution": {
            "head": words("figure.risk_distribution", share=share),
            "sub": words("risk.distribution_sub"),
            "svg": charts.distribution(
                at.canvas, bars, chance["probability"], words("figure.risk_distribution", share=share)
            ),
        },
        "tornado": {
            "head": words("figure.risk_tornado", factor=drawn[0]["name"]),
            "sub": words("risk.tornado_sub"),
            "svg": charts.tornado(at.canvas, drawn, words("figure.risk_tornado", factor=drawn[0]["name"])),
        }
        if drawn
        else None,
        "chances": {
            "head": words("figure.risk_chances"),
            "sub": words("risk.chances_sub"),
            "svg": charts.chances(
                at.canvas, rows_of(at, "risk_tipping", site), at.time.axis(), words("figure.risk_chances")
            ),
        },
        "heat": {
            "head": words("figure.risk_heat"),
            "sub": words("risk.heat_sub", unit=formats.unit("thousand")),
            "svg": charts.heat(at.canvas, heat, words("figure.risk_heat")),
        }
        if heat
        else None,
        "panels": [
            p
            for p in (_quantiles(at, site), _knowing(at, site), _waiting(at, site), _rates(at, site))
            if p["rows"]
        ],
    }


def factor_name(at: Desk, factor: str) -> str:
    """Name of a drawn figure, with its currency or workload."""
    kind, _, of = factor.partition(":")
    name = at.formats.texts.name("risk_factor", kind)
    return f"{name}, {of}" if of else name


def _value(at: Desk, factor: str, value: float) -> str:
    """A drawn figure: a multiple, months, or a change in percentage points."""
    kind = factor.partition(":")[0]
    formats = at.formats
    if kind == "production_success":
        return at.formats.texts("risk.succeeds" if value else "risk.fails")
    if kind in DELAYS:
        return formats.texts(
            "risk.months_later", months=formats.number(value, signed=kind != "delivery_delay")
        )
    if kind in MULTIPLES:
        return f"×{formats.number(value, 2)}"
    return formats.texts("risk.points", points=formats.number(value * 100, signed=True))


def _quantiles(at: Desk, site: str) -> Row:
    formats, words = at.formats, at.formats.texts
    regret = {r["strategy"]: r for r in rows_of(at, "risk_regret", site)}
    best = {r["strategy"]: r["probability"] for r in rows_of(at, "risk_chances", site)}
    rows = []
    for found in at.summary["risk_quantiles"]:
        if found["measure"] != "present_value" or found["site"] not in {None, site}:
            continue
        name = found["strategy"]
        if name not in SHOWN:
            continue
        rows.append(
            [
                words.name("strategy", name),
                *(thousands(at, found[level]) for level in ("planned", "p50", "mean", "p10", "p90")),
                formats.percent(best[name]) if name in best else "–",
                thousands(at, regret[name]["mean"] if name in regret else None),
                thousands(at, regret[name]["p90"] if name in regret else None),
            ]
        )
    columns = (
        ("strategy", False), ("ledger", True), ("p50", True), ("mean", True), ("p10", True), ("p90", True), ("cheapest", True),
        ("mean_regret", True), ("p90_regret", True),
    )  # fmt: skip
    return panel(at, "risk_quantiles", columns, rows)


def _knowing(at: Desk, site: str) -> Row:
    """What it would be worth to know a figure before deciding, and how much of the spread it explains."""
    formats, words = at.formats, at.formats.texts
    share = {r["factor"]: r["first_order"] for r in rows_of(at, "risk_indices", site)}
    found = sorted(rows_of(at, "risk_information", site), key=lambda r: (-r["value"], r["factor"]))
    rows = []
    for r in found:
        explained = share.get(r["factor"])
        if r["factor"] != "everything" and r["value"] < SMALLEST_SWING and (explained or 0) < 0.01:  # noqa: PLR2004 - a per cent
            continue
        name = words("risk.everything") if r["factor"] == "everything" else factor_name(at, r["factor"])
        rows.append(
            [
                name,
                thousands(at, r["value"]),
                thousands(at, r["standard_error"]),
                formats.percent(explained) if explained is not None else "–",
            ]
        )
    return panel(
        at, "risk_knowing", (("figure", False), ("worth", True), ("error", True), ("explains", True)), rows
    )


def _waiting(at: Desk, site: str) -> Row:
    rows = [
        [
            at.formats.texts("risk.wait", months=at.formats.number(r["months"])),
            thousands(at, r["value_without_learning"], signed=True),
            thousands(at, r["value_with_learning"], signed=True),
        ]
        for r in rows_of(at, "risk_waiting", site)
    ]
    return panel(at, "risk_waiting", (("wait", False), ("unlearned", True), ("learned", True)), rows)


def _rates(at: Desk, site: str) -> Row:
    """Own and rent at other discount rates, and the rate that turns the comparison."""
    formats, words = at.formats, at.formats.texts
    found = rows_of(at, "discount_rates", site) if at.summary["discount_rates"] else []
    rows = [
        [
            formats.percent(r["rate_per_year"], 1),
            thousands(at, r["npv_rent"]),
            thousands(at, r["npv_own"]),
            thousands(at, r["difference"], signed=True),
        ]
        for r in found
    ]
    turns = found[0]["flips_at"] if found else None
    note = (
        words("panel.discount_rates_none")
        if turns is None
        else words("panel.discount_rates_turns", rate=formats.percent(turns, 1))
    )
    columns = (("rate", False), ("rent", True), ("own", True), ("own_less_rent", True))
    return panel(at, "discount_rates", columns, rows, note)
