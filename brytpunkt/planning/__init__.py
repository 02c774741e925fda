"""Planning: declared plan and facts in, frames of demand, capacity, energy, ledger and verdicts out.

Pure polars: no warehouse, no file, no clock, no Dagster. Reading, rendering and storing live elsewhere.
"""

from brytpunkt.planning.compute import compute
from brytpunkt.planning.facts import Facts
from brytpunkt.planning.result import Result

__all__ = ["Facts", "Result", "compute"]
