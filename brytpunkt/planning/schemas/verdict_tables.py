"""Tables of the decision: verdicts, strategies, the optimal mix, scenarios, disruptions, and what the verdict rests on."""

from __future__ import annotations

import dataframely as dy

from brytpunkt.planning.schemas import column_kinds as of

RENT = "renting, which no site changes"
ALL_SITES = "all sites together"


class Verdicts(dy.Schema):
    """Build or rent: one row a site, in rank order."""

    rank = of.count("Order by saving.", "rank")
    site = of.site()
    site_name = of.text("Its name.")
    is_comparator = of.flag("A comparator is never recommended.")
    verdict = of.text("build, rent or infeasible.")
    own_mode = of.text("own_colocation or own_hall, the cheaper of the two.", null=True)
    own_server = of.text("The server that own buys; null: nothing can be owned.", null=True)
    own_server_name = of.text("Its name.", null=True)
    rent_label = of.note("What is rented.")
    npv_rent = of.money("Present value of renting throughout.")
    npv_own = of.money("Present value of own, ordered at the start.", null=True)
    saving = of.money("Rent less own, ordered at the start; null: one of the two is ruled out.", null=True)
    saving_share = of.share("The saving, of rent.", null=True)
    switch_month = of.month("Best month to order; null: rent throughout.", null=True)
    switch_date = of.day("The same as a date.", null=True)
    switch_npv = of.money("Present value of ordering then, rent until delivery included.", null=True)
    payback_months = of.count(
        "After the first own payment, until cash paid for owning stays at or below rent.", "months", null=True
    )
    payback_months_discounted = of.count("The same of present values.", "months", null=True)
    payback_month = of.month("When the first of them is.", null=True)
    payback_date = of.day("The same as a date.", null=True)
    ahead_month = of.month("Own stays below rent from here on, counting what is left.", null=True)
    ahead_date = of.day("The same as a date.", null=True)
    wait_6_cost = of.money("What waiting six months costs; negative: waiting saves.", null=True)
    wait_12_cost = of.money("What waiting twelve months costs.", null=True)
    lcoh_own = of.money("Levelised cost of own.", per="per GPU-hour used", null=True)
    lcoh_rent = of.money("Levelised cost of rent.", per="per GPU-hour used", null=True)
    lcot_own = of.money("Levelised cost of own.", per="per million output tokens", null=True)
    lcot_rent = of.money("Levelised cost of rent.", per="per million output tokens", null=True)
    base_utilisation = of.share("Use of own servers as planned.", null=True)
    tipping_utilisation = of.share("Use at which own and rent cost the same; null: nowhere.", null=True)
    tipping_state = of.text(
        "crosses, own_throughout, rent_throughout or rent_at_the_top, in the range searched.", null=True
    )
    tipping_scale = of.number("Lowest volume above which owning pays, of the planned.", "ratio", null=True)
    tipping_tokens_per_day = of.number("The same volume.", "output tokens a day", null=True)
    tipping_gpu_hours_per_day = of.number("The same volume.", "GPU-hours a day", null=True)
    tipping_from_scale = of.number("Lowest volume searched, of the planned.", "ratio", null=True)
    tipping_to_scale = of.number("Largest volume searched.", "ratio", null=True)
    pue_mean = of.number("Mean PUE of own servers.", "ratio", null=True)
    energy_price_per_mwh = of.money("Mean price of energy drawn.", per="per MWh", null=True)
    energy_mwh = of.number("Energy drawn over the horizon.", "MWh", null=True)
    carbon_tonnes = of.number("Operational carbon over the horizon.", "t CO2e", null=True)
    verdict_without_continuing_value = of.text(
        "The verdict if servers are worth nothing at the end; null: a constraint decides.", null=True
    )
    verdict_long_horizon = of.text("The verdict over a horizon half as long again.", null=True)
    peak_servers = of.count("Most own servers at once.", "servers", null=True)
    peak_it_kw = of.number("Highest IT power of own servers.", "kW", null=True)
    is_ruled = of.flag("A declared constraint decides the verdict.")
    own_reason = of.note("Why nothing can be owned, or which constraint owning breaks.", null=True)
    rent_reason = of.note("Which constraint renting breaks.", null=True)


class Strategies(dy.Schema):
    """Every strategy with its totals; those that cannot serve the plan with the reason."""

    site = of.site(null=RENT)
    strategy = of.text("api, on_demand, spot, committed, rent, own_colocation, own_hall, own or optimal.")
    label = of.note("What it buys, rents and commits.", null=True)
    is_feasible = of.flag("Whether it serves the plan and keeps to every constraint.")
    reason = of.note("Why it does not.", null=True)
    nominal_total = of.cents("Sum of its ledger.", digits=38, null=True)
    present_value = of.cents("Sum of its discounted ledger.", digits=38, null=True)
    lcoh = of.money("Levelised cost.", per="per GPU-hour used", null=True)
    lcot = of.money("Levelised cost.", per="per million output tokens", null=True)


class Optimal(dy.Schema):
    """The cheapest plan found: one row a site, and one for all together."""

    site = of.site(null=ALL_SITES)
    is_feasible = of.flag("Whether any plan keeps to every constraint.")
    reason = of.note("What clashes.", null=True)
    source = of.text("programme, or the pure strategy that is cheaper.", null=True)
    present_value = of.money("Its cost by the ledger.", null=True)
    programme_value = of.money("Cost by the ledger of the programme's plan.", null=True)
    objective = of.money("What the programme reckoned.", null=True)
    bound = of.money("Below this no plan can cost; null: the programme proves none.", null=True)
    gap = of.share("Distance of objective and bound.", null=True)
    difference_share = of.share("Ledger less objective, of the ledger.", null=True)
    best_pure = of.text(
        "Cheapest strategy that mixes nothing; of all sites together with its site.", null=True
    )
    best_pure_value = of.money("Its cost.", null=True)
    excluded = of.note("Pure strategies that break a constraint, and which.", null=True)


class OptimalSchedule(dy.Schema):
    """What the optimal plan orders and commits."""

    site = of.site(null=ALL_SITES)
    kind = of.text("buy or commit.")
    workload = of.text("Of a commitment.", null=True)
    item = of.text("Option or offer, by its id.")
    order_month = of.month("When it is ordered or signed.")
    from_month = of.month("First month in service.")
    until_month = of.month("First month after it.")
    count = of.count("How many.", "servers or instances")
    name = of.note("Server, or what is rented.", null=True)
    place = of.text("Site of what is bought.", null=True)
    mode = of.text("own_colocation or own_hall of what is bought.", null=True)


class OptimalServed(dy.Schema):
    """By what the optimal plan serves each workload."""

    site = of.site(null=ALL_SITES)
    workload = of.text("Workload, by its id.")
    month = of.month("Month.")
    by = of.text("own, on_demand, committed, spot, api or nothing.")
    item = of.text("Option or offer, by its id.", null=True)
    share = of.share("Of the workload's work in the month.")


class OptimalCarbon(dy.Schema):
    """Operational carbon of the optimal plan."""

    site = of.site(null=ALL_SITES)
    month = of.month("Month.")
    by = of.text("own or rent.")
    kg = of.number("Emissions.", "kg CO2e", null=True)


class Scenarios(dy.Schema):
    """Every strategy planned anew in other worlds; rent is repeated for each site."""

    scenario = of.text("Scenario, by its id; base: as planned.")
    scenario_name = of.text("Its name.")
    site = of.site()
    strategy = of.text("Strategy.")
    present_value = of.money("Its cost there; null: it cannot serve the plan there.", null=True)
    regret = of.money("More than the cheapest strategy there.", null=True)


class Regret(dy.Schema):
    """The worst regret of each strategy over the scenarios."""

    site = of.site()
    strategy = of.text("Strategy.")
    worst_regret = of.money("Largest regret.", null=True)
    scenario = of.text("Name of the scenario in which it is so.", null=True)
    scenarios = dy.UInt32(metadata={"description": "Scenarios that it can serve.", "unit": "scenarios"})


class Margins(dy.Schema):
    """Where the verdict flips if one price alone is another one."""

    site = of.site()
    factor = of.text("The price.")
    multiple = of.number(
        "Of the planned price (delivery: months later); null: no value flips the verdict.", "ratio", null=True
    )
    sensitivity = of.money("Change of own less rent for one per cent of the price.", null=True)
    is_build = of.flag("Whether own, ordered at the start, beats rent as planned.")


class DiscountRates(dy.Schema):
    """The comparison at other discount rates."""

    site = of.site()
    rate_per_year = of.number("Discount rate.", "share per year")
    change = of.number("Against the plan's.", "share per year")
    npv_rent = of.money("Present value of renting throughout.")
    npv_own = of.money("Present value of own, ordered at the start.")
    difference = of.money("Own less rent.")
    flips_at = of.number("Rate at which the cheaper one changes; null: none.", "share per year", null=True)


class Disruptions(dy.Schema):
    """Blows to decisions already made."""

    site = of.site(null=RENT)
    strategy = of.text("Strategy.")
    disruption = of.text("Disruption, by its id.")
    disruption_name = of.text("Its name.")
    undisturbed_value = of.money("Present value without it.")
    present_value = of.money("Present value with it.")
    unserved_share = of.share("Work that nothing serves.")
    extra_cost = of.money("What it costs.")


class Expected(dy.Schema):
    """Cost where workloads may fail; empty where all is certain."""

    site = of.site(null=RENT)
    strategy = of.text("Strategy.")
    probability = of.share("That everything succeeds.")
    success_value = of.money("Present value if everything succeeds.")
    failure_value = of.money("Mean present value otherwise.", null=True)
    expected_value = of.money("Mean of both.")


class Readiness(dy.Schema):
    """Whether each room takes each server: one row a site, mode and server."""

    option = of.text("site/mode/server.")
    site = of.site()
    mode = of.text("own_colocation or own_hall.")
    server = of.text("Server, by its id.")
    status = of.text("ready, after_retrofit or not_ready.")
    reasons = of.note("Why it is not ready today.", null=True)
    remarks = of.note("What is no obstacle but must be known.", null=True)
    unknown = of.note("Limits and figures that are not declared, so not checked.", null=True)
    retrofit_capex_per_kw = of.money("Cost of the refit.", per="per kW of nameplate", null=True)
    retrofit_months = of.count("Time of the refit.", "months", null=True)
    most_servers = of.count("By the site's power; null: no limit declared.", "servers", null=True)
    grid_month = of.month("First month with power from the grid.")


class Control(dy.Schema):
    """How far each way to compute is in one's own hands."""

    subject = of.text("provider/country/mode, or site/mode/GPU.")
    kind = of.text("rent or build.")
    dimension = of.text("Of what.")
    rating = of.text("Exposure: low, medium, high or unknown.")
    finding = of.note("Why.")
    source = of.text("Where it can be checked.")


VERDICT_TABLES: dict[str, type[dy.Schema]] = {
    "verdicts": Verdicts,
    "strategies": Strategies,
    "optimal": Optimal,
    "optimal_schedule": OptimalSchedule,
    "optimal_served": OptimalServed,
    "optimal_carbon": OptimalCarbon,
    "scenarios": Scenarios,
    "regret": Regret,
    "margins": Margins,
    "discount_rates": DiscountRates,
    "disruptions": Disruptions,
    "expected": Expected,
    "readiness": Readiness,
    "control": Control,
}
