"""The outbox: every intended message and what became of it, in a file of its own, synced before any connection.

Belongs here: states and the moves between them, the journal, the lock.
Does not belong here: messages, SMTP, or when something is due.

Two files hold the same record. Each change is committed to SQLite (``synchronous=FULL``), then appended to a
journal and synced. Whoever opens the outbox brings the older of the two up to the newer, so that a database
restored from an older backup cannot forget what was sent since.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from brytpunkt.errors import BrytpunktError

JOURNAL_VARIABLE = "BRYTPUNKT_OUTBOX_JOURNAL"
INTENDED, SENDING, SENT, REFUSED = "intended", "sending", "sent", "refused"
RETRYABLE, UNKNOWN, SUPPRESSED = "failed-retryable", "unknown", "suppressed"
MOVES = {
    INTENDED: {SENDING, SUPPRESSED, REFUSED},
    SUPPRESSED: {INTENDED},
    RETRYABLE: {SENDING, REFUSED},
    SENDING: {SENT, REFUSED, RETRYABLE, UNKNOWN},
    UNKNOWN: {SENT, INTENDED},
    SENT: set(),
    REFUSED: set(),
}
SCHEMA = """
CREATE TABLE IF NOT EXISTS letters (
    id INTEGER PRIMARY KEY, plan TEXT NOT NULL, scope TEXT NOT NULL, recipient TEXT NOT NULL, period TEXT NOT NULL,
    run_id TEXT NOT NULL, message_id TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    not_before TEXT NOT NULL, note TEXT NOT NULL, created TEXT NOT NULL, changed TEXT NOT NULL,
    UNIQUE (plan, scope, recipient, period)
);
CREATE TABLE IF NOT EXISTS moves (seq INTEGER PRIMARY KEY, letter TEXT NOT NULL);
"""
WAIT_S = 30.0
LONGEST_WAIT = timedelta(hours=12)  # of a letter for its next attempt


@dataclass(frozen=True)
class Letter:
    """One message to one recipient. Its key is plan, scope (the reports in it), recipient and period."""

    id: int
    plan: str
    scope: str
    recipient: str
    period: str
    run_id: str
    message_id: str
    state: str
    attempts: int
    not_before: str
    note: str
    created: str
    changed: str

    def is_waiting(self, now: datetime) -> bool:
        """Whether it is not to be tried again yet; a wait longer than the longest was written under a wrong clock."""
        if not self.not_before:
            return False
        return now < datetime.fromisoformat(self.not_before) <= now + LONGEST_WAIT


COLUMNS = tuple(Letter.__dataclass_fields__)


class Outbox:
    """The outbox of one state folder. Use it as a context manager."""

    def __init__(self, home: Path, journal: Path | None = None) -> None:
        """``home`` holds ``outbox.sqlite``; the journal lies beside it, or where ``BRYTPUNKT_OUTBOX_JOURNAL`` says."""
        declared = os.environ.get(JOURNAL_VARIABLE)
        self.path = home / "outbox.sqlite"
        self.journal = journal or (Path(declared) if declared else home / "outbox.journal")
        self._lock = home / "outbox.lock"

    def __enter__(self) -> Self:
        """Open it, creating what is missing, and bring database and journal together."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.journal.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = DELETE")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(SCHEMA)
            with self._writing():
                self._reconcile()
        except sqlite3.Error as error:
            message = (
                f"the outbox {self.path} cannot be opened: {error}. Nothing was sent. If the file is damaged, move it "
                f"away: it is rebuilt from {self.journal}"
            )
            raise BrytpunktError(message) from error
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._db.close()

    @contextmanager
    def sending_alone(self, now: datetime) -> Iterator[list[Letter]]:
        """Hold the right to send. Yields letters whose sender is gone without a result: they are now `unknown`."""
        with self._lock.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = "another `brytpunkt send` is at work; try again when it has finished"
                raise BrytpunktError(message) from None
            note = "the process that sent it ended before it knew the outcome"
            yield [self.move(letter, UNKNOWN, now, note=note) for letter in self.letters(state=SENDING)]

    def letters(self, plan: str | None = None, state: str | None = None) -> list[Letter]:
        """Letters by id, of a plan or in a state."""
        rows = self._db.execute(
            f"SELECT {', '.join(COLUMNS)} FROM letters "  # noqa: S608 - our own column names
            "WHERE plan = coalesce(?, plan) AND state = coalesce(?, state) ORDER BY id",
            (plan, state),
        )
        return [Letter(*row) for row in rows]

    def letter(self, identifier: int) -> Letter:
        """One letter; raises ``BrytpunktError`` if there is none."""
        found = next((letter for letter in self.letters() if letter.id == identifier), None)
        if found is None:
            message = f"the outbox holds no letter {identifier}; `brytpunkt outbox list` shows them"
            raise BrytpunktError(message)
        return found

    def find(self, plan: str, scope: str, recipient: str, period: str) -> Letter | None:
        """The letter with a key, if it was ever intended."""
        key = (plan, scope, recipient, period)
        return next(
            (x for x in self.letters(plan) if (x.plan, x.scope, x.recipient, x.period) == key),
            None,
        )

    def last_sent(self, plan: str, scope: str | None = None, recipient: str | None = None) -> Letter | None:
        """The letter that was sent last, to anyone or to one recipient; last by the order of moves, not by the clock."""
        rows = self._db.execute("SELECT letter FROM moves ORDER BY seq DESC")
        moved = (Letter(**json.loads(body)) for (body,) in rows)
        wanted = (
            letter
            for letter in moved
            if letter.state == SENT
            and letter.plan == plan
            and scope in {None, letter.scope}
            and recipient in {None, letter.recipient}
        )
        return next(wanted, None)

    def intend(
        self,
        *,
        plan: str,
        scope: str,
        recipient: str,
        period: str,
        run_id: str,
        message_id: str,
        now: datetime,
    ) -> Letter:
        """The letter with this key: the one there is, or a new one."""
        with self._writing():
            found = self.find(plan, scope, recipient, period)
            if found is not None:
                return found
            [newest] = self._db.execute("SELECT coalesce(max(id), 0) FROM letters").fetchone()
            at = now.isoformat(timespec="seconds")
            letter = Letter(
                newest + 1, plan, scope, recipient, period, run_id, message_id, INTENDED, 0, "", "", at, at
            )
            entry = self._record(letter)
        self._append([entry])
        return letter

    def move(self, letter: Letter, state: str, now: datetime, *, note: str = "", **changed: Any) -> Letter:
        """Bring a letter into another state, synced when this returns; only the moves of ``MOVES`` exist."""
        with self._writing():
            known = self.letter(letter.id)
            if state not in MOVES[known.state]:
                message = f"letter {known.id} is {known.state}; it cannot become {state}"
                raise BrytpunktError(message)
            moved = replace(
                known, state=state, note=note, changed=now.isoformat(timespec="seconds"), **changed
            )
            entry = self._record(moved)
        self._append([entry])
        return moved

    def resolve(self, identifier: int, *, is_sent: bool, now: datetime) -> Letter:
        """Settle an unknown outcome by hand: it was sent, or it was not and may be tried again."""
        letter = self.letter(identifier)
        if letter.state != UNKNOWN:
            message = f"letter {identifier} is {letter.state}; only an unknown outcome needs resolving"
            raise BrytpunktError(message)
        if is_sent:
            return self.move(letter, SENT, now, note="resolved by hand: sent")
        return self.move(letter, INTENDED, now, note="resolved by hand: not sent", not_before="")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _record(self, letter: Letter, seq: int | None = None) -> str:
        """Write a letter's new state inside the open transaction; returns the journal's line for it."""
        if seq is None:
            [last] = self._db.execute("SELECT coalesce(max(seq), 0) FROM moves").fetchone()
            seq = last + 1
        body = json.dumps(asdict(letter), ensure_ascii=True, sort_keys=True)
        self._db.execute(
            f"INSERT OR REPLACE INTO letters ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})",  # noqa: S608
            tuple(asdict(letter).values()),
        )
        self._db.execute("INSERT INTO moves (seq, letter) VALUES (?, ?)", (seq, body))
        return json.dumps({"seq": seq, "letter": asdict(letter)}, ensure_ascii=True, sort_keys=True)

    def _reconcile(self) -> None:
        """Replay what only the journal knows; append what only the database knows."""
        noted = dict(self._read_journal())
        [last] = self._db.execute("SELECT coalesce(max(seq), 0) FROM moves").fetchone()
        for seq in sorted(seq for seq in noted if seq > last):
            self._record(noted[seq], seq)
        behind = self._db.execute(
            "SELECT seq, letter FROM moves WHERE seq > ? ORDER BY seq", (max(noted, default=0),)
        ).fetchall()
        if behind:
            self._append(
                [json.dumps({"seq": seq, "letter": json.loads(body)}, sort_keys=True) for seq, body in behind]
            )

    def _read_journal(self) -> Iterator[tuple[int, Letter]]:
        """Whole lines of the journal; one that was torn by a crash stands in the database, or never happened."""
        if not self.journal.exists():
            return
        for line in self.journal.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = json.loads(line)
                yield int(entry["seq"]), Letter(**entry["letter"])
            except (ValueError, KeyError, TypeError):
                continue

    def _append(self, lines: list[str]) -> None:
        is_new = not self.journal.exists()
        with self.journal.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")
            file.write("".join(f"{line}\n" for line in lines).encode())
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            with _handle_of(self.journal.parent) as handle:
                os.fsync(handle)


@contextmanager
def _handle_of(folder: Path) -> Iterator[int]:
    """A handle of a folder, for syncing the names in it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)
