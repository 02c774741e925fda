"""A warehouse from before outcomes were kept table by table: what is learnt of its past when it is opened."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.warehouse import Warehouse
from brytpunkt.warehouse.views.source_status import standings
from tests.live.server import Server
from tests.live.vendor import Clock, refresher, rows, source

OLD = """
INSERT INTO publications VALUES
    (10, 'lambda', 'publication', 'changed', '2026-10-01 06:00:00+00', NULL, 'a', 4, 0, 0, 0, NULL),
    (20, 'lambda', 'publication', 'refused', '2026-10-02 06:00:00+00', NULL, 'b', 1, 1, 0, 0,
        'source_remarks: 3 of 4 known rows are gone'),
    (30, 'lambda', 'confirmed', 'refused', '2026-10-03 06:00:00+00', NULL, 'b', 0, 0, 0, 0,
        'source_remarks: 3 of 4 known rows are gone'),
    (40, 'other', 'publication', 'changed', '2026-10-01 06:00:00+00', NULL, 'c', 2, 0, 0, 0, NULL),
    (50, 'other', 'publication', 'refused', '2026-10-02 06:00:00+00', NULL, 'd', 1, 0, 0, 0,
        'gpu_offers: 2 of 2 known rows are gone; source_remarks: 9 of 9 known rows are gone');
INSERT INTO refusals VALUES ('other', 'gpu_offers', '2 of 2 known rows are gone', 'd', '2026-10-02 06:00:00+00');
INSERT INTO source_remarks SELECT 'x', 'gpu', 'n', 'unknown', 1, 's', '2026-10-01', '2026-10-01', 'l', 'stated', NULL,
    unnest(['lambda', 'other']), 'd', 'e', '2026-10-01 06:00:00+00', '2026-10-01 06:00:00+00', NULL;
INSERT INTO gpu_offers SELECT 'x', '', NULL, 'sku', 'H100', 1, 'on_demand', 0, 3, 'USD', NULL, 's', '2026-10-01',
    '2026-10-01', 'l', 'stated', NULL, unnest(['lambda', 'other']), 'd', 'e', '2026-10-01 06:00:00+00',
    '2026-10-01 06:00:00+00', NULL;
"""


def test_a_warehouse_from_before_learns_what_was_taken_beside_remarks_that_were_refused(
    tmp_path: Path, server: Server
) -> None:
    before = tmp_path / "sql"
    (before / "migrations").mkdir(parents=True)
    for path in (folders().sql / "migrations").glob("000[1-8]*.sql"):
        (before / "migrations" / path.name).write_bytes(path.read_bytes())
    old = Warehouse(tmp_path / "warehouse.duckdb", before)
    old.migrate()
    with old.open() as connection:
        connection.execute(OLD)
    live = replace(refresher(tmp_path, Clock()), landing=Landing(tmp_path / "landing"))
    live.warehouse.migrate()
    tables = (
        "SELECT position, table_name, outcome, reason FROM publication_tables ORDER BY position, table_name"
    )
    gone = "2 of 2 known rows are gone"
    assert rows(live, tables) == [
        (10, "gpu_offers", "changed", None),
        (10, "source_remarks", "changed", None),
        (20, "gpu_offers", "changed", None),
        (20, "source_remarks", "changed", None),
        (30, "gpu_offers", "unchanged", None),
        (30, "source_remarks", "unchanged", None),
        (40, "gpu_offers", "changed", None),
        (40, "source_remarks", "changed", None),
        (50, "gpu_offers", "refused", gone),
        (50, "source_remarks", "changed", None),
    ]
    assert rows(
        live, "SELECT position, outcome, reason FROM publications WHERE position IN (20, 30, 50)"
    ) == [
        (20, "changed", None),
        (30, "unchanged", None),
        (50, "refused", f"gpu_offers: {gone}; source_remarks: 9 of 9 known rows are gone"),
    ]
    known = {name: source(server, id=name) for name in ("lambda", "other")}
    found = standings(live.warehouse, known, live.missing, datetime(2026, 10, 3, 12, tzinfo=UTC))
    assert [(one.source.id, one.state) for one in found] == [("lambda", "fresh"), ("other", "refused")]
