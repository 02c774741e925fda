"""Price documents of real size: parsing and loading them beside a bare scan of the same landed file.

    python -m benchmarks.prices [MEGABYTES]

The documents are generated in the shape of the real ones: a region of the EC2 offer file as CSV and as JSON, and a
region of the Azure Retail Prices API in 16 pages. Each measurement runs in a process of its own, so that memory is
its own; every ratio compares two ways through the same bytes in one run.
"""

from __future__ import annotations

import gzip
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

import duckdb

from benchmarks.price_documents import ITEMS, PAGES, azure_pages, write_offer_csv, write_offer_json
from brytpunkt.folders import folders
from brytpunkt.publishers._shared.protocol import Document, Listing
from brytpunkt.publishers.cloud import aws, azure
from brytpunkt.warehouse import Warehouse, ingest

MEGABYTES = 400
JSON_MEGABYTES = 120
CHUNK = 1 << 24
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def document(folder: Path, name: str, write: Callable[[IO[bytes]], object]) -> Document:
    """A generated document, compressed as landing keeps it."""
    path = folder / f"{name}.gz"
    with gzip.open(path, "wb", compresslevel=4) as file:
        write(cast("IO[bytes]", file))
    return Document(name, "https://example.org", path, name, "text/csv", "generated", NOW)


def bare_scan(path: Path) -> int:
    """What the file costs an engine that only counts its lines."""
    with duckdb.connect() as engine:
        query = "SELECT count(*), count(DISTINCT SKU) FROM read_csv(?, skip = 5, header = true, all_varchar = true)"
        return int(cast("tuple[int, int]", engine.execute(query, [str(path)]).fetchone())[0])


def load(listing: Listing) -> int:
    """Parse a listing and take it into a warehouse of its own -> offers."""
    publisher = azure if listing.origin == "azure" else aws
    batches = list(publisher.parse(listing))
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder) / "warehouse.duckdb", folders().sql)
        warehouse.migrate()
        with warehouse.open() as connection:
            ingest(connection, warehouse.sql / "queries", listing, batches)
    return sum(batch.frame.height for batch in batches if batch.table == "gpu_offers")


def parse_only(listing: Listing) -> int:
    """Parse a listing -> offers."""
    publisher = azure if listing.origin == "azure" else aws
    return sum(batch.frame.height for batch in publisher.parse(listing) if batch.table == "gpu_offers")


def decode_only(listing: Listing) -> int:
    """What the pages cost the JSON decoder alone -> items."""
    return sum(len(json.loads(page.read())["Items"]) for page in listing.documents)


def measured(work: Callable[..., int], argument: object) -> tuple[int, float, float]:
    """Result, seconds and peak memory [MB] of a piece of work in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_timed, (work, argument))


def _timed(work: Callable[..., int], argument: object) -> tuple[int, float, float]:
    begun = time.perf_counter()
    result = work(argument)
    return result, time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def unfolded(landed: Document) -> int:
    """Size of a document as it was published. [bytes]"""
    total = 0
    with landed.open() as file:
        while chunk := file.read(CHUNK):
            total += len(chunk)
    return total


def say(words: str, result: int, seconds: float, memory: float) -> None:
    """One line of the report."""
    sys.stdout.write(f"  {words:<58}{result:>9,} rows{seconds:8.2f} s{memory:7.0f} MB\n")


def main(megabytes: float = MEGABYTES) -> int:
    """Print times, memory and ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        offer = document(folder, "ec2.eu-north-1.csv", lambda file: write_offer_csv(file, megabytes))
        size = unfolded(offer) / 1e6
        sys.stdout.write(
            f"EC2 offer of a region, {size:.0f} MB of CSV, {offer.path.stat().st_size / 1e6:.0f} MB landed\n"
        )
        scan = measured(bare_scan, offer.path)
        say("bare DuckDB scan of the landed file", *scan)
        ours = measured(load, Listing("aws", (offer,)))
        say("parsed, filtered and loaded", *ours)
        sys.stdout.write(f"  ratio ours / bare {ours[1] / scan[1]:.2f}\n")
        nested = document(
            folder, "ec2.eu-north-1.json", lambda file: write_offer_json(file, min(megabytes, JSON_MEGABYTES))
        )
        sys.stdout.write(f"the same kind of offers as JSON, up to {min(megabytes, JSON_MEGABYTES):.0f} MB\n")
        say("streamed, filtered and loaded", *measured(load, Listing("aws", (nested,))))
        pages = tuple(
            document(folder, f"page-{number:04d}.json", lambda file, page=page: file.write(page))  # type: ignore[misc]
            for number, page in enumerate(azure_pages(), 1)
        )
        region = Listing("azure", pages)
        sys.stdout.write(f"Azure region, {PAGES} pages of {ITEMS} items\n")
        decoded = measured(decode_only, region)
        say("the JSON decoder alone", *decoded)
        parsed = measured(parse_only, region)
        say("parsed", *parsed)
        sys.stdout.write(f"  ratio ours / decoder {parsed[1] / decoded[1]:.2f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(float(word) for word in sys.argv[1:2])))
