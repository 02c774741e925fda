"""Electricity: day-ahead prices and what industry pays.

Tariffs of grid companies are in grid, emissions in carbon.
"""
