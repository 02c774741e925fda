"""Runs: whole, known by their identity, in the order in which they began, and published without touching the user's."""

from __future__ import annotations

import json
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import polars as pl
import pytest

from brytpunkt.errors import BrytpunktError
from brytpunkt.publish import publish
from brytpunkt.run_order import Begun, begin, clock_doubt, earlier, list_runs, newest_of, newest_run
from brytpunkt.runs.store import _whole_folder, identified_run, load_run, new_run_id

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def a_run(
    home: Path, name: str, started: str, sites: tuple[str, ...] = ("falun",), **label: str | int
) -> None:
    """A finished run with the files that publishing copies."""
    folder = home / "runs" / name
    (folder / "reports").mkdir(parents=True)
    written = {
        "run_id": name, "plan": "p", "as_of": "2026-11-01", "started": started, "declaration_sha256": "d1",
    } | label  # fmt: skip
    (folder / "run.json").write_text(json.dumps(written))
    (folder / "summary.json").write_text(json.dumps({"run": name}))
    pl.DataFrame({"x": [name]}).write_parquet(folder / "ledger.parquet")
    for site in sites:
        (folder / "reports" / f"{site}.pdf").write_bytes(b"%PDF " + site.encode())


def test_a_run_id_says_when_and_what_and_is_no_other_runs() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    one, two = (new_run_id("p", Begun(sequence, at), "abcdef0123") for sequence in (6, 7))
    assert one == "p-20260102T030405Z-abcdef01-6"
    assert one != two, "two processes that compute the same in the same second keep a run each"


def test_runs_of_before_they_were_counted_stand_by_their_time(tmp_path: Path) -> None:
    a_run(tmp_path, "b", "2026-01-01T00:00:00")
    a_run(tmp_path, "a", "2026-02-01T00:00:00")
    assert [run.run_id for run in list_runs(tmp_path, "p")] == ["b", "a"]
    assert newest_run(tmp_path, "p").as_of == date(2026, 11, 1)
    with pytest.raises(BrytpunktError, match="plan q has not been computed yet"):
        newest_run(tmp_path, "q")


def test_the_newest_run_is_the_one_that_began_last_whatever_its_clock_said(tmp_path: Path) -> None:
    a_run(tmp_path, "ahead", "2031-03-01T00:00:00+00:00", sequence=begin(tmp_path, NOW).sequence)
    a_run(tmp_path, "right", "2026-02-28T00:00:00+00:00", sequence=begin(tmp_path, NOW).sequence)
    assert newest_run(tmp_path, "p").run_id == "right"
    [ahead, right] = list_runs(tmp_path, "p")
    assert earlier(tmp_path, right) == [ahead]
    assert earlier(tmp_path, ahead) == []
    assert newest_of([ahead, right], "d1") == right
    assert newest_of([ahead, right], "d2") is None


def test_a_clock_that_went_back_is_told_with_the_run_and_what_to_do(tmp_path: Path) -> None:
    a_run(tmp_path, "ahead", "2031-03-01T00:00:00+00:00", sequence=1)
    told = clock_doubt(list_runs(tmp_path), NOW)
    assert "run ahead says that it began at 2031-03-01 00:00 UTC, but it is 2026-03-01 00:00 UTC now" in told
    a_run(tmp_path, "right", "2026-02-28T00:00:00+00:00", sequence=2)
    told = clock_doubt(list_runs(tmp_path), NOW + timedelta(days=3650))
    assert "run ahead says" in told
    assert "but run right began after it, at 2026-02-28 00:00 UTC" in told
    assert "delete the folder" in told
    right = newest_run(tmp_path, "p")
    assert clock_doubt([right], NOW) == clock_doubt([], NOW) == ""
    assert clock_doubt([right], right.started - timedelta(seconds=59)) == "", (
        "clocks are put right by seconds"
    )


def test_a_count_goes_on_after_the_newest_run_was_deleted_or_the_count_was_lost(tmp_path: Path) -> None:
    assert [begin(tmp_path, NOW).sequence for _ in range(3)] == [1, 2, 3]
    a_run(tmp_path, "a", "2026-01-01T00:00:00", sequence=7)
    assert begin(tmp_path, NOW).sequence == 8
    (tmp_path / "runs.count").write_text("not a num")
    assert begin(tmp_path, NOW).sequence == 8, "from the labels of the runs that are kept"
    (tmp_path / "runs.count").unlink()
    assert begin(tmp_path, NOW) == Begun(8, NOW)


def count_up(home: Path, start: Barrier, counted: Queue[list[int]]) -> None:
    start.wait()
    counted.put([begin(home, NOW).sequence for _ in range(40)])


def test_processes_that_begin_together_count_on_from_each_other(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, counted = context.Barrier(3), context.Queue()
    processes = [context.Process(target=count_up, args=(tmp_path, start, counted)) for _ in range(3)]
    for process in processes:
        process.start()
    found = [counted.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    assert sorted(number for numbers in found for number in numbers) == list(range(1, 121))
    assert all(numbers == sorted(numbers) for numbers in found)


def test_a_run_is_found_by_its_identity_or_not_at_all(tmp_path: Path) -> None:
    a_run(tmp_path, "a", "2026-01-01T00:00:00", declaration_sha256="d1")
    identity = {"run_id": "a", "declaration_sha256": "d1"}
    assert identified_run(tmp_path, identity).identity == identity
    with pytest.raises(BrytpunktError, match="holds run a of declaration d1, not a of d2"):
        identified_run(tmp_path, identity | {"declaration_sha256": "d2"})
    with pytest.raises(BrytpunktError, match="run b is not kept any more"):
        identified_run(tmp_path, identity | {"run_id": "b"})


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
    told = json.loads((out / "p" / ".published.json").read_text(encoding="utf-8"))
    assert (told["run_id"], told["declaration_sha256"]) == ("two", "d1")


def test_a_folder_that_an_earlier_version_published_to_is_taken_over(tmp_path: Path) -> None:
    a_run(tmp_path, "one", "2026-01-01T00:00:00")
    folder = tmp_path / "out" / "p"
    folder.mkdir(parents=True)
    (folder / "oslo.pdf").write_text("of a site that is gone")
    (folder / ".published.json").write_text('["oslo.pdf", "summary.json"]')
    publish(load_run(tmp_path / "runs" / "one"), tmp_path / "out")
    assert not (folder / "oslo.pdf").exists()


def test_two_that_publish_to_one_folder_leave_the_files_of_one_run(tmp_path: Path) -> None:
    runs = []
    for name, sites in (("one", ("falun", "oslo")), ("two", ("falun", "umea"))):
        a_run(tmp_path, name, "2026-01-01T00:00:00", sites)
        runs.append(load_run(tmp_path / "runs" / name))
    folder = tmp_path / "out" / "p"
    for _ in range(10):
        with ThreadPoolExecutor(2) as pool:
            for written in [pool.submit(publish, run, tmp_path / "out") for run in runs]:
                written.result()
        told = json.loads((folder / ".published.json").read_text(encoding="utf-8"))
        shown = {
            told["run_id"],
            json.loads((folder / "summary.json").read_text(encoding="utf-8"))["run"],
            pl.read_parquet(folder / "ledger.parquet")["x"].item(),
        }
        assert len(shown) == 1
        assert {path.name for path in folder.iterdir()} == {*told["files"], ".published.json"}


def test_a_folder_that_fails_half_way_never_appears(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), _whole_folder(tmp_path / "runs" / "x") as draft:  # noqa: PT012
        (draft / "half").write_text("half")
        raise RuntimeError
    assert list((tmp_path / "runs").iterdir()) == []
