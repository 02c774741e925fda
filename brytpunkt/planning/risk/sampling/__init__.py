"""Sampling: values of the plan's uncertain factors, draw by draw.

In: declared distributions, correlations and historical energy years. Out: factor values [draws, factors]. What they do to
cost is simulated elsewhere.
"""
