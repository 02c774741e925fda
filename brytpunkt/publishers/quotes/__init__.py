"""Quotes: prices that nobody publishes, from files that a user drops into a folder.

What a plan makes of them is planning's.
"""
