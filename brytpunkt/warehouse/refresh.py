"""Refreshing a live source: ask whether it changed, walk it if so, and take in what differs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from brytpunkt.errors import BrytpunktError, DamagedError
from brytpunkt.landing.fetch import Fetcher, OnProgress, Patience, Validators
from brytpunkt.landing.hosts import Credentials
from brytpunkt.landing.journal import Kind, Record
from brytpunkt.landing.probe import Probed, ask
from brytpunkt.landing.store import Landed, Landing
from brytpunkt.landing.walk import Held, Walk, understood
from brytpunkt.publishers._shared.protocol import Batch, Listing, Publisher
from brytpunkt.publishers._shared.source import Source, with_window
from brytpunkt.publishers.find import FindPublisher, publisher
from brytpunkt.tables.contracts import CONTRACTS
from brytpunkt.tables.series_contracts import SERIES
from brytpunkt.warehouse.bundled import refresh_bundled
from brytpunkt.warehouse.connection import Warehouse
from brytpunkt.warehouse.replay_journal import apply_pending, rules
from brytpunkt.warehouse.row_digest import rows_sha256
from brytpunkt.warehouse.table_report import TableReport
from brytpunkt.warehouse.table_status import has_last_good, heard_at

__all__ = ["Outcome", "Refresher", "refresh_bundled"]

Answer = Literal["new", "same"]


@dataclass(frozen=True)
class Outcome:
    """What a refresh of one source came to: changed, unchanged, refused or failed, and what was fetched for it.

    It follows from what was taken: ``tables`` says so table by table, and a table may be refused while others were taken.
    ``has_last_good``: whether anything of the source was ever taken.
    """

    source: str
    outcome: str
    reason: str | None = None
    record: Record | None = None
    tables: tuple[TableReport, ...] = ()
    has_last_good: bool = False
    requests: int = 0
    fetched_bytes: int = 0

    @property
    def refused(self) -> tuple[TableReport, ...]:
        """The tables of which nothing was taken."""
        return tuple(table for table in self.tables if table.refused)

    @property
    def is_whole(self) -> bool:
        """Whether the source answered and no table of it was refused."""
        return self.outcome != "failed" and not self.refused


@dataclass
class Refresher:
    """Drives the walks of live sources into one landing and one warehouse.

    ``now`` is the clock that stamps what is seen; ``environment`` is where credentials are looked up.
    """

    warehouse: Warehouse
    landing: Landing
    environment: Mapping[str, str] = field(repr=False)
    find: FindPublisher = publisher
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    patience: Patience = field(default_factory=Patience)
    on_progress: OnProgress = lambda _name, _bytes, _expected: None

    _is_prepared: bool = False

    def prepare(self) -> None:
        """Bring the warehouse's tables up to date, once."""
        if not self._is_prepared:
            self.warehouse.migrate()
            self._is_prepared = True

    def missing(self, source: Source) -> tuple[str, ...]:
        """Environment variables that a source needs and that are not set."""
        return Credentials(source, self.environment).missing()

    def probe(self, source: Source) -> Answer:
        """Ask cheaply whether a source changed; an answer of "same" confirms it in the journal.

        A source without a pointer is asked conditionally for its first document, of which nothing is kept. Raises
        ``BrytpunktError`` if the source cannot be reached; the journal says so, too.
        """
        module = self.find(source.publisher)
        try:
            with self._fetcher(source) as fetcher:
                last = self._last_walk(source)
                probed = ask(fetcher, module, last, self._folder(source, "probe"))
                is_new = probed.is_new if probed.described else self._first_changed(fetcher, module, last)
        except BrytpunktError as error:
            self._write(source, "failed", reason=str(error))
            raise
        finally:
            shutil.rmtree(self._folder(source, "probe"), ignore_errors=True)
        if last is None or is_new:
            return "new"
        self._confirm(source, last, probed.described)
        return "same"

    def refresh(self, source: Source, *, accept: bool = False, force: bool = False) -> Outcome:
        """Bring the warehouse up to a source; every outcome is a record in the journal, failures too.

        ``accept`` takes in what the guards would refuse, after a person looked; ``force`` walks without asking first.
        """
        self.prepare()
        fetcher = self._fetcher(source)
        parsed: dict[int, list[Batch]] = {}
        fetched = 0
        try:
            with fetcher:
                walk = Walk(self.landing, fetcher, self.find(source.publisher))
                with walk.alone():
                    record, batches, fetched = self._walked_whole(walk, accept=accept, force=force or accept)
        except BrytpunktError as error:
            record = self._write(source, "failed", reason=str(error))
            batches = None
        finally:
            shutil.rmtree(self._folder(source, "probe"), ignore_errors=True)
        if batches is not None:
            parsed[record.position] = batches
        apply_pending(self.warehouse, self.landing, self.find, parsed)
        # Another process may have taken the record in; the warehouse says what became of it, whoever did.
        with self.warehouse.open() as connection:
            heard = heard_at(connection, self.warehouse.sql / "queries", record.position)
            has_good = has_last_good(connection, source.id)
        return Outcome(
            source.id,
            heard.outcome if heard else "failed",
            heard.reason if heard else "what was fetched is kept, and is taken in with the next refresh",
            record,
            heard.report.tables if heard else (),
            has_good,
            fetcher.requests,
            fetched,
        )

    def sweep(self) -> int:
        """Remove landed contents that neither the journal nor any row names; -> how many."""
        query = (self.warehouse.sql / "queries" / "documents_named.sql").read_text(encoding="utf-8")
        named: set[str] = set()
        with self.warehouse.open() as connection:
            for table in (*CONTRACTS, *SERIES):
                named |= {sha256 for (sha256,) in connection.execute(query.format(table=table)).fetchall()}
        return self.landing.sweep(self.now(), named)

    def _fetcher(self, source: Source) -> Fetcher:
        return Fetcher(
            with_window(source, self.now().date()),
            self.environment,
            self.patience,
            self.now,
            self.on_progress,
        )

    def _folder(self, source: Source, name: str) -> Path:
        return self.landing.folder / "walks" / f"{source.id}.{name}"

    def _last_walk(self, source: Source) -> Record | None:
        return self.landing.journal.last(source.id, "publication", "unchanged")

    def _first_changed(self, fetcher: Fetcher, module: Publisher, last: Record | None) -> bool:
        if last is None:
            return True
        request = next(iter(module.start(fetcher.source, None)), None)
        known = self._held(last)
        if request is None or request.url not in known:
            return True
        landed = fetcher.fetch(request, self._folder(fetcher.source, "probe"), known[request.url].validators)
        before = next(d["sha256"] for d in last.documents if d["url"] == request.url)
        # One unchanged page of several says nothing about the others.
        return len(last.documents) > 1 or (landed is not None and landed.document.sha256 != before)

    def _walked_whole(
        self, walk: Walk, *, accept: bool, force: bool
    ) -> tuple[Record, list[Batch] | None, int]:
        """One walk; where kept bytes turn out to be damaged, they are set aside, and everything is fetched anew."""
        try:
            return self._walked(walk, accept=accept, force=force)
        except DamagedError as error:
            self.landing.set_aside(error.sha256)
            walk.discard()
            return self._walked(walk, accept=accept, force=True)

    def _lacks_bytes(self, source: Source) -> bool:
        """Whether bytes of the last publication were set aside or are gone: the journal cannot be read without them."""
        published = self.landing.journal.last(source.id, "publication")
        return published is not None and any(
            not self.landing.body(described["sha256"]).exists() for described in published.documents
        )

    def _walked(self, walk: Walk, *, accept: bool, force: bool) -> tuple[Record, list[Batch] | None, int]:
        """One walk -> its record, the batches if rows differ, and the bytes that were fetched."""
        source, module = walk.fetcher.source, walk.publisher
        last = self._last_walk(source)
        probed = ask(walk.fetcher, module, last, self._folder(source, "probe"))
        force = force or self._lacks_bytes(source)
        if last is not None and not probed.is_new and not force:
            return self._confirm(source, last, probed.described), None, 0
        walk.held = {} if last is None or force else self._held(last)

        def is_still() -> bool:
            again = ask(walk.fetcher, module, None, self._folder(source, "probe"))
            return again.version == probed.version

        if probed.described is not None and probed.pointer is None:
            probed = ask(walk.fetcher, module, None, self._folder(source, "probe"))
        landed = walk.run(probed.pointer, probed.version, is_still if probed.described else None)
        if landed is None and last is not None:
            return self._confirm(source, last, probed.described), None, 0
        assert landed is not None, "without a publication before, every document is fetched"
        record, batches = self._compared(walk, landed, last, probed, accept=accept)
        return record, batches, sum(one.size for one in landed if one.document.path.parent == walk.folder)

    def _compared(
        self, walk: Walk, landed: list[Landed], last: Record | None, probed: Probed, *, accept: bool
    ) -> tuple[Record, list[Batch] | None]:
        """Keep the bytes of a publication whose rows differ from those before, and the metadata of any other."""
        source = walk.fetcher.source
        staged = tuple(sorted((one.document for one in landed), key=lambda document: document.name))
        listing = Listing(source.id, staged, is_complete=not source.is_window)
        try:
            batches = [] if self._is_known(listing, last) else self._parsed(walk, listing)
        except DamagedError:
            raise
        except BrytpunktError as error:
            kept = walk.set_aside()
            said = str(error).strip().splitlines()[0]
            raise BrytpunktError(f"{said}; the documents are kept in walks/{kept.name}") from error
        same_bytes = self._is_known(listing, last)
        rows = last.rows_sha256 if same_bytes and last else rows_sha256(batches)
        described = tuple(one.described() for one in sorted(landed, key=lambda one: one.document.name))
        facts = {
            "version": probed.version,
            "listing_sha256": listing.sha256,
            "rows_sha256": rows,
            "documents": described,
            "pointer": probed.described,
            "is_complete": listing.is_complete,
        }
        if last is not None and rows == last.rows_sha256 and not accept and not self._lacks_bytes(source):
            walk.discard()
            return self._write(source, "unchanged", **facts), None
        if same_bytes:
            batches = self._parsed(walk, listing)
        kept_listing = self.landing.keep(source.id, landed, is_complete=listing.is_complete)
        walk.discard()
        where = {document.name: document for document in kept_listing.documents}
        batches = [replace(batch, document=where[batch.document.name]) for batch in batches]
        return self._write(source, "publication", accepted=accept, **facts), batches

    def _parsed(self, walk: Walk, listing: Listing) -> list[Batch]:
        found: list[Batch] = understood(
            f"{listing.origin}: the publication", lambda: list(walk.publisher.parse(listing))
        )
        if not found:
            raise BrytpunktError(f"{listing.origin}: the publication holds no table that is known")
        return found

    def _is_known(self, listing: Listing, last: Record | None) -> bool:
        return last is not None and last.listing_sha256 == listing.sha256

    def _held(self, last: Record) -> dict[str, Held]:
        """What is known of each document of the walk before, and its bytes where they are kept."""
        held = {}
        for described in last.documents:
            document = self.landing.document(described)
            landed = Landed(document, described["bytes"], described["etag"], described["last_modified"])
            validators = Validators(landed.etag, landed.last_modified)
            held[document.url] = Held(validators, landed if document.path.exists() else None)
        return held if len(held) == len(last.documents) else {}

    def _confirm(self, source: Source, last: Record, pointer: dict[str, Any] | None) -> Record:
        return self._write(
            source,
            "confirmed",
            version=last.version,
            listing_sha256=last.listing_sha256,
            rows_sha256=last.rows_sha256,
            pointer=pointer,
        )

    def _write(self, source: Source, kind: Kind, **facts: Any) -> Record:
        if facts.get("reason"):
            facts["reason"] = Credentials(source, self.environment).hide(facts["reason"])
        record = Record(kind, source.id, self.now(), source.publisher, rules(source), **facts)
        return self.landing.journal.append(record)
