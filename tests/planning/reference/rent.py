"""Renting: chapter 4 of the model, one offer at a time."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from brytpunkt.declarations import Workload
from brytpunkt.declarations.sections.rent import TERM_MONTHS
from tests.planning.reference.cover import Opening, cheapest
from tests.planning.reference.load import Load
from tests.planning.reference.offers import BILLED, COUNTRIES, HOURS, Given, Offer, Signature, Size, stays
from tests.planning.reference.world import World, path

Flow = tuple[int, str, str, str, float]  # month, component, item, timing, amount
MODES = ("on_demand", "spot", "committed", "api")


class Rent:
    """The rent of every workload in every mode."""

    def __init__(self, world: World, load: Load) -> None:
        self.world, self.load, self.plan = world, load, world.plan
        self.hours_by_count = cache(self._hours_by_count)
        self.sizes = cache(self._sizes)
        self.cheapest = cache(self._cheapest)
        self.signatures = cache(self._signatures)
        self.chosen = cache(self._chosen)
        self.given: Given | None = None

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
                BILLED.get(r["provider"], "hour"),
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
                o.country,
                o.term == "spot",
                o.billing_increment or BILLED.get(o.provider.lower(), "hour"),
            )
            within = COUNTRIES.get(w.residency)
            if within is not None and o.country is not None and o.country not in within:
                continue
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
            job = self.load.job(w, profile, gpus)
            for cell in self.world.hours_at(home)[month.m]:
                n = self.world.n(home, month.m, cell)
                if job is not None and self.load.gpu_hours(w, profile, month.m) > 0:
                    full = job.committed(self.load.busy(w, profile, month.m, cell, home))
                    part = full - math.floor(full + 1e-9)
                    hours[math.floor(full + 1e-9)] += n * (1 - part) if part > 1e-9 else n
                    hours[math.floor(full + 1e-9) + 1] += n * part if part > 1e-9 else 0.0
                    continue
                count = self.load.instances(w, profile, gpus, month.m, cell, home)
                if count:
                    hours[count] += n
            found.append({count: n for count, n in hours.items() if count and n})
        return found

    def billed(self, w: Workload, offer: Offer, m: int) -> float:
        """Instance-hours of a month on demand or spot, with nothing beside."""
        home, gpu_hours = self.world.home, self.load.gpu_hours(w, offer.profile, m)
        job = self.load.job(w, offer.profile, offer.gpus)
        cells = self.world.hours_at(home)[m]
        if gpu_hours <= 0:
            return 0.0
        if offer.increment == "month":
            most = max(self.load.instances(w, offer.profile, offer.gpus, m, cell, home) for cell in cells)
            return most * sum(self.world.n(home, m, cell) for cell in cells)
        if job is not None:
            busy = {cell: self.load.busy(w, offer.profile, m, cell, home) for cell in cells}
            step = HOURS[offer.increment]
            return sum(job.hours(busy[cell] * 24, step) / 24 * self.world.n(home, m, cell) for cell in cells)
        return sum(
            self.load.instances(w, offer.profile, offer.gpus, m, cell, home) * self.world.n(home, m, cell)
            for cell in cells
        )

    # One offer

    def on_demand(
        self, w: Workload, offer: Offer, until: int, standing: list[int] | None = None
    ) -> list[Flow]:
        """Rent by the hour before month `until`, above what already stands."""
        flows = []
        rate = self.plan.rent.gpu_price_path_per_year
        hours = self.hours_by_count(w, offer.profile, offer.gpus) if standing is not None else []
        for m in range(until):
            if standing is None:
                used = self.billed(w, offer, m)
            else:
                used = sum(max(0, count - standing[m]) * n for count, n in hours[m].items())
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

    # Commitments

    def _sizes(self, w_id: str) -> dict[str, Size]:
        """Instance sizes of a workload's commitments, by name."""
        w = next(w for w in self.plan.workloads if w.id == w_id)
        offers = list(self.offers(w))
        alike: dict[tuple[str, int, object], list[Offer]] = defaultdict(list)
        partners: dict[str, Offer] = {}
        for offer in offers:
            same = [
                o
                for o in offers
                if o.months == 0
                and not o.is_spot
                and o.increment != "month"
                and (o.gpu_model, o.gpus) == (offer.gpu_model, offer.gpus)
                and (
                    o.profile == o.gpu_model
                    or offer.profile == offer.gpu_model
                    or self.load.rate(w.id, o.profile) == self.load.rate(w.id, offer.profile)
                )
            ]
            if offer.months and same:
                alike[offer.gpu_model, offer.gpus, self.load.rate(w.id, offer.profile)].append(offer)
                partners[offer.name] = min(same, key=lambda o: (o.price, o.name))
        found = {}
        for (_, gpus, _), members in alike.items():
            name = f"{min(o.profile for o in members)} x {gpus}"
            first = min(members, key=lambda o: o.name)
            found[name] = Size(name, tuple(members), partners[first.name])
        return found

    def _cheapest(
        self, w_id: str, size_name: str, until: int, months: int | None = None
    ) -> tuple[float, tuple[Signature, ...]]:
        """Least present value of a size before month `until`, of terms of so many `months` if stated, and how."""
        w = next(w for w in self.plan.workloads if w.id == w_id)
        size, horizon = self.sizes(w_id)[size_name], self.world.horizon
        first = size.offers[0]
        rate = self.plan.rent.gpu_price_path_per_year
        rent = [
            {
                count: n * size.partner.price * path(rate, m) * self.world.factor(m, "end")
                for count, n in counts.items()
            }
            for m, counts in enumerate(self.hours_by_count(w, first.profile, first.gpus)[:until])
        ]
        openings = []
        for offer in size.offers:
            for month in range(0, until, 3):
                expiry = month + offer.months
                fits = expiry <= until if until < horizon else expiry - horizon <= horizon - month
                if fits and months in (None, offer.months):
                    one = self._charges((Signature(offer.name, month, expiry, 1),), size)
                    openings.append(Opening(offer.name, month, min(expiry, until), self.pv(one)))
        least, counts = cheapest(rent, openings)
        terms = {o.name: o.months for o in size.offers}
        return least, tuple(
            Signature(o.offer, o.begin, o.begin + terms[o.offer], count)
            for o, count in zip(openings, counts, strict=True)
            if count
        )

    def _charges(self, signed: tuple[Signature, ...], size: Size) -> list[Flow]:
        """What signatures cost, their months beyond the horizon left out."""
        rate = self.plan.rent.gpu_price_path_per_year
        flows: list[Flow] = []
        for s in signed:
            offer = next(o for o in size.offers if o.name == s.offer)
            for m in range(s.month, min(s.expiry, self.world.horizon)):
                charge = self.world.months[m].hours * offer.price * path(rate, s.month) * s.count
                flows.append((m, "rent_committed", s.offer, "end", charge * (1 - offer.upfront)))
                flows.append((s.month, "rent_committed_upfront", s.offer, "start", charge * offer.upfront))
        return flows

    def _signatures(self, w_id: str, size_name: str, until: int) -> tuple[Signature, ...]:
        """Signatures that cost least: those given where there are any, since several may cost the same."""
        least, own = self.cheapest(w_id, size_name, until)
        found = self.given(w_id, size_name, until) if self.given else None
        if found is None:
            return own
        paid = self.pv(self._flows(w_id, size_name, until, found))
        assert math.isclose(paid, least, rel_tol=1e-9, abs_tol=1e-4), (w_id, size_name, until, paid, least)
        return found

    def _flows(self, w_id: str, size_name: str, until: int, signed: tuple[Signature, ...]) -> list[Flow]:
        """Signatures, and rent by the hour above them."""
        w = next(w for w in self.plan.workloads if w.id == w_id)
        size = self.sizes(w_id)[size_name]
        standing = [sum(s.count for s in signed if s.month <= m < s.expiry) for m in range(until)]
        same_need = replace(size.partner, profile=size.offers[0].profile)
        return [*self.on_demand(w, same_need, until, standing), *self._charges(signed, size)]

    def committed(self, w_id: str, size_name: str, until: int) -> list[Flow]:
        """Commitments of a size, and rent by the hour above them, before month `until`."""
        return self._flows(w_id, size_name, until, self.signatures(w_id, size_name, until))

    def settled(self, w_id: str) -> list[str]:
        """Sizes from which bridges are made: the best of all, and the best under each term alone."""
        sizes, horizon = self.sizes(w_id), self.world.horizon
        if not sizes:
            return []
        terms = {o.months for size in sizes.values() for o in size.offers}
        best = {min(sizes, key=lambda name: (round(self.cheapest(w_id, name, horizon)[0], 6), name))}
        for months in sorted(m for m in terms if m <= 2 * horizon):
            having = [name for name, size in sizes.items() if months in {o.months for o in size.offers}]
            best.add(
                min(having, key=lambda name: (round(self.cheapest(w_id, name, horizon, months)[0], 6), name))
            )
        return sorted(best)

    def api(self, w: Workload, until: int) -> dict[str, list[Flow]]:
        """Token API by equivalent."""
        found: dict[str, list[Flow]] = {}
        for equivalent in w.api_equivalents:
            if not stays(w, equivalent):
                continue
            name = f"{equivalent.provider}/{equivalent.model}"
            if equivalent.price is not None:
                quoted = equivalent.price
                cheaper = 1 - quoted.batch_discount_share * (w.max_delay_days > 0)
                reread = quoted.cached_input or quoted.input
                flows = []
                for m in range(until):
                    uncached, cached, output = self.load.tokens(w, m)
                    paid = uncached * self.world.money(quoted.input) + cached * self.world.money(reread)
                    paid += output * self.world.money(quoted.output)
                    paid *= cheaper * equivalent.tokens_per_task_ratio / 1e6
                    paid *= 1 + equivalent.regional_surcharge_share
                    paid *= path(self.plan.rent.token_price_path_per_year, m)
                    flows.append((m, "token_api", name, "end", paid))
                found[name] = flows
                continue
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
            flows = []
            for m in range(until):
                uncached, cached, output = self.load.tokens(w, m)
                price = (uncached * fresh + cached * again + output * written) / 1e6
                amount = price * equivalent.tokens_per_task_ratio * self.world.fx(row["native_currency"])
                amount *= 1 + equivalent.regional_surcharge_share
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
            if offer.months == 0:
                flows = self.on_demand(w, offer, until)
                candidates["spot" if offer.is_spot else "on_demand"].append(
                    (self.pv(flows), offer.name, offer, flows)
                )
        for name, flows in self.api(w, until).items():
            candidates["api"].append((self.pv(flows), name, None, flows))
        if sizes := self.sizes(w.id):
            name = min(sizes, key=lambda name: (round(self.cheapest(w.id, name, until)[0], 6), name))
            flows = self.committed(w.id, name, until)
            candidates["committed"].append((self.pv(flows), name, None, flows))
        best = {mode: min(found, key=lambda c: (round(c[0], 6), c[1])) for mode, found in candidates.items()}
        return {mode: (name, offer, flows) for mode, (_, name, offer, flows) in best.items()}

    def cheapest_mode(self, w: Workload) -> str:
        """The mode that `rent` takes for a workload; where nothing is signed, commitments are no mode."""
        chosen = self.chosen(w.id)
        return min(
            (
                mode
                for mode in MODES
                if mode in chosen
                and (mode != "committed" or self.signatures(w.id, chosen[mode][0], self.world.horizon))
            ),
            key=lambda mode: round(self.pv(chosen[mode][2]), 6),
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
                elif mode == "api":
                    ways.append((3, name, self.api(w, delivery)[name]))
            ways += [(2, name, self.committed(w.id, name, delivery)) for name in self.settled(w.id)]
            flows += min(ways, key=lambda way: (round(self.pv(way[2]), 6), way[0], way[1]))[2]
        return flows
