"""Listening: whoever started a computation in this process hears how far it is.

Belongs here: the way from an asset to a command line in the same process, and what of it stands in a run's log. Does not
belong here: showing it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

OnDraws = Callable[[int, int], None]
LINES = 4  # of a log, for the draws of a computation

_listener: ContextVar[OnDraws | None] = ContextVar("listener", default=None)


@contextmanager
def listening(on_draws: OnDraws) -> Iterator[None]:
    """While the context is open, ``on_draws`` hears how many of how many drawn worlds are done."""
    token = _listener.set(on_draws)
    try:
        yield
    finally:
        _listener.reset(token)


def draws_told(log: logging.Logger) -> OnDraws:
    """What to call as drawn worlds are done: the listener every time, the log now and then."""
    said = (0, 0)

    def tell(done: int, whole: int) -> None:
        nonlocal said
        listener = _listener.get()
        if listener is not None:
            listener(done, whole)
        here = (whole, done * LINES // whole)
        if here[1] > 0 and here > said:
            said = here
            log.info("Drawn worlds: %s of %s served", f"{done:,}", f"{whole:,}")

    return tell
