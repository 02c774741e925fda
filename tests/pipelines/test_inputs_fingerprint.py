"""Facts are materialised again for whatever they depend on, and only then."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from brytpunkt.folders import Folders, folders
from pipelines.inputs_fingerprint import STATE, are_current, facts_state

Change = Callable[[Folders], object]


@pytest.fixture
def found(tmp_path: Path) -> Folders:
    """A state with a warehouse and a journal, and bundled tables of the test's own."""
    shutil.copytree(folders().data, tmp_path / "data")
    home = tmp_path / "home"
    (home / "landing").mkdir(parents=True)
    (home / "warehouse.duckdb").write_bytes(b"tables")
    (home / "landing" / "journal.jsonl").write_text("{}\n", encoding="utf-8")
    return replace(folders(), data=tmp_path / "data", home=home)


def write(path: Path, text: str) -> None:
    """Write a file, its folder included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


CHANGES: dict[str, Change] = {
    "a bundled figure": lambda found: write(found.data / "places.csv", "other"),
    "a record in the journal": lambda found: write(found.home / "landing" / "journal.jsonl", "{}\n{}\n"),
    "a quote": lambda found: write(found.home / "quotes" / "dell.csv", "vendor"),
    "a downloaded file": lambda found: write(found.home / "inbox" / "nord-pool" / "day.json", "{}"),
    "the warehouse gone": lambda found: (found.home / "warehouse.duckdb").unlink(),
    "the warehouse written to": lambda found: write(found.home / "warehouse.duckdb", "other tables"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_facts_depend_on_changes_their_state(found: Folders, change: str) -> None:
    before = facts_state(found)
    assert facts_state(found) == before
    CHANGES[change](found)
    assert facts_state(found) != before


def test_what_facts_do_not_depend_on_leaves_it(found: Folders) -> None:
    before = facts_state(found)
    write(found.home / "plans" / "small.yaml", "plan: small")
    write(found.home / "landing" / "bodies" / "fetched-and-not-yet-in-the-journal", "bytes")
    assert facts_state(found) == before


def test_content_counts_and_no_time_of_a_file(found: Folders) -> None:
    before = facts_state(found)
    warehouse = found.home / "warehouse.duckdb"
    at = warehouse.stat()
    for path in (warehouse, found.home / "landing" / "journal.jsonl"):
        os.utime(path, (at.st_atime + 5 * 365 * 86400, at.st_mtime + 5 * 365 * 86400))
    assert facts_state(found) == before
    warehouse.write_bytes(b"TABLES")
    os.utime(warehouse, ns=(at.st_atime_ns, at.st_mtime_ns))
    assert warehouse.stat().st_size == at.st_size
    assert facts_state(found) != before


def test_only_a_run_that_succeeded_left_its_state() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        for status in (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS):
            assert not are_current(instance, "abc")
            instance.add_run(dg.DagsterRun(job_name="facts", status=status, tags={STATE: "abc"}))
        assert are_current(instance, "abc")
        assert not are_current(instance, "abd")
