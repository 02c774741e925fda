"""Weather: hours of air temperature and humidity.

What they are reduced to is the series' and the warehouse's.
"""
