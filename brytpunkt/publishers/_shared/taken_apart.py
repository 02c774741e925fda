"""Reading the documents of a publication one by one: an odd one is a named gap, and the others are taken.

Belongs here: what happens when a document cannot be read, and fields that no table of fields lists. Does not belong
here: any format.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import polars as pl

from brytpunkt.errors import BrytpunktError, DamagedError, InputError, Problem
from brytpunkt.publishers._shared.accounting import Account, Fields, paths, unknown
from brytpunkt.publishers._shared.error_answers import ERROR_BYTES, OK, reason_of
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing
from brytpunkt.publishers._shared.series_rows import FINDINGS_TABLE, finding, finding_rows
from brytpunkt.series.findings import DOCUMENT_NOT_READ, FINDINGS, UNKNOWN_FIELD
from brytpunkt.tables.contracts import CONTRACTS

Read = Callable[[Document, Account], Iterable[Batch]]
# What a document that is not as expected makes a parser trip over; its words are for programmers, not for the reader.
TRIPPED = (
    LookupError,
    AttributeError,
    TypeError,
    ValueError,
    ArithmeticError,
    RecursionError,
    pl.exceptions.PolarsError,
)
NOT_KNOWN = "something in the document is not in the form that is known"
DAY_OF_NAME = re.compile(r"\d{4}-\d{2}-\d{2}")
YEAR_OF_NAME = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})(?![0-9])")
# Long lists of records look alike: their beginning and their end are looked at for fields.
LOOKED_AT = 40


def one_by_one(
    listing: Listing,
    read: Read,
    *,
    publisher: str,
    source: str,
    subject: Callable[[Document], str],
    series: str = "day_ahead",
    keeps: str | None = None,
    has_any_rows: Callable[[], bool] | None = None,
) -> Iterator[Batch]:
    """The batches of every document that can be read, and a finding for each that cannot.

    ``subject`` is the zone, place or company that a document is about. ``keeps``: the table whose rows stay where a
    document that may speak of them cannot be read. ``has_any_rows``: whether a parser that puts documents together
    has any. Raises ``InputError`` with every document's reason when nothing is left to be taken.
    """
    failed: list[tuple[Document, tuple[Problem, ...]]] = []
    has_rows = False
    cause: Exception | None = None
    for document in listing.documents:
        account = listing.accounts.opened(document.name)
        if document.gap:
            failed.append((document, (Problem(document.name, document.gap),)))
            continue
        try:
            found = list(read(document, account))
        except DamagedError:
            raise
        except BrytpunktError as error:
            failed.append((document, _with_status(document, _problems(document, error))))
        except TRIPPED as error:
            cause = error
            failed.append((document, _with_status(document, (Problem(document.name, NOT_KNOWN),))))
        else:
            has_rows |= any(batch.table != FINDINGS_TABLE and batch.frame.height for batch in found)
            yield from found
    if failed and not (has_rows or (has_any_rows is not None and has_any_rows())):
        raise InputError(tuple(problem for _, problems in failed for problem in problems)) from cause
    for document, problems in failed:
        account = listing.accounts.opened(document.name)
        account.read("document")
        said = "; ".join(one.message for one in problems)
        account.refuse("document", said)
        if keeps is not None:
            yield Batch(keeps, pl.DataFrame(CONTRACTS[keeps].create_empty()), document, anything(keeps))
        yield noted(
            document, account, source,
            finding(subject(document), publisher, day_of(document), DOCUMENT_NOT_READ, f"{document.name}: {said}", series=series),
        )  # fmt: skip


def _with_status(document: Document, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """What an error's status says goes before what its body is not."""
    if document.status == OK:
        return problems
    answered = f"the server answered {document.status}"
    said = reason_of(document.read()[:ERROR_BYTES])
    return (Problem(document.name, f"{answered}: {said}" if said else answered),)


def anything(table: str, rows: int = 1) -> pl.DataFrame:
    """Keys of a table that stand for any row of it: a null is any value."""
    contract = CONTRACTS[table]
    key = contract.primary_key()
    empty = pl.DataFrame(contract.create_empty()).select(key)
    return pl.DataFrame({name: [None] * rows for name in key}, schema=empty.schema)


def with_doubts(found: Iterable[Batch], table: str) -> Iterator[Batch]:
    """The batches, with all doubtful keys of a table on one that has rows of it.

    Where no document has rows, the table is not spoken of at all, and nothing of it is withdrawn.
    """
    batches = list(found)
    doubts = [batch.doubtful for batch in batches if batch.table == table and batch.doubtful is not None]
    filled = [batch for batch in batches if batch.table != table or batch.frame.height]
    last = max((n for n, batch in enumerate(filled) if batch.table == table), default=None)
    for n, batch in enumerate(filled):
        is_bearer = n == last and doubts
        yield replace(batch, doubtful=pl.concat(doubts) if is_bearer else None)


def _problems(document: Document, error: BrytpunktError) -> tuple[Problem, ...]:
    if isinstance(error, InputError):
        return error.problems
    return (Problem(document.name, str(error)),)


def noted(document: Document, account: Account, source: str, *findings: dict[str, object]) -> Batch:
    """Findings about a document as a batch."""
    del account
    frame = pl.DataFrame(list(findings), schema=FINDINGS)
    return Batch(FINDINGS_TABLE, finding_rows(frame, document, source), document)


def day_of(document: Document) -> dt.date:
    """The day that a document's name states, or else the first of the year in it, or else of the month of retrieval.

    So that what is odd about a document is said again in the same words as long as it is.
    """
    named, year = DAY_OF_NAME.search(document.name), YEAR_OF_NAME.search(document.name)
    try:
        if named:
            return dt.date.fromisoformat(named[0])
    except ValueError:
        pass
    return dt.date(int(year[1]), 1, 1) if year else document.fetched_at.date().replace(day=1)


def unlisted(
    fields: Fields, whole: object, document: Document, account: Account, *, publisher: str, source: str,
    subject: str, series: str = "day_ahead",
) -> Iterator[Batch]:  # fmt: skip
    """A finding about fields of a nested document that the parser's table does not list, if there are any."""
    yield from unlisted_names(
        unknown(fields, paths(_shortened(whole))), document, account, publisher=publisher, source=source,
        subject=subject, series=series,
    )  # fmt: skip


def unlisted_names(
    names: Iterable[str], document: Document, account: Account, *, publisher: str, source: str, subject: str,
    series: str = "day_ahead",
) -> Iterator[Batch]:  # fmt: skip
    """As ``unlisted``, for fields that were looked up already."""
    account.unknown_fields = tuple(names)
    if account.unknown_fields:
        said = f"not in the known form: {', '.join(account.unknown_fields[:8])}"
        day = day_of(document)
        yield noted(
            document,
            account,
            source,
            finding(subject, publisher, day, UNKNOWN_FIELD, said[:300], series=series),
        )


def _shortened(whole: object) -> object:
    """The same with long lists cut to their beginning and their end."""
    if isinstance(whole, dict):
        return {name: _shortened(inner) for name, inner in whole.items()}
    if isinstance(whole, list):
        kept = whole if len(whole) <= 2 * LOOKED_AT else [*whole[:LOOKED_AT], *whole[-LOOKED_AT:]]
        return [_shortened(inner) for inner in kept]
    return whole
