"""Due: the newest moment at which a report was due, and the name of its period.

Belongs here: the declared schedule in the time of Stockholm. Does not belong here: the clock, or what was sent.
Only the newest moment counts: after a week without power one report is due, not one for each hour or day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from brytpunkt.declarations.sections.delivery import WEEKDAYS

if TYPE_CHECKING:
    from brytpunkt.declarations.sections.delivery import Schedule

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@dataclass(frozen=True)
class Due:
    """A moment at which a report was due, and its period: ``2026-W48`` or ``2026-11``."""

    at: datetime
    period: str


def newest_due(schedule: Schedule, now: datetime) -> Due:
    """The last moment of the schedule that is not after ``now`` (any time zone)."""
    now = now.astimezone(UTC)  # two times of one zone would be compared by their wall clocks
    here = now.astimezone(STOCKHOLM)
    if schedule.every == "week":
        back = (here.weekday() - WEEKDAYS.index(schedule.weekday or "monday")) % 7
        day = here.date() - timedelta(days=back)
        if _at(day, schedule.hour) > now:
            day -= timedelta(days=7)
        year, week, _ = day.isocalendar()
        return Due(_at(day, schedule.hour), f"{year}-W{week:02d}")
    day = here.date().replace(day=schedule.day or 1)
    if _at(day, schedule.hour) > now:
        day = (day.replace(day=1) - timedelta(days=1)).replace(day=day.day)
    return Due(_at(day, schedule.hour), f"{day:%Y-%m}")


def _at(day: date, hour: int) -> datetime:
    """An hour that the clocks skip is the one after it."""
    return (
        datetime(day.year, day.month, day.day, hour, tzinfo=STOCKHOLM).astimezone(UTC).astimezone(STOCKHOLM)
    )
