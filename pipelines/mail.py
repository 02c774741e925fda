"""Mail: the job that sends a plan's report, and the schedule that asks for it when it is due.

Belongs here: Dagster's side of delivery. Does not belong here: what is sent, and that it is sent once
(brytpunkt.delivery).
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from assets.partitions import PLANS
from assets.resources import Rooms
from brytpunkt.delivery.mailing import current_declaration, mailing_of
from brytpunkt.delivery.outbox import INTENDED, REFUSED, RETRYABLE, UNKNOWN, Outbox
from brytpunkt.delivery.schedule import newest_due
from brytpunkt.delivery.send import post, scope_of
from brytpunkt.delivery.settings import mail_settings
from brytpunkt.errors import BrytpunktError
from brytpunkt.folders import Folders
from brytpunkt.registered import registered_plans
from brytpunkt.run_order import clock_doubt, list_runs, newest_of

NEVER_RETRY = {"dagster/max_retries": "0"}


@dg.op(
    tags=NEVER_RETRY,
    description="One message to each recipient of the plan, once a period; a dry run by default.",
)
def send_report(context: dg.OpExecutionContext, rooms: Rooms) -> None:
    """Send what is due of the partition's plan; a refused or unknown outcome fails the run, so that it is seen."""
    found = rooms.folders()
    declared = current_declaration(found.home, context.partition_key)
    mailing = mailing_of(found, declared, mail_settings(os.environ), datetime.now(UTC))
    posted = post(mailing)
    rows = "\n".join(f"| {p.recipient} | {p.scope} | {p.state} | {p.note} |" for p in posted)
    context.add_output_metadata(
        {
            **mailing.run.identity,
            "period": mailing.period,
            "sent": sum(p.is_sent_now for p in posted),
            "letters": dg.MetadataValue.md(
                f"| recipient | reports | state | note |\n|---|---|---|---|\n{rows}"
            ),
        }
    )
    bad = [f"{p.recipient}: {p.state}: {p.note}" for p in posted if p.state in {REFUSED, UNKNOWN}]
    if bad:
        raise dg.Failure("; ".join(bad), allow_retries=False)


@dg.job(
    partitions_def=PLANS,
    tags=NEVER_RETRY,
    executor_def=dg.in_process_executor,
    description="Mail a plan's report to its recipients.",
)
def send_reports() -> None:
    """One step: the outbox decides what is still to be sent."""
    send_report()


@dg.schedule(
    job=send_reports,
    cron_schedule="5 * * * *",
    execution_timezone="Europe/Stockholm",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every hour: asks for the report of each plan that is due and not yet sent to everyone.",
)
def mail_when_due(
    context: dg.ScheduleEvaluationContext, rooms: Rooms
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """One request for each plan that is due, or why there is none.

    The period is named again when the run starts: after a downtime the requests of many hours find the one report
    already sent.
    """
    now = context.scheduled_execution_time
    found = rooms.folders()
    known = set(context.instance.get_dynamic_partitions(PLANS.name or ""))
    reasons = {
        plan: why_not_now(found, plan, now)
        if plan in known
        else "is not registered; run `brytpunkt plan` with its file"
        for plan in registered_plans(found.home)
    }
    for plan, reason in reasons.items():
        if not reason:
            run_key = f"mail-{plan}-{now.astimezone(UTC):%Y%m%dT%H}"
            yield dg.RunRequest(run_key=run_key, partition_key=plan, tags=NEVER_RETRY)
    if all(reasons.values()):
        told = "; ".join(f"{plan}: {reason}" for plan, reason in reasons.items())
        yield dg.SkipReason(told or "no plan is registered")


def why_not_now(found: Folders, plan: str, now: datetime) -> str:
    """Why no report of a plan is asked for at this hour, or nothing if it is."""
    try:
        declared = current_declaration(found.home, plan)
        really = mail_settings(os.environ).really
    except BrytpunktError as error:
        return str(error).splitlines()[0]
    delivery = declared.plan.delivery
    if delivery is None or delivery.schedule is None:
        return "declares no schedule"
    runs = list_runs(found.home, plan)
    due = newest_due(delivery.schedule, now)
    if not runs:
        return "was never computed"
    if newest_of(runs, declared.sha256) is None:
        return "has no run of the declaration that was registered last; run `brytpunkt plan` with its file"
    if min(run.started for run in runs) > due.at:
        first = f"was first computed after {due.at:%Y-%m-%d %H:%M}, when a report was last due"
        return "; ".join(filter(None, (first, clock_doubt(runs, now))))
    if not really:
        folder = found.home / "mail" / f"{plan}-{due.period}"
        return f"written in a dry run for {due.period}" if folder.exists() else ""
    with Outbox(found.home) as outbox:
        letters = [
            outbox.find(plan, scope_of(recipient), recipient.address, due.period)
            for recipient in delivery.recipients
        ]
    is_open = any(
        letter is None
        or letter.state == INTENDED
        or (letter.state == RETRYABLE and not letter.is_waiting(now))
        for letter in letters
    )
    return "" if is_open else f"nothing left to send for {due.period}"
