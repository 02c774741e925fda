"""Ledger: every strategy as rows of whole cents, discounted, taxed, and given their native currency.

In: the plan and its inputs, flows of renting and owning. Out: the prepared plan, ledger rows by site, strategy, month and
component, and present values by order month. Verdicts on them are drawn elsewhere.
"""
