"""The command line as a user meets it: exit codes, messages, files, and what it leaves behind."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from brytpunkt.folders import folders
from pipelines.cli.main import main
from tests.conftest import SMALL_PLAN, Bundled


@dataclass(frozen=True)
class Planned:
    """State, published folder and output of one run of the command."""

    home: Path
    out: Path
    said: str


HEAVY = ("dagster", "dataframely", "weasyprint", "vl_convert", "duckdb")


def brytpunkt(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own, elsewhere than in the checkout."""
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd=cwd, timeout=300,
        env=os.environ | {"PYTHONPATH": str(folders().checkout)},
    )  # fmt: skip


def digest(folder: Path) -> dict[str, str]:
    """Content of the warehouse and the runs."""
    kept = [
        path for name in ("warehouse.duckdb", "runs", "plans") for path in sorted(folder.glob(f"{name}*"))
    ]
    paths = [
        file
        for path in kept
        for file in ([path] if path.is_file() else sorted(path.rglob("*")))
        if file.is_file()
    ]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.mark.parametrize("command", ["--help", "schema", "--version"])
def test_light_commands_import_nothing_heavy(command: str, tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pipelines.cli.main import main\n"
        f"try:\n    main([{command!r}])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(folders().checkout)},
    )  # fmt: skip
    assert ran.stderr.splitlines()[-1] == "[]"


def test_schema_is_a_json_schema(tmp_path: Path) -> None:
    schema = json.loads(brytpunkt("schema", cwd=tmp_path).stdout)
    assert {"finance", "workloads", "sites", "build"} <= set(schema["properties"])


@pytest.fixture(scope="module")
def planned(bundled: Bundled, tmp_path_factory: pytest.TempPathFactory) -> Planned:
    """One good plan, with reports, for all tests that only look at it or go on from a copy of its state."""
    folder = tmp_path_factory.mktemp("planned")
    bundled.copied_to(folder / "home")
    file = folder / "small.yaml"
    file.write_text(SMALL_PLAN, encoding="utf-8")
    bad = folder / "home" / "inbox" / "nord-pool" / "saved-too-early.json"
    bad.parent.mkdir(parents=True)
    bad.write_text("<html>please log in</html>", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRYTPUNKT_HOME", str(folder / "home"))
        ran = brytpunkt("plan", file, "--out", "results", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    return Planned(folder / "home", folder / "results" / "small", ran.stdout)


def test_a_plan_from_file_to_files(planned: Planned) -> None:
    written = {path.name for path in planned.out.iterdir() if not path.name.startswith(".")}
    pages = {f"{name}.{kind}" for name in ("portfolio", "lulea", "oslo") for kind in ("pdf", "html")}
    assert written == pages | {"small.xlsx", "ledger.parquet", "summary.json"}
    summary = json.loads((planned.out / "summary.json").read_text(encoding="utf-8"))
    ledger = pl.read_parquet(planned.out / "ledger.parquet")
    for strategy in summary["strategies"]:
        rows = ledger.filter(
            pl.col("site").eq_missing(pl.lit(strategy["site"], dtype=pl.String)),
            pl.col("strategy") == strategy["strategy"],
        )
        if strategy["is_feasible"]:
            assert f"{rows['amount'].sum():f}" == strategy["nominal_total"]
            assert f"{rows['present_value'].sum():f}" == strategy["present_value"]
        else:
            assert rows.is_empty()
    lines = planned.said.splitlines()
    assert any(line.startswith("Luleå") for line in lines)
    assert any("portfolio.pdf" in line for line in lines)
    assert all(len(line) <= 120 for line in lines if not line.startswith("!"))
    [told] = [line for line in lines if line.startswith("! inbox/")]
    assert told.startswith("! inbox/nord-pool: saved-too-early.json: the document is a web page, not JSON")
    [run] = (planned.home / "runs").iterdir()
    assert {
        "confirmations.json",
        "declaration.yaml",
        "inputs",
        "frames",
        "ledger.parquet",
        "summary.json",
        "run.json",
        "reports",
    } == {path.name for path in run.iterdir()}


def test_equal_input_gives_equal_ledgers_and_the_out_folder_follows(
    planned: Planned, home: Path, small_plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with more threads than the run before had: the order of sums does not depend on them."""
    shutil.copytree(planned.home, home)
    shutil.copytree(planned.out, tmp_path / "out" / "small")
    (tmp_path / "out" / "small" / "ledger.parquet").write_bytes(b"of the run before")
    monkeypatch.setenv("POLARS_MAX_THREADS", "4")
    ran = brytpunkt("plan", small_plan, "--no-pdf", cwd=tmp_path)
    assert ran.returncode == 0
    assert "Facts: nothing has changed since they were last checked" in ran.stdout
    again = pl.read_parquet(tmp_path / "out" / "small" / "ledger.parquet")
    assert again.equals(pl.read_parquet(planned.out / "ledger.parquet"))
    assert len(list((home / "runs").iterdir())) == 2


def test_as_of_before_anything_was_known_is_the_users_mistake(
    planned: Planned, home: Path, small_plan: Path, tmp_path: Path
) -> None:
    shutil.copytree(planned.home, home)
    ran = brytpunkt("plan", small_plan, "--no-pdf", "--as-of", "2001-01-01", cwd=tmp_path)
    assert ran.returncode == 2
    assert "nothing was known on 2001-01-01" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert len(list((home / "runs").glob("*"))) == 1, "that of before"


BAD = {
    "misspelt key": (("finance:", "fiance:"), "Did you mean finance?", "small.yaml:3"),
    "wrong unit": (("discount_rate_per_year: 0.08", "discount_rate_per_year: 8"), "0.08", "small.yaml:3"),
    "unknown zone": (("zone: SE1", "zone: SE9"), "SE9", "small.yaml"),
    "end before start": (("horizon_months: 24", "end: 2026-01-01"), "2026-01-01", "small.yaml:3"),
    "negative price": (("{eur: 140}", "{eur: -140}"), "negative", "small.yaml"),
    "GPU without throughput": (
        ("model: llama2-70b", "model: gpt-oss-12b"),
        "gpt-oss-120b",
        "workloads.chat.model",
    ),
    "unknown server": (("dgx_b200", "dgx_b2000"), "dgx_b200", "build.servers"),
    "unknown place": (("climate: oslo", "climate: osl"), "oslo", "sites.oslo.climate"),
    "no offers left": (
        ('countries: [SE, FI, "NO"]', "countries: [IS]"),
        "no on-demand offer",
        "workloads.chat",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_clear_message_and_leaves_all_as_it_was(
    name: str, planned: Planned, home: Path, small_plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (old, new), said, where = BAD[name]
    shutil.copytree(planned.home, home)
    before = digest(home)
    text = small_plan.read_text(encoding="utf-8")
    assert old in text
    small_plan.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert main(["plan", str(small_plan), "--no-pdf"]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert where in told
    assert "Traceback" not in told
    allowed = ("/plans/", "runs.count")  # what was asked for last, and that a run began
    after = {path: content for path, content in digest(home).items() if not any(x in path for x in allowed)}
    assert after == {path: content for path, content in before.items() if not any(x in path for x in allowed)}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "text"),
        (b"a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]\n", "anchor"),
        (b"plan: [unclosed", "small.yaml"),
    ],
)
def test_files_that_are_no_declarations(
    content: bytes, said: str, home: Path, small_plan: Path, tmp_path: Path
) -> None:
    small_plan.write_bytes(content)
    ran = brytpunkt("plan", small_plan, cwd=tmp_path)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert not home.exists()


def test_a_missing_file_says_so(home: Path, tmp_path: Path) -> None:
    ran = brytpunkt("plan", "nowhere.yaml", cwd=tmp_path)
    assert ran.returncode == 2
    assert "nowhere.yaml" in ran.stderr
    assert not home.exists()


def test_killed_in_the_middle_nothing_half_written_remains(
    planned: Planned, home: Path, small_plan: Path, tmp_path: Path
) -> None:
    shutil.copytree(planned.home, home)
    shutil.rmtree(home / "runs")
    command = [sys.executable, "-m", "pipelines.cli", "plan", str(small_plan), "--no-pdf"]
    environment = os.environ | {"PYTHONPATH": str(folders().checkout)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "Facts" in line:  # the plan is being computed now
                process.send_signal(signal.SIGKILL)
                break
    assert not (tmp_path / "out").exists()
    assert not [path for path in (home / "runs").glob("*") if not path.name.startswith(".")]
    again = brytpunkt("plan", small_plan, "--no-pdf", cwd=tmp_path)
    assert again.returncode == 0, again.stderr


def test_an_unexpected_error_is_one_line_and_a_file(home: Path, small_plan: Path, tmp_path: Path) -> None:
    home.mkdir()
    (home / "warehouse.duckdb").write_text("this is no database", encoding="utf-8")
    ran = brytpunkt("plan", small_plan, "--no-pdf", cwd=tmp_path)
    assert ran.returncode == 1
    assert "details are in" in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1
    assert list((home / "logs").glob("error-*.txt"))


def every_file(folder: Path) -> dict[str, tuple[int, str]]:
    """All that is kept in a folder, with the time of the last change."""
    return {
        str(path): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


WITHOUT_DAGSTER = """
import sys

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("dagster", "duckdb", "scipy", "weasyprint", "assets"):
            raise AssertionError(f"{name} is imported")

sys.meta_path.insert(0, Refusing())
from pipelines.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_what_if_answers_without_dagster_and_changes_nothing(planned: Planned, tmp_path: Path) -> None:
    before = every_file(planned.home)
    file = planned.home.parent / "small.yaml"
    ran = subprocess.run(
        [
            sys.executable, "-c", WITHOUT_DAGSTER, "what-if", str(file),
            "build.servers.dgx_b200.price.usd=60000", "workloads.chat.demand.output_tokens_per_day=9.0e9",
        ],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(folders().checkout), "BRYTPUNKT_HOME": str(planned.home)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert every_file(planned.home) == before
    assert not list(tmp_path.iterdir())
    lines = ran.stdout.splitlines()
    summary = json.loads((planned.out / "summary.json").read_text(encoding="utf-8"))
    [rent] = {site["npv_rent"] for site in summary["sites"]}
    at = next(number for number, line in enumerate(lines) if line.startswith("Luleå"))
    assert lines[at].split()[1:5] == ["before", "rent", "never", f"{round(rent / 1000):,}"]
    assert lines[at + 1].split()[:4] == ["VERDICT", "CHANGED", "after", "build"]
    assert any(line.startswith("[1] by itself turns the verdict of: Luleå") for line in lines)
    assert not any("computed" in line for line in lines), "before is the run's own"
    assert all(len(line) <= 120 for line in lines)


@pytest.mark.usefixtures("home")
def test_what_if_says_when_there_is_no_run(small_plan: Path, tmp_path: Path) -> None:
    ran = brytpunkt("what-if", small_plan, "finance.discount_rate_per_year=0.06", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert (
        ran.stderr
        == f"brytpunkt: plan small has not been computed yet; run `brytpunkt plan {small_plan}` first\n"
    )


def test_what_if_of_a_changed_file_says_so(
    planned: Planned, small_plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRYTPUNKT_HOME", str(planned.home))
    text = small_plan.read_text(encoding="utf-8")
    small_plan.write_text(text.replace("{eur: 140}", "{eur: 141}"), encoding="utf-8")
    ran = brytpunkt(
        "what-if", small_plan, "sites.lulea.colocation.price_per_kw_month.eur=120", "--optimise", "--draws",
        "64", cwd=tmp_path,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "  [1] sites.lulea.colocation.price_per_kw_month.eur: 141 -> 120" in ran.stdout
    assert "The file has changed since that run" in ran.stdout
    assert "Optimised anew" in ran.stdout
    assert "Building wins" in ran.stdout


def test_what_if_lists_every_mistake(
    planned: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRYTPUNKT_HOME", str(planned.home))
    file = planned.home.parent / "small.yaml"
    ran = brytpunkt(
        "what-if", file, "sites.luleo.zone=SE2", "rent.negotiated_discount_share=30", "x", cwd=tmp_path
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert [line.split(": ")[0] for line in ran.stderr.splitlines()[1:]] == [
        "x", "sites.luleo.zone", "rent.negotiated_discount_share",
    ]  # fmt: skip
    assert "did you mean lulea?" in ran.stderr.lower()


def test_what_if_of_a_run_that_an_earlier_version_kept_says_so(
    planned: Planned, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(planned.home, home)
    [run] = (home / "runs").iterdir()
    kept = (run / "inputs").resolve()
    (kept / "hot_years.parquet").unlink()
    file = planned.home.parent / "small.yaml"
    assert main(["what-if", str(file), "finance.discount_rate_per_year=0.06"]) == 1
    told = capsys.readouterr().err
    assert "kept by an earlier version of Brytpunkt, which knew no hot_years" in told
    assert "run `brytpunkt plan` on the file again" in told
