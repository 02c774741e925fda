"""Money: exchange rates.

Conversion is planning's.
"""
