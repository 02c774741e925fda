"""Benchmarks of refreshing: landing beside bare zstd, as-of reading beside a bare scan, a refresh that finds nothing new.

python -m benchmarks.refresh
"""

from __future__ import annotations

import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx2
import zstandard

from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.landing.fetch import Fetcher
from brytpunkt.landing.files import LEVEL, THREADS, BodyWriter
from brytpunkt.publishers._shared.protocol import Request
from brytpunkt.publishers._shared.source import Source
from brytpunkt.warehouse import Warehouse, facts, refresh_bundled
from tests.live.server import Server
from tests.live.vendor import Clock, Shop, refresher, with_pointer

MEGABYTE = 1_000_000
OFFER_MEGABYTES = 400
PIECE = 1 << 18
KEYS, VERSIONS = 20_000, 500
SOURCES = 16
HEADER = (
    '"FormatVersion","v1.0"\n"Disclaimer","a generated list"\n"Publication Date","2026-11-01T00:00:00Z"\n'
    '"Version","20261101000000"\n"OfferCode","AmazonEC2"\n'
    '"SKU","OfferTermCode","RateCode","TermType","PriceDescription","EffectiveDate","Unit","PricePerUnit","Currency",'
    '"Instance Type","Location","Operating System","Tenancy","CapacityStatus","Pre Installed S/W"\n'
)
HISTORY = """
INSERT INTO gpu_offers
SELECT
    'provider-' || (k % 12), 'region-' || (k % 40), 'SE', 'sku-' || k, 'H100', 8, 'on_demand', 0.0,
    (10 + (hash(k * 1000 + v) % 900000) / 10000)::DECIMAL(18, 6), 'USD', DATE '2026-01-01', 'a generated list',
    DATE '2026-01-01', DATE '2026-01-01' + v::INTEGER, 'CC0', 'stated', NULL, 'generated', 'document', k || '-' || v,
    TIMESTAMPTZ '2025-01-01 00:00:00Z' + INTERVAL 1 DAY * v,
    TIMESTAMPTZ '2025-01-01 00:00:00Z' + INTERVAL 1 DAY * v,
    CASE WHEN v < {last} THEN TIMESTAMPTZ '2025-01-01 00:00:00Z' + INTERVAL 1 DAY * (v + 1) END
FROM range({versions}) AS versions(v), range({keys}) AS keys(k)
"""
BARE_SCAN = """
SELECT * FROM gpu_offers
WHERE first_seen_at < TIMESTAMPTZ '{until}' AND (withdrawn_at IS NULL OR withdrawn_at >= TIMESTAMPTZ '{until}')
"""


def offer_file(path: Path, megabytes: int = OFFER_MEGABYTES) -> int:
    """A regional offer list in the shape of AWS's CSV; -> its size. [bytes]"""
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        number = 0
        while file.tell() < megabytes * MEGABYTE:
            rows = []
            for n in range(number, number + 20_000):
                price = (n * 2_654_435_761 % 99_999_989) / 1e6
                system = ("Linux", "Windows", "RHEL", "SUSE")[n % 4]
                rows.append(
                    f'"{n * 7_919 % 16**12:012X}","JRTCKXETXF","{n:012X}.JRTCKXETXF.6YS6EN2CT7","OnDemand",'
                    f'"${price:.10f} per On Demand {system} p5.{n % 48}xlarge Instance Hour","2026-11-01","Hrs",'
                    f'"{price:.10f}","USD","p5.{n % 48}xlarge","EU (Stockholm)","{system}","Shared","Used","NA"\n'
                )
            number += len(rows)
            file.write("".join(rows))
    return path.stat().st_size


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _bare_zstd(source: Path, target: Path) -> None:
    compressor = zstandard.ZstdCompressor(level=LEVEL, threads=THREADS)
    with source.open("rb") as file, target.open("wb") as out:
        compressor.copy_stream(file, out, read_size=PIECE)


def _landed(source: Path, folder: Path) -> None:
    with source.open("rb") as file, BodyWriter(folder) as writer:
        while piece := file.read(PIECE):
            writer.write(piece)
        writer.finish()


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """A server of a folder's files in a process of its own; its URL once it answers, so that starting it costs nothing."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    served = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        served.terminate()
        served.wait()


def _fetched(url: str, folder: Path) -> None:
    source = Source(
        id="aws", publisher="shop", covers="a generated list", cadence="daily", licence="CC0", stale_after_days=7,
        url=url, hosts=("127.0.0.1",), max_megabytes=2000, seconds_between_requests=0,
    )  # fmt: skip
    with Fetcher(source, {}) as fetcher:
        fetcher.fetch(Request("offer.csv", url, media_type="text/csv"), folder / "fetched")


def _bare_fetch(url: str) -> None:
    """What the client alone costs: every byte read and dropped."""
    with httpx2.Client() as client, client.stream("GET", url) as answer:
        for _ in answer.iter_raw():
            pass


def landing() -> None:
    """A regional offer, from disk and over loopback, beside bare zstd of the same bytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = offer_file(folder / "offer.csv") / MEGABYTE
        bare = min(_timed(lambda: _bare_zstd(folder / "offer.csv", folder / "bare.zst")) for _ in range(2))
        ours = min(_timed(lambda: _landed(folder / "offer.csv", folder / "landed")) for _ in range(2))
        with _served(folder) as root:
            read = min(_timed(lambda: _bare_fetch(f"{root}/offer.csv")) for _ in range(2))
            fetched = min(_timed(lambda: _fetched(f"{root}/offer.csv", folder)) for _ in range(2))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE
    print(f"landing of an offer list of {size:.0f} MB")
    print(f"  bare zstd, level {LEVEL}, two threads {bare:20.2f} s  {size / bare:8.0f} MB/s")
    print(f"  landed: hashed, compressed, synced    {ours:14.2f} s  {size / ours:8.0f} MB/s")
    print(f"  read over loopback by the client alone{read:14.2f} s  {size / read:8.0f} MB/s")
    print(f"  fetched over loopback and landed      {fetched:14.2f} s  {size / fetched:8.0f} MB/s")
    print(
        f"  ratio landed / bare {ours / bare:.2f}; fetched / (read + landed) {fetched / (read + ours):.2f}; "
        f"peak memory {peak:.0f} MB"
    )


def as_of() -> None:
    """Planning inputs of a day out of ten million versions, beside a bare scan for the same rows."""
    found = folders()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        warehouse = Warehouse(home / "warehouse.duckdb", found.sql)
        refresh_bundled(warehouse, Landing(home / "landing"), found.data)
        with warehouse.open() as connection:
            connection.execute(HISTORY.format(last=VERSIONS - 1, versions=VERSIONS, keys=KEYS))
        day = date(2026, 4, 1)
        until = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
        with warehouse.open() as connection:
            scan = BARE_SCAN.format(until=until.isoformat())
            bare = min(_timed(lambda: connection.sql(scan).pl()) for _ in range(3))
            ours = min(_timed(lambda: facts(connection, found.sql / "queries", day)) for _ in range(3))
    print(f"planning inputs as of a day, {KEYS * VERSIONS / 1e6:.0f} million versions of {KEYS:,} offers")
    print(f"  bare scan for the offers of the day   {bare:14.2f} s")
    print(f"  every table, one version of each key  {ours:14.2f} s")
    print(f"  ratio ours / bare {ours / bare:.2f}")


def quiet() -> None:
    """A refresh of all sources that finds nothing new, beside the same requests alone."""
    folder = Path(tempfile.mkdtemp())
    clock = Clock()
    try:
        with Server(Shop().reply) as server:
            live = refresher(folder, clock)
            declared = [with_pointer(server, id=f"shop-{n}") for n in range(SOURCES)]
            for one in declared:
                live.refresh(one)
            clock.pass_days()
            ours = _timed(lambda: [live.refresh(one) for one in declared])
            with httpx2.Client() as client:
                url = f"{server.url}/pointer.json"
                bare = _timed(lambda: [client.get(url) for _ in declared])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"a refresh of {SOURCES} sources that finds nothing new")
    print(f"  the requests alone                    {bare:14.2f} s")
    print(f"  asked, confirmed, written down        {ours:14.2f} s  {ours / SOURCES * 1000:8.0f} ms a source")


def main() -> int:
    """All of it."""
    landing()
    as_of()
    quiet()
    return 0


if __name__ == "__main__":
    sys.exit(main())
