"""Runs: whole, listed in order, and published without touching what is not theirs."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from brytpunkt.errors import BrytpunktError
from brytpunkt.runs.store import _whole_folder, list_runs, load_run, new_run_id, newest_run, publish


def a_run(home: Path, name: str, started: str, sites: tuple[str, ...] = ("falun",)) -> None:
    """A finished run with the files that publishing copies."""
    folder = home / "runs" / name
    (folder / "reports").mkdir(parents=True)
    label = {"run_id": name, "plan": "p", "as_of": "2026-11-01", "started": started}
    (folder / "run.json").write_text(json.dumps(label))
    (folder / "summary.json").write_text("{}")
    pl.DataFrame({"x": [1]}).write_parquet(folder / "ledger.parquet")
    for site in sites:
        (folder / "reports" / f"{site}.pdf").write_bytes(b"%PDF " + site.encode())


def test_run_ids_sort_by_time() -> None:
    early = new_run_id("p", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "abcdef0123")
    late = new_run_id("p", datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC), "0000000000")
    assert early == "p-20260102T030405Z-abcdef01"
    assert early < late


def test_the_newest_run_is_the_one_that_started_last(tmp_path: Path) -> None:
    a_run(tmp_path, "b", "2026-01-01T00:00:00")
    a_run(tmp_path, "a", "2026-02-01T00:00:00")
    assert [run.run_id for run in list_runs(tmp_path, "p")] == ["b", "a"]
    assert newest_run(tmp_path, "p").as_of == date(2026, 11, 1)
    with pytest.raises(BrytpunktError, match="plan q has not been computed yet"):
        newest_run(tmp_path, "q")


def test_publishing_replaces_ours_and_leaves_the_users_files(tmp_path: Path) -> None:
    a_run(tmp_path, "one", "2026-01-01T00:00:00", ("falun", "oslo"))
    a_run(tmp_path, "two", "2026-02-01T00:00:00", ("falun",))
    out = tmp_path / "out"
    publish(load_run(tmp_path / "runs" / "one"), out)
    (out / "p" / "notes.pdf").write_text("mine")
    written = publish(load_run(tmp_path / "runs" / "two"), out)
    assert {path.name for path in written} == {"summary.json", "ledger.parquet", "falun.pdf"}
    names = {path.name for path in (out / "p").iterdir() if not path.name.startswith(".")}
    assert names == {"summary.json", "ledger.parquet", "falun.pdf", "notes.pdf"}


def test_a_folder_that_fails_half_way_never_appears(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), _whole_folder(tmp_path / "runs" / "x") as draft:  # noqa: PT012
        (draft / "half").write_text("half")
        raise RuntimeError
    assert list((tmp_path / "runs").iterdir()) == []
