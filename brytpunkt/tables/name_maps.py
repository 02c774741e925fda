"""The curated maps: what publishers call a GPU, an instance or a region, and what it is called here.

Belongs here: looking a published name up. A name that is not in a map is unknown, and is reported, never guessed.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from brytpunkt.folders import folders

WILDCARD = "*"


@dataclass(frozen=True)
class Mapped:
    """What a published name stands for; without ``gpu_model`` it is known and left out, for the reason in ``note``."""

    gpu_model: str | None
    gpu_count: int
    note: str = ""


@dataclass(frozen=True)
class Machine:
    """A GCP machine type and the SKUs that make up its price; a part may have several spellings.

    ``vcpus`` [vCPU], ``memory_gib`` and ``local_ssd_gib`` [GiB].
    """

    name: str
    gpu_model: str
    gpu_count: int
    vcpus: int
    memory_gib: int
    local_ssd_gib: int
    core: tuple[str, ...]
    ram: tuple[str, ...]
    gpu: tuple[str, ...]


def gpu(publisher: str, name: str) -> Mapped | None:
    """The GPU that a publisher calls ``name``; None if the map does not know it."""
    return _found(_table("gpu_names", "publisher", "name").get(publisher, {}), name)


def instance(provider: str, sku: str) -> Mapped | None:
    """GPUs of an instance type; None if the map does not know it."""
    return _found(_table("gpu_instances", "provider", "sku").get(provider, {}), sku)


def sku(provider: str, name: str) -> str:
    """What a provider's own list calls what others call ``name``; the name itself where no alias is known."""
    return _aliases().get((provider, name), name)


def planned_instances(provider: str) -> tuple[str, ...]:
    """Instance types of a provider that have GPUs that are planned with."""
    entries = _table("gpu_instances", "provider", "sku").get(provider, {})
    return tuple(sku for sku, entry in entries.items() if entry.gpu_model is not None)


def country(provider: str, region: str) -> str | None:
    """Country of a provider's region, ISO 3166; None if the map does not know it."""
    return _regions().get((provider, region))


@cache
def machines() -> tuple[Machine, ...]:
    """The GCP machine types whose price is composed."""
    return tuple(
        Machine(
            name=row["machine"],
            gpu_model=row["gpu_model"],
            gpu_count=int(row["gpu_count"]),
            vcpus=int(row["vcpus"]),
            memory_gib=int(row["memory_gib"]),
            local_ssd_gib=int(row["local_ssd_gib"]),
            core=_spellings(row["core"]),
            ram=_spellings(row["ram"]),
            gpu=_spellings(row["gpu"]),
        )
        for row in _rows("gcp_machines")
    )


@cache
def canonical_gpus() -> frozenset[str]:
    """Every GPU name that the maps lead to."""
    names = {
        row["gpu_model"] for table in ("gpu_names", "gpu_instances", "gcp_machines") for row in _rows(table)
    }
    return frozenset(names - {""})


def _spellings(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("|") if part)


def _found(entries: dict[str, Mapped], name: str) -> Mapped | None:
    if name in entries:
        return entries[name]
    patterns = (
        entry for pattern, entry in entries.items() if WILDCARD in pattern and fnmatchcase(name, pattern)
    )
    return next(patterns, None)


@cache
def _table(table: str, outer: str, inner: str) -> dict[str, dict[str, Mapped]]:
    found: dict[str, dict[str, Mapped]] = {}
    for row in _rows(table):
        entry = Mapped(row["gpu_model"] or None, int(row.get("gpu_count") or 1), row["note"])
        found.setdefault(row[outer], {})[row[inner]] = entry
    return found


@cache
def _aliases() -> dict[tuple[str, str], str]:
    return {(row["provider"], row["name"]): row["sku"] for row in _rows("sku_aliases")}


@cache
def _regions() -> dict[tuple[str, str], str]:
    return {(row["provider"], row["region"]): row["country"] for row in _rows("regions")}


def _rows(table: str) -> list[dict[str, str]]:
    with (folders().data / "maps" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
