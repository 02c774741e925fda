"""Reading a plan file: bytes to a validated plan, or every error in it at once.

Belongs here: the file itself and the order of checks. Does not belong here: rules about values.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from brytpunkt.declarations.plan import Plan
from brytpunkt.declarations.products import nonsense
from brytpunkt.declarations.reading.explain import Complaint, dotted, explain
from brytpunkt.declarations.reading.yaml_tree import Fault, Tree, Unreadable, read_tree
from brytpunkt.errors import InputError, Problem

MAX_BYTES = 1_000_000
MAX_LINE = 20_000
MAX_PROBLEMS = 50

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Declared:
    """A plan as read: the models, the very text and bytes that they were read from, and its plain values.

    ``sha256``: digest of the bytes; what was read is known by it from here on, wherever its file went.
    """

    plan: Plan
    text: str
    path: Path
    sha256: str
    content: bytes = field(repr=False)
    values: dict[str, Any] = field(compare=False, repr=False)


def read_plan(path: Path) -> Declared:
    """The plan in the YAML file at `path`. Raises `InputError` with every problem found."""
    content = _bytes_of(path)
    text = _text_of(path, content)
    try:
        tree = read_tree(text)
    except Unreadable as error:
        raise InputError((_problem(path, error.fault),)) from None
    plan, problems = _plan_of(path, tree)
    if plan is None or problems:
        if len(problems) > MAX_PROBLEMS:
            rest = Problem(
                str(path),
                f"{len(problems) - MAX_PROBLEMS} more problems are not shown",
                "correct these first",
            )
            problems = [*problems[:MAX_PROBLEMS], rest]
        raise InputError(tuple(problems))
    digest = hashlib.sha256(content).hexdigest()
    return Declared(plan=plan, text=text, path=path, sha256=digest, content=content, values=tree.value)


def _bytes_of(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise _refused(
                path, "this is a folder", "give the path of a plan file, for example plans/nordic.yaml"
            )
        if not path.exists():
            raise _refused(path, "there is no such file", _near(path))
        if not path.is_file():
            raise _refused(path, "this is not a regular file", "give the path of a plan file")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _refused(
            path, f"the file cannot be read: {reason}", "check the path and its permissions"
        ) from error
    if len(content) > MAX_BYTES:
        raise _refused(path, f"the file is larger than {MAX_BYTES:,} bytes", "a plan is a few pages of YAML")
    return content


def _near(path: Path) -> str:
    folder = path.parent
    names = sorted(item.name for item in folder.glob("*.y*ml")) if folder.is_dir() else []
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    return f"did you mean {folder / near[0]}?" if near else "check the path"


def _text_of(path: Path, content: bytes) -> str:
    binary = "this looks like a binary file, not like YAML text"
    if b"\x00" in content:
        raise _refused(path, binary, "give a plan file in YAML, encoded as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refused(f"{path}:{line}", "the file is not UTF-8 text", "save it as UTF-8") from error
    for number, row in enumerate(text.splitlines(), start=1):
        if len(row) > MAX_LINE:
            raise _refused(
                f"{path}:{number}", f"the line is longer than {MAX_LINE:,} characters", "break it up"
            )
    if control := _CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        raise _refused(f"{path}:{line}", f"{binary}: control character {control[0]!r}", "remove it")
    return text


def _plan_of(path: Path, tree: Tree) -> tuple[Plan | None, list[Problem]]:
    """The plan, if pydantic accepts it, and every problem in the order of the file's lines."""
    if tree.value is None and not tree.faults:
        raise _refused(path, "the file is empty", "begin with 'plan: my-plan', or copy plans/nordic.yaml")
    if not isinstance(tree.value, dict) and not tree.faults:
        hint = "begin with 'plan: my-plan', or copy plans/nordic.yaml"
        raise _refused(f"{path}:{tree.line_of(())}", "this is not a plan: expected keys with values", hint)
    found = [(fault.line, _problem(path, fault)) for fault in tree.faults]
    plan, complaints = _validated(tree)
    misspelt = [complaint for complaint in complaints if complaint.meant is not None]
    if misspelt:
        # Read the misspelt keys as what they were meant to be, so that they cause no further errors.
        lines = [tree.line_of(complaint.path) for complaint in misspelt]
        for complaint in misspelt:
            tree.rename(complaint.path, str(complaint.meant))
        found += [(line, _told(path, line, known)) for line, known in zip(lines, misspelt, strict=True)]
        complaints = [later for later in _validated(tree)[1] if later not in misspelt]
    unclear = [fault.path for fault in tree.faults if "stands twice" not in fault.message]
    for complaint in complaints:
        if not any(complaint.path[: len(start)] == start for start in unclear):
            line = tree.line_of(complaint.path)
            found.append((line, _told(path, line, complaint)))
    found.sort(key=lambda item: item[0])
    return plan, [problem for _, problem in found]


def _validated(tree: Tree) -> tuple[Plan | None, list[Complaint]]:
    try:
        plan = Plan.model_validate(tree.value)
    except ValidationError as error:
        return None, explain(error.errors(include_url=False), tree.value)
    return plan, [Complaint(found.at, found.message, found.suggestion) for found in nonsense(plan)]


def _told(path: Path, line: int, complaint: Complaint) -> Problem:
    where = ": ".join(filter(None, (f"{path}:{line}", dotted(complaint.path))))
    return Problem(where, complaint.message, complaint.suggestion or None)


def _problem(path: Path, fault: Fault) -> Problem:
    where = ": ".join(filter(None, (f"{path}:{fault.line}", dotted(fault.path))))
    return Problem(where, fault.message, fault.suggestion)


def _refused(where: Path | str, message: str, suggestion: str) -> InputError:
    return InputError((Problem(str(where), message, suggestion),))
