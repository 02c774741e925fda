"""Units: how many of one are in another, the same everywhere, and how near a whole number is that number."""

from __future__ import annotations

from typing import Final

CENTS: Final = 100
KWH_PER_MWH: Final = 1000
MILLION_TOKENS: Final = 1e6
MONTHS_PER_YEAR: Final = 12
HOURS_PER_DAY: Final = 24
HOURS_PER_YEAR: Final = 8760
SECONDS_PER_HOUR: Final = 3600
LITRES_PER_M3: Final = 1000
GRAMS_PER_KG: Final = 1000
KG_PER_TONNE: Final = 1000
FORGIVEN: Final = 1e-9
"""What a count may be above a whole number and still be that number."""
