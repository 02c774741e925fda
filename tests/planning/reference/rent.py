"""Renting: chapter 4 of the model, one offer at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from brytpunkt.declarations import EEA, NORDIC, Workload
from brytpunkt.declarations.sections.rent import TERM_MONTHS
from tests.planning.reference.load import Load
from tests.planning.reference.world import World, path

Flow = tuple[int, str, str, str, float]  # month, component, item, timing, amount
COUNTRIES = {"nordic": NORDIC, "eea": EEA}
MODES = ("on_demand", "spot", "committed", "api")


@dataclass(frozen=True)
class Offer:
    """One rented instance type under one term; price in the plan's currency per instance-hour."""

    name: str
    provider: str
    gpu_model: str
    profile: str
    gpus: int
    months: int
    upfront: float
    price: float
    country: str | None
    is_spot: bool = False


@dataclass(frozen=True)
class Signature:
    """Instances committed in a month."""

    month: int
    expiry: int
    count: int


class Rent:
    """The rent of every workload in every mode."""

    def __init__(self, world: World, load: Load) -> None:
        self.world, self.load, self.plan = world, load, world.plan
        self.hours_by_count = cache(self._hours_by_count)
        self.signatures = cache(self._signatures)
        self.chosen = cache(self._chosen)

    def pv(self, flows: list[Flow]) -> float:
        """Present value of flows before rounding."""
        return sum(amount * self.world.factor(m, timing) for m, _, _, timing, amount in flows)

    def offers(self, w: Workload) -> Iterator[Offer]:
        """Offers that may serve a workload, by name."""
        rent = self.plan.rent
        for r in sorted(
            self.world.rows("offers"), key=lambda r: (r["provider"], r["region"] or "", r["sku"], r["term"])
        ):
            allowed = COUNTRIES.get(w.residency)
            if (
                r["confidence"] == "suspect"
                or r["price_native_per_instance_hour"] <= 0
                or r["term"] not in rent.terms
                or r["provider"] in rent.exclude_providers
                or (rent.providers is not None and r["provider"] not in rent.providers)
                or (rent.countries is not None and r["country"] not in rent.countries)
                or (rent.gpu_models is not None and r["gpu_model"] not in rent.gpu_models)
                or (allowed is not None and r["country"] not in allowed)
            ):
                continue
            price = float(r["price_native_per_instance_hour"]) * (1 - rent.negotiated_discount_share)
            offer = Offer(
                "/".join((r["provider"], r["region"] or "", r["sku"], r["term"])),
                r["provider"],
                r["gpu_model"],
                r["gpu_model"],
                int(r["gpu_count"]),
                TERM_MONTHS[r["term"]],
                float(r["upfront_share"] or 0.0),
                price * self.world.fx(r["native_currency"]),
                r["country"],
                r["term"] == "spot",
            )
            if self._fits(w, offer):
                yield offer
        for o in rent.offers:
            profile = f"inline:{o.id}" if o.output_tokens_per_second else o.gpu_model
            offer = Offer(
                o.id,
                o.provider,
                o.gpu_model,
                profile,
                o.gpu_count,
                TERM_MONTHS[o.term],
                o.upfront_share,
                self.world.money(o.price),
                None,
                o.term == "spot",
            )
            if self._fits(w, offer):
                yield offer

    def _fits(self, w: Workload, offer: Offer) -> bool:
        rate = self.load.rate(w.id, offer.profile)
        bears = w.kind != "inference" if w.interruptible is None else w.interruptible
        return rate is not None and offer.gpus >= rate.replica and (bears or not offer.is_spot)

    def _hours_by_count(self, w: Workload, profile: str, gpus: int) -> list[dict[int, float]]:
        """For each month: instances needed -> hours in which that many are."""
        home = self.world.home
        found = []
        for month in self.world.months:
            hours: dict[int, float] = defaultdict(float)
            for cell in self.world.hours_at(home)[month.m]:
                count = self.load.instances(w, profile, gpus, month.m, cell, home)
                if count:
                    hours[count] += self.world.n(home, month.m, cell)
            found.append(dict(hours))
        return found

    # One offer

    def on_demand(
        self, w: Workload, offer: Offer, until: int, standing: list[int] | None = None
    ) -> list[Flow]:
        """Rent by the hour before month `until`, above what already stands."""
        flows = []
        rate = self.plan.rent.gpu_price_path_per_year
        hours = self.hours_by_count(w, offer.profile, offer.gpus)
        for m in range(until):
            base = standing[m] if standing else 0
            used = sum(max(0, count - base) * n for count, n in hours[m].items())
            price = offer.price * (1 + self.wasted) if offer.is_spot else offer.price
            component = "rent_spot" if offer.is_spot else "rent_on_demand"
            flows.append((m, component, offer.name, "end", used * price * path(rate, m)))
        return flows

    @property
    def wasted(self) -> float:
        """Instance-hours beyond the useful ones that interruptions cost."""
        spot = self.plan.rent.spot
        lost_hours = (spot.restart_minutes + spot.checkpoint_interval_minutes / 2) / 60
        return spot.interruptions_per_day / 24 * lost_hours + spot.checkpoint_overhead_share

    def partner(self, w: Workload, offer: Offer) -> Offer | None:
        """The on-demand offer that serves what a commitment does not."""
        same = [
            o
            for o in self.offers(w)
            if o.months == 0 and not o.is_spot and (o.gpu_model, o.gpus) == (offer.gpu_model, offer.gpus)
        ]
        return min(same, key=lambda o: (o.provider != offer.provider, o.price, o.name), default=None)

    def standing(self, signed: tuple[Signature, ...]) -> list[int]:
        """Instances under commitment in each month."""
        return [sum(s.count for s in signed if s.month <= m < s.expiry) for m in range(self.world.horizon)]

    def _signatures(self, w: Workload, offer: Offer, partner: Offer) -> tuple[Signature, ...]:
        rate = self.plan.rent.gpu_price_path_per_year
        hours = self.hours_by_count(w, offer.profile, offer.gpus)
        signed: tuple[Signature, ...] = ()
        for quarter in range(0, self.world.horizon, 3):
            window = range(quarter, min(quarter + offer.months, self.world.horizon))
            cost = sum(self.world.months[m].hours * offer.price * path(rate, quarter) for m in window)
            standing = self.standing(signed)
            saves: dict[int, float] = defaultdict(float)  # instances lacking -> rent of the last of them
            for m in window:
                for count, n in hours[m].items():
                    saves[count - standing[m]] += n * partner.price * path(rate, m)
            worth = [
                z
                for z in saves
                if z > 0 and sum(saved for y, saved in saves.items() if y >= z) >= cost * (1 - 1e-9)
            ]
            if worth:
                signed += (Signature(quarter, quarter + offer.months, max(worth)),)
        return signed

    def committed(self, w: Workload, offer: Offer, until: int) -> list[Flow] | None:
        """Commitments, and rent by the hour above them, before month `until`; None without a partner."""
        partner = self.partner(w, offer)
        if partner is None:
            return None
        signed = self.signatures(w, offer, partner)
        if until < self.world.horizon:
            signed = tuple(s for s in signed if s.expiry <= until)
        rate = self.plan.rent.gpu_price_path_per_year
        flows = self.on_demand(w, partner, until, self.standing(signed))
        for s in signed:
            for m in range(s.month, min(s.expiry, self.world.horizon)):
                charge = self.world.months[m].hours * offer.price * path(rate, s.month) * s.count
                flows.append((m, "rent_committed", offer.name, "end", charge * (1 - offer.upfront)))
                flows.append((s.month, "rent_committed_upfront", offer.name, "start", charge * offer.upfront))
        return flows

    def api(self, w: Workload, until: int) -> dict[str, list[Flow]]:
        """Token API by equivalent."""
        found = {}
        for equivalent in w.api_equivalents:
            rows = [
                r
                for r in self.world.rows("token_prices")
                if (r["provider"], r["model"]) == (equivalent.provider, equivalent.model)
                and r["confidence"] != "suspect"
            ]
            if not rows:
                continue
            row = max(rows, key=lambda r: r["valid_from"])
            fresh = float(row["price_native_per_million_input"])
            stated = row["price_native_per_million_cached_input"]
            again = fresh if stated is None else float(stated)
            written = float(row["price_native_per_million_output"])
            name = f"{equivalent.provider}/{equivalent.model}"
            flows: list[Flow] = []
            for m in range(until):
                uncached, cached, output = self.load.tokens(w, m)
                price = (uncached * fresh + cached * again + output * written) / 1e6
                amount = price * equivalent.tokens_per_task_ratio * self.world.fx(row["native_currency"])
                amount *= path(self.plan.rent.token_price_path_per_year, m)
                flows.append((m, "token_api", name, "end", amount))
            found[name] = flows
        return found

    # Choices

    def _chosen(self, w_id: str) -> dict[str, tuple[str, Offer | None, list[Flow]]]:
        """Best offer of each mode over the horizon: mode -> name, offer, flows."""
        w = next(w for w in self.plan.workloads if w.id == w_id)
        until = self.world.horizon
        candidates: dict[str, list[tuple[float, str, Offer | None, list[Flow]]]] = defaultdict(list)
        for offer in self.offers(w):
            flows = self.on_demand(w, offer, until) if offer.months == 0 else self.committed(w, offer, until)
            if flows is not None:
                mode = "committed" if offer.months else "spot" if offer.is_spot else "on_demand"
                candidates[mode].append((self.pv(flows), offer.name, offer, flows))
                if offer.months:
                    candidates[f"term {offer.months}"].append((self.pv(flows), offer.name, offer, flows))
        for name, flows in self.api(w, until).items():
            candidates["api"].append((self.pv(flows), name, None, flows))
        best = {mode: min(found, key=lambda c: (round(c[0], 6), c[1])) for mode, found in candidates.items()}
        return {mode: (name, offer, flows) for mode, (_, name, offer, flows) in best.items()}

    def cheapest_mode(self, w: Workload) -> str:
        """The mode that `rent` takes for a workload."""
        chosen = self.chosen(w.id)
        return min(
            (mode for mode in MODES if mode in chosen), key=lambda mode: round(self.pv(chosen[mode][2]), 6)
        )

    def strategies(self) -> dict[str, list[Flow]]:
        """Flows of on_demand, committed, api and rent, where they serve every workload."""
        found: dict[str, list[Flow]] = {}
        for mode in MODES:
            if all(mode in self.chosen(w.id) for w in self.plan.workloads):
                found[mode] = [flow for w in self.plan.workloads for flow in self.chosen(w.id)[mode][2]]
        found["rent"] = [
            flow for w in self.plan.workloads for flow in self.chosen(w.id)[self.cheapest_mode(w)][2]
        ]
        return found

    def bridge(self, delivery: int) -> list[Flow]:
        """The cheapest rent of each workload before a delivery, bound by nothing beyond it."""
        flows: list[Flow] = []
        for w in self.plan.workloads:
            chosen = self.chosen(w.id)
            ways = []
            for mode, (name, offer, _) in chosen.items():
                if mode == "on_demand" and offer:
                    ways.append((0, name, self.on_demand(w, offer, delivery)))
                elif mode == "spot" and offer:
                    ways.append((1, name, self.on_demand(w, offer, delivery)))
                elif mode.startswith("term") and offer:
                    ways.append((2, name, self.committed(w, offer, delivery) or []))
                elif mode == "api":
                    ways.append((3, name, self.api(w, delivery)[name]))
            flows += min(ways, key=lambda way: (round(self.pv(way[2]), 6), way[0], way[1]))[2]
        return flows
