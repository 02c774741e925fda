"""Assets: what exists, as thin Dagster assets by layer, and their checks.

Belongs here: names, dependencies, metadata, checks. Not here: any calculation (brytpunkt) or wiring (pipelines).
"""

import warnings

from dagster import BetaWarning, PreviewWarning

# Data versions of outputs are marked beta and partitions of checks preview; the locked version has both.
warnings.filterwarnings("ignore", category=BetaWarning)
warnings.filterwarnings("ignore", category=PreviewWarning)
