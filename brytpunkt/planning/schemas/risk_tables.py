"""Tables of risk: what drawn costs say, empty where nothing is drawn."""

from __future__ import annotations

import dataframely as dy

from brytpunkt.planning.schemas import column_kinds as of

RENT = "renting"


class RiskQuantiles(dy.Schema):
    """Quantiles of a strategy's measures."""

    site = of.site(null=RENT)
    strategy = of.text("Strategy.")
    measure = of.text("present_value, monthly_cost, payback_month or switch_month.")
    p10 = of.number("P10; months: null is never.", "plan currency or month", null=True)
    p50 = of.number("P50.", "plan currency or month", null=True)
    p90 = of.number("P90.", "plan currency or month", null=True)
    mean = of.money("Mean; null for months.", null=True)
    standard_deviation = of.money("Standard deviation; null for months.", null=True)
    planned = of.number("As planned.", "plan currency or month", null=True)


class RiskMonths(dy.Schema):
    """Quantiles of a month's cost."""

    site = of.site(null=RENT)
    strategy = of.text("Strategy.")
    month = of.month("Month.")
    p10 = of.money("P10.")
    p50 = of.money("P50.")
    p90 = of.money("P90.")


class RiskChances(dy.Schema):
    """How probable it is that a strategy is the cheapest of its site's list."""

    site = of.site()
    strategy = of.text("Strategy; building: own against rent.")
    probability = of.share("Probability.")
    standard_error = of.share("Its standard error.")
    mean_unserved_gpu_hours = of.number("Work that nothing serves, mean.", "GPU-hours", null=True)


class RiskRegret(dy.Schema):
    """More than the cheapest strategy of the same draw."""

    site = of.site()
    strategy = of.text("Strategy.")
    mean = of.money("Mean.")
    p50 = of.money("P50.")
    p90 = of.money("P90.")
    largest = of.money("Largest.")


class RiskHistogram(dy.Schema):
    """Own less rent, in bins."""

    site = of.site()
    low = of.money("Lower edge.")
    high = of.money("Upper edge.")
    share = of.share("Of the draws.")


class RiskFactors(dy.Schema):
    """What was drawn."""

    factor = of.text("Factor.")
    distribution = of.text("Distribution.")
    parameters = of.text("Its parameters.")
    p10 = of.number("P10 of what was drawn.", "as the factor", null=True)
    p50 = of.number("P50.", "as the factor", null=True)
    p90 = of.number("P90.", "as the factor", null=True)
    planned = of.number("Value in the plan.", "as the factor", null=True)
    centring = of.text("Whether half of the draws lie on either side of it.")
    basis = of.text("What it rests on.")
    origin = of.text("declared or default.")


class RiskTornado(dy.Schema):
    """Own less rent at a factor's P10 and P90, all else as planned."""

    site = of.site()
    factor = of.text("Factor.")
    low_value = of.number("P10 of the factor.", "as the factor")
    high_value = of.number("P90.", "as the factor")
    at_low = of.money("Own less rent there.")
    at_high = of.money("Own less rent there.")
    planned = of.money("Own less rent as planned.")
    swing = of.money("From one to the other.")


class RiskIndices(dy.Schema):
    """Sobol indices of own less rent."""

    site = of.site()
    factor = of.text("Factor.")
    first_order = of.share("First-order index.")
    standard_error = of.share("Its standard error.")
    total_order = of.share("Total index, if asked for.", null=True)


class RiskInformation(dy.Schema):
    """What knowing a factor beforehand is worth; everything: all of them."""

    site = of.site()
    factor = of.text("Factor.")
    value = of.money("Expected value of knowing it.")
    standard_error = of.money("Its standard error.", null=True)


class RiskWaiting(dy.Schema):
    """What waiting saves, between two bounds."""

    site = of.site()
    months = of.count("Months of waiting.", "months")
    value_without_learning = of.money("If nothing is learnt meanwhile.", null=True)
    value_with_learning = of.money("If all is.", null=True)
    standard_error = of.money("Its standard error.", null=True)


class RiskTipping(dy.Schema):
    """Probabilities by month."""

    site = of.site()
    month = of.month("Month.")
    ahead_probability = of.share("That own is ahead for good by then, counting what is left.")
    switch_probability = of.share("That ordering by then is best.")


class RiskHeat(dy.Schema):
    """Own less rent by use and by discount on rent."""

    site = of.site()
    utilisation = of.share("Use of own servers.")
    cloud_discount = of.share("Discount on rent.")
    difference = of.money("Own less rent.")


class RiskConvergence(dy.Schema):
    """Own less rent with ever more draws."""

    site = of.site()
    draws = of.count("Draws.", "draws")
    p50 = of.money("P50.")
    p90 = of.money("P90.")
    p50_error_share = of.share("Standard error of P50, of the spread.", null=True)
    p90_error_share = of.share("Standard error of P90, of the spread.", null=True)


RISK_TABLES: dict[str, type[dy.Schema]] = {
    "risk_quantiles": RiskQuantiles,
    "risk_months": RiskMonths,
    "risk_chances": RiskChances,
    "risk_regret": RiskRegret,
    "risk_histogram": RiskHistogram,
    "risk_factors": RiskFactors,
    "risk_tornado": RiskTornado,
    "risk_indices": RiskIndices,
    "risk_information": RiskInformation,
    "risk_waiting": RiskWaiting,
    "risk_tipping": RiskTipping,
    "risk_heat": RiskHeat,
    "risk_convergence": RiskConvergence,
}
