"""Given files: bytes of a file that a user hands over, never of a pipe or a folder, and never more than is allowed."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from brytpunkt.errors import InputError, Problem

MEGABYTE = 1_000_000


def read_given(path: Path, largest_bytes: float, who: str = "what is read") -> tuple[bytes, datetime]:
    """The bytes of a file and when it was saved [UTC, whole seconds].

    Raises ``InputError`` for anything but a file, for one that cannot be read, and for one of more than ``largest_bytes``;
    ``who`` allows that much. Opening waits for nobody: a pipe without a writer is told at once.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        said = (error.strerror or "it cannot be read").lower()
        raise InputError((Problem(path.name, said),)) from error
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise InputError((Problem(path.name, "it is no file", "name the documents one by one"),))
    with os.fdopen(handle, "rb") as file:
        if status.st_size > largest_bytes:
            said = f"the file is larger than the {largest_bytes / MEGABYTE:g} MB of {who}"
            raise InputError((Problem(path.name, said, "leave the table only"),))
        return file.read(int(largest_bytes) + 1), datetime.fromtimestamp(int(status.st_mtime), UTC)
