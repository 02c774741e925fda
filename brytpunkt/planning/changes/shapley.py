"""Shapley: a change split among its causes so that the parts sum to it exactly, in whole cents."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Coalition = frozenset[str]


def coalitions(players: Iterable[str]) -> Iterator[Coalition]:
    """Every set of players, the smallest first."""
    names = sorted(players)
    for size in range(len(names) + 1):
        yield from map(frozenset, combinations(names, size))


def shapley(values: Mapping[Coalition, int], players: Sequence[str]) -> dict[str, int]:
    """Shapley value of each player, in the whole cents of ``values`` (one for every coalition of them).

    phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! (v(S + i) - v(S)) (Shapley 1953). It is computed in
    integers and rounded by largest remainders, so that the parts sum to v(all) - v(none); one that changes nothing
    gets nothing; two that are alike get the same, but for the last cent.

    Of 40 together, 10 by a alone and 20 by b alone, a gets the mean of 10 (it comes first) and 20 (it comes last).

    >>> alone = {frozenset(): 0, frozenset("a"): 10, frozenset("b"): 20}
    >>> shapley(alone | {frozenset("ab"): 40}, ["a", "b"])
    {'a': 15, 'b': 25}
    >>> shapley(alone | {frozenset("ab"): 41}, ["a", "b"])
    {'a': 16, 'b': 25}
    """
    count = len(players)
    scaled = dict.fromkeys(players, 0)
    for coalition in coalitions(players):
        for player in players:
            if player not in coalition:
                weight = factorial(len(coalition)) * factorial(count - len(coalition) - 1)
                scaled[player] += weight * (values[coalition | {player}] - values[coalition])
    whole = {player: divmod(scaled[player], factorial(count)) for player in players}
    missing = values[frozenset(players)] - values[frozenset()] - sum(part for part, _ in whole.values())
    by_remainder = sorted(players, key=lambda player: (-whole[player][1], players.index(player)))
    lifted = set(by_remainder[:missing])
    return {player: whole[player][0] + (player in lifted) for player in players}
