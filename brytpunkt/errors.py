"""Errors that are for users: what was wrong, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


class BrytpunktError(Exception):
    """Any error that Brytpunkt explains itself."""


class DamagedError(BrytpunktError):
    """Bytes that were kept are not what they were, or are gone; ``sha256`` names them."""

    def __init__(self, name: str, sha256: str) -> None:
        """Keep which bytes they are."""
        super().__init__(
            f"{name}: its kept bytes are damaged or gone (sha256 {sha256[:12]}); they are set aside, and fetched again with "
            "the next refresh"
        )
        self.sha256 = sha256


@dataclass(frozen=True)
class Problem:
    """One finding: where it is, what is wrong, and what would mend it."""

    where: str
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        """One line: where, what, and what to do."""
        line = f"{self.where}: {self.message}"
        return (
            line if self.suggestion is None else f"{line}. {self.suggestion[:1].upper()}{self.suggestion[1:]}"
        )


def yaml_place(error: Exception) -> str:
    """Where a YAML text cannot be read on, as words that follow what is said of the file; empty if that is not known."""
    mark = getattr(error, "problem_mark", None)
    return "" if mark is None else f" from line {mark.line + 1}, column {mark.column + 1} on"


class InputError(BrytpunktError):
    """The user's input is wrong; every problem that was found is listed."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep the problems, and print one line for each."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
