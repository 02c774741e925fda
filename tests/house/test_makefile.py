"""What `make` would run: all tests as they are spread, one room by itself, and the laws at length."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from brytpunkt.folders import folders

CHECKOUT = folders().checkout
# these tests run below `make test`, whose level and switches a make within it would inherit and report
OUTSIDE = {
    name: value for name, value in os.environ.items() if name not in {"MAKELEVEL", "MAKEFLAGS", "MFLAGS"}
}


def made(*words: str) -> str:
    said = subprocess.run(
        ["make", *words], cwd=CHECKOUT, env=OUTSIDE, capture_output=True, text=True, check=True
    )
    return said.stdout


def planned(*words: str) -> str:
    """The commands that make would run, without running any."""
    return made("--dry-run", *words)


def test_one_room_is_tested_by_itself_and_without_a_browser() -> None:
    assert "pytest  tests/planning/energy\n" in planned("test", "PART=planning/energy")
    assert "chromium" not in planned("test", "PART=planning/energy")
    assert "chromium" in planned("test", "PART=pipelines")


def test_all_tests_are_spread_over_processes() -> None:
    assert "pytest --numprocesses 3 --dist loadscope" in planned("test")
    assert "chromium" in planned("test")


def test_help_names_every_target() -> None:
    said = made("help")
    [phony] = [
        line for line in (CHECKOUT / "Makefile").read_text().splitlines() if line.startswith(".PHONY:")
    ]
    assert {line.split()[0] for line in said.splitlines()} == set(phony.split()[1:])
    assert all(len(line.split()) > 1 for line in said.splitlines())


@pytest.mark.parametrize(("asked", "drawn"), [("long", 10_000), ("", 40)])
def test_a_long_run_draws_thousands(asked: str, drawn: int) -> None:
    assert "BRYTPUNKT_TESTS=long" in planned("long")
    code = "import tests.conftest; from hypothesis import settings; from tests.examples import examples; print(settings().max_examples, examples(7))"
    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT, env=os.environ | {"BRYTPUNKT_TESTS": asked}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.split() == [str(drawn), str(drawn if asked else 7)]
