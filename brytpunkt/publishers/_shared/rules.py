"""Checking what a field means against what is known of it.

Belongs here: values that are wanted, values that are known and left out for a reason, and all others. Does not belong
here: any publisher's values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SHOWN = 40


@dataclass(frozen=True)
class Rule:
    """What a field may say: ``wanted`` values, and ``others`` that are known, each with the reason to leave it out.

    Anything else, an absent field (None) included, is neither and must be remarked or refused: it is never assumed.
    """

    name: str
    wanted: frozenset[str]
    others: Mapping[str, str] = field(default_factory=dict)

    def is_wanted(self, said: object) -> bool:
        """Whether it says what is wanted."""
        return isinstance(said, str) and said in self.wanted

    def reason_to_leave_out(self, said: object) -> str | None:
        """Why a known value is not wanted; None for a wanted or an unknown one."""
        return self.others.get(said) if isinstance(said, str) and said not in self.wanted else None

    def doubt(self, said: object) -> str:
        """What to say of a value that is not known."""
        if said is None:
            return f"{self.name} is not stated"
        shown = f"{said!r}"[:SHOWN]
        return f"{self.name} is {shown}, which is not known; wanted is {' or '.join(map(_said, sorted(self.wanted)))}"


def rule(name: str, wanted: Iterable[str], **others: Iterable[str]) -> Rule:
    """A rule; ``others`` are reasons (underscores for spaces) with the values that they leave out."""
    reasons = {said: reason.replace("_", " ") for reason, values in others.items() for said in values}
    return Rule(name, frozenset(wanted), reasons)


def _said(word: str) -> str:
    return word or "nothing"
