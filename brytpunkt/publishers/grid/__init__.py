"""Grid: tariffs of grid companies.

Prices of energy are in electricity.
"""
