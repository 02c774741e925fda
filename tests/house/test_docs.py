"""The map agrees with the ground: paths, names and counts in docs/architecture.md."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path

from brytpunkt.folders import folders

CHECKOUT = folders().checkout
PAGE = CHECKOUT / "docs" / "architecture.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROOTS = "assets|benchmarks|brytpunkt|data|docs|pipelines|plans|scripts|sql|templates|tests"
NAMED = re.compile(rf"`((?:{ROOTS})/[\w./-]*)(?::(\w+))?`")
STATION = re.compile(rf"^\d+\. `((?:{ROOTS})/[\w./-]+)", re.MULTILINE)
COUNTED = re.compile(r"\*\*(\d+) stations, (\d+) changes of room\.\*\*")


def missing(text: str) -> list[str]:
    """Paths that a text names and that are not there, and names that their module does not define."""
    found = []
    for path, name in NAMED.findall(text):
        place = CHECKOUT / path
        if not place.exists() or (name and name not in defined(place)):
            found.append(f"{path}:{name}" if name else path)
    return found


def defined(module: Path) -> set[str]:
    """Functions and classes at the top of a module."""
    return {
        node.name
        for node in ast.parse(module.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


def room(path: str) -> str:
    """The room that a module is in: a folder right below the library, or a package beside it."""
    first, second, *_ = path.split("/")
    return second.removesuffix(".py") if first == "brytpunkt" else first


def test_all_that_the_map_names_is_there() -> None:
    assert len(NAMED.findall(TEXT)) > len(STATION.findall(TEXT))
    assert missing(TEXT) == []


def test_a_wrong_path_and_a_wrong_name_are_told() -> None:
    wrong = "`brytpunkt/planning/basis.py`, `assets/plan.py:no_such_asset`, `assets/plan.py:plan_run`"
    assert missing(wrong) == ["brytpunkt/planning/basis.py", "assets/plan.py:no_such_asset"]


def test_every_folder_of_the_product_is_on_the_map() -> None:
    tree = TEXT.partition("## The tree")[2].partition("\n## ")[0]
    packages = {
        path.parent.relative_to(CHECKOUT).as_posix() + "/"
        for root in ("assets", "brytpunkt", "pipelines")
        for path in (CHECKOUT / root).rglob("__init__.py")
    }
    assert packages - {"brytpunkt/"} <= set(re.findall(r"^\| `([^`]+)` \|", tree, re.MULTILINE))


def test_the_way_of_a_price_is_counted() -> None:
    walk = TEXT.partition("## A price,")[2].partition("\n## ")[0]
    stations = STATION.findall(walk)
    stated = COUNTED.search(walk)
    assert stated is not None
    changes = sum(room(one) != room(other) for one, other in pairwise(stations))
    assert (int(stated[1]), int(stated[2])) == (len(stations), changes)
