"""Waking: when an asset is requested by itself: only if the data that it depends on really changed."""

from typing import Any

import dagster as dg

# Typed loosely: the library's own generics do not fit its methods.
_AC: Any = dg.AutomationCondition


def on_changed_data(*, needs_all: bool = True) -> Any:
    """Requests an asset when a data version upstream, or its own code, changed and blocking checks passed.

    With ``needs_all`` it waits until everything upstream exists; facts do not, since a source may never be fetched.
    """
    changed = (
        _AC.any_deps_match(_AC.data_version_changed()) | _AC.code_version_changed()
    ).since_last_handled()
    ready = ~_AC.any_deps_in_progress() & ~_AC.in_progress() & _AC.all_deps_blocking_checks_passed()
    condition = changed & ready & ~_AC.any_deps_missing() if needs_all else changed & ready
    return condition.with_label("data changed")
