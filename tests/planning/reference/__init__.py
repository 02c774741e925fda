"""The model a second time: slow, obvious, in plain Python, written from docs/model.md.

Belongs here: what docs/model.md says, one cell, one month and one purchase at a time.
Does not belong here: polars, cleverness, or a formula imported from `brytpunkt.planning`.
"""

from tests.planning.reference.strategies import Reference, Row

__all__ = ["Reference", "Row"]
