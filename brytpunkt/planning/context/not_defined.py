"""Figures that do not exist: a break-even that is never reached, a multiple of nothing."""

from __future__ import annotations


class NotDefinedError(ArithmeticError):
    """A figure has no value; the message is the reason, a sentence for the reader."""


def quotient(dividend: float, divisor: float, reason: str) -> float:
    """``dividend / divisor``; raises ``NotDefinedError`` with the reason unless the divisor is above zero."""
    if divisor <= 0:
        raise NotDefinedError(reason)
    return dividend / divisor
