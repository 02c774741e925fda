"""Landing: content-addressed, immutable, whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from brytpunkt.landing import Landing
from brytpunkt.landing.store import Arrival

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def arrival(name: str, body: bytes) -> Arrival:
    """A document as it arrives."""
    return Arrival(name, f"https://example.org/{name}", body, "text/csv", "CC BY 4.0", NOON)


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file with its time of change and content."""
    return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.rglob("*") if p.is_file()}


def test_a_document_comes_back_as_it_arrived(tmp_path: Path) -> None:
    listing = Landing(tmp_path).land("somebody", [arrival("a.csv", b"x,y\n1,2\n")])
    [document] = listing.documents
    assert document.read() == b"x,y\n1,2\n"
    meta = json.loads(document.path.with_suffix(".json").read_text())
    assert meta["sha256"] == document.sha256
    assert (meta["bytes"], meta["licence"], meta["url"]) == (8, "CC BY 4.0", "https://example.org/a.csv")


def test_landing_again_touches_nothing(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    first = landing.land("somebody", [arrival("a.csv", b"1"), arrival("b.csv", b"2")])
    before = files(tmp_path)
    again = landing.land("somebody", [arrival("b.csv", b"2"), arrival("a.csv", b"1")])
    assert again.sha256 == first.sha256
    assert files(tmp_path) == before


def test_other_content_is_another_listing_and_the_old_bytes_stay(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    old = landing.land("somebody", [arrival("a.csv", b"old")])
    new = landing.land("somebody", [arrival("a.csv", b"new")])
    assert new.sha256 != old.sha256
    assert (old.documents[0].read(), new.documents[0].read()) == (b"old", b"new")


def test_no_temporary_files_remain(tmp_path: Path) -> None:
    Landing(tmp_path).land("somebody", [arrival("a.csv", b"x" * 100_000)])
    assert not list(tmp_path.rglob(".landing-*"))


@given(st.binary(max_size=2000))
def test_any_bytes_come_back(tmp_path_factory: object, body: bytes) -> None:
    folder: Path = tmp_path_factory.mktemp("landing")  # type: ignore[attr-defined]
    assert Landing(folder).land("somebody", [arrival("a", body)]).documents[0].read() == body
