"""Bytes of an answer, decoded and counted as they come: bounded in size, ratio and time, and what they claim to be."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from brytpunkt.errors import BrytpunktError

PIECE_BYTES = 1 << 20
LARGEST_RATIO = 200
RATIO_COUNTS_FROM_BYTES = 4 << 20
GZIP_WINDOW = 31
MEGABYTE = 1_000_000
MARKUP = ("html", "xml")


class FetchError(BrytpunktError):
    """A document could not be fetched; ``is_temporary`` if trying again may help, ``wait_s`` if told when. [s]

    ``gap``: what is wrong with this document, where the server answered and others may be had; ``status`` is that of HTTP.
    """

    def __init__(
        self,
        message: str,
        *,
        is_temporary: bool = False,
        wait_s: float | None = None,
        gap: str | None = None,
        status: int = 200,
    ) -> None:
        """Keep the message and what to do next."""
        super().__init__(message)
        self.is_temporary = is_temporary
        self.wait_s = wait_s
        self.gap = gap
        self.status = status


@dataclass(frozen=True)
class Bounds:
    """What an answer may cost: size when decoded [bytes], and the moment by which it must be here. [s]"""

    largest: int
    deadline: float


def decoded(
    chunks: Iterable[bytes], encoding: str, length: int | None, bounds: Bounds, *, may_be_empty: bool = False
) -> Iterator[bytes]:
    """Raw chunks -> chunks as published; raises ``FetchError`` where the answer is not what it said it was."""
    received = produced = 0
    pieces = _gunzip if encoding == "gzip" else _plain
    state = zlib.decompressobj(GZIP_WINDOW)
    for chunk in chunks:
        received += len(chunk)
        for piece in pieces(chunk, state):
            produced += len(piece)
            if produced > bounds.largest:
                raise FetchError(f"it is larger than the {bounds.largest / MEGABYTE:g} MB that are allowed")
            if produced > max(RATIO_COUNTS_FROM_BYTES, LARGEST_RATIO * received):
                raise FetchError(f"it unpacks to more than {LARGEST_RATIO} times its size")
            yield piece
        if time.monotonic() > bounds.deadline:
            raise FetchError("it takes longer than is allowed", is_temporary=True)
    if length is not None and received != length:
        raise FetchError(f"{received} bytes came of {length}", is_temporary=True)
    if encoding == "gzip" and received and not state.eof:
        raise FetchError("its compressed bytes end too early", is_temporary=True)
    if not produced and not may_be_empty:
        raise FetchError("it is empty", is_temporary=True, gap="it is empty")


def _plain(chunk: bytes, _: object) -> Iterator[bytes]:
    yield chunk


def _gunzip(chunk: bytes, state: zlib._Decompress) -> Iterator[bytes]:
    if state.eof:
        raise FetchError("bytes follow behind its compressed end")
    try:
        piece = state.decompress(chunk, PIECE_BYTES)
        while piece:
            yield piece
            piece = state.decompress(state.unconsumed_tail, PIECE_BYTES) if state.unconsumed_tail else b""
    except zlib.error:
        raise FetchError("its compressed bytes are damaged", is_temporary=True) from None
    if state.unused_data:
        raise FetchError("bytes follow behind its compressed end")


def check_kind(first: bytes, expected: str, stated: str) -> None:
    """Raise ``FetchError`` for a page of markup where something else was expected, whatever the status said."""
    if any(word in expected for word in MARKUP):
        return
    start = first.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if "html" in stated or start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")):
        said = f"a page of markup came instead of {expected}"
        raise FetchError(said, is_temporary=True, gap=said)
