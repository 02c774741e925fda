"""Units: mistakes of unit, currency and VAT, caught against other publishers, other zones and the possible.

Belongs here: why the prices of a zone cannot be EUR/MWh without VAT. Does not belong here: setting them right.
"""

from __future__ import annotations

import polars as pl

LOWEST, HIGHEST = -500.0, 5000.0
# Ratios are taken over hours with a price worth dividing by. [EUR/MWh]
LEAST_PRICE = 5.0
LEAST_HOURS = 12
SAME_PRICE = (0.98, 1.02)
# Middle half of the ratios within this share of their median: one factor lies between the two series.
CONSTANT = 0.03
# Nordic zones really differ twentyfold within a month; a unit mistake of SEK/kWh is ninetyfold.
FARTHEST_ZONE = 60.0
# Medians of zones are taken over every hour, or over every 13th where there are more; 13 visits all hours of the day.
MANY_HOURS, THINNED = 200_000, 13
# What the ratio is when a price in that unit is read as EUR/MWh; kroner at 9.4 to 12 per euro.
KNOWN_FACTORS = (
    (0.00098, 0.00102, "EUR/kWh"),
    (0.0073, 0.0077, "DKK/kWh"),
    (0.0094, 0.0125, "SEK/kWh or NOK/kWh"),
    (0.098, 0.102, "c/kWh"),
    (0.73, 0.77, "DKK oere/kWh"),
    (0.94, 0.98, "oere/kWh"),
    (1.02, 1.2, "oere/kWh"),
    (1.235, 1.26, "VAT of 24 to 25.5 % left in"),
    (7.3, 7.7, "DKK/MWh"),
    (9.4, 12.5, "SEK/MWh or NOK/MWh"),
)
REASON = {"zone": pl.String, "reason": pl.String}


def unit_mistakes(incoming: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Zones of a publication whose prices cannot be EUR/MWh without VAT -> zone, reason.

    ``incoming`` and ``known``: zone, hour_utc_start, price_eur_per_mwh; ``known`` is what other publishers say of
    these and of other zones, the median where there are several. A zone without a second publisher is held
    against the median of the other zones, known and incoming.
    """
    against = _against_publishers(incoming, known)
    rest = incoming.join(against.select("zone"), on="zone", how="anti")
    return pl.concat([against.drop_nulls("reason"), _against_zones(rest, incoming, known)]).sort("zone")


def _against_publishers(incoming: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Zones with a second publisher, and the reason if a constant factor lies between the two."""
    ratios = (
        incoming.join(known, on=["zone", "hour_utc_start"], suffix="_known")
        .filter(pl.col("price_eur_per_mwh_known").abs() > LEAST_PRICE)
        .with_columns(ratio=pl.col("price_eur_per_mwh") / pl.col("price_eur_per_mwh_known"))
        .group_by("zone")
        .agg(
            hours=pl.len(),
            factor=pl.col("ratio").median(),
            spread=pl.col("ratio").quantile(0.75) - pl.col("ratio").quantile(0.25),
        )
        .filter(pl.col("hours") >= LEAST_HOURS)
    )
    name = pl.lit("an unknown unit")
    for low, high, unit in KNOWN_FACTORS:
        name = pl.when(pl.col("factor").is_between(low, high)).then(pl.lit(unit)).otherwise(name)
    reason = pl.format(
        "every hour is {} times what other publishers say: {}?", pl.col("factor").round(5), name
    )
    is_constant = pl.col("spread") <= CONSTANT * pl.col("factor").abs()
    is_other = ~pl.col("factor").is_between(*SAME_PRICE)
    return ratios.select("zone", reason=pl.when(is_constant & is_other).then(reason))


def _against_zones(rest: pl.DataFrame, incoming: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Zones whose median is sixty times above or below that of the other zones in the same hours."""
    columns = ["zone", "hour_utc_start", "price_eur_per_mwh"]
    everything = pl.concat([incoming.select(columns), known.select(columns)])
    if everything.height > MANY_HOURS:
        is_kept = pl.col("hour_utc_start").dt.epoch("s") // 3600 % THINNED == 0
        everything, rest = everything.filter(is_kept), rest.filter(is_kept)
    rows = []
    for (zone,), frame in rest.group_by("zone"):
        others = everything.filter(
            pl.col("zone") != zone, pl.col("hour_utc_start").is_in(frame["hour_utc_start"].implode())
        )["price_eur_per_mwh"].abs()
        here = float(frame["price_eur_per_mwh"].abs().median() or 0.0)  # type: ignore[arg-type]
        there = float(others.median() or 0.0)  # type: ignore[arg-type]
        if len(others) < LEAST_HOURS or there < LEAST_PRICE:
            continue
        if here * FARTHEST_ZONE < there or here > there * FARTHEST_ZONE:
            reason = (
                f"its median is {here:.3g} while that of other zones is {there:.3g} EUR/MWh: another unit?"
            )
            rows.append({"zone": zone, "reason": reason})
    return pl.DataFrame(rows, schema=REASON)
