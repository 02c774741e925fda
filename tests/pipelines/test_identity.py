"""Whoever computes a plan is shown that very run: beside a clock that was wrong, and beside others of the same id."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from assets.resources import Rooms
from brytpunkt.declarations import read_plan
from brytpunkt.folders import folders
from brytpunkt.registered import register, registered_digests
from brytpunkt.run_order import list_runs, newest_run
from pipelines.assembly import ASSETS, CHECKS, build_defs
from pipelines.reconcile import due
from tests.conftest import SMALL_PLAN, Bundled

QUICK = SMALL_PLAN.replace("{draws: 128, most_draws: 128}", "{draws: 0}")
FIRST_EUR = 140
AHEAD = """
import sys
from datetime import datetime, timedelta
import assets.plan

class Ahead(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + timedelta(days=5 * 365)

assets.plan.datetime = Ahead
from pipelines.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
WAITING = """
import sys
import assets.plan
from pipelines import materialise
from pipelines.cli import main as cli, progress

def waiting(called, is_here=lambda *_: True):
    def wrapped(*arguments, **named):
        if is_here(*arguments):
            print("waiting", flush=True)
            sys.stdin.readline()
        return called(*arguments, **named)
    return wrapped

where, *arguments = sys.argv[1:]
if where == "registered":
    worker = materialise._Worker
    worker.run = waiting(worker.run, lambda _, selection, *rest: selection is materialise.PLAN)
elif where == "inputs known":
    assets.plan.compute = waiting(assets.plan.compute)
elif where == "computed":
    progress.Progress.step = waiting(progress.Progress.step, lambda _, name: name.startswith("Reports"))
sys.exit(cli.main(arguments))
"""


def priced(path: Path, eur: int) -> Path:
    """The plan with a rent of its rooms, in a file of its own."""
    text = QUICK.replace(f"{{eur: {FIRST_EUR}}}", f"{{eur: {eur}}}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def environment(home: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(folders().checkout), "BRYTPUNKT_HOME": str(home)}


def brytpunkt(
    home: Path, *arguments: str | Path, script: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own, perhaps by a script that stands around it."""
    start = ["-m", "pipelines.cli"] if script is None else ["-c", script]
    return subprocess.run(
        [sys.executable, *start, *map(str, arguments)], cwd=home.parent, env=environment(home),
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip


@contextmanager
def stopped(home: Path, where: str, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """The command in a process that waits at a point where it locks nothing, and goes on when the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", WAITING, where, *map(str, arguments)], cwd=home.parent, env=environment(home),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert "waiting\n" in iter(process.stdout.readline, ""), process.communicate()[1]
        yield process
        _, told = process.communicate("go on\n", timeout=600)
        assert process.returncode == 0, told


@dataclass(frozen=True)
class Shown:
    """What a reader of a published folder sees."""

    sha256: str
    run_id: str
    own: float
    space: float


def shown(out: Path) -> Shown:
    """All files of the folder must be of one run; own and the rent of rooms are those of the first site."""
    summary = json.loads((out / "small" / "summary.json").read_text(encoding="utf-8"))
    ledger = pl.read_parquet(out / "small" / "ledger.parquet")
    own = ledger.filter(site="lulea", strategy="own")
    [total] = [
        row["nominal_total"]
        for row in summary["strategies"]
        if (row["site"], row["strategy"]) == ("lulea", "own")
    ]
    assert f"{own['amount'].sum():f}" == total
    told = json.loads((out / "small" / ".published.json").read_text(encoding="utf-8"))
    assert told["run_id"] == summary["run"]["run_id"]
    assert told["declaration_sha256"] == summary["plan"]["sha256"]
    return Shown(
        summary["plan"]["sha256"],
        summary["run"]["run_id"],
        next(row["npv_own"] for row in summary["sites"] if row["site"] == "lulea"),
        float(own.filter(component="colocation_rent")["amount"].sum()),
    )


def is_of(seen: Shown, file: Path, eur: int, first: Shown) -> bool:
    """Whether a folder shows a file's own run: by digest, and by the rent of rooms in proportion to its price."""
    assert first.space > 0
    assert seen.space == pytest.approx(first.space * eur / FIRST_EUR, abs=1.0)
    return seen.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Ahead:
    """A state folder whose only run says that it began in five years, and what was published of it."""

    home: Path
    first: Shown


@pytest.fixture(scope="module")
def ahead(bundled: Bundled, tmp_path_factory: pytest.TempPathFactory) -> Ahead:
    """Computed by a process whose clock is five years ahead."""
    folder = tmp_path_factory.mktemp("ahead")
    bundled.copied_to(folder / "home")
    file = priced(folder / "small.yaml", FIRST_EUR)
    ran = brytpunkt(folder / "home", "plan", file, "--no-pdf", "--out", folder / "out", script=AHEAD)
    assert ran.returncode == 0, ran.stderr
    return Ahead(folder / "home", shown(folder / "out"))


@pytest.fixture
def state(ahead: Ahead, tmp_path: Path) -> Path:
    """The test's own copy of that state."""
    home = tmp_path / "home"
    shutil.copytree(ahead.home, home)
    return home


@pytest.fixture
def fresh(state: Path) -> Path:
    """That state without the run: its facts are as they were checked."""
    shutil.rmtree(state / "runs")
    return state


def test_after_a_clock_that_was_years_ahead_a_changed_plan_shows_its_new_numbers(
    ahead: Ahead, state: Path, tmp_path: Path
) -> None:
    file = priced(tmp_path / "small.yaml", 210)
    ran = brytpunkt(state, "plan", file, "--no-pdf", "--out", tmp_path / "out")
    assert ran.returncode == 0, ran.stderr
    now = shown(tmp_path / "out")
    assert is_of(now, file, 210, ahead.first)
    assert now.own > ahead.first.own
    assert f"Run {now.run_id}, facts as of" in ran.stdout
    [told] = [line for line in ran.stdout.splitlines() if "a clock was wrong" in line]
    assert told.startswith(f"! run {ahead.first.run_id} says that it began at 20")
    assert f"run {now.run_id} began after it" in told
    assert newest_run(state, "small").run_id == now.run_id
    asked = brytpunkt(state, "what-if", file, "finance.discount_rate_per_year=0.06")
    assert f"Facts and optimal plan of run {now.run_id} " in asked.stdout
    assert "has changed since" not in asked.stdout
    assert "a clock was wrong" in asked.stdout
    of_the_first = brytpunkt(
        state, "what-if", priced(tmp_path / "before.yaml", FIRST_EUR), "finance.discount_rate_per_year=0.06"
    )
    assert f"Facts and optimal plan of run {ahead.first.run_id} " in of_the_first.stdout
    assert "has changed since" not in of_the_first.stdout


@pytest.mark.parametrize(
    ("where", "options"), [("registered", ["--no-pdf"]), ("inputs known", ["--no-pdf"]), ("computed", [])]
)
def test_of_two_that_plan_one_id_at_once_each_is_shown_its_own(
    where: str, options: list[str], ahead: Ahead, fresh: Path, tmp_path: Path
) -> None:
    """One waits, while the other goes all the way."""
    one, two = priced(tmp_path / "a" / "small.yaml", 105), priced(tmp_path / "b" / "small.yaml", 280)
    with stopped(fresh, where, "plan", one, *options, "--out", tmp_path / "one"):
        ran = brytpunkt(fresh, "plan", two, "--no-pdf", "--out", tmp_path / "two")
        assert ran.returncode == 0, ran.stderr
    assert is_of(shown(tmp_path / "two"), two, 280, ahead.first)
    mine = shown(tmp_path / "one")
    assert is_of(mine, one, 105, ahead.first)
    if not options:
        assert (tmp_path / "one" / "small" / "lulea.pdf").read_bytes().startswith(b"%PDF")
        assert not list((tmp_path / "two" / "small").glob("*.pdf"))
        told = reported(fresh, "portfolio_report", "small")
        assert told["run_id"] == reported(fresh, "site_report", "small__lulea")["run_id"] == mine.run_id


def test_of_two_that_run_freely_each_is_shown_its_own(ahead: Ahead, fresh: Path, tmp_path: Path) -> None:
    prices = {"one": 70, "two": 175}
    running = {
        name: subprocess.Popen(
            [
                sys.executable, "-m", "pipelines.cli", "plan", str(priced(tmp_path / name / "small.yaml", eur)),
                "--no-pdf", "--out", str(tmp_path / name),
            ],
            cwd=tmp_path, env=environment(fresh), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for name, eur in prices.items()
    }  # fmt: skip
    told = {name: process.communicate(timeout=600) for name, process in running.items()}
    assert [process.returncode for process in running.values()] == [0, 0], told
    for name, eur in prices.items():
        assert is_of(shown(tmp_path / name), tmp_path / name / "small.yaml", eur, ahead.first)
    assert sorted(run.sequence for run in list_runs(fresh, "small")) == [2, 3], (
        "counted on from the one that was deleted"
    )


def reported(home: Path, asset: str, partition: str) -> dict[str, Any]:
    """Metadata of an asset's last materialization, as the UI shows it."""
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey([asset]), asset_partitions=[partition])
        [record] = instance.fetch_materializations(wanted, limit=1).records
    assert record.asset_materialization is not None
    return {name: item.value for name, item in record.asset_materialization.metadata.items()}


def materialise(home: Path, partition: str, *assets: str) -> None:
    """As from the UI: an own Dagster run, without configuration."""
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        assert dg.materialize(
            [*ASSETS, *CHECKS], selection=dg.AssetSelection.assets(*assets), instance=instance, partition_key=partition,
            resources={"rooms": Rooms(home=str(home))},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        ).success  # fmt: skip


def test_reports_from_the_ui_are_of_the_run_that_was_materialised_upstream(
    ahead: Ahead, state: Path, tmp_path: Path
) -> None:
    file = priced(tmp_path / "small.yaml", 210)
    register(read_plan(file), state)
    materialise(state, "small", "declaration", "planning_inputs", "plan_run")
    computed = reported(state, "plan_run", "small")
    assert computed["declaration_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert computed["run_id"] != ahead.first.run_id
    materialise(state, "small", "portfolio_report")
    materialise(state, "small__lulea", "site_report")
    for asset, partition in (("portfolio_report", "small"), ("site_report", "small__lulea")):
        told = reported(state, asset, partition)
        assert told["run_id"] == computed["run_id"]
        assert told["declaration_sha256"] == computed["declaration_sha256"]
        assert Path(told["pdf"]).parent == state / "runs" / computed["run_id"] / "reports"
    materialise(state, "small", "plan_run")
    again = reported(state, "plan_run", "small")["run_id"]
    assert again != computed["run_id"]
    materialise(state, "small__lulea", "site_report")
    told = reported(state, "site_report", "small__lulea")
    assert told["run_id"] == computed["run_id"], "that of its portfolio, until this is rendered again"


def test_the_night_is_quiet_after_a_plan_and_takes_what_was_registered_since(
    state: Path, tmp_path: Path
) -> None:
    graph = build_defs().resolve_asset_graph()
    with dg.DagsterInstance.from_config(str(state / "dagster")) as instance:
        assert due(instance, graph, "2026-11-03", registered_digests(state)) == []
        register(read_plan(priced(tmp_path / "small.yaml", 99)), state)
        [request] = due(instance, graph, "2026-11-04", registered_digests(state))
    assert request.partition_key == "small"
    names = {key.to_user_string() for key in request.asset_selection or []}
    assert {"declaration", "plan_run", "run_changes", "verdicts"} <= names
    assert "planning_inputs" not in names, "no fact has moved"
