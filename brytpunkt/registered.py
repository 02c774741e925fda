"""Registered: declarations kept by the digest of their bytes, and which of them a plan's id stands for now.

Belongs here: keeping and finding declarations in the state folder. Does not belong here: reading YAML, or runs.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from brytpunkt.declarations import read_plan
from brytpunkt.errors import BrytpunktError
from brytpunkt.runs.store import whole_file

if TYPE_CHECKING:
    from pathlib import Path

    from brytpunkt.declarations import Declared


def keep(declared: Declared, home: Path) -> None:
    """Keep a declaration under its digest, for whoever is handed the digest; the same bytes are kept once."""
    target = home / "declarations" / f"{declared.sha256}.yaml"
    if not target.exists():
        whole_file(target, declared.content)


def register(declared: Declared, home: Path) -> None:
    """Keep a declaration, and let its plan's id stand for it from now on."""
    keep(declared, home)
    whole_file(_registered(home, declared.plan.plan), declared.content)


def kept(home: Path, sha256: str) -> Declared:
    """The declaration with a digest; raises ``BrytpunktError`` where it is gone or is no longer what it was."""
    path = home / "declarations" / f"{sha256}.yaml"
    if not path.exists():
        message = (
            f"the declaration {sha256[:16]} is not kept in {path.parent}; run `brytpunkt plan` with its file"
        )
        raise BrytpunktError(message)
    declared = read_plan(path)
    if declared.sha256 != sha256:
        message = f"{path} was changed after it had been kept; delete it and run `brytpunkt plan` with the plan's file"
        raise BrytpunktError(message)
    return declared


def registered(home: Path, plan: str) -> Declared | None:
    """The declaration that a plan's id stands for, or None if there is none.

    Raises ``BrytpunktError`` where the file of that name declares another plan.
    """
    path = _registered(home, plan)
    if not path.exists():
        return None
    declared = read_plan(path)
    if declared.plan.plan != plan:
        message = f"{path} declares plan {declared.plan.plan}, not {plan}; delete it and run `brytpunkt plan` with its file"
        raise BrytpunktError(message)
    return declared


def registered_plans(home: Path) -> list[str]:
    """Ids of plans that were registered, sorted."""
    return sorted(path.stem for path in (home / "plans").glob("[!.]*.yaml"))


def registered_digests(home: Path) -> dict[str, str]:
    """Id of each registered plan -> digest of its declaration as it lies there, whether it can be read or not."""
    return {
        plan: hashlib.sha256(_registered(home, plan).read_bytes()).hexdigest()
        for plan in registered_plans(home)
    }


def _registered(home: Path, plan: str) -> Path:
    return home / "plans" / f"{plan}.yaml"
