"""Tables: the typed vocabulary of everything that is stored: contracts, provenance, and maps of names.

How tables are written and read is the warehouse's; how documents become rows is the publishers'.
"""
