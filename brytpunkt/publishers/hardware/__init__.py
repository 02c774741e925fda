"""Hardware: catalogs of accelerators, and how fast they compute.

Quotes of servers are in quotes.
"""
