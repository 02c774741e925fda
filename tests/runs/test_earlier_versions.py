"""Runs that version 0.1.0 kept, whose notes are English sentences, are still read, compared, reported and mailed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from brytpunkt.declarations import read_plan
from brytpunkt.delivery.mail_text import words
from brytpunkt.folders import folders
from brytpunkt.planning.compute import compute
from brytpunkt.planning.schemas import NOTE_COLUMNS
from brytpunkt.reporting.note_texts import english
from brytpunkt.reporting.outputs.render import render_reports
from brytpunkt.reporting.summary import summarise
from brytpunkt.run_order import Begun
from brytpunkt.runs.comparison import compare
from brytpunkt.runs.store import Run, load_run, write_inputs, write_json, write_run
from brytpunkt.warehouse import Warehouse, facts
from pipelines.cli.diff import diff_lines
from pipelines.cli.progress import verdict_lines
from tests.conftest import SMALL_PLAN, Bundled

KEPT = "Nobody is paid to look after the hardware at Oslo."


def as_sentences(content: Any) -> Any:
    """A summary as schema version 1 had it: the English text where a note is."""
    if isinstance(content, list):
        return [as_sentences(item) for item in content]
    if isinstance(content, dict):
        if "code" in content and "text" in content:
            return content["text"]
        return {name: as_sentences(item) for name, item in content.items()}
    return content


@pytest.fixture(scope="module")
def runs(bundled: Bundled, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """A run as version 0.1.0 kept it, and the same as it is kept today."""
    home = tmp_path_factory.mktemp("home")
    file = home / "small.yaml"
    file.write_text(
        SMALL_PLAN.partition("uncertainty")[0] + "uncertainty: {draws: 0}\nscenarios: []\ndisruptions: []\n",
        encoding="utf-8",
    )
    found = folders()
    with Warehouse(bundled.home / "warehouse.duckdb", found.sql).open() as connection:
        known = facts(connection, found.sql / "queries", None)
    declared = read_plan(file)
    result = compute(declared.plan, known)
    inputs = write_inputs(known, home / "inputs", "i")
    before, today = (
        write_run(
            home,
            run_id=name,
            declared=declared,
            inputs=inputs,
            result=result,
            summary=summarise(declared, known, result, run_id=name, code_version="c"),
            begun=Begun(number, datetime(2026, 3, number, tzinfo=UTC)),
        )
        for number, name in enumerate(("before", "today"), 1)
    )
    write_json(before.folder / "run.json", before.label() | {"warnings": [KEPT]})
    summary = as_sentences(before.summary()) | {"warnings": [KEPT], "schema_version": 1}
    write_json(before.folder / "summary.json", summary)
    for name, columns in NOTE_COLUMNS.items():
        if not columns:
            continue
        path = before.folder / "frames" / f"{name}.parquet"
        frame = pl.read_parquet(path)
        said = [
            pl.Series(column, [s and english(s) for s in frame[column]], dtype=pl.String)
            for column in columns
        ]
        frame.with_columns(said).write_parquet(path)
    return load_run(before.folder), load_run(today.folder)


def test_its_result_is_read_and_its_warnings_are_what_they_were(runs: tuple[Run, Run]) -> None:
    before, today = runs
    assert [english(note) for note in before.result().warnings] == [KEPT]
    assert json.loads((today.folder / "run.json").read_text())["warnings"][0].keys() == {
        "code",
        "site",
        "arguments",
    }
    labels = [english(run.result().verdicts["rent_label"][0]) for run in runs]
    assert labels[0] == labels[1] != ""


def test_it_is_compared_with_one_of_today(runs: tuple[Run, Run]) -> None:
    for pair in (runs, runs[::-1]):
        changes = compare(*pair, "d")
        assert {row["verdict_before"] == row["verdict_after"] for row in changes["sites"]} == {True}
        assert english(changes["note"]).startswith("the newer result is of another version of the model")
        assert any("Note: the newer result is of another version" in line for line in diff_lines(changes))


@pytest.mark.parametrize("language", ["en", "sv"])
def test_it_is_reported_mailed_and_printed(runs: tuple[Run, Run], tmp_path: Path, language: str) -> None:
    before, _ = runs
    summary = before.summary()
    render_reports(
        summary, before.result(), folders(), tmp_path, language, workers=0, formats=("html", "xlsx")
    )
    assert KEPT in (tmp_path / "portfolio.html").read_text(encoding="utf-8")
    assert f"! {KEPT}" in verdict_lines(summary)
    message = words(summary, ["portfolio"], language, folders().templates, attached=[], left_out=[], where="")
    assert "None" not in message.text
