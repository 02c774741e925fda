"""Series: intervals of price and hours of weather, checked, filled by name, and reduced to what planning reads; pure.

Not here: native formats (publishers), storage and history (warehouse), any calculation of a plan (planning).
"""
