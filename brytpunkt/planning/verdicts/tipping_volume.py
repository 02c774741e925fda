"""Tipping volume: from which volume on owning saves enough, everything planned anew at each volume.

Belongs here: the search over volumes. Does not belong here: a busier use of servers that are built anyway (tipping.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import polars as pl

from brytpunkt.planning.components import ACQUISITION
from brytpunkt.planning.demand.gpu_sizing import units_per_gpu
from brytpunkt.planning.inputs.units import CENTS
from brytpunkt.planning.ledger.evaluate import strategies
from brytpunkt.planning.ledger.other_volume import at_volume

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brytpunkt.planning.ledger.evaluate import Evaluation

LEAST_SAVING_SHARE = 0.03
LEAST_PURCHASE_SHARE = 0.1
LEAST_SCALE, LARGEST_SCALE = 1 / 50, 10.0
STEP, CLOSE = 1.25, 1.02
LARGEST_SERVERS = 4
EVERY = 3
WITHIN = 1.1  # of the cheapest: servers that are tried between two volumes at which all were

State = Literal["crosses", "own_throughout", "rent_throughout", "rent_at_the_top"]
VOLUMES = {
    "site": pl.String,
    "volume_scale": pl.Float64,
    "own": pl.Float64,
    "rent": pl.Float64,
    "saving_share": pl.Float64,
    "purchase_share": pl.Float64,
    "option": pl.String,
    "is_own_better": pl.Boolean,
}
TURNS = {"site": pl.String, "last_scale": pl.Float64, "volume_scale": pl.Float64, "towards": pl.String}
POINTS = {
    "site": pl.String,
    "tipping_state": pl.String,
    "tipping_scale": pl.Float64,
    "tipping_from_scale": pl.Float64,
    "tipping_to_scale": pl.Float64,
}


@dataclass(frozen=True)
class Tipping:
    """What was found at each volume, where the better of the two changes, and the tipping volume of each site.

    ``volumes``:

    | column | unit |
    |---|---|
    | site, volume_scale | key; 1 is the declared demand |
    | own, rent | present value, each the cheapest of its kind at that volume [plan currency] |
    | saving_share | of rent |
    | purchase_share | servers and rooms bought, of what own costs |
    | option | what own takes |
    | is_own_better | whether it saves enough, with purchases worth the name |

    ``turns``: site, last_scale (the highest known before it), volume_scale (the lowest known after it), towards (own, rent).
    ``points``: site, tipping_state, tipping_scale (null where nothing tips), tipping_from_scale and tipping_to_scale, the range
    searched.
    """

    volumes: pl.DataFrame
    turns: pl.DataFrame
    points: pl.DataFrame


def tipping_volumes(evaluation: Evaluation) -> Tipping:
    """Search a fiftieth of the plan to ten times it, or to what fills four of the largest server, in steps of 1.25.

    The tipping volume is the lowest above which owning saves at least ``LEAST_SAVING_SHARE`` of rent with purchases of at least
    ``LEAST_PURCHASE_SHARE`` of its cost, at every volume up to the end of the range. Own is ordered at the start.
    """
    if evaluation.chosen.is_empty():
        return Tipping(pl.DataFrame(schema=VOLUMES), pl.DataFrame(schema=TURNS), pl.DataFrame(schema=POINTS))
    grid = scales(LEAST_SCALE, max(LARGEST_SCALE, filling_scale(evaluation)))
    search = _Search(evaluation)
    search.coarse(sorted({*grid[::EVERY], grid[-1], 1.0}))
    for scale in grid:
        search.at(scale)
    turns: list[tuple[str, float, float, str]] = []
    points: list[tuple[object, ...]] = []
    for site in sorted(evaluation.chosen["site"]):
        better = [search.at(scale)[site] for scale in grid]
        brackets = [at for at in range(1, len(grid)) if better[at - 1] != better[at]]
        ends = [(grid[at - 1], grid[at]) for at in brackets]
        if ends and better[-1]:
            ends[-1] = search.narrowed(site, *ends[-1])
        turns += [
            (site, *end, "own" if better[at] else "rent") for at, end in zip(brackets, ends, strict=True)
        ]
        points.append((site, *state_of(better, ends), grid[0], grid[-1]))
    return Tipping(
        search.frame(),
        pl.DataFrame(turns, schema=TURNS, orient="row"),
        pl.DataFrame(points, schema=POINTS, orient="row"),
    )


def state_of(better: list[bool], turns: list[tuple[float, float]]) -> tuple[State, float | None]:
    """What is said of the range: the tipping volume, or which side is the better throughout or at its upper end.

    ``better``: whether owning is, at each volume of the grid; ``turns``: the bracket of each change.
    """
    if not turns:
        return ("own_throughout" if better[0] else "rent_throughout"), None
    return ("crosses", turns[-1][1]) if better[-1] else ("rent_at_the_top", None)


def scales(least: float, largest: float) -> list[float]:
    """Multiples of the plan in steps of ``STEP`` through 1, with both ends.

    >>> scales(0.7, 1.6)
    [0.7, 0.8, 1.0, 1.25, 1.5625, 1.6]
    """
    low, high = (math.log(end) / math.log(STEP) for end in (least, largest))
    steps = [STEP**power for power in range(math.ceil(low), math.floor(high) + 1)]
    return sorted({least, *(step for step in steps if least < step < largest), largest})


def filling_scale(evaluation: Evaluation) -> float:
    """The multiple of the plan whose highest load, headroom included, fills four of the largest server on offer."""
    basis = evaluation.basis
    largest = basis.options.sort("server_gpus", "option").tail(1)
    gpus = LARGEST_SERVERS * int(largest["server_gpus"][0])
    loads = basis.busy.join(largest, on=["calendar", "profile"], how="semi")
    highest = (
        loads.group_by("month", "day_type", "hour_utc")
        .agg(gpus=(pl.col("busy") * units_per_gpu(pl.col("headroom"), pl.lit(1.0))).sum())["gpus"]
        .max()
    )
    return gpus / float(highest) if highest else 0.0  # type: ignore[arg-type]


@dataclass
class _Search:
    """Volumes that were planned, each once, for all sites together."""

    evaluation: Evaluation
    rows: dict[tuple[str, float], tuple[object, ...]] = field(default_factory=dict)
    better: dict[float, dict[str, bool]] = field(default_factory=dict)
    near: dict[float, set[str]] = field(default_factory=dict)

    def coarse(self, chosen: Iterable[float]) -> None:
        """Plan volumes with every option there is, and keep those that come near the cheapest."""
        for scale in chosen:
            self._plan(scale, None)

    def at(self, scale: float) -> dict[str, bool]:
        """Whether owning is the better at each site at a volume."""
        if scale not in self.better:
            below = max((known for known in self.near if known <= scale), default=min(self.near))
            above = min((known for known in self.near if known >= scale), default=max(self.near))
            self._plan(scale, self.near[below] | self.near[above])
        return self.better[scale]

    def narrowed(self, site: str, low: float, high: float) -> tuple[float, float]:
        """A bracket of 2 % within which the better of the two changes."""
        before = self.at(low)[site]
        while high / low > CLOSE:
            middle = math.sqrt(low * high)
            low, high = (middle, high) if self.at(middle)[site] == before else (low, middle)
        return low, high

    def frame(self) -> pl.DataFrame:
        """All volumes that were planned."""
        rows = [self.rows[key] for key in sorted(self.rows)]
        return pl.DataFrame(rows, schema=VOLUMES, orient="row")

    def _plan(self, scale: float, options: set[str] | None) -> None:
        planned = self.evaluation.basis
        tried = (
            planned.options if options is None else planned.options.filter(pl.col("option").is_in(options))
        )
        anew = scale != 1
        found = strategies(at_volume(planned, scale, tried), scan=False) if anew else self.evaluation
        rent = _cents(found.rent.filter(pl.col("strategy") == "rent")) / CENTS
        self.better[scale] = {}
        if options is None:
            self.near[scale] = _near(found)
        for site, option, cents in found.chosen.select("site", "option", "pv_cents").iter_rows():
            rows = found.own.filter(pl.col("option") == option, pl.col("order_month") == 0)
            own = cents / CENTS
            bought = _cents(rows.filter(pl.col("component").is_in(ACQUISITION))) / CENTS
            saving, purchases = (rent - own) / rent if rent > 0 else 0.0, bought / own if own > 0 else 1.0
            is_better = saving >= LEAST_SAVING_SHARE and purchases >= LEAST_PURCHASE_SHARE
            self.better[scale][site] = is_better
            self.rows[site, scale] = (site, scale, own, rent, saving, purchases, option, is_better)


def _near(found: Evaluation) -> set[str]:
    """Options that come near the cheapest of their site."""
    totals = (
        found.own.group_by("option")
        .agg(pl.col("pv_cents").sum())
        .join(found.basis.options.select("option", "site"), on="option")
    )
    close = pl.col("pv_cents") <= WITHIN * pl.col("pv_cents").min().over("site")
    return set(totals.filter(close)["option"])


def _cents(rows: pl.DataFrame) -> int:
    return int(rows["pv_cents"].sum())
