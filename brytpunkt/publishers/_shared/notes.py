"""What a parser notes while it reads a publication: remarks, doubts, and the account of each document.

Belongs here: what became no row and why, and which rows that makes doubtful. Does not belong here: prices or formats.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from brytpunkt.errors import InputError
from brytpunkt.publishers._shared.accounting import Account, Accounts, Fields, unknown
from brytpunkt.publishers._shared.protocol import Batch, Document
from brytpunkt.publishers._shared.rows import frame, keys, provenance

LARGEST_REFUSED_SHARE = 0.2
MOST_UNKNOWN_FIELDS = 20
UNKNOWN_FIELD = "the reader does not know this field and does not read it"


@dataclass(frozen=True)
class Provided:
    """Whose rows they are: name of the publisher, title for the column ``source``."""

    publisher: str
    title: str


@dataclass
class Notes:
    """Remarks, doubts and accounts of one listing, in the order in which it is read."""

    provided: Provided
    accounts: Accounts = field(default_factory=Accounts)
    published: dict[str, date] = field(default_factory=dict)
    remarks: dict[tuple[str, str], tuple[str, int, Document]] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    _doubts: dict[str, list[dict[str, object]]] = field(default_factory=lambda: defaultdict(list))
    _refused: list[InputError] = field(default_factory=list)

    def opened(self, document: Document) -> Account:
        """Begin with a document: its account, empty."""
        self.documents[document.name] = document
        return self.accounts.opened(document.name)

    def account(self, document: Document) -> Account:
        """The account of a document."""
        self.documents.setdefault(document.name, document)
        return self.accounts.of(document.name)

    def check_fields(self, fields: Fields, found: Iterable[str], document: Document) -> None:
        """Remark the paths or columns that the parser's table of fields does not have; they cost nothing else."""
        account = self.account(document)
        new = [path for path in unknown(fields, found) if path not in account.unknown_fields]
        account.unknown_fields = (*account.unknown_fields, *new)
        for path in new[:MOST_UNKNOWN_FIELDS]:
            self.remark("field", path, UNKNOWN_FIELD, document)

    def remark(self, kind: str, name: str, reason: str, document: Document, place: str | None = None) -> None:
        """Note something that became no row: kind is gpu, instance, region, price, part, row or field.

        ``place`` is the row of the document of which it is said, where it is said of one.
        """
        known = self.remarks.get((kind, name))
        self.remarks[kind, name] = (reason, 1 if known is None else known[1] + 1, document)
        if place is not None:
            self.account(document).remark(place, reason)

    def doubt(self, document: Document, **key: object) -> None:
        """The document speaks of a row, or of all that fit the columns, and cannot be read: its last good version stays."""
        self.documents.setdefault(document.name, document)
        self._doubts[document.name].append(key)

    @contextmanager
    def row(self, document: Document, place: str, name: str) -> Iterator[Account]:
        """Read one row: what differs from the known format refuses this row, and the publication only if many do."""
        account = self.account(document)
        account.read(place)
        try:
            yield account
        except InputError as error:
            reason = error.problems[0].message
            self._refused.append(error)
            self.remark("row", name, reason, document)
            account.refuse(place, reason)

    def check_refused(self) -> None:
        """Raise the first difference if more than a fifth of the rows that matter are not in the known format."""
        refused = sum(len(account.refused) for account in self.accounts)
        mattered = refused + sum(account.taken + len(account.remarked) for account in self.accounts)
        if self._refused and refused > LARGEST_REFUSED_SHARE * mattered:
            raise self._refused[0]

    def doubts_of(self, table: str, document: Document) -> pl.DataFrame | None:
        """Keys of a table that a document leaves in doubt."""
        found = self._doubts.get(document.name)
        return keys(table, found) if found else None

    def doubtful_documents(self) -> list[Document]:
        """Documents that leave something in doubt."""
        return [self.documents[name] for name in self._doubts]

    def remark_batches(self) -> Iterator[Batch]:
        """One batch of remarks a document."""
        by_document: dict[str, list[dict[str, object]]] = defaultdict(list)
        named: dict[str, Document] = {}
        for (kind, name), (reason, count, document) in self.remarks.items():
            said = {
                "publisher": self.provided.publisher,
                "kind": kind,
                "name": name,
                "reason": reason,
                "occurrences": count,
            }
            by_document[document.name].append(said | self.provenance(document, "stated", None))
            named[document.name] = document
        for name, rows in sorted(by_document.items()):
            yield Batch("source_remarks", frame("source_remarks", rows), named[name])

    def provenance(self, document: Document, confidence: str, note: str | None) -> dict[str, object]:
        """Columns that every row carries; the source is the same for every publication of the same list."""
        return provenance(document, self.provided.title, self.published.get(document.name), confidence, note)
