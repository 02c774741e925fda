"""The Gaussian copula: independent normal drivers made to move together as declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from brytpunkt.errors import InputError, Problem
from brytpunkt.planning.note import Note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brytpunkt.declarations.sections.uncertainty import Correlation
    from brytpunkt.planning.note import Argument
    from brytpunkt.planning.optimal.milp import Floats

SMALLEST_EIGENVALUE = 1e-8
LARGEST_REPAIR = 0.10
ROUNDS = 200


def correlation_matrix(names: Sequence[str], pairs: Sequence[Correlation]) -> tuple[Floats, Note | None]:
    """Declared pairs -> a correlation matrix of the named factors [F, F], and what was repaired, if anything.

    Pairs of factors that are not drawn are left out. A matrix that is not positive semidefinite is replaced by the
    nearest correlation matrix (Higham 2002, alternating projections) if no entry moves by more than 0.10.

    Raises ``InputError`` where a pair is declared twice with different values, correlates a factor with itself other
    than by 1, or the matrix cannot be repaired.
    """
    at = {name: position for position, name in enumerate(names)}
    matrix = np.eye(len(names))
    seen: dict[frozenset[str], float] = {}
    for pair in pairs:
        one, other = pair.between
        if one == other:
            if pair.value != 1:
                raise _wrong(f"{one} is correlated with itself by {pair.value:g}", "leave the pair out")
            continue
        key = frozenset((one, other))
        if seen.get(key, pair.value) != pair.value:
            raise _wrong(f"{one} and {other} have two correlations", "keep one of them")
        seen[key] = pair.value
        if one in at and other in at:
            matrix[at[one], at[other]] = matrix[at[other], at[one]] = pair.value
    lowest = float(np.linalg.eigvalsh(matrix).min()) if names else 1.0
    if lowest >= -SMALLEST_EIGENVALUE:
        return matrix, None
    repaired = nearest_correlation(matrix)
    moved = np.abs(repaired - matrix)
    row, column = divmod(int(moved.argmax()), len(names))
    where = f"{names[row]} and {names[column]}: {matrix[row, column]:g} -> {repaired[row, column]:.2f}"
    if moved.max() > LARGEST_REPAIR:
        raise _wrong(
            f"the correlations contradict each other (smallest eigenvalue {lowest:.3f}); the nearest matrix would change {where}",
            "two factors that both follow a third cannot move against each other: lower these correlations",
        )
    said: dict[str, Argument] = {
        "one": names[row],
        "other": names[column],
        "declared": float(matrix[row, column]),
        "repaired": float(repaired[row, column]),
    }
    return repaired, Note("correlations_repaired", None, said)


def _wrong(message: str, suggestion: str) -> InputError:
    return InputError((Problem("uncertainty.correlations", message, suggestion),))


def nearest_correlation(matrix: Floats) -> Floats:
    """The nearest correlation matrix in the Frobenius norm.

    N. J. Higham, Computing the nearest correlation matrix, IMA Journal of Numerical Analysis 22 (2002), algorithm 3.3.
    """
    result, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(ROUNDS):
        shifted = result - correction
        values, vectors = np.linalg.eigh(shifted)
        semidefinite = (vectors * np.maximum(values, SMALLEST_EIGENVALUE)) @ vectors.T
        correction = semidefinite - shifted
        result = semidefinite.copy()
        np.fill_diagonal(result, 1.0)
    values, vectors = np.linalg.eigh(result)
    inside = (vectors * np.maximum(values, SMALLEST_EIGENVALUE)) @ vectors.T
    scale = 1 / np.sqrt(np.diag(inside))
    return np.asarray(inside * scale[:, None] * scale[None, :])


def factor_of(matrix: Floats) -> Floats:
    """Lower-triangular L with L L' = matrix, also for a singular one."""
    return np.asarray(np.linalg.cholesky(matrix + 1e-10 * np.eye(matrix.shape[0])))
