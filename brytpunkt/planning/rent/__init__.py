"""Rent: what may be rented, and what renting costs.

In: needs by workload and cell, offers, token prices, commitments' terms. Out: eligible offers by workload, and flows of
renting by strategy, month and component. Mixes with own servers are the optimum's.
"""
