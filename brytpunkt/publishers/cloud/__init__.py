"""Cloud: price lists of rented GPUs and of token APIs.

What all publishers share stands in _shared; GPU and region names in tables.
"""
