"""A small plan with two recipients, computed and kept once; each test has a copy of its state folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from brytpunkt.declarations import Delivery, read_plan
from brytpunkt.delivery.send import Mailing
from brytpunkt.delivery.settings import MailSettings, mail_settings
from brytpunkt.folders import folders
from brytpunkt.planning.compute import compute
from brytpunkt.reporting.summary import summarise
from brytpunkt.run_order import begin, list_runs
from brytpunkt.runs.store import Run, load_run, write_inputs, write_run
from brytpunkt.warehouse import Warehouse, facts
from tests.conftest import SMALL_PLAN, Bundled

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)  # Wednesday of week 48
PLAN_WITH_RECIPIENTS = (
    SMALL_PLAN
    + """\
delivery:
  allowed_domains: [example.org]
  schedule: {every: week, weekday: monday, hour: 7}
  recipients:
    - {address: cfo@example.org, workbook: true}
    - {address: drift@example.org, language: sv, sites: [lulea, oslo], portfolio: false}
"""
)
Send = Callable[..., Mailing]


@pytest.fixture(scope="session")
def kept(bundled: Bundled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with one finished run, its reports and a workbook."""
    home = tmp_path_factory.mktemp("kept") / "home"
    bundled.copied_to(home)
    (home / "plans").mkdir()
    file = home / "plans" / "small.yaml"
    file.write_text(PLAN_WITH_RECIPIENTS, encoding="utf-8")
    found = folders()
    warehouse = Warehouse(home / "warehouse.duckdb", found.sql)
    with warehouse.open() as connection:
        known = facts(connection, found.sql / "queries", None)
    declared = read_plan(file)
    result = compute(declared.plan, known)
    summary = summarise(declared, known, result, run_id="small-1", code_version="abc")
    run = write_run(
        home,
        run_id="small-1",
        declared=declared,
        inputs=write_inputs(known, home / "inputs", "digest"),
        result=result,
        summary=summary,
        begun=begin(home, datetime(2026, 11, 20, tzinfo=UTC)),
    )
    for folder in (run.reports, run.reports / "sv"):
        folder.mkdir()
        for name in ("portfolio", "lulea", "oslo"):
            (folder / f"{name}.pdf").write_bytes(b"%PDF-1.7 " + name.encode() * 1000)
    (run.reports / "ledger.xlsx").write_bytes(b"PK workbook" * 1000)
    return home


@pytest.fixture
def state(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own copy of the state folder."""
    home = tmp_path / "home"
    shutil.copytree(kept, home)
    monkeypatch.setenv("BRYTPUNKT_HOME", str(home))
    for name in ("BRYTPUNKT_SMTP_HOST", "BRYTPUNKT_MAIL_MODE"):
        monkeypatch.delenv(name, raising=False)
    return home


def settings(port: int, **others: Any) -> MailSettings:
    """Real sending in plain text to a server on this machine."""
    environment = {
        "BRYTPUNKT_SMTP_HOST": "127.0.0.1",
        "BRYTPUNKT_SMTP_PORT": str(port),
        "BRYTPUNKT_SMTP_SECURITY": "plain",
        "BRYTPUNKT_SMTP_TIMEOUT_S": "5",
        "BRYTPUNKT_MAIL_FROM": "reports@example.org",
    }
    return replace(mail_settings(environment, really=True), **others)


def mailing(home: Path, using: MailSettings, now: datetime = NOW, **changed: Any) -> Mailing:
    """The kept run's mailing."""
    run = load_run(home / "runs" / "small-1")
    delivery = read_plan(home / "plans" / "small.yaml").plan.delivery
    assert isinstance(delivery, Delivery)
    made = Mailing(
        home=home,
        templates=folders().templates,
        run=run,
        delivery=delivery,
        settings=using,
        now=now,
        reports_in=lambda language, _names: run.reports if language == "en" else run.reports / language,
    )
    return replace(made, **changed)


def another_run(home: Path, run_id: str, change: Callable[[dict[str, Any]], None], **label: str) -> Run:
    """A later run of the same declaration, like the kept one but for ``label`` and what ``change`` does to its summary."""
    target = home / "runs" / run_id
    sequence = list_runs(home)[-1].sequence + 1
    shutil.copytree(home / "runs" / "small-1", target)
    for name in ("run.json", "summary.json"):
        content = json.loads((target / name).read_text(encoding="utf-8"))
        if name == "run.json":
            content |= {
                "run_id": run_id,
                "sequence": sequence,
                "started": "2026-11-24T00:00:00+00:00",
                "inputs": run_id,
            } | label
        else:
            content["run"]["run_id"] = run_id
            content["plan"]["sha256"] = label.get("declaration_sha256", content["plan"]["sha256"])
            change(content)
        (target / name).write_text(json.dumps(content), encoding="utf-8")
    return load_run(target)


def unchanged(content: dict[str, Any]) -> None:
    """A later run with the same summary."""
