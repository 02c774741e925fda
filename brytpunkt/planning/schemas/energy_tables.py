"""Tables of energy: what own servers draw, at which price, where prices come from, footprint, and limits of the weather."""

from __future__ import annotations

import dataframely as dy

from brytpunkt.planning.schemas import column_kinds as of

PER_MWH = "per MWh"


class Energy(dy.Schema):
    """Energy of each site's own servers, month by month, and its price by part."""

    site = of.site()
    month = of.month("Month.")
    date = of.day("Its first day.")
    peak_kw = of.number("Highest power with cooling.", "kW")
    peak_it_kw = of.number("Highest power of IT.", "kW")
    it_mwh = of.number("Energy of IT.", "MWh")
    total_mwh = of.number("Energy drawn.", "MWh")
    pue = of.number("Drawn over IT.", "ratio", null=True)
    spot = of.money("Market energy.", per=PER_MWH, null=True)
    tax = of.money("Tax, levies and VAT that is not recovered.", per=PER_MWH, null=True)
    grid = of.money("Grid.", per=PER_MWH, null=True)
    margin = of.money("Supplier's margin.", per=PER_MWH, null=True)
    flat = of.money("All-in flat price.", per=PER_MWH, null=True)
    heat = of.money("Heat that is sold; negative.", per=PER_MWH, null=True)
    water_m3 = of.number("Water.", "m3", null=True)
    carbon_kg = of.number("Operational carbon; null: not known.", "kg CO2e", null=True)


class PriceOutlook(dy.Schema):
    """The price history of each zone, and what a year of it costs."""

    zone = of.text("Bidding zone.")
    first_month = of.day("First month of its history.")
    last_month = of.day("Last month.")
    history_years = of.number("Length.", "years")
    whole_years = of.count("Whole years that may be drawn.", "years")
    filled_months = of.count("Months that were filled.", "months")
    planning_mean_eur_per_mwh = of.number("Mean that is planned with.", "EUR/MWh")
    p10_eur_per_mwh = of.number("P10 of a whole year's mean.", "EUR/MWh")
    p50_eur_per_mwh = of.number("P50.", "EUR/MWh")
    p90_eur_per_mwh = of.number("P90.", "EUR/MWh")
    newest_year_eur_per_mwh = of.number("Mean of the newest twelve months.", "EUR/MWh")
    newest_to_planning_ratio = of.number("The same over the planned.", "ratio")
    low_hours_share = of.share("Hours at or below 5 EUR/MWh in the newest year.", null=True)
    negative_hours_share = of.share("Hours below zero.", null=True)
    apart_hours = of.count(
        "Hours in which publishers differ by more than 1 EUR/MWh; null: one publisher.", "hours", null=True
    )
    widest_apart_eur_per_mwh = of.number("Largest difference.", "EUR/MWh", null=True)


class PriceGaps(dy.Schema):
    """What was filled in the price history, and from where."""

    zone = of.text("Bidding zone.")
    month = of.day("Month.")
    method = of.text("How.")
    donor = of.text("Zone that it was filled from.", null=True)
    ratio = of.number("Of its price.", "ratio", null=True)


class FootprintByMonth(dy.Schema):
    """Energy, carbon, water and heat of own servers, month by month; null: not known."""

    site = of.site()
    month = of.month("Month.")
    energy_mwh = of.number("Energy drawn.", "MWh", null=True)
    carbon_tonnes = of.number("Operational carbon.", "t CO2e", null=True)
    embodied_tonnes = of.number("Carbon of servers delivered.", "t CO2e", null=True)
    water_m3 = of.number("Water.", "m3", null=True)
    heat_mwh = of.number("Heat given off.", "MWh", null=True)
    million_tokens = of.number("Output tokens.", "million", null=True)


class Footprint(dy.Schema):
    """The same over the plan."""

    site = of.site()
    measure = of.text("energy_mwh, carbon_tonnes, embodied_tonnes, water_m3 or heat_mwh.")
    amount = of.number("Sum; null: not known in every month.", "as in measure", null=True)
    per_million_tokens = of.number("For a million output tokens.", "as in measure", null=True)
    basis = of.note("What it rests on.")


class Advantage(dy.Schema):
    """Every site against a comparator abroad, part by part."""

    site = of.site()
    against = of.text("Comparator, by its id.")
    against_name = of.text("Its name.")
    part = of.text("spot, grid, tax, cooling, heat, total or carbon.")
    here = of.money("At the site (carbon: kg CO2e).", per="per MWh of IT", null=True)
    there = of.money("There.", per="per MWh of IT", null=True)
    difference = of.money("Here less there.", per="per MWh of IT", null=True)
    here_per_million_tokens = of.money("At the site.", per="per million output tokens", null=True)
    there_per_million_tokens = of.money("There.", per="per million output tokens", null=True)
    difference_per_million_tokens = of.money("Here less there.", per="per million output tokens", null=True)
    share_of_total_cost = of.share("Of the whole cost of own; in the part total.", null=True)
    note = of.text("What to know of the figures there.", null=True)


class Indicators(dy.Schema):
    """Indicators of the EU's reporting scheme."""

    site = of.site()
    pue = of.number("Cold of a network included.", "ratio", null=True)
    wue_litres_per_kwh = of.number("Water.", "l/kWh of IT", null=True)
    erf = of.share("Energy that is reused.", null=True)
    ref = of.share("Renewable energy.", null=True)
    must_report = of.flag("IT peak of 500 kW or more.")


class CoolingLimits(dy.Schema):
    """Hours in which outdoor air alone does not keep servers within their class."""

    site = of.site()
    hardware_class = of.text("ASHRAE class.")
    limit_c = of.number("Its limit.", "degC")
    hours_above = of.number("Hours above it.", "hours a year")
    highest_c = of.number("Highest temperature.", "degC")
    usable_share = of.share("Power limit that can be cooled then.")
    policy = of.text("reduce or warn.")
    hot_year = of.count("The hottest year on record.", "year", null=True)
    hot_year_hours_above = of.number("Hours above it in that year.", "hours a year", null=True)


class Connections(dy.Schema):
    """How long the grid connection takes where it is a range."""

    site = of.site()
    low_months = of.count("At the least.", "months")
    mode_months = of.count("As a rule.", "months")
    high_months = of.count("At the most.", "months")
    confidence = of.text("How well it is known.")
    source = of.text("Where it is from.")


class Industrial(dy.Schema):
    """The plan's price of energy beside what industry pays in the country."""

    site = of.site()
    country = of.text("Country.")
    half_year = of.day("First day of the half-year.")
    band = of.text("Band of yearly consumption.")
    tax = of.text("Which taxes are in.")
    industry_eur_per_mwh = of.number("What industry pays.", "EUR/MWh")
    plan_eur_per_mwh = of.number("The plan's, first twelve months with own servers.", "EUR/MWh")
    ratio = of.number("The plan's over theirs.", "ratio")
    is_far = of.flag("Outside 0.5 to 1.5.")
    source = of.text("Who published it.")
    confidence = of.text("How well it is known.")


ENERGY_TABLES: dict[str, type[dy.Schema]] = {
    "energy": Energy,
    "price_outlook": PriceOutlook,
    "price_gaps": PriceGaps,
    "footprint_by_month": FootprintByMonth,
    "footprint": Footprint,
    "advantage": Advantage,
    "indicators": Indicators,
    "cooling_limits": CoolingLimits,
    "connections": Connections,
    "industrial": Industrial,
}
