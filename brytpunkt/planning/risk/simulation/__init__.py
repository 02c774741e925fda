"""Simulation: each strategy served in each draw, without foresight.

In: factor values, load and decisions of the strategies. Out: present values [draws, strategies] and what was served.
What may be said from them stands in results.
"""
