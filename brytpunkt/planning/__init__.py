"""Planning: declared plan and facts in, frames of demand, capacity, energy, ledger and verdicts out.

Pure polars: no warehouse, no file, no clock, no Dagster. Reading, rendering and storing live elsewhere. Begin with
``brytpunkt.planning.compute.compute``; nothing is imported here, so that who asks one question loads what it needs.
"""
