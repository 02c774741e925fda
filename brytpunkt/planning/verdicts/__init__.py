"""Verdicts: what the ledgers of the strategies say.

In: evaluated strategies. Out: build or rent by site, payback, tipping volume, the 60-70 % rule, break-even prices, rates of
return, scenarios, disruptions, and the bill taken apart. No cost is computed here that the ledger does not hold.
"""
