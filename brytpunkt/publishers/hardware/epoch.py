"""The publisher ``epoch``: Epoch AI's table of machine-learning hardware, as a catalog of accelerators.

Performance, memory, power and release price of accelerators, one a line; sparse, and not of servers. Numbers are in
base units (FLOP/s, bytes) and become the units of our columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from brytpunkt.publishers._shared.accounting import IGNORED, Fields, value
from brytpunkt.publishers._shared.notes import Notes, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.rows import frame, provenance
from brytpunkt.publishers._shared.single_document import following, probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import csv_rows, day_of, decimal_of, wrong
from brytpunkt.tables import name_maps

__all__ = ["following", "parse", "probe", "start", "version"]

ROOT = "https://epoch.ai/data/ml_hardware.csv"
TITLE = f"Epoch AI, machine learning hardware, {ROOT}"
NAME, MAKER, KIND, RELEASED = "Hardware name", "Manufacturer", "Type", "Release date"
GIGA = 1e9
# Column of ours -> column of the table, and how much of its unit makes one of ours.
NUMBERS = {
    "price_usd": ("Release price (USD)", 1.0),
    "fp16_flop_per_second": ("Tensor-FP16/BF16 performance (FLOP/s)", 1.0),
    "fp8_flop_per_second": ("FP8 performance (FLOP/s)", 1.0),
    "fp4_flop_per_second": ("FP4 performance (FLOP/s)", 1.0),
    "memory_gb": ("Memory (bytes)", GIGA),
    "memory_gb_per_second": ("Memory bandwidth (byte/s)", GIGA),
    "tdp_w": ("TDP (W)", 1.0),
}
SOURCE_OF_PRICE = "Source for the price"
# Units stand in the names of the columns, so that another unit is another column.
FIELDS: Fields = {
    NAME: value("accelerator"),
    MAKER: value("manufacturer"),
    KIND: value("kind"),
    RELEASED: value("released_on"),
    SOURCE_OF_PRICE: value("note"),
    # The table has further measures and remarks, and gets more.
    "*": IGNORED,
} | {column: value(ours) for ours, (column, _) in NUMBERS.items()}
COLUMNS = (NAME, MAKER, KIND, RELEASED, SOURCE_OF_PRICE, *(column for column, _ in NUMBERS.values()))


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The whole table."""
    del pointer
    return [Request(name="ml_hardware.csv", url=source.url or ROOT, media_type="text/csv")]


def parse(listing: Listing) -> Iterator[Batch]:
    """The table -> accelerators; a figure that is missing stays missing.

    Raises ``InputError`` for a lacking column, a number or day that is none, or a name twice.
    """
    notes = Notes(Provided("epoch", TITLE), listing.accounts)
    for document in listing.documents:
        account = notes.opened(document)
        found: dict[str, dict[str, object]] = {}
        for line, row in csv_rows(document, document.read(), COLUMNS):
            notes.check_fields(FIELDS, [] if found else row, document)
            account.read(f"line {line}")
            name = row[NAME].strip()
            if not name or name in found:
                raise wrong(document, f"line {line}", f"{name!r} is no name, or there twice")
            found[name] = _accelerator(name, row, document, f"line {line}")
            account.take(f"line {line}")
        if not found:
            raise wrong(document, "", "the table has no lines")
        yield Batch("accelerators", frame("accelerators", list(found.values())), document)
    yield from notes.remark_batches()


def _accelerator(name: str, row: dict[str, str], document: Document, place: str) -> dict[str, object]:
    mapped = name_maps.gpu("epoch", name)
    numbers = {
        ours: float(decimal_of(row[column], document, f"{place}, {column}")) / unit
        if row[column].strip()
        else None
        for ours, (column, unit) in NUMBERS.items()
    }
    seller = row[SOURCE_OF_PRICE].strip()
    described = {
        "accelerator": name,
        "gpu_model": None if mapped is None else mapped.gpu_model,
        "manufacturer": row[MAKER].strip(),
        "kind": row[KIND].strip(),
        "released_on": day_of(row[RELEASED], document, f"{place}, {RELEASED}")
        if row[RELEASED].strip()
        else None,
    }
    note = f"price: {seller}" if seller and numbers["price_usd"] else None
    return described | numbers | provenance(document, TITLE, None, note=note)
