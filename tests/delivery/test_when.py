"""When a report is due, and when a change is material."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from brytpunkt.declarations import OnChange, Recipient, Schedule
from brytpunkt.delivery.materiality import material_changes
from brytpunkt.delivery.previous_report import last_reported
from brytpunkt.delivery.schedule import STOCKHOLM, newest_due
from brytpunkt.delivery.send import post
from tests.delivery.conftest import NOW, another_run, mailing, settings, unchanged
from tests.delivery.servers import Scripted

MONDAY_7 = Schedule(every="week")
FIRST_7 = Schedule(every="month")


@pytest.mark.parametrize(
    ("schedule", "now", "period", "due"),
    [  # now in UTC; Stockholm is one hour ahead in winter, two in summer
        (MONDAY_7, "2026-11-25T09:00", "2026-W48", "2026-11-23T07:00+01:00"),
        (MONDAY_7, "2026-11-23T05:59", "2026-W47", "2026-11-16T07:00+01:00"),
        (MONDAY_7, "2026-11-23T06:00", "2026-W48", "2026-11-23T07:00+01:00"),
        (MONDAY_7, "2026-07-06T05:00", "2026-W28", "2026-07-06T07:00+02:00"),
        (Schedule(every="week", weekday="sunday", hour=23), "2027-01-03T22:30", "2026-W53", "2027-01-03T23:00+01:00"),
        (Schedule(every="week", weekday="friday"), "2027-01-03T22:30", "2026-W53", "2027-01-01T07:00+01:00"),
        (FIRST_7, "2026-12-01T05:59", "2026-11", "2026-11-01T07:00+01:00"),
        (FIRST_7, "2026-12-01T06:00", "2026-12", "2026-12-01T07:00+01:00"),
        (Schedule(every="month", day=28, hour=0), "2027-03-27T22:59", "2027-02", "2027-02-28T00:00+01:00"),
        (Schedule(every="month", day=28, hour=0), "2027-03-27T23:00", "2027-03", "2027-03-28T00:00+01:00"),
        (Schedule(every="month", day=28, hour=2), "2027-03-28T01:00", "2027-03", "2027-03-28T02:00+01:00"),
    ],
)  # fmt: skip
def test_the_newest_moment_in_the_time_of_stockholm(
    schedule: Schedule, now: str, period: str, due: str
) -> None:
    found = newest_due(schedule, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found.period == period
    assert found.at == datetime.fromisoformat(due)
    assert found.at.tzinfo is STOCKHOLM


def test_every_hour_of_two_years_has_one_period_and_none_is_left_out() -> None:
    for schedule, count in ((MONDAY_7, 105), (FIRST_7, 25)):
        now, seen = datetime(2026, 1, 1, tzinfo=UTC), []
        for _ in range(2 * 365 * 24):
            due = newest_due(schedule, now)
            assert due.at <= now
            if due.period not in seen:
                seen.append(due.period)
            assert due.period == seen[-1]
            now += timedelta(hours=1)
        assert len(seen) == count


def summary(**site: Any) -> dict[str, Any]:
    row = {
        "site": "lulea", "verdict": "build", "switch_date": "2028-03-01", "switch_npv": 900.0, "npv_rent": 1000.0,
    }  # fmt: skip
    return {"finance": {"currency": "EUR"}, "sites": [row | site]}


@pytest.mark.parametrize(
    ("after", "rule", "reasons"),
    [
        (summary(), {}, 0),
        (summary(switch_date="2028-05-01"), {}, 0),
        (summary(switch_date="2028-06-01"), {}, 1),
        (summary(switch_date="2028-05-01"), {"tipping_months": 2}, 1),
        (summary(switch_date=None, verdict="rent"), {}, 3),
        (summary(switch_date=None, verdict="rent"), {"verdict": False, "tipping_months": None, "money_share": 0.2}, 0),
        (summary(switch_npv=944.0), {}, 0),
        (summary(switch_npv=945.0), {}, 1),
        (summary(npv_rent=1060.0, switch_npv=960.0), {}, 2),
        (summary(npv_rent=5000.0), {"money_share": None}, 0),
        (summary(site="umea"), {}, 2),
        (summary() | {"finance": {"currency": "SEK"}}, {}, 1),
    ],
)  # fmt: skip
def test_a_change_is_material_from_its_threshold_on(
    after: dict[str, Any], rule: dict[str, Any], reasons: int
) -> None:
    assert len(material_changes(summary(), after, OnChange(**rule))) == reasons


def test_only_the_sites_of_the_reader_count() -> None:
    after = summary(verdict="rent", switch_date=None)
    assert material_changes(summary(), after, OnChange(), ("umea",)) == ()
    assert material_changes(summary(), after, OnChange(), ("lulea",)) != ()


def dearer(content: dict[str, Any]) -> None:
    for site in content["sites"]:
        site["npv_rent"] *= 1.2


def test_nothing_is_sent_until_something_has_changed(state: Path) -> None:
    with Scripted().running() as server:
        declared = mailing(state, settings(server.port)).delivery
        delivery = declared.model_copy(
            update={"only_on_change": OnChange(), "recipients": (Recipient(address="cfo@example.org"),)}
        )

        def week(number: int, run: Any = None) -> str:
            changed = {"delivery": delivery} | ({"run": run} if run else {})
            [posted] = post(mailing(state, settings(server.port), NOW + timedelta(weeks=number), **changed))
            return f"{posted.state}{' now' if posted.is_sent_now else ''}"

        assert week(0) == "sent now", "the first report is news"
        same = another_run(state, "small-2", unchanged)
        assert week(1, same) == "suppressed"
        changed = another_run(state, "small-3", dearer)
        assert week(1, changed) == "sent now", "later in the week something has changed"
        assert week(1, changed) == "sent"
        assert week(2, changed) == "suppressed", "compared with what was sent last, not with the first"
    assert len(server.delivered) == 2


def test_a_message_on_a_result_that_its_reader_knows_says_so(state: Path) -> None:
    with Scripted().running() as server:
        for weeks in (0, 1):
            post(mailing(state, settings(server.port), NOW + timedelta(weeks=weeks)))
    texts = [str(message.get_body(("plain",))) for message in server.messages()]
    assert ["first report" in text for text in texts] == [True, False, False, False]
    assert ["Nothing changed" in text for text in texts] == [False, False, True, False]
    assert "Inget har =C3=A4ndrats" in texts[3]


def test_a_run_is_compared_with_that_of_the_last_report(state: Path) -> None:
    newest = another_run(state, "small-2", dearer)
    first = mailing(state, settings(1)).run
    assert last_reported(state, first) is None
    assert last_reported(state, newest) == first
    third = another_run(state, "small-3", dearer)
    assert third.label()["started"] == newest.label()["started"]
    with Scripted().running() as server:
        post(mailing(state, settings(server.port)))
    assert last_reported(state, third) == first, "small-2 was never mailed"
