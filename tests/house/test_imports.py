"""Imports run one way, and planning knows no file, no clock and no warehouse."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from brytpunkt.folders import folders

CHECKOUT = folders().checkout
ORDER = ("brytpunkt", "assets", "pipelines")
KEPT_FROM = {
    "brytpunkt/planning": {
        "os", "io", "pathlib", "time", "random", "socket", "subprocess", "tempfile", "shutil", "sqlite3", "urllib",
        "duckdb", "dagster", "jinja2", "weasyprint", "vl_convert", "ruamel",
        "brytpunkt.warehouse", "brytpunkt.landing", "brytpunkt.publishers", "brytpunkt.reporting",
        "brytpunkt.runs", "brytpunkt.folders",
    },
    # Publishers take addresses apart, and one uses duckdb as an in-memory engine for files of hundreds of megabytes;
    # no network is reached and no warehouse opened.
    "brytpunkt/publishers": {"brytpunkt.warehouse", "brytpunkt.planning", "urllib.request", "http", "httpx2", "socket"},
    "brytpunkt/series": {
        "os", "io", "pathlib", "time", "socket", "duckdb", "brytpunkt.warehouse", "brytpunkt.landing",
        "brytpunkt.publishers", "brytpunkt.planning", "brytpunkt.reporting",
    },
    "brytpunkt/tables": {"duckdb", "brytpunkt.warehouse", "brytpunkt.publishers", "brytpunkt.landing", "brytpunkt.planning", "brytpunkt.reporting"},
    "brytpunkt/declarations": {"duckdb", "brytpunkt.warehouse", "brytpunkt.planning", "brytpunkt.reporting"},
    "brytpunkt/warehouse": {"brytpunkt.planning.compute", "brytpunkt.reporting", "jinja2", "weasyprint"},
    "brytpunkt/delivery": {"duckdb", "brytpunkt.warehouse", "brytpunkt.landing", "brytpunkt.planning.compute", "urllib"},
    "brytpunkt/reporting": {"smtplib", "brytpunkt.delivery", "duckdb", "brytpunkt.warehouse", "brytpunkt.landing", "brytpunkt.planning.compute"},
}  # fmt: skip
CLOCKS = {"now", "today", "utcnow"}
FILES = {
    "open",
    "read_csv",
    "scan_csv",
    "read_parquet",
    "scan_parquet",
    "write_parquet",
    "write_csv",
    "sink_parquet",
}


def modules(folder: str) -> list[Path]:
    """Python files of a room."""
    return sorted((CHECKOUT / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Every module that a file imports, wherever in the file, with what it takes from it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def reaches(names: set[str], forbidden: set[str]) -> set[str]:
    """The imports that lead into forbidden packages."""
    return {name for name in names if any(name == bad or name.startswith(f"{bad}.") for bad in forbidden)}


@pytest.mark.parametrize("package", ORDER)
def test_imports_run_one_way(package: str) -> None:
    later = set(ORDER[ORDER.index(package) + 1 :]) | {"tests", "benchmarks"}
    found = {str(path): bad for path in modules(package) if (bad := reaches(imported(path), later))}
    assert not found


def test_the_library_knows_no_dagster() -> None:
    found = [
        str(path) for path in modules("brytpunkt") if reaches(imported(path), {"dagster", "dagster_shared"})
    ]
    assert not found


@pytest.mark.parametrize("room", KEPT_FROM)
def test_rooms_keep_to_themselves(room: str) -> None:
    files = modules(room)
    assert files
    found = {str(path): bad for path in files if (bad := reaches(imported(path), KEPT_FROM[room]))}
    assert not found


def test_planning_reads_no_file_and_no_clock() -> None:
    found = []
    for path in modules("brytpunkt/planning"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if called in CLOCKS | FILES:
                    found.append(f"{path.name}:{node.lineno}: {called}")
    assert not found


def test_the_checks_can_fail(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("def f():\n    from assets.plans import x\n", encoding="utf-8")
    assert reaches(imported(bad), {"assets"}) == {"assets.plans", "assets.plans.x"}
