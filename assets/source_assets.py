"""Live sources: one asset for each, refreshed over the network; its data version moves only when a table did."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import dagster as dg

from assets.resources import Rooms
from assets.taken import refusal_lines, taken_result, taken_spec, taken_table
from brytpunkt.folders import folders
from brytpunkt.landing.fetch import OnProgress
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers.find import declared_sources
from brytpunkt.warehouse import Outcome, Warehouse

GROUP = "live"
NEVER_CHANGED = "never"
MEGABYTE = 1_000_000
SAID_EVERY_BYTES = 50 * MEGABYTE


def source_key(source_id: str) -> dg.AssetKey:
    """Asset key of a live source."""
    return dg.AssetKey([GROUP, source_id])


def changed_version(warehouse: Warehouse, source_id: str) -> str:
    """Data version of a live source: which record of the journal changed a table of it last, whatever became of others."""
    with warehouse.open() as connection:
        found = connection.execute(
            "SELECT max(position) FROM publication_tables WHERE origin = ? AND outcome = 'changed'",
            [source_id],
        ).fetchone()
    return NEVER_CHANGED if found is None or found[0] is None else f"journal-{found[0]}"


def outcome_metadata(outcome: Outcome) -> dict[str, dg.MetadataValue | str | int]:
    """What a person would look at after a refresh."""
    return {
        "outcome": outcome.outcome,
        "requests": outcome.requests,
        "fetched_bytes": outcome.fetched_bytes,
        "tables": taken_table(outcome.tables, "as before"),
    }


def progress_log(say: Callable[[str], None]) -> OnProgress:
    """How far a long download is, said every ``SAID_EVERY_BYTES`` and not with each piece."""
    said: dict[str, int] = {}

    def progress(name: str, so_far: int, expected: int | None) -> None:
        if so_far // SAID_EVERY_BYTES != said.get(name, 0):
            said[name] = so_far // SAID_EVERY_BYTES
            of = f" of {expected / MEGABYTE:.0f}" if expected else ""
            say(f"{name}: {so_far / MEGABYTE:.0f}{of} MB")

    return progress


def build_source_asset(source: Source) -> dg.AssetsDefinition:
    """The asset of one live source; a publication of which nothing is taken fails, and goes stale in time.

    Where some tables were refused and others taken, it is materialised, and its check warns.
    """
    key = source_key(source.id)

    @dg.asset(
        key=key,
        group_name=GROUP,
        code_version="1",
        kinds={"http", "duckdb"},
        description=f"{source.covers}. Licence: {source.licence}. Cadence: {source.cadence}.",
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(days=source.stale_after_days)),
        tags={"brytpunkt/status": source.status},
        check_specs=[taken_spec(key)],
    )
    def live(context: dg.AssetExecutionContext, rooms: Rooms) -> dg.MaterializeResult:  # type: ignore[type-arg]
        refresher = rooms.refresher(progress_log(context.log.info))
        outcome = refresher.refresh(source)
        if outcome.outcome in {"refused", "failed"}:
            raise dg.Failure(
                f"{outcome.outcome}: {outcome.reason}", outcome_metadata(outcome), allow_retries=False
            )
        for line in refusal_lines(source.id, outcome.refused):
            context.log.warning(line)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(changed_version(refresher.warehouse, source.id)),
            metadata=outcome_metadata(outcome),
            check_results=[taken_result(key, outcome.refused)],
        )

    return live


def feeding(sources: Sequence[Source], table: str) -> list[dg.AssetKey]:
    """Keys of the sources that bring rows of a table; one that does not say may bring any."""
    return [source_key(source.id) for source in sources if not source.tables or table in source.tables]


LIVE_SOURCES = tuple(declared_sources(folders().data / "sources", folders().home / "sources").values())
LIVE_ASSETS = [build_source_asset(source) for source in LIVE_SOURCES]
