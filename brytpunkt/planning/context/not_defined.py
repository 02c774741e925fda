"""Figures that do not exist: a break-even that is never reached, a multiple of nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brytpunkt.planning.note import Note


class NotDefinedError(ArithmeticError):
    """A figure has no value; ``reason`` says why."""

    def __init__(self, reason: Note) -> None:
        super().__init__(reason.code)
        self.reason = reason


def quotient(dividend: float, divisor: float, reason: Note) -> float:
    """``dividend / divisor``; raises ``NotDefinedError`` with the reason unless the divisor is above zero."""
    if divisor <= 0:
        raise NotDefinedError(reason)
    return dividend / divisor
