"""Tables of cost: the ledger, curves, purchases, servers against offers, storage, financing, and why the bill moves."""

from __future__ import annotations

import dataframely as dy

from brytpunkt.planning.schemas import column_kinds as of

RENT = "renting, which no site changes, or a mix of all sites"


class Ledger(dy.Schema):
    """Every flow of every strategy, a row a month, component and item."""

    site = of.site(null=RENT)
    strategy = of.text("Strategy.")
    option = of.text("site/mode/server of what is owned.", null=True)
    month = of.month("Month.")
    date = of.day("Its first day.")
    component = of.text("Cost component.")
    item = of.text("The offer, for what is rented; else empty.")
    timing = of.text("start or end of the month, or horizon.")
    native_amount = of.number("Amount as priced.", "native currency")
    native_currency = of.text("Currency of the price.")
    fx_rate = of.number("Plan currency for one of it.", "ratio")
    amount = of.cents("Amount; costs are positive.")
    currency = of.text("The plan's.")
    present_value = of.cents("Discounted to the start.")


class Curves(dy.Schema):
    """Cost so far, discounted: rent throughout, and own ordered at the start."""

    site = of.site()
    date = of.day("First day of the month; null: the end of the horizon.", null=True)
    rent = of.money("Rent up to the month.")
    own = of.money("Own up to the month, before anything is sold.")
    own_less_continuing_value = of.money("Own less what it is still worth.")
    month = of.month("Month.")


class SwitchCurve(dy.Schema):
    """Cost by the month in which own is ordered, rent until delivery included."""

    site = of.site()
    order_month = of.month("Month of the order.")
    present_value = of.money("Cost.")


class TippingCurve(dy.Schema):
    """Cost of own and of rent by volume."""

    site = of.site()
    volume_scale = of.number("Volume, of the planned.", "ratio")
    utilisation = of.share("Use of own servers.")
    own = of.money("Cost of own.")
    rent = of.money("Cost of rent.")


class TippingVolumes(dy.Schema):
    """Own and rent at other volumes, everything planned anew at each."""

    site = of.site()
    volume_scale = of.number("Volume, of the planned.", "ratio")
    own = of.money("Cost of own.")
    rent = of.money("Cost of rent.")
    saving_share = of.share("What own saves, of rent.", null=True)
    purchase_share = of.share("Purchases, of the cost of own.", null=True)
    option = of.text("What own takes there.")
    is_own_better = of.flag("Own saves what a tipping volume asks for, with purchases that count.")


class TippingTurns(dy.Schema):
    """Volumes between which the better of own and rent changes."""

    site = of.site()
    last_scale = of.number("Volume before the change, of the planned.", "ratio")
    volume_scale = of.number("Volume after it.", "ratio")
    towards = of.text("own or rent, the better one after it.")


class Rule(dy.Schema):
    """The 60-70 % rule in its readings."""

    site = of.site()
    reading = of.text("R1 to R4.")
    threshold = of.share("0.6 or 0.7.")
    first_month = of.month("First month at or above it; null: none.", null=True)
    value_at_horizon = of.share("Value at the end.", null=True)


class RuleSeries(dy.Schema):
    """The readings month by month."""

    site = of.site()
    month = of.month("Month.")
    r1 = of.share("Reading R1.", null=True)
    r2 = of.share("Reading R2.", null=True)
    r3 = of.share("Reading R3.", null=True)
    r4 = of.share("Reading R4.", null=True)


class Demand(dy.Schema):
    """What has to be computed: one row a workload and month."""

    workload = of.text("Workload, by its id.")
    month = of.month("Month.")
    date = of.day("Its first day.")
    output_tokens = of.number("Output tokens.", "tokens", null=True)
    input_tokens = of.number("Input tokens, cached ones included.", "tokens", null=True)
    gpu_hours = of.number("Work on `gpu_model`.", "GPU-hours")
    gpu_load_mean = of.number("GPUs busy, mean of the month.", "GPUs")
    gpu_load_peak = of.number("GPUs busy in its highest hour.", "GPUs")
    gpu_model = of.text("GPU type of the cheapest own option, else of the first.")


class Schedule(dy.Schema):
    """Purchases of each site's own."""

    site = of.site()
    mode = of.text("own_colocation or own_hall.")
    server = of.text("Server, by its id.")
    server_name = of.text("Its name.")
    order_month = of.month("Month of the order.")
    delivery_month = of.month("First month in service.")
    retire_month = of.month("First month after it.")
    servers = of.count("How many.", "servers")


class Servers(dy.Schema):
    """The servers of the plan as planned with."""

    server = of.text("Server, by its id.")
    server_name = of.text("Its name.")
    gpu_model = of.text("GPU type.")
    server_gpus = of.count("GPUs in it.", "GPUs")
    price_native = of.number("Price.", "price_currency")
    price_currency = of.text("Currency of the price.")
    price = of.money("Price.")
    nameplate_kw = of.number("Highest power.", "kW")
    load_kw = of.number("Power under full load.", "kW")
    idle_kw = of.number("Power when on but idle.", "kW")
    is_price_declared = of.flag("The plan or a quote states the price, not the catalog.")


class InfeasibleServers(dy.Schema):
    """Servers that cannot serve every workload."""

    server = of.text("Server, by its id.")
    reason = of.note("Why not.")


class UnitEconomics(dy.Schema):
    """One server against one offer, an hour around the clock."""

    site = of.site()
    mode = of.text("own_colocation or own_hall.")
    server = of.text("Server, by its id.")
    server_name = of.text("Its name.")
    server_gpus = of.count("GPUs in it.", "GPUs")
    acquisition = of.money("Purchase and what belongs to it.")
    capital_per_hour = of.money("Acquisition over its life.", per="per hour")
    support_per_hour = of.money("Support and insurance.", per="per hour")
    space_per_hour = of.money("Space.", per="per hour")
    energy_per_hour = of.money("Energy.", per="per hour")
    operating_per_hour = of.money("All but capital.", per="per hour")
    per_gpu_hour = of.money("All of it.", per="per GPU-hour")
    offer = of.text("The offer beside it.", null=True)
    rent_per_gpu_hour = of.money("Its price.", per="per GPU-hour", null=True)
    break_even_hours = of.number("Hours after which owning has cost less; null: never.", "hours", null=True)


class Paradox(dy.Schema):
    """Why the bill of one year differs from that of the year before."""

    site = of.site(null=RENT)
    strategy = of.text("Strategy.")
    from_year = of.count("Earlier year of the plan.", "year")
    to_year = of.count("Later year.", "year")
    effect = of.text("Cause.")
    amount = of.money("Its part of the change.")
    from_bill = of.money("Bill of the earlier year.")
    to_bill = of.money("Bill of the later year.")


class StorageTable(dy.Schema):
    """What each workload keeps in the last month, and the kind of storage for it."""

    workload = of.text("Workload, by its id.")
    month = of.month("Month.")
    capacity_tb = of.number("Data held.", "TB")
    throughput_gb_per_s = of.number("Rate of reading and writing.", "GB/s")
    egress_tb = of.number("Data that would leave a cloud.", "TB a month")
    tier = of.text("nas, parallel or object.")
    verdict = of.note("Why.")


class Returns(dy.Schema):
    """Internal rates of return of own against rent."""

    site = of.site()
    kind = of.text("one, none or several.")
    rates = dy.List(
        dy.Float64(), metadata={"description": "All of them, ascending.", "unit": "share per year"}
    )


class Financing(dy.Schema):
    """The purchase paid in cash, by a loan or by a lease."""

    site = of.site()
    acquisition = of.money("What is paid for.")
    kind = of.text("cash, loan or lease.")
    monthly_payment = of.money("Each month; null: in cash.", null=True)
    total_paid = of.money("Sum of payments.", null=True)
    after_tax_value = of.money("Present value after tax.", null=True)
    advantage_over_cash = of.money("Less than in cash.", null=True)


class Payback(dy.Schema):
    """When owning has paid for itself in cash."""

    site = of.site()
    strategy = of.text("own or optimal.")
    scope = of.text("plan, or first_tranche: what is ordered first, by itself.")
    first_payment_month = of.month("Month of the first own payment.", null=True)
    months = of.count(
        "After it, until cash stays at or below rent; null: not within the horizon.", "months", null=True
    )
    months_discounted = of.count("The same of present values.", "months", null=True)
    first_payment_date = of.day("The month of the first payment.", null=True)
    date = of.day("When it has paid for itself.", null=True)
    date_discounted = of.day("When it has of present values.", null=True)


class Readings(dy.Schema):
    """What is left, read otherwise; nothing is planned anew."""

    site = of.site()
    strategy = of.text("own or optimal.")
    reading = of.text("continuing, resale, nothing or long_horizon.")
    kept_value = of.money("Cost of the plan as decided; null: not known.", null=True)
    rent_value = of.money("Cost of renting.", null=True)
    difference = of.money("Plan less renting.", null=True)


class EndValues(dy.Schema):
    """What a plan leaves at the horizon, and what it must be worth."""

    site = of.site()
    strategy = of.text("own or optimal.")
    continuing = of.money("Continuing value, before tax.")
    resale = of.money("Resale value, before tax.")
    break_even = of.number(
        "Multiple of the continuing value at which the plan costs what renting costs; null: nothing is left.",
        "ratio",
        null=True,
    )
    share_of_purchases = of.share("The same, of what was paid for what is in service then.", null=True)
    reads = of.text("stands_without, within_book, needs_more_than_book or nothing_left.")


class Bridge(dy.Schema):
    """From a server-hour at full use to the levelised cost of own, in steps that sum to it."""

    site = of.site()
    step = of.text("full_use, idle, spares, network, staff, storage_and_tax or rent.")
    per_gpu_hour = of.money("Its part.", per="per GPU-hour used", null=True)


COST_TABLES: dict[str, type[dy.Schema]] = {
    "ledger": Ledger,
    "curves": Curves,
    "switch_curve": SwitchCurve,
    "tipping_curve": TippingCurve,
    "tipping_volumes": TippingVolumes,
    "tipping_turns": TippingTurns,
    "rule": Rule,
    "rule_series": RuleSeries,
    "demand": Demand,
    "schedule": Schedule,
    "servers": Servers,
    "infeasible_servers": InfeasibleServers,
    "unit_economics": UnitEconomics,
    "paradox": Paradox,
    "payback": Payback,
    "readings": Readings,
    "end_values": EndValues,
    "bridge": Bridge,
    "storage": StorageTable,
    "returns": Returns,
    "financing": Financing,
}
