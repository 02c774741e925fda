"""Dagster's side of delivery on real instances: asked for when due, once after a downtime, never retried by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from assets.partitions import PLANS
from assets.resources import Rooms
from brytpunkt.delivery.outbox import Outbox
from brytpunkt.delivery.send import post
from pipelines.assembly import build_defs
from pipelines.mail import mail_when_due, send_reports
from tests.delivery.conftest import mailing, settings
from tests.delivery.servers import Scripted

REPOSITORY = build_defs().get_repository_def()
DUE = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)  # Monday 07:05 in Stockholm


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as found:
        found.add_dynamic_partitions(PLANS.name or "", ["small"])
        yield found


def tick(state: Path, instance: dg.DagsterInstance, now: datetime) -> list[dg.RunRequest | dg.SkipReason]:
    """What the schedule asks for at an hour."""
    rooms = {"rooms": Rooms(home=str(state))}
    with dg.build_schedule_context(
        instance=instance, scheduled_execution_time=now, resources=rooms, repository_def=REPOSITORY
    ) as context:
        data = mail_when_due.evaluate_tick(context)
    return [*(data.run_requests or []), *([dg.SkipReason(data.skip_message)] if data.skip_message else [])]


def asked(state: Path, instance: dg.DagsterInstance, now: datetime) -> list[str | None]:
    return [item.partition_key for item in tick(state, instance, now) if isinstance(item, dg.RunRequest)]


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """The environment of real sending, and the server that it names."""
    with Scripted().running() as server:
        for name, value in {
            "BRYTPUNKT_MAIL_MODE": "real", "BRYTPUNKT_SMTP_HOST": "127.0.0.1", "BRYTPUNKT_SMTP_PORT": str(server.port),
            "BRYTPUNKT_SMTP_SECURITY": "plain", "BRYTPUNKT_MAIL_FROM": "reports@example.org",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield server


def test_a_report_is_asked_for_from_its_hour_until_it_is_sent(
    state: Path, instance: dg.DagsterInstance, real: Scripted
) -> None:
    before = tick(state, instance, DUE - timedelta(hours=1))
    assert [type(item) for item in before] == [dg.SkipReason], "the plan is younger than the week before"
    [request] = tick(state, instance, DUE)
    assert isinstance(request, dg.RunRequest)
    assert request.run_key == "mail-small-20261123T06"
    assert request.tags["dagster/max_retries"] == "0"
    assert asked(state, instance, DUE + timedelta(hours=30)) == ["small"], "still not sent"
    post(mailing(state, settings(real.port), DUE + timedelta(hours=31)))
    assert asked(state, instance, DUE + timedelta(hours=32)) == []
    assert asked(state, instance, DUE + timedelta(weeks=1)) == ["small"]


def test_after_weeks_of_downtime_one_report_goes_out(
    state: Path, instance: dg.DagsterInstance, real: Scripted
) -> None:
    hours = [DUE + timedelta(hours=hour) for hour in range(0, 24 * 7 * 4, 56)]
    requests = [request for hour in hours for request in asked(state, instance, hour)]
    assert len(requests) == len(hours), "each missed hour would ask"
    for _ in requests[:5]:
        assert run(state, instance).success
    assert sorted(message["To"] for message in real.messages()) == ["cfo@example.org", "drift@example.org"]


def run(state: Path, instance: dg.DagsterInstance, *, strict: bool = True) -> dg.ExecuteInProcessResult:
    return send_reports.execute_in_process(
        instance=instance, partition_key="small", resources={"rooms": Rooms(home=str(state))}, raise_on_error=strict,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )  # fmt: skip


def test_what_waits_is_not_asked_for_and_what_is_unknown_never(
    state: Path, instance: dg.DagsterInstance, real: Scripted
) -> None:
    real.recipient_replies = {"cfo@example.org": "451 later"}
    post(mailing(state, settings(real.port), DUE))
    assert asked(state, instance, DUE + timedelta(minutes=9)) == []
    assert asked(state, instance, DUE + timedelta(hours=1)) == ["small"]
    with Outbox(state) as outbox:
        [waiting, _] = outbox.letters()
        outbox.move(outbox.move(waiting, "sending", DUE), "unknown", DUE)
    assert asked(state, instance, DUE + timedelta(hours=2)) == []


def test_an_unknown_outcome_fails_the_run_so_that_it_is_seen_and_is_not_retried(
    state: Path, instance: dg.DagsterInstance, real: Scripted
) -> None:
    real.ending = "take_and_close"
    result = run(state, instance, strict=False)
    assert not result.success
    [failure] = result.get_step_failure_events()
    assert "unknown" in str(failure.step_failure_data.user_failure_data)
    run(state, instance, strict=False)
    assert real.connections == 2
    assert result.dagster_run.tags["dagster/max_retries"] == "0"
    assert send_reports.tags["dagster/max_retries"] == "0"


def test_by_default_a_schedule_only_writes_files_and_once_a_week(
    state: Path, instance: dg.DagsterInstance
) -> None:
    assert asked(state, instance, DUE) == ["small"]
    assert run(state, instance).success
    [folder] = (state / "mail").iterdir()
    assert len(list(folder.glob("*.eml"))) == 2
    with Outbox(state) as outbox:
        assert outbox.letters() == []
    folder.rename(state / "mail" / "small-2026-W48")  # the week of the tick, whatever week the test runs in
    assert asked(state, instance, DUE + timedelta(hours=1)) == []


def test_a_plan_without_schedule_is_left_alone_and_a_broken_one_is_named(
    state: Path, instance: dg.DagsterInstance
) -> None:
    file = state / "plans" / "small.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.partition("delivery:")[0], encoding="utf-8")
    (state / "plans" / "broken.yaml").write_text("plan: [", encoding="utf-8")
    (state / "plans" / "other.yaml").write_text(
        text.replace("plan: small", "plan: other", 1), encoding="utf-8"
    )
    instance.add_dynamic_partitions(PLANS.name or "", ["broken"])
    [skipped] = tick(state, instance, DUE)
    assert isinstance(skipped, dg.SkipReason)
    assert "small: declares no schedule" in str(skipped.skip_message)
    assert "broken.yaml" in str(skipped.skip_message)
    assert "other: is not registered" in str(skipped.skip_message)
    instance.add_dynamic_partitions(PLANS.name or "", ["other"])
    [skipped] = tick(state, instance, DUE)
    assert "other: was never computed" in str(getattr(skipped, "skip_message", ""))
    file.write_text(text, encoding="utf-8")
    assert asked(state, instance, DUE) == ["small"], "the others do not keep it from being asked for"


def test_the_schedule_is_part_of_the_definitions_and_on() -> None:
    defs = build_defs()
    schedule = defs.resolve_schedule_def("mail_when_due")
    assert schedule.execution_timezone == "Europe/Stockholm"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert "BRYTPUNKT_MAIL_MODE" not in os.environ
