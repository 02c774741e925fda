"""Inputs: what planning starts from, prepared once.

In: the declared plan and the tables of the warehouse as of one day. Out: planning inputs by table, quotes put where the
plan leaves a price open, the calendar of months and cells, and money (currencies, rates, annuities, whole cents).
Nothing here knows a server, an offer or a strategy.
"""
