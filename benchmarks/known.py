"""What benchmarks of planning start from: the bundled facts."""

from __future__ import annotations

import tempfile
from pathlib import Path

from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.warehouse import Warehouse, facts, refresh_bundled


def bundled() -> Facts:
    """The bundled facts through a warehouse of its own."""
    found = folders()
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder) / "warehouse.duckdb", found.sql)
        refresh_bundled(warehouse, Landing(Path(folder) / "landing"), found.data)
        with warehouse.open() as connection:
            return facts(connection, found.sql / "queries", None)
