"""Assets: what exists, as thin Dagster assets by layer, and their checks.

Belongs here: names, dependencies, metadata, checks. Not here: any calculation (brytpunkt) or wiring (pipelines).
"""
