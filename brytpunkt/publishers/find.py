"""Finding declared sources, and the module that reads each, whichever shelf it stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import cast

from pydantic import ValidationError
from ruamel.yaml.error import YAMLError

from brytpunkt import publishers
from brytpunkt.errors import BrytpunktError, InputError, Problem, yaml_place
from brytpunkt.publishers._shared.protocol import Publisher
from brytpunkt.publishers._shared.source import Source, read_source

BUNDLED = "curated"

FindPublisher = Callable[[str], Publisher]


def publisher(name: str) -> Publisher:
    """The publisher of a name: a module on one of the shelves. Raises ``BrytpunktError`` if there is none."""
    if name in (found := modules()):
        return cast("Publisher", import_module(found[name]))
    raise BrytpunktError(f"no module of brytpunkt/publishers is named {name!r}")


@cache
def modules() -> dict[str, str]:
    """Module names of the shelves -> where each is imported from; what publishers share (``_shared``) is none."""
    shelves = [shelf.name for shelf in iter_modules(publishers.__path__) if shelf.ispkg]
    places = ["", *(f"{shelf}." for shelf in shelves if not shelf.startswith("_"))]
    return {
        module.name: f"brytpunkt.publishers.{place}{module.name}"
        for place in places
        for module in iter_modules([f"{publishers.__path__[0]}/{place.rstrip('.')}"])
        if not module.ispkg
    }


def declared_sources(*folders: Path) -> dict[str, Source]:
    """Live sources by id; a later folder's declaration replaces an earlier one's, such as a mirror of the user's own.

    Raises ``InputError`` with every file that does not declare a source.
    """
    # A source without hosts has nothing to fetch: its files come through the inbox.
    return {name: source for name, source in all_sources(*folders).items() if source.hosts}


def all_sources(*folders: Path) -> dict[str, Source]:
    """``declared_sources`` with those whose files come through the inbox."""
    found: dict[str, Source] = {}
    problems: list[Problem] = []
    for path in (path for folder in folders for path in sorted(folder.glob("*.yaml"))):
        try:
            source = read_source(path)
        except (ValidationError, YAMLError, UnicodeDecodeError) as error:
            problems += _problems(path, error)
            continue
        if source.publisher != BUNDLED:
            found[source.id] = source
    if problems:
        raise InputError(tuple(problems))
    return found


def _problems(path: Path, error: Exception) -> list[Problem]:
    if isinstance(error, ValidationError):
        return [
            Problem(f"{path.name}: {'.'.join(map(str, one['loc'])) or 'file'}", one["msg"])
            for one in error.errors()
        ]
    return [Problem(path.name, f"it is no YAML{yaml_place(error)}")]


def chosen(
    sources: Mapping[str, Source], names: tuple[str, ...], missing: Callable[[Source], bool]
) -> list[Source]:
    """The sources to refresh: those that are named, or all that are confirmed and lack no credential.

    Raises ``InputError`` for a name that no source has.
    """
    unknown = [name for name in names if name not in sources]
    if unknown:
        known = ", ".join(sorted(sources)) or "none is declared"
        raise InputError(
            tuple(Problem(name, "no source has this name", f"sources: {known}") for name in unknown)
        )
    if names:
        return [sources[name] for name in dict.fromkeys(names)]
    return [source for source in sources.values() if source.status == "confirmed" and not missing(source)]
