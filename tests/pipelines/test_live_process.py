"""The commands of live sources as a user runs them: real processes against a publisher's site on loopback."""

from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from ruamel.yaml import YAML

from brytpunkt.errors import InputError
from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.publishers.find import declared_sources
from brytpunkt.warehouse import Warehouse
from brytpunkt.warehouse.derived_tables import refresh_derived
from brytpunkt.warehouse.inbox import take_inbox
from pipelines.cli.main import main
from pipelines.cli.sources import show_changes, show_source
from tests.live.native import SECRET, Site, site_of
from tests.pipelines.test_cli import brytpunkt
from tests.publishers.electricity.test_quarter_table import LABELS, table

NAME = "lambda"


@pytest.fixture
def site(home: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Lambda's site on this machine, declared in the user's own folder of sources, with its key in the environment."""
    found = site_of(declared_sources(folders().data / "sources")[NAME], httpserver)
    own = home / "sources"
    own.mkdir(parents=True)
    with (own / f"{NAME}.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(found.declared().model_dump(mode="json", exclude_none=True), file)
    for name, value in found.environment().items():
        monkeypatch.setenv(name, value)
    return found


def test_a_price_is_fetched_confirmed_moved_and_told(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fetched by processes of their own; what only tells is asked in this one."""

    def told_by(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = main(arguments)
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    site.unknown = True
    first = brytpunkt("refresh", NAME, cwd=tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.split() == [NAME, "changed;", "rows:", "3", "new"]

    again = brytpunkt("refresh", NAME, cwd=tmp_path)
    assert (again.returncode, again.stdout.split()) == (0, [NAME, "unchanged,", "confirmed"])

    site.moved += 1
    moved = brytpunkt("refresh", NAME, cwd=tmp_path)
    assert moved.stdout.split() == [
        NAME, "changed;", "rows:", "1", "new,", "2", "as", "before,", "1", "withdrawn",
    ]  # fmt: skip

    history = told_by("history", "gpu_8x_h100_sxm5")
    assert history.returncode == 0
    told = [line.split() for line in history.stdout.splitlines() if f"({NAME};" in line or "20" in line]
    prices = [word for line in told for word in line if word in {"35.9200", "34.9200"}]
    assert prices[-2:] == ["35.9200", "34.9200"]
    assert "-2.8%" in history.stdout

    sources = told_by("sources")
    [line] = [one for one in sources.stdout.splitlines() if one.startswith(f"{NAME} ")]
    assert line.split()[1] == "fresh"
    assert line.split()[-2:] == ["3", "0"]

    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    changes = told_by("changes", yesterday, "--table", "gpu_offers")
    assert f"({NAME})" in changes.stdout

    one = told_by("sources", NAME)
    assert "instance  gpu_1x_b400  the map of instances does not know it" in one.stdout
    assert "No row was ever set aside." in one.stdout

    site.is_down = True
    down = brytpunkt("refresh", NAME, cwd=tmp_path)
    assert (down.returncode, "FAILED, last good kept" in down.stdout) == (1, True)
    assert "answered 404" in down.stdout
    said = (first, again, moved, sources, one, down)
    assert SECRET not in "".join(process.stdout + process.stderr for process in said)


def test_names_and_days_that_do_not_exist_are_the_users_input(home: Path) -> None:
    with pytest.raises(InputError, match="lamda: no source has this name"):
        show_source("lamda")
    with pytest.raises(InputError, match="the first day is not before the second"):
        show_changes(date(2026, 11, 2), date(2026, 11, 1), None)
    with pytest.raises(InputError, match="offers: no table has this name"):
        show_changes(date(2026, 11, 1), None, "offers")


def test_what_is_odd_in_files_of_the_inbox_is_told_by_zone_and_kind(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = date(2025, 10, 26)
    file = home / "inbox" / "quarter-table" / "SE3.csv"
    file.parent.mkdir(parents=True)
    file.write_text(table([day + timedelta(days=n) for n in (-1, 0, 1)], LABELS), encoding="utf-8")
    assert main(["sources", "quarter-table"]) == 0
    before = capsys.readouterr().out
    assert "put its files into inbox/quarter-table and run a plan" in before
    warehouse = Warehouse(home / "warehouse.duckdb", folders().sql)
    warehouse.migrate()
    landing = Landing(home / "landing")
    take_inbox(warehouse, landing, folders().data, home / "inbox")
    refresh_derived(warehouse, landing)
    assert main(["sources", "quarter-table"]) == 0
    said = capsys.readouterr().out
    [standing] = [line for line in said.splitlines() if line.startswith("quarter-table")]
    assert standing.split()[-2:] == ["285", "0"], "intervals and the finding count as rows"
    assert "SE3  doubtful hour  1 day  2025-10-26: " in said
    assert "SE3  short day      1 day  2025-10-26: " in said
