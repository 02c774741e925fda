"""What is imported is declared: what comes along with something else may leave with its next release."""

from __future__ import annotations

import importlib.metadata
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from brytpunkt.folders import folders
from tests.house.test_imports import imported, modules

CHECKOUT = folders().checkout
OURS = {"assets", "benchmarks", "brytpunkt", "pipelines", "tests"}
PRODUCT, WORKSHOP = ("assets", "brytpunkt", "pipelines"), ("benchmarks", "tests")


def declared(*, with_extras: bool) -> set[str]:
    """Names of the distributions that pyproject.toml asks for."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    if with_extras:
        lines += [line for group in project["optional-dependencies"].values() for line in group]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def undeclared(paths: list[Path], known: set[str]) -> set[str]:
    """Top-level packages that files import and that no declared distribution brings."""
    brought = importlib.metadata.packages_distributions()
    roots = {name.partition(".")[0] for path in paths for name in imported(path)}
    return {
        root
        for root in roots - OURS - sys.stdlib_module_names
        if not {canonicalize_name(name) for name in brought.get(root, [])} & known
    }


@pytest.mark.parametrize(("folders_", "with_extras"), [(PRODUCT, False), (WORKSHOP, True)])
def test_every_imported_package_is_declared(folders_: tuple[str, ...], with_extras: bool) -> None:
    paths = [path for folder in folders_ for path in modules(folder)]
    assert paths
    assert undeclared(paths, declared(with_extras=with_extras)) == set()


def test_a_package_that_only_came_along_is_told(tmp_path: Path) -> None:
    path = tmp_path / "uses.py"
    path.write_text("import werkzeug\nimport json\nfrom brytpunkt import errors\n", encoding="utf-8")
    assert undeclared([path], {"pytest-httpserver"}) == {"werkzeug"}
    assert undeclared([path], {"werkzeug"}) == set()
