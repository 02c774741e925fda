"""Runs: every computed plan kept whole in a folder of its own.

Belongs here: writing and loading runs, each known by its identity: its id and the digest of its declaration.
Not here: computing or rendering them, which is the newest (run_order.py), or what a user gets (publish.py).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from brytpunkt.errors import BrytpunktError
from brytpunkt.planning.inputs.planning_inputs import Facts
from brytpunkt.planning.note import as_json, from_json
from brytpunkt.planning.result import Result
from brytpunkt.planning.schemas import TABLES, empty

if TYPE_CHECKING:
    from brytpunkt.declarations import Declared
    from brytpunkt.run_order import Begun

CODE_FOLDERS = ("brytpunkt", "sql", "templates")
CODE_SUFFIXES = (".py", ".sql", ".j2", ".css", ".yaml")
CHANGES_NAME = "changes.json"
CONFIRMATIONS_NAME = "confirmations.json"


@dataclass(frozen=True)
class Run:
    """A finished run: its folder and what is written on its label.

    ``sequence``: its place among the runs of the state folder; 0 for those of before runs were counted.
    """

    folder: Path
    run_id: str
    plan: str
    as_of: date
    declaration_sha256: str
    sequence: int
    started: datetime

    @property
    def identity(self) -> dict[str, str]:
        """What the run is known by from its computation to every place where it is shown."""
        return {"run_id": self.run_id, "declaration_sha256": self.declaration_sha256}

    @property
    def reports(self) -> Path:
        """Where its reports (PDF, HTML, workbook) are, or will be."""
        return self.folder / "reports"

    def summary(self) -> dict[str, Any]:
        """The documented summary; ``changes`` and ``confirmations`` are in it where they were kept with the run."""
        content: dict[str, Any] = json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))
        for name in (CHANGES_NAME, CONFIRMATIONS_NAME):
            kept = self.folder / name
            if kept.exists():
                content[kept.stem] = json.loads(kept.read_text(encoding="utf-8"))
        return content

    @property
    def inputs(self) -> Path:
        """The planning inputs that it was computed from."""
        return self.folder / "inputs"

    def label(self) -> dict[str, Any]:
        """What it was computed from, and when."""
        content: dict[str, Any] = json.loads((self.folder / "run.json").read_text(encoding="utf-8"))
        return content

    def frame(self, name: str) -> pl.DataFrame:
        """One of the result's frames."""
        return pl.read_parquet(self.folder / "frames" / f"{name}.parquet")

    def content_digest(self) -> str:
        """Digest of what it was computed from; runs of the same plan, facts and code have the same."""
        label = self.label()
        named = (label["declaration_sha256"], label["inputs"], label["code_version"])
        return hashlib.sha256(" ".join(named).encode()).hexdigest()

    def keep_changes(self, changes: dict[str, Any]) -> None:
        """Keep what changed since an earlier run beside the summary, whole or not at all."""
        self._keep(CHANGES_NAME, changes)

    def keep_confirmations(self, confirmations: dict[str, Any]) -> None:
        """Keep when each source was last confirmed before the reports were made, whole or not at all."""
        self._keep(CONFIRMATIONS_NAME, confirmations)

    def _keep(self, name: str, content: dict[str, Any]) -> None:
        draft = self.folder / f".{name}-{os.getpid()}"
        write_json(draft, content)
        _sync([draft])
        draft.replace(self.folder / name)

    def result(self) -> Result:
        """The result's frames as they were computed; a frame that the run does not have is empty."""
        label = self.label()
        absent = {name: empty(name) for name in TABLES}
        frames = absent | {
            path.stem: pl.read_parquet(path) for path in sorted((self.folder / "frames").glob("*.parquet"))
        }
        frames.pop("ledger")
        return Result(
            currency=label["currency"],
            start=date.fromisoformat(label["start"]),
            horizon_months=label["horizon_months"],
            ledger=pl.read_parquet(self.folder / "ledger.parquet"),
            warnings=tuple(from_json(said) for said in label["warnings"]),
            **frames,
        )


def code_version(checkout: Path) -> str:
    """Digest of the code that computes; the same code has the same version on every machine."""
    digest = hashlib.sha256()
    for folder in CODE_FOLDERS:
        for path in sorted((checkout / folder).rglob("*")):
            if path.suffix in CODE_SUFFIXES:
                digest.update(str(path.relative_to(checkout)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def new_run_id(plan: str, begun: Begun, digest: str) -> str:
    """An id that no other run of the state folder has: time by the clock, what was computed, place among all runs."""
    return f"{plan}-{begun.at:%Y%m%dT%H%M%SZ}-{digest[:8]}-{begun.sequence}"


def write_inputs(facts: Facts, folder: Path, digest: str) -> Path:
    """Planning inputs under their own digest; the same inputs are written once."""
    target = folder / digest
    if not target.exists():
        with _whole_folder(target) as draft:
            for field in fields(Facts):
                value = getattr(facts, field.name)
                if isinstance(value, pl.DataFrame):
                    value.write_parquet(draft / f"{field.name}.parquet")
            write_json(draft / "facts.json", {"as_of": facts.as_of.isoformat()})
    return target


def read_inputs(folder: Path, missing: Facts | None = None) -> Facts:
    """Planning inputs as they were written; tables that did not exist then are taken from ``missing``.

    Raises ``BrytpunktError`` where there are such tables and no ``missing``.
    """
    as_of = json.loads((folder / "facts.json").read_text(encoding="utf-8"))["as_of"]
    known = {field.name for field in fields(Facts)}
    frames = {
        path.stem: pl.read_parquet(path) for path in sorted(folder.glob("*.parquet")) if path.stem in known
    }
    if missing is not None:
        return replace(missing, as_of=date.fromisoformat(as_of), **frames)
    absent = sorted(known - {"as_of", *frames})
    if absent:
        message = (
            "the inputs of the run were kept by an earlier version of Brytpunkt, which knew no "
            f"{', '.join(absent)}; run `brytpunkt plan` on the file again"
        )
        raise BrytpunktError(message)
    return Facts(as_of=date.fromisoformat(as_of), **frames)


def write_run(
    home: Path,
    *,
    run_id: str,
    declared: Declared,
    inputs: Path,
    result: Result,
    summary: dict[str, Any],
    begun: Begun,
) -> Run:
    """Keep a run whole: declaration, inputs, ledger, frames, summary; it appears finished or not at all."""
    target = home / "runs" / run_id
    with _whole_folder(target) as draft:
        (draft / "declaration.yaml").write_bytes(declared.content)
        shutil.copytree(inputs, draft / "inputs")
        (draft / "frames").mkdir()
        for field in fields(Result):
            value = getattr(result, field.name)
            if isinstance(value, pl.DataFrame) and field.name != "ledger":
                value.write_parquet(draft / "frames" / f"{field.name}.parquet")
        result.ledger.write_parquet(draft / "ledger.parquet")
        write_json(draft / "summary.json", summary)
        write_json(
            draft / "run.json",
            {
                "run_id": run_id,
                "plan": declared.plan.plan,
                "as_of": summary["run"]["as_of"],
                "code_version": summary["run"]["code_version"],
                "sequence": begun.sequence,
                "started": begun.at.isoformat(),
                "declaration_sha256": declared.sha256,
                "inputs": inputs.name,
                "currency": result.currency,
                "start": result.start.isoformat(),
                "horizon_months": result.horizon_months,
                "warnings": [as_json(note) for note in result.warnings],
            },
        )
    return load_run(target)


def load_run(folder: Path) -> Run:
    """A run from its folder."""
    label = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    started = datetime.fromisoformat(label["started"])
    return Run(
        folder=folder,
        run_id=label["run_id"],
        plan=label["plan"],
        as_of=date.fromisoformat(label["as_of"]),
        declaration_sha256=label["declaration_sha256"],
        sequence=label.get("sequence", 0),
        started=started if started.tzinfo else started.replace(tzinfo=UTC),
    )


def identified_run(home: Path, identity: Mapping[str, str]) -> Run:
    """The very run of an identity; raises ``BrytpunktError`` where it is gone or is of another declaration."""
    folder = home / "runs" / identity["run_id"]
    if not (folder / "run.json").exists():
        message = (
            f"run {identity['run_id']} is not kept any more; run `brytpunkt plan` with the plan's file again"
        )
        raise BrytpunktError(message)
    run = load_run(folder)
    if run.identity != identity:
        message = (
            f"{folder} holds run {run.run_id} of declaration {run.declaration_sha256[:16]}, not {identity['run_id']} of "
            f"{identity['declaration_sha256'][:16]}; run `brytpunkt plan` with the plan's file again"
        )
        raise BrytpunktError(message)
    return run


def whole_file(target: Path, content: bytes) -> None:
    """Write a file whole or not at all, whoever else writes it; its folder is made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_json(path: Path, content: Any) -> None:
    """Write JSON as a person can read it."""
    path.write_text(
        json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
    )


class _whole_folder:  # noqa: N801 - used as a statement
    """A folder that is filled beside its place, synced, and renamed when the block ends well."""

    def __init__(self, target: Path) -> None:
        self.target = target
        target.parent.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Path:
        self.draft = Path(tempfile.mkdtemp(dir=self.target.parent, prefix=".draft-"))
        return self.draft

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            shutil.rmtree(self.draft, ignore_errors=True)
            return
        _sync(self.draft.rglob("*"))
        self.draft.chmod(0o755)
        try:
            self.draft.rename(self.target)
        except OSError:
            shutil.rmtree(self.draft, ignore_errors=True)
            if not self.target.exists():
                raise
        _sync([self.target.parent])


def _sync(paths: Iterable[Path]) -> None:
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
