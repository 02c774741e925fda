"""What people put into the inboxes survives like any publication: the landing alone rebuilds it, and no sweep takes it."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from datetime import timedelta
from pathlib import Path

from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.warehouse import Refresher, Warehouse, refresh_bundled, refresh_quotes
from brytpunkt.warehouse.derived_tables import refresh_derived
from brytpunkt.warehouse.inbox import take_inbox
from brytpunkt.warehouse.replay_journal import apply_pending
from tests.conftest import Bundled
from tests.live.vendor import Clock, find, refresher, rows
from tests.publishers.electricity import documents as native
from tests.publishers.quotes.test_quotes import COLOCATION, SERVERS
from tests.warehouse.test_refresh import content


def rebuilt(live: Refresher, elsewhere: Path) -> Refresher:
    """A warehouse made from a copy of the landing and nothing else."""
    shutil.copytree(live.landing.folder, elsewhere / "landing")
    copy = refresher(elsewhere, Clock())
    copy.warehouse.migrate()
    apply_pending(copy.warehouse, copy.landing, find)
    return copy


def aged(live: Refresher) -> None:
    """Every landed file is old enough for a sweep."""
    for path in live.landing.folder.rglob("*"):
        os.utime(path, (0, 0))


def test_quotes_come_and_go_and_the_landing_remembers(
    live: Refresher, clock: Clock, tmp_path: Path, bundled: Bundled
) -> None:
    bundled.copied_to(live.warehouse.path.parent)
    inbox = tmp_path / "quotes"
    inbox.mkdir()

    def take() -> bool:
        return refresh_quotes(live.warehouse, live.landing, inbox, find, clock).is_changed

    assert not take()
    (inbox / "servers.csv").write_text(SERVERS, encoding="utf-8")
    (inbox / "halls.csv").write_text(COLOCATION, encoding="utf-8")
    assert take()
    clock.pass_days()
    assert not take()
    (inbox / "servers.csv").write_text(SERVERS.replace("255000", "249000"), encoding="utf-8")
    (inbox / "halls.csv").unlink()
    assert take()
    second = clock()
    clock.pass_days()
    (inbox / "servers.csv").unlink()
    assert take()

    assert rows(
        live,
        "SELECT server, price_native_per_server::DOUBLE, first_seen_at, withdrawn_at FROM server_quotes "
        "WHERE server = 'dgx_h100' ORDER BY first_seen_at",
    ) == [
        ("dgx_h100", 255000.0, Clock().at, second),
        ("dgx_h100", 249000.0, second, clock()),
    ]
    assert set(rows(live, "SELECT quote, withdrawn_at FROM colocation_quotes")) == {
        ("H1", second),
        ("R1", second),
    }
    assert content(rebuilt(live, tmp_path / "elsewhere")) == content(live)

    aged(live)
    assert live.sweep() == 0
    assert content(rebuilt(live, tmp_path / "after-the-sweep")) == content(live)


def test_downloaded_files_are_rebuilt_with_what_they_replaced(
    live: Refresher, clock: Clock, tmp_path: Path
) -> None:
    live.prepare()
    folder = tmp_path / "inbox" / "nord-pool"
    folder.mkdir(parents=True)
    day = dt.date(2026, 3, 29)
    for number in range(2):
        body = native.nord_pool(day + timedelta(days=number), 15)
        (folder / f"{number}.json").write_text(json.dumps(body), encoding="utf-8")
        [taken] = take_inbox(live.warehouse, live.landing, folders().data, tmp_path / "inbox", find, clock)
        assert taken.report is not None
        assert taken.report.is_changed
        clock.pass_days()
    assert rows(live, "SELECT first_seen_at, count(*) FROM day_ahead_intervals GROUP BY ALL ORDER BY 1") == [
        (Clock().at, 92),
        (Clock().at + timedelta(days=1), 96),
    ]
    aged(live)
    assert live.sweep() == 0
    assert content(rebuilt(live, tmp_path / "elsewhere")) == content(live)


def test_what_was_derived_and_settled_is_rebuilt_as_it_was(
    live: Refresher, clock: Clock, tmp_path: Path
) -> None:
    live.prepare()
    folder = tmp_path / "inbox" / "nord-pool"
    folder.mkdir(parents=True)
    days = [dt.date(2026, 8, 1) + timedelta(days=number) for number in range(31)]
    late = days.pop(14)
    for missing in ([*days], [late]):
        for day in missing:
            body = json.dumps(native.nord_pool(day, 60))
            (folder / f"{day}.json").write_text(body, encoding="utf-8")
        for path in folder.iterdir():
            os.utime(path, (clock().timestamp(), clock().timestamp()))
        take_inbox(live.warehouse, live.landing, folders().data, tmp_path / "inbox", find, clock)
        assert refresh_derived(live.warehouse, live.landing, find=find).report.is_changed
        assert not refresh_derived(live.warehouse, live.landing, find=find).report.tables
        clock.pass_days()
    findings = "SELECT kind, day, withdrawn_at IS NOT NULL FROM series_findings WHERE origin = 'derived'"
    assert ("absent day", late, True) in rows(live, findings)
    months = "SELECT count(*), count(withdrawn_at) FROM day_ahead_monthly WHERE origin = 'derived'"
    assert rows(live, months) == [(2, 1)]
    aged(live)
    assert live.sweep() == 0
    assert content(rebuilt(live, tmp_path / "elsewhere")) == content(live)


def test_a_quote_that_was_landed_and_not_taken_in_is_taken_in_next(
    live: Refresher, clock: Clock, tmp_path: Path
) -> None:
    refresh_bundled(live.warehouse, live.landing, folders().data, find)
    inbox = tmp_path / "quotes"
    inbox.mkdir()
    (inbox / "servers.csv").write_text(SERVERS, encoding="utf-8")
    # Killed between the journal and the warehouse: the record is there, its rows are not.
    lost = Warehouse(tmp_path / "lost.duckdb", folders().sql)
    refresh_bundled(lost, Landing(live.landing.folder), folders().data, find)
    refresh_quotes(lost, Landing(live.landing.folder), inbox, find, clock)
    assert rows(live, "SELECT count(*) FROM server_quotes") == [(0,)]
    refresh_quotes(live.warehouse, live.landing, inbox, find, clock)
    assert rows(live, "SELECT count(*) FROM server_quotes") == [(2,)]
