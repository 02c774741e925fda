"""Energy: what a kWh costs at a site, and how many of them a kWh of IT takes.

In: sites, day-ahead prices, tariffs, taxes, climate. Out: price, PUE and carbon by site, month and cell; tariff elements;
how long a grid connection takes. How many kWh servers draw is own's.
"""
